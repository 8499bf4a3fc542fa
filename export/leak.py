"""How much of what a word says its own slots carry, and how much leaks to the slots after it.

CLIP's text encoder lets each slot hear those before it, so a word that is switched off may go on speaking from the
end token and the padding (Toker et al., "Padding Tone", https://arxiv.org/abs/2501.06751). It is measured by pictures
from the same noise: words off and deleted, all words without the padding and the padding without the words.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from statistics import median
from typing import Any

from rich.table import Table

from export.native.generate import draw, model_of, settings_for
from export.native.runtime import NativeRuntime
from export.recipe import spread
from pyscript_app.causes import leak, original, rms, trials
from pyscript_app.loop import Settings

# English words that name nothing that could be seen; in another language every word counts as one that does.
SMALL = {
    "a", "an", "the", "of", "in", "on", "at", "by", "to", "with", "and", "or", "is", "are", "it", "its", "this", "that",
    "from", "for", "as",
}  # fmt: skip


def measure_leak(runtime: NativeRuntime, prompts: Sequence[str], words: int, steps: int) -> dict[str, Any]:
    """Draw each prompt as it is, without single words, and from some of its slots alone.

    Args:
        runtime: of the model.
        prompts: each drawn from a seed of its own.
        words: of each prompt that are switched off and deleted, at the most.
        steps: of each picture; no more than the model's own.

    Returns:
        The manifest's ``slots``: medians of the change against the plain picture (``causes.rms``).
    """
    steps = min(steps, runtime.manifest["defaults"]["steps"])
    changes: dict[str, list[float]] = {}
    for seed, prompt in enumerate(prompts):
        plain = settings_for(runtime.manifest, prompt=prompt, seed=seed, steps=steps)
        before = _picture(runtime, plain)
        for name, settings in _trials(runtime, plain, words):
            changes.setdefault(name, []).append(rms(before, _picture(runtime, settings)))
    medians = {name: float(f"{median(each):.3g}") for name, each in changes.items()}
    said = {"leak": leak(medians["off"], medians["deleted"])} if "off" in medians else {}
    return {"prompts": list(prompts), "steps": steps, **medians, **said}


def _trials(runtime: NativeRuntime, plain: Settings, words: int) -> list[tuple[str, Settings]]:
    """What is drawn beside a prompt's picture, each by the name of its measure."""
    tokenizer = model_of(runtime).tokenizer
    texts = list(dict.fromkeys(word.text.lower() for word in tokenizer.read(plain.prompt).words))
    naming = [text for text in texts if text not in SMALL and any(map(str.isalnum, text))]
    small = [text for text in texts if text in SMALL]
    found = [("empty", replace(plain, prompt="")), *trials(plain, tokenizer, None).items()]
    for word in spread(naming, words):
        tried = trials(original(plain, word), tokenizer, word)
        found += [(way, tried[way]) for way in ("off", "deleted")]
    if small:
        found.append(("small", replace(plain, gains=dict.fromkeys(small, 0.0))))
    return found


def _picture(runtime: NativeRuntime, settings: Settings) -> Sequence[float]:
    *_, last = draw(runtime, settings, last_only=True)
    return last.picture


def leak_table(slots: dict[str, Any]) -> Table:
    """The manifest's ``slots`` as a table."""
    table = Table(
        title=f"Change of the picture, levels of 255 ({len(slots['prompts'])} prompts, {slots['steps']} steps)",
        title_justify="left",
        show_header=False,
    )
    names = {
        "off": "a word switched off",
        "deleted": "the word deleted",
        "small": "all small words switched off",
        "words": "all words, the padding clean",
        "padding": "the padding, all words clean",
        "empty": "no words",
    }
    for name, text in names.items():
        if name in slots:
            table.add_row(text, f"{slots[name]:.1f}")
    return table
