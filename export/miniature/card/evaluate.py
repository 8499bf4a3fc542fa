"""Measures finished weights, part by part, and writes `evaluation.json` and sheets of pictures beside them."""

import json
from collections.abc import Callable, Collection, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from export.format.errors import UserError
from export.format.manifest import read_manifest
from export.miniature.judging import tasks
from export.miniature.judging.bench import Bench
from export.miniature.judging.causes import causes
from export.miniature.judging.contrast import contrast
from export.miniature.judging.heeding import heeding
from export.miniature.judging.judge import GRAPH, Verdict
from export.miniature.judging.levels import levels
from export.miniature.judging.localization import localization
from export.miniature.judging.nearest import nearest, strip
from export.miniature.scenes import grammar
from export.miniature.scenes.gallery import gallery
from export.miniature.scenes.scenes import draw
from export.miniature.training.vae import FRESH, fresh_quality

SHOWN = 48  # pictures on the sheet of held-out captions
STEPS, GUIDANCE = (4, 6, 8, 10, 20), (1.0, 1.5, 2.0, 3.0, 5.0)  # swept one at a time


class Sizes(NamedTuple):
    """How many scenes the parts are measured on."""

    tasks: int = 600
    sweep: int = 96  # for each setting
    drawn: int = 128  # shown with noise, and to the autoencoder
    attention: int = 128
    causes: int = 100


QUICK = Sizes(48, 12, 16, 16, 6)
Results = dict[str, Any]


def unseen(count: int) -> list[grammar.Scene]:
    """Return scenes made of combinations that training never saw, their kinds as frequent as in training."""
    return [grammar.scene(FRESH + i, unseen=True) for i in range(count)]


def measure_vae(bench: Bench, sizes: Sizes) -> Results:
    """How well pictures survive the autoencoder."""
    return {"vae": fresh_quality(bench.pipeline.vae, sizes.drawn) | {"scenes": sizes.drawn}}


def measure_levels(bench: Bench, sizes: Sizes) -> Results:
    """How well noise is told from picture, level by level."""
    scenes = unseen(sizes.drawn)
    return {"levels": levels(bench.pipeline, scenes), "level_scenes": len(scenes)}


def measure_contrast(bench: Bench, sizes: Sizes) -> Results:
    """How often the true caption explains a picture better than one with a word changed."""
    return {"true_caption_wins": contrast(bench.pipeline, unseen(8 * sizes.drawn), sizes.drawn)}


def measure_attention(bench: Bench, sizes: Sizes) -> Results:
    """Whether words look at what they name."""
    scenes = unseen(sizes.attention)
    return {"attention": localization(bench.pipeline, scenes), "heeding": heeding(bench.pipeline, scenes)}


def measure_causes(bench: Bench, sizes: Sizes) -> Results:
    """Whether words cause what they name."""

    def paint(captions: Sequence[str], seeds: Sequence[int], gains: Sequence[dict[str, float]]) -> np.ndarray:
        return bench.paint(captions, seeds=seeds, gains=gains)

    return {"causes": causes(paint, bench.judge.look, tasks.held_out(sizes.causes))}


def measure_judge(bench: Bench, sizes: Sizes) -> Results:
    """How often the judge itself is right."""
    return {"judge": bench.judge.accuracy}


def measure_tasks(bench: Bench, sizes: Sizes) -> Results:
    """What share of pictures shows what was asked for; writes `held_out.png` and `free_text.png`."""
    scenes = tasks.held_out(sizes.tasks)
    captions = [grammar.caption(scene) for scene in scenes]
    pictures, exact = bench.paint(captions), bench.paint(captions, "fp32")
    seen = bench.judge.look(pictures)
    prompts, claims = map(list, zip(*tasks.free_text(), strict=True))
    written = bench.paint(prompts)
    read = bench.judge.look(written)
    sheet(bench.weights / "held_out.png", pictures[:SHOWN], captions, scenes, seen)
    sheet(bench.weights / "free_text.png", written, prompts, claims, read)
    return {
        "tasks": {
            "int8": tasks.shares(scenes, seen) | {"free_text": tasks.shares(claims, read)["all_atoms"]},
            "float": tasks.shares(scenes, bench.judge.look(exact)),
            "shuffled": tasks.shares(scenes, seen, shift=1),
        }
    }


