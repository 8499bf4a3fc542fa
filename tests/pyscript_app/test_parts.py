"""The loop's parts one by one, as a lab uses them: composed by hand they make the run that ``generate`` makes."""

from __future__ import annotations

import asyncio
import math
from array import array

import numpy as np

from pyscript_app.attention import word_selector
from pyscript_app.model import Model
from pyscript_app.noise import Generator
from pyscript_app.parts import Conditions, Parts
from pyscript_app.samplers import plan
from pyscript_app.step import coefficients
from tests.pyscript_app.fake import LENGTH, PICTURE, SETTINGS, SHAPE, SIDES, FakeRuntime, collect


def test_composed_by_hand_they_make_the_same_run(model: Model) -> None:
    runtime = FakeRuntime()
    expected = collect(SETTINGS, model)

    async def by_hand() -> None:
        parts, encode = Parts(model, runtime), model.tokenizer.encode
        text = await parts.encode(encode(SETTINGS.negative), encode(SETTINGS.prompt))
        told = Conditions(text, parts.tensor([1.0] * LENGTH, 1, LENGTH))
        selector = word_selector(model.tokenizer.read(SETTINGS.prompt).words, LENGTH)
        words = parts.tensor(selector, LENGTH, LENGTH)
        side = max(SIDES)
        noise, history, total = (
            parts.zeros(1, *SHAPE),
            parts.zeros(3, *SHAPE),
            parts.zeros(LENGTH, side, side),
        )
        start = Generator(SETTINGS.seed).randn(math.prod(SHAPE))
        latent, latents = parts.tensor(start, 1, *SHAPE), parts.tensor(start * 2, 2, *SHAPE)
        for frame, step in zip(expected, plan("ddim", model.schedule, SETTINGS.steps).steps, strict=True):
            seen = await parts.predict(latents, step.timestep, told)
            matrix = coefficients(step, 1.0, SETTINGS.guidance, "epsilon")
            after = await parts.step(latent, seen.output, noise, history, matrix)
            pooled = await parts.pool(seen.attention, words, total, frame.step)
            latent, latents, history, total = after.latent, after.latents, after.history, pooled.total
            assert await runtime.read(latent) == frame.latent
            assert await runtime.read(after.eps) == frame.eps
            assert (await runtime.read(pooled.mean_maps))[: len(frame.mean_maps)] == frame.mean_maps
        assert await parts.decode(latent) == expected[-1].picture
        assert parts.ms.keys() >= {"text_encoder", "unet", "step", "attention", "decode"}
        parts.keep(latent)
        assert runtime.held == {latent}
        parts.keep()

    asyncio.run(by_hand())
    assert not runtime.held


def test_a_picture_is_encoded_from_its_levels(model: Model) -> None:
    runtime = FakeRuntime()
    levels = np.arange(PICTURE * PICTURE * 4) % 256

    async def encode() -> array[float]:
        parts = Parts(model, runtime)
        latent = await runtime.read(await parts.encode_picture(levels.astype(np.uint8).tobytes()))
        parts.keep()
        return latent

    asyncio.run(encode())
    (fed,) = runtime.fed("vae_encoder")
    expected = levels.reshape(PICTURE, PICTURE, 4)[..., :3].transpose(2, 0, 1) / 127.5 - 1
    np.testing.assert_allclose(fed["picture"][0], expected, atol=1e-6)
    assert not runtime.held
