"""The estimate: what is really made is as large, and what is wrong with a checkpoint is said."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from rich.console import Console

from export.checkpoint.checkpoint import Checkpoint, open_checkpoint
from export.checkpoint.pipeline import assemble
from export.estimate import Estimate, estimate
from export.format.errors import UserError
from export.graphs.graphs import graphs_of
from export.graphs.tracing import trace
from export.recipe import Recipe
from export.weights.names import shorten
from export.weights.quantize import compress
from export.weights.shards import ShardWriter
from tests.export.checkpoints import save_single_file

ROOT = Path(__file__).resolve().parents[2]
MINIATURE = ROOT / "export" / "miniature" / "weights"


@pytest.fixture
def miniature() -> Checkpoint:
    return open_checkpoint(MINIATURE)


def sizes(found: Estimate) -> dict[str, int]:
    """Bytes by the name of a family's first graph."""
    return {row.graphs[0]: row.bytes for row in found.rows}


@pytest.mark.parametrize(
    "precision",
    [
        *(pytest.param(precision, marks=pytest.mark.long) for precision in ("fp32", "fp16", "int8")),
        "int8+w4",
    ],
)
def test_a_tiny_pipeline_is_as_large_as_estimated(
    tiny_pipeline: Callable[..., Path], tmp_path: Path, precision: str
) -> None:
    recipe = Recipe(precision, attention=("pooled",), self_attention="plain")
    checkpoint = open_checkpoint(tiny_pipeline())
    expected = sizes(estimate(checkpoint, tmp_path, recipe))
    for graph in graphs_of(assemble(checkpoint)):
        if graph.name in expected:
            folder = tmp_path / graph.name
            folder.mkdir()
            traced = trace(graph)
            weights = compress([traced.model], traced.weights, recipe.precision_of(graph.name))
            ShardWriter(folder).write({"graph.onnx": shorten(traced.model)}, weights)
            made = sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())
            assert expected[graph.name] == pytest.approx(made, rel=0.1), graph.name


def test_the_miniature_is_as_large_as_estimated(miniature: Checkpoint, tmp_path: Path) -> None:
    manifest = json.loads((ROOT / "web" / "models" / "miniature" / "manifest.json").read_text())
    found = estimate(miniature, tmp_path, Recipe("int8"))
    expected = sizes(found)
    for name in ("text_encoder", "unet", "vae_encoder"):
        assert expected[name] == pytest.approx(manifest["graphs"][name]["bytes"], rel=0.03), name
    whole = sum(file["bytes"] for path, file in manifest["files"].items() if path != "judge.onnx")
    assert found.bytes == pytest.approx(whole, rel=0.03)


def test_further_unets_share_the_weights(miniature: Checkpoint, tmp_path: Path) -> None:
    one, three = (
        estimate(miniature, tmp_path, Recipe(attention=kinds)).rows[1]
        for kinds in (("pooled",), ("pooled", "layers", "bare"))
    )
    assert three.graphs == ["unet", "unet_layers", "unet_bare"]
    assert one.bytes < three.bytes < 1.05 * one.bytes


def test_a_single_file_is_as_large_as_its_folder(
    tiny_checkpoint: Callable[[str], Path], tmp_path: Path
) -> None:
    folder = tiny_checkpoint("sd1")
    file = save_single_file(folder, tmp_path / "one.safetensors")
    one, many = (
        sizes(estimate(open_checkpoint(file, folder), tmp_path, Recipe())),
        sizes(estimate(open_checkpoint(folder), tmp_path, Recipe())),
    )
    assert one == pytest.approx(many, rel=0.01)


def test_the_float_model_has_to_find_room_first(miniature: Checkpoint, tmp_path: Path) -> None:
    compressed, whole = (estimate(miniature, tmp_path, Recipe(precision)) for precision in ("int8", "fp32"))
    assert compressed.needed == whole.needed == whole.bytes > 3.5 * compressed.bytes


def test_a_disk_that_is_too_small_is_said(miniature: Checkpoint, tmp_path: Path) -> None:
    found = estimate(miniature, tmp_path / "not" / "yet" / "there", Recipe())
    found.check_space()
    small = replace(found, free=found.needed - 1)
    with pytest.raises(UserError, match=r"takes 6\d\.\d MB of disk space .* make room"):
        small.check_space()
    console = Console(width=100, record=True)
    console.print(small)
    assert "which is not enough" in console.export_text()


def test_pickles_have_no_header(tmp_path: Path) -> None:
    folder = tmp_path / "pickled"
    shutil.copytree(MINIATURE, folder)
    (folder / "unet" / "diffusion_pytorch_model.safetensors").rename(
        folder / "unet" / "diffusion_pytorch_model.bin"
    )
    with pytest.raises(UserError, match="is a pickle, whose sizes are known only once it is read"):
        estimate(open_checkpoint(folder), tmp_path, Recipe())


def test_missing_weights_are_said(tmp_path: Path) -> None:
    folder = Path(shutil.copytree(MINIATURE, tmp_path / "partial"))
    (folder / "text_encoder" / "model.safetensors").unlink()
    with pytest.raises(UserError, match="has no weights of the text_encoder"):
        estimate(open_checkpoint(folder), tmp_path, Recipe())
