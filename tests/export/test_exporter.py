"""An export appears whole, verified and described, or not at all."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import pytest

from export import exporter
from export.checkpoint.pipeline import Pipeline
from export.exporter import Stage, export_pipeline
from export.format.errors import UserError
from export.format.manifest import damaged_files, read_manifest
from export.graphs import variants
from export.graphs.tracing import trace
from export.recipe import Recipe
from pyscript_app import loop
from tests.conftest import Once


def test_the_manifest_says_what_the_pipeline_is(int8_model: Path, pipeline: Pipeline) -> None:
    manifest = read_manifest(int8_model)
    assert manifest["latent"]["channels"] == 4
    assert manifest["picture"] == {"height": 64, "width": 64}
    assert manifest["text"] == {"length": 77, "width": 32}
    assert manifest["scheduler"]["prediction_type"] == "epsilon"
    assert manifest["scheduler"]["beta_end"] == 0.012
    assert manifest["attention"] == [
        {"side": 8, "layers": 3, "output": "attention_8"},
        {"side": 4, "layers": 4, "output": "attention_4"},
    ]
    assert manifest["tokenizer"]["bos"] == pipeline.tokenizer.bos_token_id
    assert manifest["defaults"] == {
        "prompt": "a red car on the beach",
        "steps": 20,
        "guidance": 7.5,
        "sampler": "ddim",
        "seed": 0,
        "spacing": "trained",
    }
    assert "judge" not in manifest
    errors = manifest["errors"]
    for name, row in errors["graphs"].items():
        assert set(row) == {"fp32", manifest["graphs"][name]["precision"]}
    assert manifest["graphs"]["unet"]["precision"] == "int8"
    assert manifest["graphs"]["step"]["precision"] == "fp32"
    assert all(0 < point["relative"] < 0.5 for point in errors["unet_timesteps"]["int8"])
    assert 0 < errors["loop"]["latent"]["fp32"]["relative"] < 1e-3
    assert 1e-4 < errors["loop"]["latent"]["int8"]["relative"] < 0.5


@pytest.fixture
def good(int8_model: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(int8_model, tmp_path / "models" / "good"))


def test_an_export_replaces_an_earlier_one_and_reports_its_stages(
    good: Path, tiny_pipeline: Callable[..., Path]
) -> None:
    (good / "leftover.txt").write_text("old")
    said: list[Stage] = []
    export_pipeline(tiny_pipeline(), good, report=said.append, title="New")
    numbers = [stage.number for stage in said[1:]]
    assert sorted(set(numbers)) == list(range(2, said[-1].of + 1))
    assert numbers == sorted(numbers)
    written = [stage for stage in said if stage.name == "writing unet, int8"]
    assert written[-1].done == written[-1].total > 0
    manifest = read_manifest(good)
    assert manifest["title"] == "New"
    assert damaged_files(good, manifest) == []
    assert not (good / "leftover.txt").exists()
    assert [path.name for path in good.parent.iterdir()] == ["good"]


def breaks(*_: Any, **__: Any) -> None:
    raise KeyboardInterrupt


@pytest.mark.parametrize(
    "stage",
    [
        pytest.param("trace", marks=pytest.mark.long),
        "compress",
        pytest.param("verify_loop", marks=pytest.mark.long),
    ],
)
def test_a_broken_export_never_replaces_a_good_one_and_goes_on_later(
    good: Path, tiny_pipeline: Callable[..., Path], monkeypatch: pytest.MonkeyPatch, stage: str
) -> None:
    with monkeypatch.context() as patch:
        patch.setattr(exporter, stage, breaks)
        with pytest.raises(KeyboardInterrupt):
            export_pipeline(tiny_pipeline(), good, title="New")
    assert damaged_files(good, read_manifest(good)) == []
    assert read_manifest(good)["title"] != "New"

    if stage != "trace":  # nothing is traced twice
        monkeypatch.setattr(exporter, "trace", breaks)
    assert export_pipeline(tiny_pipeline(), good, title="New")["title"] == "New"
    assert damaged_files(good, read_manifest(good)) == []
    assert [path.name for path in good.parent.iterdir()] == ["good"]


def test_another_version_of_any_module_begins_anew() -> None:
    assert {Path(module.__file__) for module in (exporter, variants, loop)} <= set(exporter.program())


def test_float_graphs_that_differ_are_refused(
    good: Path, tiny_pipeline: Callable[..., Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    """A fault in the traced graph: its first convolution's bias is off."""

    def wrong(graph: Any) -> Any:
        traced = trace(graph)
        if graph.name == "unet":
            bias = next(t for t in traced.model.graph.initializer if t.name.endswith("conv_in.bias"))
            values = onnx.numpy_helper.to_array(bias) + np.float32(0.1)
            bias.CopyFrom(onnx.numpy_helper.from_array(values, bias.name))
        return traced

    monkeypatch.setattr(exporter, "trace", wrong)
    with pytest.raises(UserError, match="traced unet differs from torch by"):
        export_pipeline(tiny_pipeline(), good)
    assert damaged_files(good, read_manifest(good)) == []
    assert [path.name for path in good.parent.iterdir()] == ["good"]


FAMILY = ["unet", "unet_fused", "unet_layers", "unet_layers_fused", "unet_bare", "unet_bare_fused"]


