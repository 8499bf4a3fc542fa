"""Measures whether words cause what they name: a word switched off is compared with the same word deleted.

Off means that its attention is multiplied by 0 (prompt-to-prompt re-weighting, Hertz et al. 2022,
https://arxiv.org/abs/2208.01626), deleted that the prompt is painted without it, both from the same noise. Where
off does much less than deleted, other slots still say the word.
"""

from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

import numpy as np

from export.miniature.judging.judge import Verdict
from export.miniature.judging.tasks import seen
from export.miniature.scenes import grammar
from export.miniature.training.roles import role

KINDS = {  # kind of word: its roles
    "noun": ("noun", "nouns"),
    "colour": ("colour",),
    "count": ("count",),
    "size": ("size",),
    "place": ("place",),
    "time": ("time",),
}
SMALL = "small words"
Paint = Callable[[Sequence[str], Sequence[int], Sequence[dict[str, float]]], np.ndarray]


class Trial(NamedTuple):
    """Words of one kind in the caption of a scene, each said once, that are switched off and deleted together."""

    scene: int  # which
    kind: str  # of KINDS, or SMALL
    words: tuple[str, ...]


def trials(scenes: Sequence[grammar.Scene]) -> list[Trial]:
    """Choose one word of every kind in each scene's caption, the first that is said once, and all small words."""
    chosen = []
    for i, scene in enumerate(scenes):
        words = grammar.caption(scene).split()
        for kind, roles in KINDS.items():
            if once := [word for word in words if role(word) in roles and words.count(word) == 1]:
                chosen.append(Trial(i, kind, (once[0],)))
        small = tuple(dict.fromkeys(word for word in words if role(word) == "silent"))
        chosen += [Trial(i, SMALL, small)] if small else []
    return chosen


def without(caption: str, words: Sequence[str]) -> str:
    """Return a caption from which words are deleted."""
    return " ".join(word for word in caption.split() if word not in words)


def distance(one: np.ndarray, other: np.ndarray) -> float:
    """Return the root mean square difference of two pictures, in levels of 255."""
    return float(np.sqrt(np.square(one.astype(np.float32) - other).mean()))


def causes(
    paint: Paint, look: Callable[[np.ndarray], list[Verdict]], scenes: Sequence[grammar.Scene]
) -> dict[str, Any]:
    """Paint scenes with words off and deleted.

    Args:
        paint: takes captions, seeds and strengths by word, returns pictures uint8 [N, H, W, 3].
        look: what the judge sees in pictures.
        scenes: whose captions are painted; the i-th has the seed i.

    Returns:
        For each kind of word the median changes `off` and `deleted` (root mean square, levels of 255), their
        `ratio` and the `count` of trials; `gone`, the share of nouns whose object the judge sees in the plain
        picture and no longer when they are off; `small_to_others`, what small words off change beside the others.
    """
    captions, chosen = [grammar.caption(scene) for scene in scenes], trials(scenes)
    plain = paint(captions, range(len(captions)), [{}] * len(captions))
    said = [captions[trial.scene] for trial in chosen]
    seeds = [trial.scene for trial in chosen]
    off = paint(said, seeds, [dict.fromkeys(trial.words, 0.0) for trial in chosen])
    deleted = paint(
        [without(caption, trial.words) for caption, trial in zip(said, chosen, strict=True)],
        seeds,
        [{}] * len(said),
    )
    changes = [
        tuple(distance(plain[trial.scene], picture[i]) for picture in (off, deleted))
        for i, trial in enumerate(chosen)
    ]
    kinds = {}
    for kind in (*KINDS, SMALL):
        if mine := [change for change, trial in zip(changes, chosen, strict=True) if trial.kind == kind]:
            medians = np.median(mine, axis=0)
            kinds[kind] = {
                "off": float(medians[0]),
                "deleted": float(medians[1]),
                "ratio": float(medians[0] / max(medians[1], 1e-9)),
                "count": len(mine),
            }
    others = [change[0] for change, trial in zip(changes, chosen, strict=True) if trial.kind != SMALL]
    nouns = [i for i, trial in enumerate(chosen) if trial.kind == "noun"]
    before, after = look(plain), look(off[nouns]) if nouns else []
    names = {plural: name for name, plural in grammar.OBJECTS.items()}
    there, gone = 0, 0
    for i, verdict in zip(nouns, after, strict=True):
        name = names.get(chosen[i].words[0], chosen[i].words[0])
        if seen(name, before[chosen[i].scene]):
            there += 1
            gone += not seen(name, verdict)
    return {
        "prompts": len(scenes),
        "kinds": kinds,
        "gone": gone / max(1, there),
        "small_to_others": kinds[SMALL]["off"] / max(float(np.median(others)), 1e-9),
    }
