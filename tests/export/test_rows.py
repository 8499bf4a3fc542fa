"""Every kind of checkpoint that the architecture table names: the page's loop draws what diffusers draws."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from itertools import pairwise
from pathlib import Path
from typing import Any

import diffusers
import numpy as np
import pytest
import torch

from export.checkpoint.architectures import ARCHITECTURES
from export.exporter import export_pipeline
from export.native.generate import draw, model_of, settings_for
from export.native.runtime import NativeRuntime
from export.recipe import Recipe
from export.verify import SCHEDULERS
from pyscript_app.activities import compare
from pyscript_app.activities.compare import Comparison
from pyscript_app.activities.tools import Tools
from pyscript_app.browser.past import Past
from pyscript_app.few_step import GAMMA
from pyscript_app.frame import Frame
from pyscript_app.loop import Settings
from tests.export.checkpoints import save_embedding, save_lora, save_preview_decoder

ROWS = {row.name: row for row in ARCHITECTURES}
# Guidance by two calls, and as an input of the network; all others take long.
EVERYDAY = ("sd2-v", "lcm")
WISHES = {"prompt": "a red car on the beach", "negative": "night", "seed": 5, "steps": 3}
# One step of the loop is compared while exporting: here it is done without the exporter's help.
RECIPE = Recipe("fp32", verify_steps=1)


pytestmark = pytest.mark.usefixtures("one_thread")


@pytest.fixture
def exported(tiny_checkpoint: Callable[[str], Path], tmp_path: Path) -> Callable[..., NativeRuntime]:
    """Export a row's checkpoint; further arguments are ``load_pipeline``'s."""

    def export(row: str, **loading: Any) -> NativeRuntime:
        export_pipeline(tiny_checkpoint(row), tmp_path / row, RECIPE, loading=loading)
        return NativeRuntime(tmp_path / row, threads=1)

    return export


def by_diffusers(pipe: Any, settings: Settings) -> tuple[list[np.ndarray], np.ndarray]:
    """The latents ``[C, h, w]`` after every step, and the picture ``[H, W, 3]`` from 0 to 255."""
    pipe.set_progress_bar_config(disable=True)
    latents = []

    def note(_pipe: object, _step: int, _time: object, values: dict[str, Any]) -> dict[str, Any]:
        latents.append(values["latents"][0].numpy().copy())
        return values

    negative = {"negative_prompt": settings.negative, "eta": GAMMA if settings.sampler == "tcd" else 0.0}
    if isinstance(pipe, diffusers.LatentConsistencyModelPipeline):
        negative = {}  # it takes none
    (picture,) = pipe(
        settings.prompt,
        num_inference_steps=settings.steps,
        guidance_scale=settings.guidance,
        generator=torch.Generator().manual_seed(settings.seed),
        callback_on_step_end=note,
        output_type="np",
        **negative,
    ).images
    return latents, picture * 255


def load_diffusers(folder: Path, sampler: str) -> Any:
    """The pipeline as its users load it, with the twin of the loop's sampler."""
    pipe: Any = diffusers.DiffusionPipeline.from_pretrained(
        folder, safety_checker=None, feature_extractor=None, requires_safety_checker=False
    )
    if type(pipe.scheduler).__name__ != SCHEDULERS[sampler]:
        pipe.scheduler = getattr(diffusers, SCHEDULERS[sampler]).from_config(pipe.scheduler.config)
    return pipe


def assert_same_run(frames: list[Frame], latents: list[np.ndarray], picture: np.ndarray) -> None:
    for frame, latent in zip(frames, latents, strict=True):
        scale = max(1.0, float(np.abs(latent).max()))
        np.testing.assert_allclose(frame.latent, latent.ravel(), rtol=0, atol=1e-4 * scale)
    drawn = np.asarray(frames[-1].picture).reshape(*picture.shape[:2], 4)[..., :3]
    assert np.abs(drawn - np.round(picture)).max() <= 1


@pytest.mark.parametrize(
    "row", [pytest.param(row, marks=() if row in EVERYDAY else pytest.mark.long) for row in ROWS]
)
def test_every_latent_of_every_row_agrees_with_diffusers(
    tiny_checkpoint: Callable[[str], Path], exported: Callable[..., NativeRuntime], row: str
) -> None:
    runtime = exported(row)
    assert (runtime.manifest["architecture"], runtime.manifest["guidance"]) == (row, ROWS[row].guidance)
    settings = settings_for(runtime.manifest, **WISHES)
    pipe = load_diffusers(tiny_checkpoint(row), settings.sampler)
    frames = list(draw(runtime, settings))
    assert_same_run(frames, *by_diffusers(pipe, settings))
    assert all(frame.attention[side] for frame in frames for side in frame.attention)
    # The two halves differ where there are two, or the above would say little about guidance.
    guided = any(frame.eps_uncond != frame.eps_cond for frame in frames)
    assert guided == (ROWS[row].guidance == "classifier-free")