@pytest.fixture(scope="module")
def family(tiny_pipeline: Callable[..., Path], once: Once) -> Path:
    """The tiny pipeline with every variant of its UNet, in the mixed precision."""
    recipe = Recipe("int8+w4", {"vae_decoder": "fp16"}, ("pooled", "layers", "bare"), "both", verify_steps=2)
    return once("model-family", lambda out: export_pipeline(tiny_pipeline(), out, recipe))


def test_the_variants_of_the_unet_share_every_shard(family: Path) -> None:
    graphs = read_manifest(family)["graphs"]
    assert [name for name in graphs if name.startswith("unet")] == FAMILY
    assert len({tuple(graphs[name]["shards"]) for name in FAMILY}) == 1
    assert list(graphs["unet_bare"]["outputs"]) == ["output"]
    layers = read_manifest(family)["attention_layers"]
    assert list(graphs["unet_layers"]["outputs"]) == ["output", *(layer["output"] for layer in layers)]


def test_precisions_differ_by_graph(family: Path) -> None:
    manifest = read_manifest(family)
    assert [manifest["graphs"][name]["precision"] for name in ("text_encoder", "unet", "vae_decoder")] == [
        "int8",
        "int8+w4",
        "fp16",
    ]
    graphs = manifest["errors"]["graphs"]
    assert graphs["vae_decoder"]["fp16"]["relative"] < 0.01
    assert 0 < graphs["unet"]["int8+w4"]["relative"] < 0.2
    assert manifest["errors"]["loop"]["steps"] == 2
    assert set(manifest["errors"]["loop"]["latent"]) == {"fp32", "int8+w4"}


def test_one_graph_alone_may_be_compressed(tiny_pipeline: Callable[..., Path], tmp_path: Path) -> None:
    recipe = Recipe("fp32", {"vae_decoder": "int8"}, ("pooled",), "plain", verify_steps=1)
    manifest = export_pipeline(tiny_pipeline(), tmp_path / "out", recipe)
    assert manifest["graphs"]["vae_decoder"]["precision"] == "int8"
    assert manifest["graphs"]["unet"]["precision"] == "fp32"
    assert set(manifest["errors"]["graphs"]["vae_decoder"]) == {"fp32", "int8"}
    assert set(manifest["errors"]["graphs"]["unet"]) == {"fp32"}


def test_a_full_disk_is_said_before_anything_is_made(
    tiny_pipeline: Callable[..., Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    usage = shutil.disk_usage(tmp_path)
    monkeypatch.setattr(shutil, "disk_usage", lambda _: usage._replace(free=1000))
    with pytest.raises(UserError, match="disk space"):
        export_pipeline(tiny_pipeline(), tmp_path / "out")
    assert list(tmp_path.iterdir()) == []


def test_out_must_not_be_something_else(tiny_pipeline: Callable[..., Path], tmp_path: Path) -> None:
    (tmp_path / "letter.txt").write_text("dear")
    for out in (tmp_path, tmp_path / "letter.txt"):
        with pytest.raises(UserError, match="something other"):
            export_pipeline(tiny_pipeline(), out)
    assert (tmp_path / "letter.txt").read_text() == "dear"


def test_an_unknown_precision(tiny_pipeline: Callable[..., Path], tmp_path: Path) -> None:
    with pytest.raises(UserError, match="no precision int3"):
        export_pipeline(tiny_pipeline(), tmp_path / "out", "int3")


JUDGE = {
    "cell": 2,
    "smallest": 160,
    "objects": ["cat"],
    "colours": ["red"],
    "places": ["sea"],
    "times": ["day"],
}


@pytest.fixture
def judged(tiny_pipeline: Callable[..., Path], tmp_path: Path) -> Path:
    """Return a pipeline's folder with a judge, whose graph answers with what it is asked."""
    folder = Path(shutil.copytree(tiny_pipeline(), tmp_path / "judged"))
    tensors = [onnx.helper.make_tensor_value_info(name, onnx.TensorProto.FLOAT, [1]) for name in "ab"]
    node = onnx.helper.make_node("Identity", ["a"], ["b"])
    (folder / "judge").mkdir()
    onnx.save(
        onnx.helper.make_model(onnx.helper.make_graph([node], "judge", tensors[:1], tensors[1:])),
        folder / "judge" / "judge.onnx",
    )
    said = JUDGE | {"accuracy": {"counting": 0.5}, "scenes": 10}
    (folder / "judge" / "judge.json").write_text(json.dumps(said))
    return folder


def test_a_judge_is_shipped_and_described(judged: Path, tmp_path: Path) -> None:
    manifest = export_pipeline(judged, tmp_path / "out", "fp32")
    assert manifest["judge"] == JUDGE | {"file": "judge.onnx", "accuracy": {"counting": 0.5}}
    assert manifest["files"]["judge.onnx"]["bytes"] == (judged / "judge" / "judge.onnx").stat().st_size
    assert damaged_files(tmp_path / "out", manifest) == []


@pytest.mark.parametrize(
    ("file", "content"), [("judge.json", json.dumps(JUDGE)), ("judge.json", "{"), ("judge.onnx", "graph")]
)
def test_a_damaged_judge_is_refused_at_once(judged: Path, tmp_path: Path, file: str, content: str) -> None:
    (judged / "judge" / file).write_text(content)
    said: list[Stage] = []
    with pytest.raises(UserError, match=r"The judge in .* cannot be used"):
        export_pipeline(judged, tmp_path / "out", "fp32", report=said.append)
    assert [stage.name for stage in said] == ["loading the pipeline"]
    assert not (tmp_path / "out").exists()
