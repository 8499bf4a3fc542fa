"""What is loaded, and what is refused in one sentence."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch

from export.checkpoint.architectures import ARCHITECTURES
from export.checkpoint.pipeline import Pipeline, load_pipeline
from export.verify import diffusers_latents
from pyscript_app.loop import Settings
from tests.export.checkpoints import edit
from tests.export.refusal import refusal


@pytest.fixture
def folder(tiny_pipeline: Callable[..., Path], tmp_path: Path) -> Path:
    """A copy that a test may spoil."""
    return Path(shutil.copytree(tiny_pipeline(), tmp_path / "My Model"))


def test_a_stable_diffusion_folder_is_loaded_in_float32(pipeline: Pipeline) -> None:
    assert pipeline.latent_shape == (4, 8, 8)
    assert pipeline.picture_size == (64, 64)
    assert pipeline.text_length == 77
    assert pipeline.parameters > 1_000_000
    parts = (pipeline.unet, pipeline.vae, pipeline.text_encoder)
    assert {weight.dtype for part in parts for weight in part.parameters()} == {torch.float32}
    assert not any(part.training for part in parts)


def test_no_such_folder(tmp_path: Path) -> None:
    assert "There is no folder" in refusal(tmp_path / "nowhere")


def test_not_a_diffusers_folder(tmp_path: Path) -> None:
    assert "no model_index.json" in refusal(tmp_path)
    (tmp_path / "model_index.json").write_text("{")
    assert "not valid JSON" in refusal(tmp_path)
    (tmp_path / "model_index.json").write_text("[]")
    assert "no pipeline" in refusal(tmp_path)


def test_folders_of_a_part_or_a_lora(tmp_path: Path) -> None:
    (tmp_path / "config.json").write_text('{"_class_name": "ControlNetModel"}')
    assert "holds only a ControlNetModel" in refusal(tmp_path)
    (tmp_path / "pytorch_lora_weights.safetensors").touch()
    assert "holds a LoRA: give it with --lora" in refusal(tmp_path)


@pytest.mark.parametrize(
    ("kind", "name"),
    [
        ("StableDiffusionXLPipeline", "Stable Diffusion XL"),
        ("StableDiffusion3Pipeline", "Stable Diffusion 3"),
        ("FluxPipeline", "Flux"),
        ("StableDiffusionInpaintPipeline", "inpainting"),
        ("StableDiffusionControlNetPipeline", "ControlNet"),
        ("StableDiffusionInstructPix2PixPipeline", "image-editing"),
        ("AudioLDMPipeline", "another kind"),
    ],
)
def test_other_pipelines_are_named(folder: Path, kind: str, name: str) -> None:
    edit(folder / "model_index.json", _class_name=kind)
    sentence = refusal(folder)
    assert name in sentence
    assert kind in sentence
    assert "supported is" in sentence


def test_a_part_of_another_class(folder: Path) -> None:
    edit(folder / "model_index.json", text_encoder=["transformers", "T5EncoderModel"])
    assert "T5EncoderModel" in refusal(folder)


def test_a_tokenizer_that_does_not_say_how_long_a_prompt_may_be(folder: Path) -> None:
    config = folder / "tokenizer" / "tokenizer_config.json"
    said = json.loads(config.read_text())
    del said["model_max_length"]
    config.write_text(json.dumps(said))
    pipeline = load_pipeline(folder)
    assert pipeline.tokenizer.model_max_length == pipeline.text_length
    latents = diffusers_latents(pipeline, Settings(prompt="a red car " * 50, steps=1))
    assert latents[0].shape == (1, *pipeline.latent_shape)


def test_a_tokenizer_of_another_text_encoder(folder: Path) -> None:
    edit(folder / "tokenizer" / "tokenizer_config.json", model_max_length=64)
    sentence = refusal(folder)
    assert "prompts of 64 tokens" in sentence
    assert "its text encoder takes 77" in sentence


def test_an_inpainting_unet(folder: Path) -> None:
    from diffusers import UNet2DConditionModel

    config = json.loads((folder / "unet" / "config.json").read_text())
    UNet2DConditionModel.from_config(config | {"in_channels": 9}).save_pretrained(folder / "unet")
    assert "9 channels (an inpainting model)" in refusal(folder)


def test_a_text_encoder_of_another_width(folder: Path) -> None:
    from diffusers import UNet2DConditionModel

    config = json.loads((folder / "unet" / "config.json").read_text())
    UNet2DConditionModel.from_config(config | {"cross_attention_dim": 48}).save_pretrained(folder / "unet")
    assert "do not belong together" in refusal(folder)


def test_a_unet_that_wants_more_than_text(folder: Path) -> None:
    from diffusers import UNet2DConditionModel

    config = json.loads((folder / "unet" / "config.json").read_text())
    changes = {"class_embed_type": "timestep"}
    UNet2DConditionModel.from_config(config | changes).save_pretrained(folder / "unet")
    assert "wants more than latents, timestep and text" in refusal(folder)


def test_an_unknown_prediction(folder: Path) -> None:
    edit(folder / "scheduler" / "scheduler_config.json", prediction_type="sample")
    assert "prediction_type is 'sample'" in refusal(folder)


@pytest.mark.parametrize("row", ARCHITECTURES, ids=lambda row: row.name)
def test_another_size(tiny_checkpoint: Callable[[str], Path], row: Any) -> None:
    pipeline = load_pipeline(tiny_checkpoint(row.name))
    assert (pipeline.latent_shape, pipeline.picture_size, pipeline.factor) == ((4, 16, 16), (128, 128), 8)
    unit = 8 * 2 ** (len(pipeline.unet.config.down_block_types) - 1)
    larger = load_pipeline(tiny_checkpoint(row.name), size=5 * unit)
    assert larger.picture_size == (5 * unit, 5 * unit)
    guidance = {"timestep_cond": torch.zeros(1, 256)} if row.name == "lcm" else {}
    with torch.no_grad():
        output = larger.unet(
            torch.zeros(1, *larger.latent_shape), 1, torch.zeros(1, 77, 32), **guidance
        ).sample
    assert output.shape[1:] == larger.latent_shape


@pytest.mark.parametrize("size", [0, -64, 100])
def test_sizes_that_the_network_cannot_halve(tiny_checkpoint: Callable[[str], Path], size: int) -> None:
    sentence = refusal(tiny_checkpoint("sd1"), size=size)
    assert sentence == f"The size must be a multiple of 64 pixels for this checkpoint, not {size}."


def test_a_config_without_a_size_has_its_architectures(
    tiny_checkpoint: Callable[[str], Path], tmp_path: Path
) -> None:
    folder = Path(shutil.copytree(tiny_checkpoint("sd2-v"), tmp_path / "model"))
    edit(folder / "unet" / "config.json", sample_size=None)
    assert load_pipeline(folder).picture_size == (768, 768)
    edit(folder / "unet" / "config.json", sample_size=[16, 24])
    assert "supported are square ones" in refusal(folder)
