"""What lies on disk: folders, variants, shards, single files, and one sentence for all that does not fit."""

from __future__ import annotations

import json
import shutil
import socket
from collections.abc import Callable
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file, save_file

from export.checkpoint.pipeline import Pipeline, load_pipeline
from tests.export.checkpoints import edit, save_embedding, save_lora, save_single_file
from tests.export.refusal import refusal

UNET = Path("unet") / "diffusion_pytorch_model.safetensors"
VAE = Path("vae") / "diffusion_pytorch_model.safetensors"
INPUT = "model.diffusion_model.input_blocks.0.0.weight"


@pytest.fixture
def folder(tiny_checkpoint: Callable[[str], Path], tmp_path: Path) -> Path:
    """A copy that a test may spoil."""
    return Path(shutil.copytree(tiny_checkpoint("sd1"), tmp_path / "My Model"))


@pytest.fixture(scope="session")
def single_file(tiny_checkpoint: Callable[[str], Path], tmp_path_factory: pytest.TempPathFactory) -> Path:
    return save_single_file(tiny_checkpoint("sd1"), tmp_path_factory.mktemp("single") / "model.safetensors")


def weights_of(pipeline: Pipeline) -> dict[str, torch.Tensor]:
    parts = {"unet": pipeline.unet, "vae": pipeline.vae, "text_encoder": pipeline.text_encoder}
    return {
        f"{part}.{name}": value for part, net in parts.items() for name, value in net.state_dict().items()
    }


def assert_same(one: Pipeline, other: Pipeline) -> None:
    expected, found = weights_of(one), weights_of(other)
    assert expected.keys() == found.keys()
    for name, value in expected.items():
        assert torch.equal(value, found[name]), name


# Folders


def test_the_numbers_are_diffusers_own(tiny_checkpoint: Callable[[str], Path]) -> None:
    from diffusers import StableDiffusionPipeline

    for row in ("sd1", "sd-turbo"):
        pipeline = load_pipeline(tiny_checkpoint(row))
        own = StableDiffusionPipeline.from_pretrained(
            tiny_checkpoint(row), safety_checker=None, local_files_only=True
        )
        for part in ("unet", "vae", "text_encoder"):
            expected = getattr(own, part).state_dict()
            found = getattr(pipeline, part).state_dict()
            assert expected.keys() == found.keys()
            assert all(torch.equal(expected[name], found[name]) for name in expected)
        assert dict(own.scheduler.config) == dict(pipeline.scheduler.config)


