"""A step taken again with another guidance, from what the network said then: the network is not asked anew.

Guidance (Ho and Salimans, https://arxiv.org/abs/2207.12598) mixes two answers of the network, so a step whose answers
are kept can be had for every strength at the price of one matrix product.
"""

from __future__ import annotations

from array import array
from dataclasses import dataclass, replace
from math import prod

from pyscript_app.course import chart
from pyscript_app.model import Model
from pyscript_app.moment import begin
from pyscript_app.parts import Parts, Runtime
from pyscript_app.settings import Settings, Start
from pyscript_app.state import State


@dataclass(frozen=True)
class Retaken:
    """What a step leads to with another guidance, each [C, h, w] in C order."""

    guidance: float
    eps: array[float]
    x0: array[float]
    latent: array[float]
    scaled: array[float]
    """The latent as the network will see it."""
    history: array[float]
    """[3, C, h, w] what the sampler remembers then."""
    picture: array[float]
    """[H, W, 4] x0 drawn (of the last step, ``latent``); empty where nothing was to be drawn."""
    drawn_by: str

    def onto(self, state: State) -> State:
        """Where the run stood after the step, as if it had been taken so."""
        return replace(
            state,
            latent=self.latent,
            scaled=self.scaled if state.scaled else state.scaled,
            history=self.history if state.history else state.history,
        )


async def retake(
    settings: Settings,
    model: Model,
    runtime: Runtime,
    before: Start | State | None,
    answer: array[float],
    painter: str = "",
) -> Retaken:
    """Take a step of a run again.

    Args:
        settings: The run's, with the guidance to take the step with.
        model: Its model.
        runtime: What runs its graphs.
        before: Where the run stood before the step.
        answer: What the network said in it (``Frame.answer``).
        painter: The graph that draws what the step foresees; "" draws nothing.

    Raises:
        RefusalError: The run was drawn by a model of another shape.
    """
    course, shape = chart(settings, model, before), model.shape
    parts, read = Parts(model, runtime), runtime.read
    try:
        index, step = course.ahead[0]
        now = await begin(course, before, parts)
        fresh = "noise" in step.update
        noise = parts.tensor(course.random.randn(prod(shape)), 1, *shape) if fresh else parts.zeros(1, *shape)
        said = parts.tensor(answer, model.batch, *shape)
        after = await parts.step(now.latent, said, noise, now.history, course.matrices[index])
        last = index + 1 == len(course.plan.steps)
        latent = await read(after.latent)
        return Retaken(
            guidance=settings.guidance,
            eps=await read(after.eps),
            x0=await read(after.x0),
            latent=latent,
            scaled=(await read(after.latents))[: len(latent)],
            history=await read(after.history),
            picture=await parts.decode(after.latent if last else after.x0, painter),
            drawn_by=painter,
        )
    finally:
        parts.keep()
