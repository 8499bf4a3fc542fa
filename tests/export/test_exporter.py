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
from export.errors import UserError
from export.exporter import STAGES, export_pipeline
from export.manifest import damaged_files, read_manifest
from export.pipeline import Pipeline


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
    }
    assert "judge" not in manifest
    errors = manifest["errors"]
    assert all(set(row) == {"fp32", "int8"} for row in errors["graphs"].values())
    assert 0 < errors["loop"]["latent"]["fp32"]["relative"] < 1e-3
    assert 1e-4 < errors["loop"]["latent"]["int8"]["relative"] < 0.5


@pytest.fixture
def good(int8_model: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(int8_model, tmp_path / "models" / "good"))


def test_an_export_replaces_an_earlier_one_and_reports_its_stages(
    good: Path, tiny_pipeline: Callable[..., Path]
) -> None:
    (good / "leftover.txt").write_text("old")
    said: list[str] = []
    export_pipeline(tiny_pipeline(), good, report=said.append, title="New")
    assert len(said) == STAGES["int8"]
    manifest = read_manifest(good)
    assert manifest["title"] == "New"
    assert damaged_files(good, manifest) == []
    assert not (good / "leftover.txt").exists()
    assert [path.name for path in good.parent.iterdir()] == ["good"]


@pytest.mark.parametrize("stage", ["write_onnx", "quantize"])
def test_a_broken_export_never_replaces_a_good_one(
    good: Path, tiny_pipeline: Callable[..., Path], monkeypatch: pytest.MonkeyPatch, stage: str
) -> None:
    def breaks(*_: Any, **__: Any) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(exporter, stage, breaks)
    with pytest.raises(KeyboardInterrupt):
        export_pipeline(tiny_pipeline(), good)
    assert damaged_files(good, read_manifest(good)) == []
    assert [path.name for path in good.parent.iterdir()] == ["good"]


def test_float_graphs_that_differ_are_refused(
    good: Path, tiny_pipeline: Callable[..., Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    """A fault in the traced graph: its first convolution's bias is off."""
    write = exporter.write_onnx

    def wrong(graph: Any, path: Path) -> None:
        write(graph, path)
        if graph.name == "unet":
            model = onnx.load(path)
            bias = next(t for t in model.graph.initializer if t.name.endswith("conv_in.bias"))
            values = onnx.numpy_helper.to_array(bias) + np.float32(0.1)
            bias.CopyFrom(onnx.numpy_helper.from_array(values, bias.name))
            onnx.save(model, path)

    monkeypatch.setattr(exporter, "write_onnx", wrong)
    with pytest.raises(UserError, match="traced unet differs from torch by"):
        export_pipeline(tiny_pipeline(), good)
    assert damaged_files(good, read_manifest(good)) == []


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
    said: list[str] = []
    with pytest.raises(UserError, match=r"The judge in .* cannot be used"):
        export_pipeline(judged, tmp_path / "out", "fp32", report=said.append)
    assert said == ["loading the pipeline"]
    assert not (tmp_path / "out").exists()