def test_nothing_reaches_the_network(
    tiny_checkpoint: Callable[[str], Path], single_file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = []
    monkeypatch.setattr(socket.socket, "connect", lambda self, address: asked.append(address))
    monkeypatch.setattr(socket, "getaddrinfo", lambda *address, **options: asked.append(address))
    load_pipeline(tiny_checkpoint("sd-turbo"))
    load_pipeline(single_file, config=tiny_checkpoint("sd1"))
    assert not asked


def test_half_precision_variants(folder: Path) -> None:
    whole = load_pipeline(folder)
    save_file({name: value.half() for name, value in load_file(folder / UNET).items()}, folder / UNET)
    (folder / UNET).rename(folder / "unet" / "diffusion_pytorch_model.fp16.safetensors")
    half = load_pipeline(folder)
    weight, rounded = (p.unet.conv_in.weight for p in (whole, half))
    assert rounded.dtype == torch.float32
    assert torch.equal(rounded, weight.half().float())


def test_full_precision_wins_over_its_variant(folder: Path) -> None:
    whole = load_pipeline(folder)
    save_file({"x": torch.ones(1)}, folder / "unet" / "diffusion_pytorch_model.fp16.safetensors")
    assert_same(whole, load_pipeline(folder))
    shard(folder / UNET)
    assert_same(whole, load_pipeline(folder))


def shard(path: Path) -> list[Path]:
    """Split a file in two, with an index."""
    tensors = list(load_file(path).items())
    halves = {1: dict(tensors[::2]), 2: dict(tensors[1::2])}
    path.unlink()
    listed, files = {}, []
    for number, half in halves.items():
        file = path.with_name(f"{path.stem}-{number:05}-of-00002.safetensors")
        save_file(half, file)
        listed |= dict.fromkeys(half, file.name)
        files.append(file)
    path.with_name(f"{path.name}.index.json").write_text(json.dumps({"weight_map": listed}))
    return files


def test_shards(folder: Path) -> None:
    whole = load_pipeline(folder)
    files = shard(folder / UNET)
    assert_same(whole, load_pipeline(folder))
    files[1].unlink()
    sentence = refusal(folder)
    assert files[1].name in sentence
    assert "is missing" in sentence


def test_shards_without_their_index(folder: Path) -> None:
    shard(folder / UNET)
    (folder / "unet" / "diffusion_pytorch_model.safetensors.index.json").unlink()
    assert "no diffusion_pytorch_model.safetensors.index.json" in refusal(folder)


@pytest.mark.parametrize(
    "strange",
    ["../secret.safetensors", "/tmp/secret.safetensors", r"..\secret.safetensors", "sub/a.safetensors"],
)
def test_an_index_never_leads_out_of_its_folder(folder: Path, strange: str) -> None:
    shutil.copy(folder / UNET, folder / "secret.safetensors")
    shard(folder / UNET)
    index = folder / "unet" / "diffusion_pytorch_model.safetensors.index.json"
    listed = json.loads(index.read_text())["weight_map"]
    index.write_text(json.dumps({"weight_map": dict.fromkeys(listed, strange)}))
    sentence = refusal(folder)
    assert f"lists {strange!r}, which is no file beside it" in sentence
    assert str(index) in sentence


@pytest.mark.parametrize("said", ["[]", "{}", '{"weight_map": ["a"]}', '{"weight_map": {"a": 1}}'])
def test_an_index_that_lists_no_files(folder: Path, said: str) -> None:
    shard(folder / UNET)
    (folder / "unet" / "diffusion_pytorch_model.safetensors.index.json").write_text(said)
    assert "does not say which file has which tensor" in refusal(folder)


def test_the_old_names_of_the_autoencoders_attention(folder: Path) -> None:
    whole = load_pipeline(folder)
    old = {"to_q": "query", "to_k": "key", "to_v": "value", "to_out.0": "proj_attn"}
    tensors = load_file(folder / VAE)
    for new, name in old.items():
        tensors = {key.replace(f".{new}.", f".{name}."): value for key, value in tensors.items()}
    save_file(tensors, folder / VAE)
    assert_same(whole, load_pipeline(folder))


def test_pickled_weights(folder: Path) -> None:
    whole = load_pipeline(folder)
    torch.save(load_file(folder / UNET), (folder / UNET).with_suffix(".bin"))
    (folder / UNET).unlink()
    assert "could run any program" in refusal(folder)
    assert_same(whole, load_pipeline(folder, allow_pickle=True))


def test_no_weights(folder: Path) -> None:
    (folder / UNET).unlink()
    assert "unet has no weights; download its diffusion_pytorch_model.safetensors" in refusal(folder)


def test_truncated_weights(folder: Path) -> None:
    data = (folder / VAE).read_bytes()
    (folder / VAE).write_bytes(data[:-1])
    assert f"cut off: it has {len(data) - 1:,} bytes of {len(data):,}" in refusal(folder)


def test_a_tensor_of_another_shape(folder: Path) -> None:
    edit(folder / "unet" / "config.json", cross_attention_dim=48)
    sentence = refusal(folder)
    assert "down_blocks.0.attentions.0.transformer_blocks.0.attn2.to_k.weight of [16, 32]" in sentence
    assert "its config asks for [16, 48]" in sentence


def test_a_missing_tensor(folder: Path) -> None:
    tensors = load_file(folder / UNET)
    del tensors["conv_in.bias"]
    save_file(tensors, folder / UNET)
    assert "no tensor conv_in.bias [16], which its config asks for" in refusal(folder)


def test_a_tensor_that_the_config_does_not_know(folder: Path) -> None:
    """Without this, a model would lose its middle block in silence."""
    edit(folder / "unet" / "config.json", mid_block_type=None)
    sentence = refusal(folder)
    assert "mid_block." in sentence
    assert "of which its config says nothing" in sentence


def test_what_old_text_encoders_were_saved_with(folder: Path) -> None:
    whole = load_pipeline(folder)
    file = folder / "text_encoder" / "model.safetensors"
    save_file(load_file(file) | {"text_model.embeddings.position_ids": torch.arange(77)[None]}, file)
    assert_same(whole, load_pipeline(folder))


@pytest.mark.parametrize("part", ["unet", "vae", "text_encoder", "tokenizer", "scheduler"])
def test_a_missing_part_is_named(folder: Path, part: str) -> None:
    shutil.rmtree(folder / part)
    assert f"has no {part}" in refusal(folder)


@pytest.mark.parametrize("file", ["unet/config.json", "scheduler/scheduler_config.json", "model_index.json"])
def test_broken_configs(folder: Path, file: str) -> None:
    (folder / file).write_text("{")
    assert "not valid JSON" in refusal(folder)
    (folder / file).unlink()
    assert Path(file).name in refusal(folder)


def test_an_unknown_scheduler(folder: Path) -> None:
    edit(folder / "model_index.json", scheduler=["diffusers", "OddScheduler"])
    assert "OddScheduler" in refusal(folder)


# Single files


def test_a_single_file_has_the_folders_numbers(
    tiny_checkpoint: Callable[[str], Path], single_file: Path
) -> None:
    from_file = load_pipeline(single_file, config=tiny_checkpoint("sd1"))
    assert from_file.architecture.name == "sd1"
    assert_same(load_pipeline(tiny_checkpoint("sd1")), from_file)


def test_a_single_file_with_open_clip(tiny_checkpoint: Callable[[str], Path], tmp_path: Path) -> None:
    """Stable Diffusion 2's original files name the text encoder's tensors otherwise than 1's."""
    file = save_single_file(tiny_checkpoint("sd2"), tmp_path / "model.safetensors")
    assert_same(load_pipeline(tiny_checkpoint("sd2")), load_pipeline(file, config=tiny_checkpoint("sd2")))
    assert "do not belong together" in refusal(file, config=tiny_checkpoint("sd1"))


def test_the_config_needs_no_weights(folder: Path, single_file: Path) -> None:
    for weights in folder.glob("*/*.safetensors"):
        weights.unlink()
    assert load_pipeline(single_file, config=folder).parameters > 1_000_000


def test_a_pickled_single_file(
    tiny_checkpoint: Callable[[str], Path], single_file: Path, tmp_path: Path
) -> None:
    pickled = tmp_path / "model.ckpt"
    torch.save({"state_dict": load_file(single_file), "epoch": 3}, pickled)
    config = tiny_checkpoint("sd1")
    assert "could run any program" in refusal(pickled, config=config)
    assert_same(load_pipeline(config), load_pipeline(pickled, config=config, allow_pickle=True))


def test_a_single_file_without_config(single_file: Path) -> None:
    assert "give with --config a diffusers folder" in refusal(single_file)


def test_a_single_file_with_the_wrong_config(
    tiny_checkpoint: Callable[[str], Path], single_file: Path
) -> None:
    sentence = refusal(single_file, config=tiny_checkpoint("bk-sdm-base"))
    assert "The unet of model.safetensors has" in sentence
    sentence = refusal(single_file, config=tiny_checkpoint("sd2"))
    assert "weights and config do not belong together" in sentence


def test_a_single_file_that_is_cut_off(single_file: Path, tmp_path: Path) -> None:
    cut = tmp_path / "model.safetensors"
    cut.write_bytes(single_file.read_bytes()[:5000])
    assert "cut off" in refusal(cut)


@pytest.mark.parametrize(("channels", "kind"), [(9, "an inpainting model"), (8, "an image-editing model")])
def test_single_files_that_take_a_picture(
    tiny_checkpoint: Callable[[str], Path], single_file: Path, tmp_path: Path, channels: int, kind: str
) -> None:
    tensors = load_file(single_file)
    tensors[INPUT] = torch.zeros(16, channels, 3, 3)
    save_file(tensors, tmp_path / "other.safetensors")
    assert kind in refusal(tmp_path / "other.safetensors", config=tiny_checkpoint("sd1"))


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        ("conditioner.embedders.1.model.ln_final.weight", "Stable Diffusion XL"),
        ("model.diffusion_model.joint_blocks.0.context_block.attn.proj.weight", "Stable Diffusion 3"),
        ("model.diffusion_model.double_blocks.0.img_attn.proj.weight", "Flux"),
        ("control_model.input_blocks.0.0.weight", "a ControlNet"),
        ("controlnet_cond_embedding.conv_in.weight", "a ControlNet"),
        ("lora_unet_mid_block_attentions_0_proj_in.hada_w1_a", "a LoRA: give it with --lora"),
        ("encoder.conv_in.weight", "has no unet"),
    ],
)
def test_other_single_files(tmp_path: Path, name: str, kind: str) -> None:
    save_file({name: torch.ones(1)}, tmp_path / "other.safetensors")
    assert kind in refusal(tmp_path / "other.safetensors")


def test_additions_are_no_checkpoints(tiny_checkpoint: Callable[[str], Path], tmp_path: Path) -> None:
    for naming in ("kohya", "diffusers"):
        lora = save_lora(tiny_checkpoint("sd1"), tmp_path / "lora.safetensors", naming)
        assert "a LoRA: give it with --lora" in refusal(lora)
    assert "--embedding" in refusal(save_embedding(tmp_path / "cat.safetensors", "emb_params"))
