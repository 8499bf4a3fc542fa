"""What is loaded, and what is refused in one sentence."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch

from export.errors import UserError
from export.pipeline import Pipeline, load_pipeline


@pytest.fixture
def folder(tiny_pipeline: Callable[..., Path], tmp_path: Path) -> Path:
    """A copy that a test may spoil."""
    return Path(shutil.copytree(tiny_pipeline(), tmp_path / "My Model"))


def edit(path: Path, **changes: Any) -> None:
    path.write_text(json.dumps(json.loads(path.read_text()) | changes))


def refusal(folder: Path) -> str:
    with pytest.raises(UserError) as caught:
        load_pipeline(folder)
    sentence = str(caught.value)
    assert "\n" not in sentence
    assert len(sentence) < 400
    return sentence


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


@pytest.mark.parametrize(("name", "found"), [("model.ckpt", "pickled"), ("model.safetensors", "single file")])
def test_single_files(tmp_path: Path, name: str, found: str) -> None:
    (tmp_path / name).write_bytes(b"weights")
    assert found in refusal(tmp_path / name)


def test_not_a_diffusers_folder(tmp_path: Path) -> None:
    assert "no model_index.json" in refusal(tmp_path)
    (tmp_path / "model_index.json").write_text("{")
    assert "not valid JSON" in refusal(tmp_path)
    (tmp_path / "model_index.json").write_text("[]")
    assert "no pipeline" in refusal(tmp_path)


@pytest.mark.parametrize(
    ("kind", "name"),
    [
        ("StableDiffusionXLPipeline", "Stable Diffusion XL"),
        ("StableDiffusion3Pipeline", "Stable Diffusion 3"),
        ("FluxPipeline", "Flux"),
        ("StableDiffusionInpaintPipeline", "inpainting"),
        ("StableDiffusionControlNetPipeline", "ControlNet"),
        ("AudioLDMPipeline", "another kind"),
    ],
)
def test_other_pipelines_are_named(folder: Path, kind: str, name: str) -> None:
    edit(folder / "model_index.json", _class_name=kind)
    sentence = refusal(folder)
    assert name in sentence
    assert kind in sentence
    assert "supported is" in sentence


@pytest.mark.parametrize("part", ["unet", "vae", "text_encoder", "tokenizer", "scheduler"])
def test_a_missing_part_is_named(folder: Path, part: str) -> None:
    shutil.rmtree(folder / part)
    assert f"has no {part}" in refusal(folder)


def test_a_part_of_another_class(folder: Path) -> None:
    edit(folder / "model_index.json", text_encoder=["transformers", "T5EncoderModel"])
    assert "T5EncoderModel" in refusal(folder)


def test_pickled_weights(folder: Path) -> None:
    weights = folder / "unet" / "diffusion_pytorch_model.safetensors"
    weights.rename(weights.with_suffix(".bin"))
    assert "pickled" in refusal(folder)


def test_truncated_weights(folder: Path) -> None:
    weights = folder / "unet" / "diffusion_pytorch_model.safetensors"
    weights.write_bytes(weights.read_bytes()[:1000])
    assert "could not be loaded" in refusal(folder)


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


def test_an_unknown_prediction(folder: Path) -> None:
    edit(folder / "scheduler" / "scheduler_config.json", prediction_type="sample")
    assert "prediction_type is 'sample'" in refusal(folder)


def test_what_the_folder_says_about_itself(folder: Path) -> None:
    about = load_pipeline(folder).about
    assert (about.name, about.title, about.licence) == ("my-model", "My Model", "not stated")
    assert about.known_words is None
    assert about.defaults.sampler == "ddim"
    (folder / "README.md").write_text("---\ntags: [x]\nlicense: openrail\n---\n# A model\n")
    (folder / "tokenizer" / "known_words.json").write_text('["red", "car"]')
    (folder / "diffuscope.json").write_text(
        '{"title": "Cars", "defaults": {"prompt": "a red car", "steps": 9}}'
    )
    about = load_pipeline(folder).about
    assert (about.title, about.licence) == ("Cars", "openrail")
    assert about.known_words == ("red", "car")
    assert (about.defaults.prompt, about.defaults.steps, about.defaults.sampler) == ("a red car", 9, "ddim")
    (folder / "diffuscope.json").write_text('{"colour": "red"}')
    assert "diffuscope.json" in refusal(folder)