@pytest.mark.long
def test_a_lora_and_a_learned_word_agree_with_diffusers(
    tiny_checkpoint: Callable[[str], Path], exported: Callable[..., NativeRuntime], tmp_path: Path
) -> None:
    lora = save_lora(tiny_checkpoint("sd1"), tmp_path / "style.safetensors")
    word = save_embedding(tmp_path / "cat-toy.safetensors", "<cat-toy>", vectors=2)
    runtime = exported("sd1", loras=[(lora, 0.7)], embeddings=[word])
    assert len(runtime.manifest["additions"]) == 2
    for sampler in ("lcm", "tcd"):
        wishes = {"prompt": "a red <cat-toy> on the beach", "sampler": sampler, "guidance": 1.5}
        settings = settings_for(runtime.manifest, **WISHES | wishes)
        pipe = load_diffusers(tiny_checkpoint("sd1"), sampler)
        pipe.load_textual_inversion(word, token="<cat-toy>")
        pipe.load_lora_weights(lora)
        pipe.fuse_lora(lora_scale=0.7)
        frames = list(draw(runtime, settings))
        assert_same_run(frames, *by_diffusers(pipe, settings))
        words = {each.text: each.tokens for each in frames[0].words}
        assert len(words["<cat-toy>"]) == 2


@pytest.mark.long
def test_previews_of_an_export_are_pictures_of_the_same_size(
    exported: Callable[..., NativeRuntime], tmp_path: Path
) -> None:
    runtime = exported("sd1", preview_decoder=save_preview_decoder(tmp_path / "taesd"))
    size = runtime.manifest["picture"]["height"] * runtime.manifest["picture"]["width"] * 4
    for preview, graph in (("tiny", "preview_decoder"), ("linear", "latent_rgb")):
        frames = list(draw(runtime, settings_for(runtime.manifest, **WISHES, preview=preview)))
        assert {frame.drawn_by for frame in frames[:-1]} == {graph}
        for frame in frames:
            levels = np.asarray(frame.picture)
            assert levels.size == size
            np.testing.assert_array_equal(levels, np.clip(np.round(levels), 0, 255))


@pytest.mark.long
def test_two_pictures_of_a_v_prediction_checkpoint_are_compared(
    exported: Callable[..., NativeRuntime],
) -> None:
    runtime = exported("sd2-v")

    async def read(path: str) -> bytes:
        return (runtime.folder / path).read_bytes()

    past = Past(lambda _: None)
    tools = Tools("pair", model_of(runtime), runtime.manifest, runtime, past, open=None, read=read)  # type: ignore[arg-type]

    async def pair(**other: Any) -> tuple[list[list[Frame]], Comparison]:
        wishes = vars(settings_for(runtime.manifest, **WISHES))
        items = [
            item
            async for item in compare.run(
                {"a": wishes | {"id": "1"}, "b": wishes | other | {"id": "2"}}, tools
            )
        ]
        return [[item.frame for item in items if item.run == run] for run in ("a", "b")], items[-1].comparison

    _, same = asyncio.run(pair())
    assert (same.distance, same.parting) == ([0.0] * 3, None)
    (a, b), said = asyncio.run(pair(prompt="a blue boat", steps=5))
    theirs = [b[index] for index in said.pairs]
    far = [np.subtract(x.latent, y.latent) for x, y in zip(a, theirs, strict=True)]
    lengths = [np.linalg.norm(one) / np.linalg.norm(x.latent) for one, x in zip(far, a, strict=True)]
    assert said.distance == pytest.approx(lengths, rel=1e-5)
    mean, *axes = np.fromfile(runtime.folder / "axes.bin", "<f4").reshape(3, -1).astype(float)
    for run in (a, b):
        latents = np.array([run[0].latent_in, *(frame.latent for frame in run)], float)
        places = (latents - mean) @ np.array(axes).T
        np.testing.assert_allclose([frame.way for frame in run], list(pairwise(places)), atol=1e-4)
