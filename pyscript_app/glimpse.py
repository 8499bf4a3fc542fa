"""A run for those who only want to see what becomes of it: a picture every few steps, no attention, no frames.

The same course and the same graphs as the loop's, so that it ends with the loop's picture. It runs the UNet that is
open already, and leaves its attention unread: ``unet_bare`` beside it would hold the weights a second time.
"""

from __future__ import annotations

import math
from array import array
from collections.abc import AsyncGenerator
from dataclasses import dataclass, replace

from pyscript_app.course import chart
from pyscript_app.loop import listen
from pyscript_app.model import Model
from pyscript_app.moment import begin
from pyscript_app.parts import Parts, Runtime
from pyscript_app.settings import Settings

GLIMPSES = 5  # pictures of a run, at the most: each takes the time of a small decoder


@dataclass(frozen=True)
class Glimpse:
    """How far a run has come."""

    step: int
    """From 1; the last is ``steps``."""
    steps: int
    picture: array[float]
    """[H, W, 4] the clean picture that the model expects, in the last step the finished one: red, green, blue, alpha,
    whole numbers from 0 to 255."""
    drawn_by: str
    """The graph that drew it."""
    latent: array[float] | None
    """[C, h, w] of the finished picture; None before."""


async def glimpses(settings: Settings, model: Model, runtime: Runtime) -> AsyncGenerator[Glimpse, None]:
    """Draw a picture from noise, and show it a few times on the way.

    Args:
        settings: What to draw; ``preview`` and ``every`` are not looked at.
        model: The model's manifest and tokenizer.
        runtime: What runs its graphs; asked before each step whether to go on (``Runtime.pause``).

    Yields:
        At most ``GLIMPSES``, the last with the run's picture as the decoder draws it.

    Raises:
        RefusalError: It cannot be drawn; nothing has run then.
    """
    course = chart(settings, model, None)
    parts, steps = Parts(model, runtime), len(course.plan.steps)
    try:
        told = await listen(settings, course, parts)
        no_noise = parts.zeros(1, *model.shape)
        now = await begin(course, None, parts)
        for index, step in course.ahead:
            await runtime.pause()
            noise = no_noise
            if "noise" in step.update:
                noise = parts.tensor(course.random.randn(math.prod(model.shape)), 1, *model.shape)
            seen = await parts.predict(now.latents, step.timestep, told)
            after = await parts.step(now.latent, seen.output, noise, now.history, course.matrices[index])
            now = replace(now, latent=after.latent, latents=after.latents, history=after.history)
            if painter := _painter(model, index + 1, steps):
                last = index + 1 == steps
                picture = await parts.decode(after.latent if last else after.x0, painter)
                latent = await runtime.read(after.latent) if last else None
                yield Glimpse(index + 1, steps, picture, painter, latent)
            parts.keep(*told.feeds().values(), no_noise, *now.tensors)
    finally:
        parts.keep()


def _painter(model: Model, step: int, steps: int) -> str:
    """The graph that draws a step, from 1; "" for none."""
    if step == steps:
        return model.previews["full"]
    if (steps - step) % math.ceil(steps / GLIMPSES):
        return ""
    *_, cheapest = model.previews.values()
    return model.previews.get("tiny", cheapest)
