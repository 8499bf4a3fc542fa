"""The native runtime keeps the loop's contract."""

from __future__ import annotations

import asyncio
import shutil
from array import array
from pathlib import Path

import numpy as np
import pytest

from export.format.errors import UserError
from export.format.manifest import read_manifest
from export.native.runtime import NativeRuntime
from export.probe import read_probe


def test_tensors_go_in_and_come_out(int8_model: Path) -> None:
    runtime = NativeRuntime(int8_model)
    tensor = runtime.tensor(array("f", [1, 2, 3, 4, 5, 6]), (2, 3))
    assert tensor.dtype == np.float32
    assert runtime.tensor([1, 2], (1, 2), "int32").dtype == np.int32
    values = asyncio.run(runtime.read(tensor.T))
    assert isinstance(values, array)
    assert values.typecode == "f"
    assert list(values) == [1, 4, 2, 5, 3, 6]


@pytest.mark.parametrize("optimization", ["none", "basic", "all"])
def test_graphs_run_with_their_shards(float_model: Path, optimization: str) -> None:
    runtime = NativeRuntime(float_model, optimization, threads=1)
    feeds = read_probe(float_model, runtime.manifest)
    truth = feeds.pop("output")
    found = asyncio.run(runtime.run("unet", feeds))
    assert list(found) == list(runtime.manifest["graphs"]["unet"]["outputs"])
    np.testing.assert_allclose(found["output"], truth, atol=1e-5)


def test_shapes_are_what_the_manifest_says(int8_model: Path) -> None:
    runtime = NativeRuntime(int8_model)
    dtypes = {"float32": "tensor(float)", "int32": "tensor(int32)"}
    for name, said in runtime.manifest["graphs"].items():
        session = runtime.session(name)
        for kind, values in (("inputs", session.get_inputs()), ("outputs", session.get_outputs())):
            assert {v.name: (v.shape, v.type) for v in values} == {
                key: (value["shape"], dtypes[value["dtype"]]) for key, value in said[kind].items()
            }


def test_the_contract_of_the_graphs(int8_model: Path) -> None:
    graphs = read_manifest(int8_model)["graphs"]
    unet = "latents timestep text token_gain"
    layers = " ".join(f"attention_layer_{number:02}" for number in range(7))
    contract = {
        "text_encoder": ("input_ids", "text"),
        "unet": (unet, "output attention_8 attention_4"),
        "unet_fused": (unet, "output attention_8 attention_4"),
        "unet_layers": (unet, f"output {layers}"),
        "unet_layers_fused": (unet, f"output {layers}"),
        "unet_bare": (unet, "output"),
        "unet_bare_fused": (unet, "output"),
        "step": (
            "latent output noise history coefficients",
            "next_latent latents x0 eps_uncond eps_cond eps next_history",
        ),
        "attention": ("attention_8 attention_4 words total count", "maps mean_maps next_total shares"),
        "vae_decoder": ("latent", "picture"),
        "vae_encoder": ("picture", "latent"),
        "latent_rgb": ("latent", "picture"),
    }
    assert {name: (list(g["inputs"]), list(g["outputs"])) for name, g in graphs.items()} == {
        name: (inputs.split(), outputs.split()) for name, (inputs, outputs) in contract.items()
    }
    assert graphs["unet"]["inputs"]["timestep"] == {"shape": [1], "dtype": "float32"}
    assert graphs["text_encoder"]["inputs"]["input_ids"] == {"shape": [2, 77], "dtype": "int32"}
    assert graphs["vae_decoder"]["outputs"]["picture"] == {"shape": [64, 64, 4], "dtype": "float32"}


def test_a_picture_is_rgba_in_whole_levels(int8_model: Path) -> None:
    latent = np.random.default_rng(0).normal(size=(1, 4, 8, 8)).astype(np.float32)
    picture = NativeRuntime(int8_model).run_now("vae_decoder", {"latent": latent})["picture"]
    assert np.array_equal(picture, np.round(picture))
    assert picture.min() >= 0
    assert picture.max() <= 255
    assert np.all(picture[..., 3] == 255)
    assert picture[..., :3].std() > 1


def test_a_damaged_graph_is_one_sentence(int8_model: Path, tmp_path: Path) -> None:
    copied = Path(shutil.copytree(int8_model, tmp_path / "model"))
    (copied / "unet.onnx").write_bytes(b"not a graph")
    with pytest.raises(UserError, match="diffuscope verify"):
        NativeRuntime(copied, fused=False).session("unet")
