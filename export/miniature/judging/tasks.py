"""What a picture must show to be right: the six tasks of GenEval, then place, time and everything at once.

A caption is taken apart into atoms, and each task asks for its own, on the scenes where they are told
(Ghosh et al. 2023, https://arxiv.org/abs/2310.11513). What a picture shows is the judge's verdict.

Scenes say what is claimed. A claim may leave things open: a `plain` colour, a count of 0 (more than one,
however many), and an empty place, time or side. Size is not scored: a verdict knows an object's area, and
that hangs on its shape as much as on its size.
"""

import json
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

from export.miniature.judging.judge import Sighting, Verdict
from export.miniature.scenes import grammar
from export.miniature.scenes.grammar import Item, Scene
from export.miniature.training.vae import FRESH


def seen(name: str, verdict: Verdict) -> list[Sighting]:
    """Return the objects of a kind that a picture shows."""
    return [sighting for sighting in verdict.items if sighting.name == name]


# An atom compares one thing that a scene tells with the verdict and yields every fault in a few words.


def objects(scene: Scene, verdict: Verdict) -> Iterator[str]:
    """Every object that is told is there."""
    yield from (f"no {item.name}" for item in scene.items if not seen(item.name, verdict))


def nothing_else(scene: Scene, verdict: Verdict) -> Iterator[str]:
    """No other object is there."""
    told = {item.name for item in scene.items}
    yield from sorted({f"a {sighting.name} too" for sighting in verdict.items if sighting.name not in told})


def counts(scene: Scene, verdict: Verdict) -> Iterator[str]:
    """There are exactly as many as told."""
    for item in scene.items:
        count = len(seen(item.name, verdict))
        if count != item.count if item.count else count < 2:
            yield f"{count or 'no'} {item.name if count < 2 else grammar.OBJECTS[item.name]}"


def colours(scene: Scene, verdict: Verdict) -> Iterator[str]:
    """All objects of a kind have the colour that is told."""
    for item in scene.items:
        found = {sighting.colour for sighting in seen(item.name, verdict)}
        if item.colour != "plain" and found != {item.colour}:
            yield f"{' and '.join(sorted(found)) or 'no'} {item.name}"


def side(scene: Scene, verdict: Verdict) -> Iterator[str]:
    """Of two objects, the first stands on the side that is told; in captions "and" tells left."""
    if scene.kind != "pair" or not scene.side:
        return
    centres = []
    for item in scene.items:
        found = seen(item.name, verdict)
        if not found:
            yield f"no {item.name}"
            return
        centres.append(sum(sighting.x for sighting in found) / len(found))
    if (centres[0] < centres[1]) != (scene.side == "left"):
        yield f"{scene.items[0].name} not {scene.side}"


def place(scene: Scene, verdict: Verdict) -> Iterator[str]:
    """The place is the one that is told."""
    if scene.place and verdict.place != scene.place:
        yield verdict.place


def time(scene: Scene, verdict: Verdict) -> Iterator[str]:
    """The time of day is the one that is told; captions that tell none mean the day."""
    if scene.time and verdict.time != scene.time:
        yield verdict.time


Atom = Callable[[Scene, Verdict], Iterator[str]]


class Task(NamedTuple):
    """The scenes that a task is set on, and the atoms that it asks for."""

    applies: Callable[[Scene], bool]
    atoms: tuple[Atom, ...]


def coloured(scene: Scene) -> bool:
    """Say whether every object has a colour word."""
    return all(item.colour != "plain" for item in scene.items)


TASKS = {
    "single_object": Task(lambda scene: scene.kind == "single", (objects,)),
    "two_objects": Task(lambda scene: scene.kind == "pair", (objects,)),
    "counting": Task(lambda scene: scene.kind == "several", (counts,)),
    "colours": Task(lambda scene: scene.kind == "single" and coloured(scene), (colours,)),
    "position": Task(lambda scene: scene.kind == "pair" and bool(scene.side), (side,)),
    "colour_attribution": Task(lambda scene: scene.kind == "pair" and coloured(scene), (colours,)),
    "place": Task(lambda scene: bool(scene.place), (place,)),
    "time": Task(lambda scene: bool(scene.time), (time,)),
    "all_atoms": Task(lambda _: True, (objects, nothing_else, counts, colours, side, place, time)),
}


def faults(scene: Scene, verdict: Verdict, task: str = "all_atoms") -> list[str]:
    """Return what a task finds wrong with a picture, in a few words each: "no cat", "blue car", "night"."""
    return list(dict.fromkeys(fault for atom in TASKS[task].atoms for fault in atom(scene, verdict)))


def score(task: str, scene: Scene, verdict: Verdict) -> bool:
    """Say whether a picture solves a task on a scene where the task applies."""
    return not faults(scene, verdict, task)


def shares(
    scenes: Sequence[Scene], verdicts: Sequence[Verdict], shift: int = 0
) -> dict[str, dict[str, float]]:
    """Return for each task the `score`, the share of pictures that solve it, and the `count` of pictures.

    Verdict `i` is of the picture of scene `i`. With a `shift`, a task's pictures are scored against the
    scene that many places further on, which shows what chance alone would reach.
    """
    result = {}
    for name, task in TASKS.items():
        pairs = [pair for pair in zip(scenes, verdicts, strict=True) if task.applies(pair[0])]
        told = [scene for scene, _ in pairs[shift:] + pairs[:shift]]
        solved = [score(name, scene, verdict) for scene, (_, verdict) in zip(told, pairs, strict=True)]
        if solved:
            result[name] = {"score": sum(solved) / len(solved), "count": len(solved)}
    return result


def held_out(count: int) -> list[Scene]:
    """Return scenes of combinations that training never saw: singles, several and pairs in turn."""
    turn = grammar.KINDS
    return [grammar.scene(FRESH + i, unseen=True, kinds=(turn[i % len(turn)],)) for i in range(count)]


def free_text() -> list[tuple[str, Scene]]:
    """Return the prompts that were written by hand, as visitors type, each with what it claims."""
    unsaid = {"place": "", "time": "", "side": ""}
    claims = json.loads((Path(__file__).parent / "free_text.json").read_text())
    return [
        (claim.pop("prompt"), Scene(**unsaid | claim | {"items": tuple(Item(**i) for i in claim["items"])}))
        for claim in claims
    ]
