"""The denoising loop of Stable Diffusion: a prompt and a seed become a picture, one frame a step.

Python decides the scalars (``course``); arrays are tensors of a runtime that runs named ONNX graphs (``parts``). The
loop knows neither the screen nor the machine: in the page the runtime is onnxruntime-web, elsewhere onnxruntime.
"""

from __future__ import annotations

import math
from collections.abc import AsyncGenerator, Callable
from time import perf_counter

from pyscript_app.course import Course, chart
from pyscript_app.frame import Frame, Timings, WordShare
from pyscript_app.model import Model
from pyscript_app.moment import Moment, begin, keep_state
from pyscript_app.parts import Conditions, Parts, Runtime
from pyscript_app.settings import Settings, Start
from pyscript_app.slots import encode_slots
from pyscript_app.state import State

__all__ = ["Runtime", "Settings", "Start", "State", "generate"]


async def generate(
    settings: Settings,
    model: Model,
    runtime: Runtime,
    clock: Callable[[], float] = perf_counter,
    start: Start | State | None = None,
    last_only: bool = False,
    keep_states: bool = True,
) -> AsyncGenerator[Frame, None]:
    """Draw a picture step by step.

    Args:
        settings: What to draw.
        model: The model's manifest and tokenizer.
        runtime: What runs its graphs.
        clock: Seconds, for the timings.
        start: Where to begin: None in the seed's noise, else at a picture, or where an earlier run stood
            (``Frame.state``) - with other steps than that run's at the step whose noise is nearest.
        last_only: Draw the last picture alone, for those who do not watch.
        keep_states: Read after each step what it takes to go on from there later, or to take it again, for
            ``Frame.state`` and ``Frame.answer``.

    Yields:
        One frame a call of the UNet: the sampler's number of steps, and one more for pndm. The last frame's picture
        is the result.

    Raises:
        RefusalError: It cannot be drawn; nothing has run then.
    """
    course = chart(settings, model, start, last_only)
    parts, read = Parts(model, runtime, clock), runtime.read
    try:
        told = await listen(settings, course, parts)
        words = parts.tensor(course.selector, parts.length, parts.length)
        no_noise = parts.zeros(1, *model.shape)
        now = await begin(course, start, parts)
        for index, step in course.ahead:
            await runtime.pause()
            noise = no_noise
            if "noise" in step.update:
                noise = parts.tensor(course.random.randn(math.prod(model.shape)), 1, *model.shape)
            seen = await parts.predict(now.latents, step.timestep, told)
            after = await parts.step(now.latent, seen.output, noise, now.history, course.matrices[index])
            pooled = await parts.pool(seen.attention, words, now.total, now.counted + 1)
            # Some samplers end a breath of noise above x0: the result is what they end with, as in diffusers.
            shown = after.x0 if index + 1 < len(course.plan.steps) else after.latent
            picture = await parts.decode(shown, course.painters[index])

            before, values = now.values, await read(after.latent)
            now = Moment(values, after.latent, after.latents, after.history, pooled.total, now.counted + 1)
            area = len(course.reading.words) * max(model.sides) ** 2
            shares = await read(pooled.shares)
            following = course.after(index)
            frame = Frame(
                step=course.shown(index + 1),
                steps=course.shown(len(course.plan.steps)),
                timestep=step.timestep,
                sigma=step.sigma,
                noise_share=step.noise_share,
                scale=step.scale,
                noise_left=following.noise_share if following else 0.0,
                latent_scale=following.scale if following else 1.0,
                latent_in=before,
                latent=values,
                x0=await read(after.x0),
                eps_uncond=await read(after.eps_uncond),
                eps_cond=await read(after.eps_cond),
                eps=await read(after.eps),
                attention={side: await read(maps) for side, maps in seen.attention.items()},
                words=tuple(
                    WordShare(word.text, word.tokens, share)
                    for word, share in zip(course.reading.words, shares, strict=False)
                ),
                maps=(await read(pooled.maps))[:area],
                mean_maps=(await read(pooled.mean_maps))[:area],
                picture=picture,
                drawn_by=course.painters[index],
                update=step.update,
                ms=Timings(*(parts.ms[name] for name in ("unet", "step", "attention", "decode"))),
                answer=await read(seen.output) if keep_states and model.batch == 2 else None,
                state=await keep_state(settings, course, index + 1, now, parts) if keep_states else None,
            )
            parts.keep(*told.feeds().values(), words, no_noise, *now.tensors)
            yield frame
    finally:
        parts.keep()


async def listen(settings: Settings, course: Course, parts: Parts) -> Conditions:
    """Encode the prompt (before it the negative one, where the network runs with both)."""
    model = parts.model
    before = [model.tokenizer.encode(settings.negative)] if model.batch == 2 else []
    text = await encode_slots(parts, before, course.sources)
    strength = parts.tensor([settings.guidance - 1], 1) if model.guidance == "embedded" else None
    return Conditions(text, parts.tensor(course.gains, 1, parts.length), strength)
