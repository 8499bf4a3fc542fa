"""What the model card says, section by section, from an evaluation and the logs of a training."""

import json
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from safetensors import safe_open

from export.miniature.card.bars import Results, reached, said
from export.miniature.scenes import grammar

LEARNED = 0.9  # share of wins from which an attribute counts as learned
PARTS = {"text encoder": "text_encoder", "UNet": "unet", "autoencoder": "vae"}


def table(head: Iterable[str], rows: Iterable[Iterable[str]]) -> str:
    """Return a table in markdown; the columns after the first are numbers."""
    head = list(head)
    lines = [head, ["---", *["---:"] * (len(head) - 1)], *rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def percent(share: float | None) -> str:
    """Write a share; an empty cell where there is none."""
    return "" if share is None else f"{share:.0%}"


def bars(results: Results) -> str:
    """Set what was reached beside what was asked for, and say plainly what falls short."""
    found = [(bar, value) for bar, value in reached(results) if value is not None]
    rows = [
        (
            bar.said,
            f"{'at most' if bar.at_most else 'at least'} {bar.form(bar.wanted)}",
            bar.form(value),
            "no" if bar.gap(value) > 0 else "yes",
        )
        for bar, value in found
    ]
    short = [f"{bar.said} by {bar.short(bar.gap(value))}" for bar, value in found if bar.gap(value) > 0]
    open_ = [bar.said for bar, value in reached(results) if value is None]
    lines = [f"**Falls short: {', '.join(short)}.**" if short else "Every bar that was measured is reached."]
    lines += [f"Not measured: {', '.join(open_)}."] if open_ else []
    return "\n\n".join([table(("", "Asked for", "Reached", "Enough"), rows), *lines]) if rows else ""


def tasks(results: Results) -> str:
    """Show what share of painted pictures is right, task by task."""
    kinds, judge, settings = results["tasks"], results.get("judge", {}), results["settings"]
    columns = [kind for kind in ("int8", "float", "shuffled") if kind in kinds]
    rows = [
        (
            said(task),
            *(percent(kinds[kind].get(task, {}).get("score")) for kind in columns),
            percent(judge.get(task)),
            str(found["count"]),
        )
        for task, found in kinds["int8"].items()
    ]
    return f"""Pictures of held-out captions, painted by the page's own loop ({settings["steps"]} steps of
{settings["sampler"]}, guidance {settings["guidance"]:g}) and looked at by a judge, a segmenter that knows drawn
scenes only (`export/miniature/judging/judge.py`). The tasks are GenEval's, then place, time and everything at once;
free text are prompts as visitors type them. *int8* is what the page downloads, *float* the same before
rounding; *shuffled* scores each picture against another one's caption, which shows what chance reaches.
How often the judge itself is right was measured on drawn scenes; its errors are in every figure.

{table(("Task", *columns, "judge", "how many"), rows)}"""


def sweep(results: Results) -> str:
    """Show how steps and guidance matter."""
    rows = [
        (f"{row['steps']}", f"{row['guidance']:g}", percent(row["all_atoms"]), f"{row['count']}")
        for row in results["sweep"]
    ]
    return "Everything at once, with other settings:\n\n" + table(
        ("Steps", "Guidance", "All right", "Pictures"), rows
    )


def autoencoder(results: Results) -> str:
    """Say how well pictures survive the autoencoder."""
    vae = results["vae"]
    return f"On {vae['scenes']} fresh scenes: **{vae['psnr']:.1f} dB** PSNR, SSIM {vae['ssim']:.3f}."


def levels(results: Results) -> str:
    """Show the error by level of noise."""
    found = results["levels"]
    rows = [(t, f"{level['object_v_mse']:.3f}", f"{level['rest_v_mse']:.3f}") for t, level in found.items()]
    return f"""The squared error of v inside the objects and elsewhere, by noise level (timestep of 1000), on
{results["level_scenes"]} held-out drawn scenes.

{table(("t", "in objects", "elsewhere"), rows)}"""


def words(results: Results) -> str:
    """Show which words it has learned."""
    wins = results["true_caption_wins"]
    weak = [name for name, share in wins.items() if share < LEARNED]
    return f"""A held-out drawn scene with noise is shown with its own caption and with one in which one thing is
changed: how often the noise is predicted better under the true one (by chance: 50%).

{table(wins, [[percent(share) for share in wins.values()]])}

{f"Weak: {', '.join(weak)}." if weak else "None is weak."}"""


def attention(results: Results) -> str:
    """Show how well the attention maps cover what their words name."""
    found = results["attention"]
    columns = ("miou", "centre", "whole_picture", "ceiling")
    rows = [
        (kind, *(f"{row[name]:.2f}" for name in columns), f"{row['threshold']:.2f}", str(row["count"]))
        for kind, row in found["words"].items()
    ]
    readings = ", ".join(f"{said(name)} {value:.2f}" for name, value in found["readings"].items())
    by_level = ", ".join(f"t = {t}: {value:.2f}" for t, value in found["levels"].items())
    pairs = found["pairs"] and (
        f" In scenes of two objects a noun's own map scores {found['pairs']['right_word']:.2f} on its object, "
        f"the other noun's {found['pairs']['wrong_word']:.2f}."
    )
    return f"""Mean intersection over union of the maps that the page draws with the renderer's masks, on
{found["scenes"]} held-out drawn scenes with noise, mean over the timesteps {", ".join(found["levels"])};
thresholds tuned on {found["tuning_scenes"]} other scenes. Beside it the usual place of such things, the whole
picture, and the truth itself in the maps' 16×16 cells.

{table(("Words", "IoU", "usual place", "whole picture", "ceiling", "threshold", "how many"), rows)}

Nouns, pooled otherwise: {readings}. By noise level: {by_level}.{pairs or ""}"""


def causes(results: Results) -> str:
    """Say whether words cause what they name, and what objects heed."""
    found, heeded = results["causes"], results["heeding"]
    rows = [
        (kind, f"{row['off']:.1f}", f"{row['deleted']:.1f}", f"{row['ratio']:.2f}", str(row["count"]))
        for kind, row in found["kinds"].items()
    ]
    return f"""Off is a word's strength at 0 on the page, deleted the prompt without it, both from the same noise: the
median change of the picture (root mean square, levels of 255) over {found["prompts"]} held-out captions. Small words
are all articles and prepositions of a caption together.

{table(("Words", "off", "deleted", "off / deleted", "how many"), rows)}

With its noun off, the judge no longer finds an object in **{found["gone"]:.0%}** of the pictures that had it. Small
words off change a picture {found["small_to_others"]:.2f} times as much as another word off.

Inside an object its own noun or colour word has the highest attention of all words in **{heeded["named"]:.0%}** of
{heeded["count"]} objects of drawn scenes; articles and prepositions get {heeded["small"]:.0%} of the words' attention
there, and words together {heeded["words"]:.0%} of all attention. This was taught: while it learned, the slots of words
that say nothing were dealt out among captions, colours, sizes, numbers, places and times were put in doubt in all slots
but their own, and cells were drawn to the words that name them (`slots.py`, `attention.py`)."""


def copies(results: Results) -> str:
    """Say whether pictures are copies."""
    found = results["nearest"]
    count, median, alone = found["count"], found["median"], found["alone"]
    return f"""How far {count["pictures"]} painted pictures are from the nearest of {count["pool"]:,} training scenes
(root mean square over thumbnails of 32×32, in levels of 255): median {median["pictures"]:.1f}; {count["fresh"]} fresh
drawings of the same captions, which cannot be copies: {median["fresh"]:.1f}. Nearer than the nearest hundredth
of the fresh ones: {found["nearer"]:.1%} (by chance 1%). Three times nearer to one training scene than to any other:
{alone["pictures"]:.1%} (fresh ones: {alone["fresh"]:.1%})."""


def size(results: Results) -> str:
    """Say what a visitor downloads."""
    rows = [(said(part), f"{count:,}") for part, count in results["bytes"].items()]
    return "As the page downloads it, before compression:\n\n" + table(("Graph, int8", "Bytes"), rows)


def parameters(folder: Path) -> str:
    """Count the weights of each part."""
    rows = []
    for part, inside in PARTS.items():
        with safe_open(next((folder / inside).glob("*.safetensors")), "pt") as tensors:
            count = sum(tensors.get_tensor(name).numel() for name in tensors.keys())  # noqa: SIM118
        rows.append((part, f"{count / 1e6:.2f} M"))
    return table(("Part", "Parameters"), rows)


def training(folder: Path) -> str:
    """Say how long was trained, from the last lines of the logs."""
    lines = []
    for part, log in (("autoencoder", "vae"), ("text encoder and UNet", "denoiser")):
        path = folder / "logs" / f"{log}.jsonl"
        if path.exists():
            last: dict[str, Any] = json.loads(path.read_text().splitlines()[-1])
            lines.append(f"- {part}: {last['samples']:,} samples in {last['minutes']:.0f} minutes")
    lines.append("- settings and seed: `export/miniature/configs/miniature.toml`; logs: `logs/`")
    combinations = grammar.combinations()
    unseen = sum(grammar.held_out(*one) for one in combinations)
    return "\n".join(lines) + (
        f"\n\nOf the {len(combinations)} combinations of object, colour and place, {unseen} were never shown in "
        "training\n(`held_out.json`). The held-out scenes above are made only of those."
    )


SECTIONS = {
    "What was asked for, and what it reached": bars,
    "Pictures of what was asked for": tasks,
    "Steps and guidance": sweep,
    "Do words cause what they name?": causes,
    "Does it copy?": copies,
    "Where words look": attention,
    "Which words it has learned": words,
    "Noise": levels,
    "Autoencoder": autoencoder,
    "Download": size,
}
