"""What goes from one step of a run to the next, and where it comes from before the first."""

from __future__ import annotations

import math
from array import array
from dataclasses import dataclass

from pyscript_app.course import Course, chart
from pyscript_app.model import Model
from pyscript_app.parts import Parts, Tensor
from pyscript_app.settings import Settings, Start
from pyscript_app.state import State
from pyscript_app.step import SLOTS


@dataclass(frozen=True)
class Moment:
    """A run between two steps."""

    values: array[float]
    """[C, h, w] of the latent."""
    latent: Tensor
    """[1, C, h, w]"""
    latents: Tensor
    """[batch, C, h, w] the latent as the network's input: scaled, once for each prompt."""
    history: Tensor
    """[3, C, h, w] what the sampler remembers."""
    total: Tensor
    """[T, S, S] the attention of the steps so far, summed."""
    counted: int
    """How many steps those are."""

    @property
    def tensors(self) -> tuple[Tensor, ...]:
        """Those that the next step needs."""
        return self.latent, self.latents, self.history, self.total


async def begin(course: Course, start: Start | State | None, parts: Parts) -> Moment:
    """The moment before the first step."""
    model, shape, state = parts.model, parts.model.shape, course.state
    values = await _first_latent(course, start, parts)
    scaled = state.scaled if state else None
    if not scaled:
        scaled = array("f", [course.first.scale * value for value in values])
    history = state.history if state else None
    total = state.total if state else None
    length, side = model.tokenizer.length, max(model.sides)
    return Moment(
        values,
        parts.tensor(values, 1, *shape),
        parts.tensor(scaled * model.batch, model.batch, *shape),
        parts.tensor(history, len(SLOTS), *shape) if history else parts.zeros(len(SLOTS), *shape),
        parts.tensor(total, length, side, side) if total else parts.zeros(length, side, side),
        state.counted if state else 0,
    )


async def _first_latent(course: Course, start: Start | State | None, parts: Parts) -> array[float]:
    """[C, h, w]: noise, a picture with noise over it, or an earlier run's latent."""
    first = course.first
    if isinstance(start, State):
        # Samplers differ in how large a latent of the same noise is, but not in what the network is fed.
        ratio = start.scale / first.scale
        return start.latent if ratio == 1 else array("f", [ratio * x for x in start.latent])
    noise = course.random.randn(math.prod(parts.model.shape))
    if start:
        clean = await parts.runtime.read(await parts.encode_picture(start.picture))
        signal, share = math.sqrt(first.abar) / first.scale, first.noise_share / first.scale
        return array("f", [signal * x + share * z for x, z in zip(clean, noise, strict=True)])
    return array("f", [course.plan.noise_scale * z for z in noise])


def first_state(settings: Settings, model: Model, start: Start | None, latent: array[float]) -> State:
    """A run before its first step, with a latent [C, h, w] in place of the noise, or of the picture with noise over it.

    Raises:
        RefusalError: It cannot be drawn.
    """
    course = chart(settings, model, start)
    course.random.randn(len(latent))  # those that the latent stands for
    step, nothing = course.first, array("f")
    return State(
        sampler=settings.sampler,
        steps=settings.steps,
        spacing=settings.spacing,
        begin=course.begin,
        following=0,
        frames=0,
        seed=settings.seed,
        position=course.random.position,
        scale=step.scale,
        noise_share=step.noise_share,
        latent=latent,
        scaled=nothing,
        history=nothing,
        total=nothing,
        counted=0,
    )


async def keep_state(
    settings: Settings, course: Course, index: int, now: Moment, parts: Parts
) -> State | None:
    """The moment before a step of the plan as numbers; None after the last.

    Args:
        settings: Of the run.
        course: Of the run.
        index: The step's.
        now: The moment.
        parts: The run's.
    """
    if index == len(course.plan.steps):
        return None
    step, read = course.plan.steps[index], parts.runtime.read
    return State(
        sampler=settings.sampler,
        steps=settings.steps,
        spacing=settings.spacing,
        begin=course.begin,
        following=index,
        frames=course.shown(index),
        seed=settings.seed,
        position=course.random.position,
        scale=step.scale,
        noise_share=step.noise_share,
        latent=now.values,
        scaled=array("f") if step.scale == 1 else (await read(now.latents))[: len(now.values)],
        history=await read(now.history) if course.remembers else array("f"),
        total=await read(now.total),
        counted=now.counted,
    )
