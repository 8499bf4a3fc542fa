"""Two pictures, drawn in turn so that both clear up together, and how far apart they are at each step."""

from __future__ import annotations

from array import array
from collections.abc import AsyncGenerator
from contextlib import aclosing
from dataclasses import dataclass
from typing import Any

from pyscript_app.activities.drawing import Drawing
from pyscript_app.activities.tools import Tools
from pyscript_app.comparison import noise_left, pair_steps, parting, relative_distance
from pyscript_app.course import chart
from pyscript_app.frame import Frame


@dataclass(frozen=True)
class Pair:
    """A step of a, the step of b whose latent holds the nearest share of noise, and how far apart they are."""

    a: int
    """Number among the steps of a that were drawn here, from 0."""
    b: int
    """Likewise of b."""
    distance: float
    """Of the latents after the steps (``relative_distance``)."""
    foreseen: float
    """Of the clean latents that the model expects (``Frame.x0``)."""


@dataclass(frozen=True)
class Comparison:
    """Two runs side by side."""

    pairs: list[int]
    """For each step of a the number of b's, from 0."""
    distance: list[float]
    """For each step of a how far apart the pair's latents are."""
    foreseen: list[float]
    """The same of the clean latents that the model expects."""
    parting: int | None
    """From which number in ``distance`` on, from 1, the runs are apart (``comparison.parting``)."""
    paths: dict[str, list[tuple[float, float]]] | None
    """Of "a" and "b" where the latents lie on the model's axes, the one before the first step included; None where the
    model has no axes."""


@dataclass(frozen=True)
class Drawn:
    """A step of one of the two runs."""

    run: str
    """"a" or "b"."""
    frame: Frame
    pairs: list[Pair]
    """Those that are known since this step, in a's order."""
    comparison: Comparison | None
    """With the last step of all."""


class _Side:
    """One of the two: what is to be drawn, and of what was drawn that which is compared."""

    def __init__(self, wishes: dict[str, Any], tools: Tools) -> None:
        wishes = dict(wishes)
        self.id = wishes.pop("id")
        self.drawing = Drawing.read(wishes, tools)
        course = chart(self.drawing.settings, tools.model, self.drawing.start)
        self.noise_shares = [step.noise_share for _, step in course.ahead]
        self.latents: list[array[float]] = []
        self.expected: list[array[float]] = []
        self.path: list[tuple[float, float]] = []

    @property
    def done(self) -> bool:
        """Whether no step is left."""
        return len(self.latents) == len(self.noise_shares)

    @property
    def noise_share(self) -> float:
        """What the next step begins with."""
        return self.noise_shares[len(self.latents)]

    def add(self, frame: Frame) -> None:
        """Keep what is compared of a step."""
        if frame.way:
            self.path += frame.way[1:] if self.path else frame.way
        self.latents.append(frame.latent)
        self.expected.append(frame.x0)


async def run(wishes: dict[str, Any], tools: Tools) -> AsyncGenerator[Drawn, None]:
    """Draw two pictures, always a step of the one whose latent holds more noise, and compare them.

    Args:
        wishes: ``a`` and ``b``, each as ``Drawing.read`` takes them, and with the ``id`` of its run.
        tools: Its past keeps where either run stands after each step.

    Raises:
        RefusalError: One of them cannot be drawn; nothing has run then.
    """
    a, b = _Side(wishes["a"], tools), _Side(wishes["b"], tools)
    order = pair_steps(noise_left(a.noise_shares), noise_left(b.noise_shares))
    pairs: list[Pair] = []
    async with aclosing(a.drawing.draw(a.id, tools)) as of_a, aclosing(b.drawing.draw(b.id, tools)) as of_b:
        while not (a.done and b.done):
            first = b.done or (not a.done and a.noise_share >= b.noise_share)
            side, frames = (a, of_a) if first else (b, of_b)
            frame = await anext(frames)
            side.add(frame)
            known = len(pairs)
            while len(pairs) < len(a.latents) and order[len(pairs)] < len(b.latents):
                pairs.append(_pair(a, len(pairs), b, order[len(pairs)]))
            ended = _comparison(pairs, a, b) if a.done and b.done else None
            yield Drawn("a" if first else "b", frame, pairs[known:], ended)


def _pair(a: _Side, at_a: int, b: _Side, at_b: int) -> Pair:
    distance = relative_distance(a.latents[at_a], b.latents[at_b])
    return Pair(at_a, at_b, distance, relative_distance(a.expected[at_a], b.expected[at_b]))


def _comparison(pairs: list[Pair], a: _Side, b: _Side) -> Comparison:
    distance = [pair.distance for pair in pairs]
    return Comparison(
        pairs=[pair.b for pair in pairs],
        distance=distance,
        foreseen=[pair.foreseen for pair in pairs],
        parting=parting(distance),
        paths={"a": a.path, "b": b.path} if a.path else None,
    )
