"""LoRAs, learned words and preview decoders: the same numbers as diffusers', and what does not fit."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
from diffusers import AutoencoderTiny, StableDiffusionPipeline
from peft import LoraConfig
from safetensors.torch import load_file, save_file

from export.checkpoint.additions import few_steps_of
from export.checkpoint.pipeline import Pipeline, load_pipeline, with_about
from export.format.errors import UserError
from tests.export.checkpoints import (
    LORA_LAYERS,
    RANK,
    WIDTH,
    edit,
    save_embedding,
    save_lora,
    save_preview_decoder,
)
from tests.export.refusal import refusal

KNOWN_LAYER = "unet.down_blocks.0.attentions.0.transformer_blocks.0.attn1.to_q"


@pytest.fixture(scope="session")
def folder(tiny_checkpoint: Callable[[str], Path]) -> Path:
    return tiny_checkpoint("sd1")


@pytest.fixture(scope="session")
def plain(folder: Path) -> Pipeline:
    return load_pipeline(folder)


def fused_by_diffusers(folder: Path, *loras: tuple[Path, float]) -> StableDiffusionPipeline:
    pipeline = StableDiffusionPipeline.from_pretrained(folder, safety_checker=None, local_files_only=True)
    for path, scale in loras:
        pipeline.load_lora_weights(path.parent, weight_name=path.name)
        pipeline.fuse_lora(lora_scale=scale)
        pipeline.unload_lora_weights()
    return pipeline


def assert_same(pipeline: Pipeline, expected: StableDiffusionPipeline) -> None:
    for part in ("unet", "text_encoder"):
        numbers = getattr(pipeline, part).state_dict()
        for name, value in getattr(expected, part).state_dict().items():
            torch.testing.assert_close(numbers[name], value, atol=1e-6, rtol=1e-6, msg=f"{part}.{name}")


def changed(pipeline: Pipeline, plain: Pipeline) -> set[str]:
    return {
        f"{part}.{name}".removesuffix(".weight")
        for part in ("unet", "text_encoder")
        for name, value in getattr(pipeline, part).state_dict().items()
        if not torch.equal(value, getattr(plain, part).state_dict()[name])
    }


# LoRAs


@pytest.mark.parametrize(("naming", "scale"), [("diffusers", 0.4), ("kohya", 1.0), ("kohya", -0.5)])
def test_a_lora_is_fused_as_diffusers_does(
    folder: Path, plain: Pipeline, tmp_path: Path, naming: str, scale: float
) -> None:
    lora = save_lora(folder, tmp_path / "style.safetensors", naming)
    pipeline = load_pipeline(folder, loras=[(lora, scale)])
    assert_same(pipeline, fused_by_diffusers(folder, (lora, scale)))
    assert changed(pipeline, plain) == {
        f"{part}.{layer}" for part, layers in LORA_LAYERS.items() for layer in layers
    }
    assert pipeline.additions == (f"LoRA style.safetensors × {scale:g}",)
    assert pipeline.about.defaults == plain.about.defaults


def test_several_loras_add_up(folder: Path, tmp_path: Path) -> None:
    first = save_lora(folder, tmp_path / "first.safetensors")
    second = save_lora(folder, tmp_path / "second.safetensors", "kohya")
    pipeline = load_pipeline(folder, loras=[(first, 0.7), (second, 0.5)])
    assert_same(pipeline, fused_by_diffusers(folder, (first, 0.7), (second, 0.5)))
    assert len(pipeline.additions) == 2


@pytest.mark.parametrize(
    "said",
    [
        {"lora_alpha": 8},
        {"lora_alpha": 3, "use_rslora": True},
        {"alpha_pattern": {"conv1": 5}, "lora_alpha": 4},
    ],
)
def test_the_alpha_that_diffusers_notes(folder: Path, tmp_path: Path, said: dict[str, Any]) -> None:
    lora = save_lora(folder, tmp_path / "noted.safetensors")
    notes = {}
    for part, layers in LORA_LAYERS.items():
        if part == "text_encoder":
            said = said | {"alpha_pattern": {}}
        config = LoraConfig(r=RANK, target_modules=list(layers), **said).to_dict()
        notes |= {
            f"{part}.{key}": list(value) if isinstance(value, set) else value for key, value in config.items()
        }
    save_file(load_file(lora), lora, {"lora_adapter_metadata": json.dumps(notes)})
    assert_same(load_pipeline(folder, loras=[(lora, 1.0)]), fused_by_diffusers(folder, (lora, 1.0)))


def rename(lora: Path, old: str, new: str) -> None:
    save_file({name.replace(old, new): value for name, value in load_file(lora).items()}, lora)


@pytest.mark.parametrize(
    "renames",
    [
        {".lora_A.": ".lora.down.", ".lora_B.": ".lora.up."},
        {"text_encoder.": "base_model.model.text_encoder.", "unet.": "base_model.model.unet."},
        {
            ".attn1.to_q.lora_A.": ".attn1.processor.to_q_lora.down.",
            ".attn1.to_q.lora_B.": ".attn1.processor.to_q_lora.up.",
        },
        {".attn2.to_out.0.": ".attn2.to_out."},
        {"unet.": ""},
    ],
)
def test_other_names_mean_the_same(folder: Path, tmp_path: Path, renames: dict[str, str]) -> None:
    lora = save_lora(folder, tmp_path / "style.safetensors")
    expected = load_pipeline(folder, loras=[(lora, 1.0)])
    for old, new in renames.items():
        rename(lora, old, new)
    assert not changed(load_pipeline(folder, loras=[(lora, 1.0)]), expected)


def test_a_lora_for_linear_projections(tiny_checkpoint: Callable[[str], Path], tmp_path: Path) -> None:
    """Stable Diffusion 2's proj_in is a matrix where 1's is a convolution; kohya's files keep the kernel's shape."""
    folder = tiny_checkpoint("sd2")
    lora = save_lora(folder, tmp_path / "style.safetensors", "kohya")
    expected = load_pipeline(folder, loras=[(lora, 1.0)])
    tensors = load_file(lora)
    for name, value in tensors.items():
        if "proj_in" in name and value.ndim == 2:
            tensors[name] = value[:, :, None, None]
    save_file(tensors, lora)
    found = load_pipeline(folder, loras=[(lora, 1.0)])
    assert torch.equal(
        found.unet.down_blocks[1].attentions[1].proj_in.weight,
        expected.unet.down_blocks[1].attentions[1].proj_in.weight,
    )


@pytest.mark.parametrize(
    ("name", "shape", "found"),
    [
        ("lora_te2_text_model_encoder_layers_0_mlp_fc1.alpha", (), "made for Stable Diffusion XL"),
        (
            "lora_unet_input_blocks_1_1_proj_in.lora_up.weight",
            (4, 2),
            "lora_unet_input_blocks_1_1_proj_in, which",
        ),
        ("lora_unet_conv_in.lora_up.weight", (16, 2, 1, 1), "only half of the layer lora_unet_conv_in"),
        ("lora_unet_conv_in.dora_scale", (16,), "such as LoHa, LoKr or DoRA, are not supported"),
        (f"{KNOWN_LAYER}.lora_B.weight", (20, 2), r"layer unet\.down_blocks.* is \[20, 2\] times \[2, 16\]"),
    ],
)
def test_loras_that_do_not_fit(
    folder: Path, tmp_path: Path, name: str, shape: tuple[int, ...], found: str
) -> None:
    lora = save_lora(folder, tmp_path / "other.safetensors")
    save_file(load_file(lora) | {name: torch.ones(shape)}, lora)
    with pytest.raises(UserError, match=found):
        load_pipeline(folder, loras=[(lora, 1.0)])


def test_a_lora_of_another_structure(
    tiny_checkpoint: Callable[[str], Path], folder: Path, tmp_path: Path
) -> None:
    lora = save_lora(folder, tmp_path / "other.safetensors")
    with pytest.raises(UserError, match=r"down_blocks\.1\.attentions\.1.* this checkpoint does not have"):
        load_pipeline(tiny_checkpoint("bk-sdm-small"), loras=[(lora, 1.0)])


def test_a_pickled_lora(folder: Path, tmp_path: Path) -> None:
    lora = save_lora(folder, tmp_path / "style.safetensors")
    torch.save(load_file(lora), tmp_path / "style.pt")
    assert "could run any program" in refusal(folder, loras=[(tmp_path / "style.pt", 1.0)])
    allowed = load_pipeline(folder, loras=[(tmp_path / "style.pt", 1.0)], allow_pickle=True)
    assert_same(allowed, fused_by_diffusers(folder, (lora, 1.0)))


@pytest.mark.parametrize(
    ("name", "sampler", "steps", "guidance", "spacing"),
    [
        ("lcm-lora-sdv1-5/pytorch_lora_weights", "lcm", 4, 1.0, None),
        ("LCM_LoRA_SD15", "lcm", 4, 1.0, None),
        ("TCD-SD15-LoRA/pytorch_lora_weights", "tcd", 4, 1.0, None),
        ("Hyper-SD15-1step-lora", "tcd", 1, 1.0, None),
        ("Hyper-SD15-2steps-lora", "ddim", 2, 1.0, "trailing"),
        ("Hyper-SD15-8steps-lora", "ddim", 8, 1.0, "trailing"),
        ("Hyper-SD15-8steps-CFG-lora", "ddim", 8, 5.0, "trailing"),
        ("Hyper-SD15-12steps-CFG-lora", "ddim", 12, 5.0, "trailing"),
    ],
)
def test_loras_for_few_steps(
    name: str, sampler: str, steps: int, guidance: float, spacing: str | None
) -> None:
    settings, fields = few_steps_of(Path(f"{name}.safetensors"))
    assert settings == {"sampler": sampler, "steps": steps, "guidance": guidance}
    assert fields == ({"timestep_spacing": spacing} if spacing else {})


@pytest.mark.parametrize("name", ["calcmap", "hyperrealism", "style/pytorch_lora_weights", "lcm/watercolour"])
def test_ordinary_loras_change_no_settings(name: str) -> None:
    assert few_steps_of(Path(f"{name}.safetensors")) == ({}, {})


def test_a_lora_for_few_steps_sets_the_defaults(folder: Path, plain: Pipeline, tmp_path: Path) -> None:
    lora = save_lora(folder, tmp_path / "Hyper-SD15-8steps-CFG-lora.safetensors")
    pipeline = load_pipeline(folder, loras=[(lora, 1.0)])
    defaults = pipeline.about.defaults
    assert (defaults.steps, defaults.guidance, defaults.sampler) == (8, 5.0, "ddim")
    assert pipeline.scheduler_fields == plain.scheduler_fields | {"timestep_spacing": "trailing"}
    assert with_about(pipeline, steps=10).about.defaults.steps == 10


# Learned words


@pytest.mark.parametrize("vectors", [1, 3])
@pytest.mark.parametrize(
    "prompt", ["a <cat-toy> on the beach", "<cat-toy>", "a red car", "<cat-toy><cat-toy>, cat"]
)
def test_a_prompt_with_a_learned_word_is_read_as_diffusers_does(
    folder: Path, tmp_path: Path, vectors: int, prompt: str
) -> None:
    file = save_embedding(tmp_path / "learned.safetensors", vectors=vectors)
    pipeline = load_pipeline(folder, embeddings=[file])
    own = StableDiffusionPipeline.from_pretrained(folder, safety_checker=None, local_files_only=True)
    own.load_textual_inversion(tmp_path, weight_name=file.name)
    text = own.maybe_convert_prompt(prompt, own.tokenizer)
    ids = own.tokenizer(text, padding="max_length", max_length=77, truncation=True).input_ids
    assert pipeline.token_ids(prompt) == ids
    expected = own.encode_prompt(prompt, "cpu", 1, do_classifier_free_guidance=False)[0]
    with torch.no_grad():
        found = pipeline.text_encoder(torch.tensor([ids])).last_hidden_state
    assert torch.equal(found, expected)
    assert len(pipeline.added_tokens["<cat-toy>"]) == vectors
    assert pipeline.additions == ("embedding learned.safetensors as <cat-toy>",)


def test_several_embeddings(folder: Path, tmp_path: Path) -> None:
    files = [
        save_embedding(tmp_path / "a.safetensors", "<one>", 1),
        save_embedding(tmp_path / "My Style.safetensors", "emb_params", 2),  # as the web UIs save them
    ]
    pipeline = load_pipeline(folder, embeddings=files)
    words = len(pipeline.tokenizer) - 3
    assert pipeline.added_tokens == {"<one>": [words], "<my-style>": [words + 1, words + 2]}
    table = pipeline.text_encoder.get_input_embeddings().weight
    assert torch.equal(table[words + 1 : words + 3], load_file(files[1])["emb_params"])
    assert "called <one>, the second is a.safetensors" in refusal(folder, embeddings=[files[0]] * 2)


def test_a_web_uis_pickled_embedding(folder: Path, tmp_path: Path) -> None:
    values = torch.randn(2, WIDTH)
    torch.save(
        {"string_to_token": {"*": 265}, "string_to_param": {"*": torch.nn.Parameter(values)}, "name": "easy"},
        tmp_path / "easy.pt",
    )
    assert "could run any program" in refusal(folder, embeddings=[tmp_path / "easy.pt"])
    pipeline = load_pipeline(folder, embeddings=[tmp_path / "easy.pt"], allow_pickle=True)
    table = pipeline.text_encoder.get_input_embeddings().weight
    assert torch.equal(table[pipeline.added_tokens["<easy>"]], values)


@pytest.mark.parametrize(
    ("tensors", "found"),
    [
        ({"<cat>": torch.ones(2, 48)}, "is 48 wide, but this checkpoint's text encoder is 32"),
        ({"clip_l": torch.ones(1, 32), "clip_g": torch.ones(1, 64)}, "made for Stable Diffusion XL"),
        ({"a": torch.ones(32), "b": torch.ones(32)}, "holds 2 tensors, where an embedding is one"),
    ],
)
def test_embeddings_that_do_not_fit(
    folder: Path, tmp_path: Path, tensors: dict[str, torch.Tensor], found: str
) -> None:
    save_file(tensors, tmp_path / "other.safetensors")
    assert found in refusal(folder, embeddings=[tmp_path / "other.safetensors"])


# Preview decoders


def test_a_preview_decoder_has_diffusers_numbers(folder: Path, plain: Pipeline, tmp_path: Path) -> None:
    preview = load_pipeline(folder, preview_decoder=save_preview_decoder(tmp_path)).preview
    own = AutoencoderTiny.from_pretrained(tmp_path)
    latent = torch.randn(1, *plain.latent_shape, generator=torch.Generator().manual_seed(0))
    with torch.no_grad():
        assert torch.equal(preview.decode(latent).sample, own.decode(latent).sample)
        assert preview.decode(latent).sample.shape[2:] == plain.picture_size
    assert plain.preview is None


def test_preview_decoders_that_do_not_fit(folder: Path, tmp_path: Path) -> None:
    sentence = refusal(folder, preview_decoder=save_preview_decoder(tmp_path, latent_channels=16))
    assert "of 16 channels, but this checkpoint has 8 pixels and 4 channels" in sentence
    assert "holds AutoencoderKL" in refusal(folder, preview_decoder=folder / "vae")
    assert "missing" in refusal(folder, preview_decoder=folder)
    edit(tmp_path / "config.json", latent_channels=4)
    assert "weights and config do not belong together" in refusal(folder, preview_decoder=tmp_path)