def sheet(
    path: Path,
    pictures: np.ndarray,
    captions: list[str],
    scenes: list[grammar.Scene],
    verdicts: list[Verdict],
) -> None:
    """Write the first pictures with their captions, and under the wrong ones what is wrong."""
    faults = [tasks.faults(scene, verdict) for scene, verdict in zip(scenes, verdicts, strict=True)]
    gallery(pictures, captions[: len(pictures)], faults[: len(pictures)]).save(path, optimize=True)


def measure_sweep(bench: Bench, sizes: Sizes) -> Results:
    """What other steps and other guidance would reach, one changed at a time."""
    scenes = tasks.held_out(sizes.sweep)
    captions = [grammar.caption(scene) for scene in scenes]
    steps, guidance = bench.settings["steps"], bench.settings["guidance"]
    swept = [(steps, each) for each in GUIDANCE] + [(each, guidance) for each in STEPS]
    rows = []
    for steps, guidance in dict.fromkeys(swept):
        pictures = bench.paint(captions, steps=steps, guidance=guidance)
        share = tasks.shares(scenes, bench.judge.look(pictures))["all_atoms"]
        rows.append({"steps": steps, "guidance": guidance, "all_atoms": share["score"], "count": len(scenes)})
    return {"sweep": rows}


def measure_bytes(bench: Bench, sizes: Sizes) -> Results:
    """How much a visitor downloads."""
    graphs = read_manifest(bench.exported("int8"))["graphs"]
    parts = {name: graphs[name]["bytes"] for name in ("text_encoder", "unet", "vae_decoder")}
    return {"bytes": parts | {"judge": (bench.judge_folder / GRAPH).stat().st_size}}


def measure_nearest(bench: Bench, sizes: Sizes) -> Results:
    """Whether pictures are copies of training scenes; writes `nearest.png`."""
    scenes = tasks.held_out(sizes.tasks)
    captions = [grammar.caption(scene) for scene in scenes]
    pictures, fresh = bench.paint(captions), np.stack([draw(scene).pixels for scene in scenes])
    found = nearest(pictures, fresh, bench.pool)
    strip(bench.weights / "nearest.png", pictures, captions, bench.pool, found["closest"])
    return {"nearest": found}


PARTS: dict[str, Callable[[Bench, Sizes], Results]] = {
    "bytes": measure_bytes,
    "judge": measure_judge,
    "vae": measure_vae,
    "levels": measure_levels,
    "contrast": measure_contrast,
    "attention": measure_attention,
    "tasks": measure_tasks,
    "causes": measure_causes,
    "nearest": measure_nearest,
    "sweep": measure_sweep,
}


def evaluate(
    weights: Path,
    judge: Path,
    pool: Path,
    work: Path,
    *,
    sizes: Sizes = Sizes(),
    only: Collection[str] = (),
    processes: int = 2,
) -> Results:
    """Measure weights and write `evaluation.json` beside them, after every part.

    Parts that were measured earlier stay, as long as the weights and the default settings are the same.

    Args:
        weights: a diffusers folder.
        judge: the judge's folder.
        pool: the folder of the training scenes.
        work: keeps exports and pictures, so that a run that was stopped goes on where it was.
        sizes: on how many scenes.
        only: names of PARTS to measure; all if empty.
        processes: that paint side by side.

    Raises:
        UserError: there are no such weights, no judge, or no such part.
    """
    if unknown := set(only) - set(PARTS):
        raise UserError(f"There is no part {', '.join(sorted(unknown))}; choose from {', '.join(PARTS)}.")
    path = weights / "evaluation.json"
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    with Progress(*columns) as progress:
        bench = Bench(weights, judge, pool, work, progress, processes)
        results: Results = {"weights": bench.fingerprint, "settings": bench.settings}
        before = json.loads(path.read_text()) if path.exists() else {}
        if all(before.get(name) == value for name, value in results.items()):
            results = before
        parts = [name for name in PARTS if name in only or not only]
        whole = progress.add_task("measuring", total=len(parts))
        for name in parts:
            progress.update(whole, description=f"measuring {name}")
            results |= PARTS[name](bench, sizes)
            path.write_text(json.dumps(results, indent=2) + "\n")
            progress.advance(whole)
    return results
