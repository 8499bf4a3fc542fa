"""The verifier finds what is wrong, and only that."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from export.checkpoint.pipeline import Pipeline
from export.format.errors import UserError
from export.format.manifest import list_files, read_manifest, write_manifest
from export.graphs.graphs import Graph, graphs_of
from export.native.runtime import NativeRuntime
from export.verify import (
    SCHEDULERS,
    Error,
    diffusers_scheduler,
    error_table,
    measure,
    problems_of,
    unet_timesteps,
    verify_against,
    verify_graphs,
    verify_loop,
)
from pyscript_app.samplers import SAMPLERS


@pytest.fixture(scope="module")
def graphs(pipeline: Pipeline) -> list[Graph]:
    return graphs_of(pipeline)


def test_measure() -> None:
    truth = np.array([3.0, 4.0])
    assert measure(truth, truth) == Error(0, 0)
    assert measure(truth, np.array([3.0, 4.5])) == Error(0.1, 0.5)
    assert measure(truth, np.array([3.0, 4.5]), forgiven=0.5) == Error(0, 0)
    assert Error(1, 2).worse(Error(2, 1)) == Error(2, 2)


def test_float_graphs_equal_torch(graphs: list[Graph], float_model: Path) -> None:
    errors = verify_graphs(graphs, NativeRuntime(float_model))
    assert list(errors) == [graph.name for graph in graphs]
    assert max(error.relative for error in errors.values()) < 1e-5


def test_quantized_graphs_stay_close(graphs: list[Graph], int8_model: Path) -> None:
    errors = verify_graphs(graphs, NativeRuntime(int8_model))
    assert 1e-4 < errors["unet"].relative < 0.03
    assert 1e-4 < errors["text_encoder"].relative < 0.03
    assert errors["step"].relative < 1e-6


def test_the_error_of_the_unet_is_told_at_several_times(
    pipeline: Pipeline, graphs: list[Graph], float_model: Path, int8_model: Path
) -> None:
    (unet,) = (graph for graph in graphs if graph.name == "unet")
    exact, rough = (
        unet_timesteps(pipeline, unet, NativeRuntime(model)) for model in (float_model, int8_model)
    )
    assert [point["timestep"] for point in exact] == [981, 741, 501, 261, 21]
    assert max(point["relative"] for point in exact) < 1e-5
    assert all(1e-4 < point["relative"] < 0.1 for point in rough)
    assert len({point["relative"] for point in rough}) > 1


def test_every_sampler_has_its_twin_in_diffusers() -> None:
    assert list(SCHEDULERS) == list(SAMPLERS)
    config = {"beta_end": 0.012, "use_karras_sigmas": True, "solver_type": "bh2", "skip_prk_steps": False}
    for sampler in SAMPLERS:
        twin = diffusers_scheduler(sampler, config).config
        assert (twin.beta_end, twin.get("use_karras_sigmas", False)) == (0.012, False)
    assert diffusers_scheduler("pndm", config).config.skip_prk_steps


def test_verifying_again_finds_what_the_manifest_says(
    int8_model: Path, tiny_pipeline: Callable[..., Path]
) -> None:
    written = read_manifest(int8_model)["errors"]
    found = verify_against(NativeRuntime(int8_model), tiny_pipeline())
    for name, row in found["graphs"].items():
        for precision, error in row.items():
            assert error == pytest.approx(written["graphs"][name][precision], rel=0.05)
    assert found["loop"]["latent"]["int8"] == pytest.approx(written["loop"]["latent"]["int8"], rel=0.05)
    assert len(found["unet_timesteps"]["int8"]) == 5


def test_another_pipeline_is_refused(
    int8_model: Path, tiny_pipeline: Callable[..., Path], tmp_path: Path
) -> None:
    copied = Path(shutil.copytree(int8_model, tmp_path / "model"))
    manifest = read_manifest(copied)
    manifest["parameters"] += 1
    write_manifest(copied, manifest)
    with pytest.raises(UserError, match="was not made of"):
        verify_against(NativeRuntime(copied), tiny_pipeline())


@pytest.mark.parametrize("sampler", SAMPLERS)
def test_float_loop_equals_diffusers(pipeline: Pipeline, float_model: Path, sampler: str) -> None:
    runtime = NativeRuntime(float_model)
    runtime.manifest["defaults"]["sampler"] = sampler
    assert verify_loop(pipeline, runtime, steps=3).relative < 1e-4


def test_a_wrong_scheduler_shows_in_the_loop(pipeline: Pipeline, float_model: Path, tmp_path: Path) -> None:
    copied = Path(shutil.copytree(float_model, tmp_path / "model"))
    manifest = read_manifest(copied)
    manifest["scheduler"]["beta_end"] = 0.02
    write_manifest(copied, manifest)
    assert verify_loop(pipeline, NativeRuntime(copied), steps=4).relative > 1e-2


def test_problems(int8_model: Path, float_model: Path, tmp_path: Path) -> None:
    assert problems_of(NativeRuntime(int8_model)) == []
    copied = Path(shutil.copytree(int8_model, tmp_path / "model"))
    (copied / "merges.txt").unlink()
    assert problems_of(NativeRuntime(copied)) == ["merges.txt is missing"]


def test_a_wrong_answer_to_the_probe_is_a_problem(int8_model: Path, tmp_path: Path) -> None:
    copied = Path(shutil.copytree(int8_model, tmp_path / "model"))
    manifest = read_manifest(copied)
    where = manifest["probe"]["tensors"]["output"]
    data = bytearray((copied / "probe.bin").read_bytes())
    output = np.frombuffer(data, np.float32, int(np.prod(where["shape"])), where["offset"])
    output += 0.1 * np.abs(output).max()
    (copied / "probe.bin").write_bytes(data)
    manifest["files"] = list_files(copied)
    write_manifest(copied, manifest)
    (problem,) = problems_of(NativeRuntime(copied))
    assert "probe" in problem


def test_the_table_has_a_row_for_each_graph_the_loop_and_each_time() -> None:
    error, point = {"relative": 0.01, "maximum": 0.2}, {"timestep": 981, "relative": 0.03}
    errors = {
        "graphs": {"unet": {"fp32": error, "int8+w4": error}, "vae_decoder": {"fp32": error, "fp16": error}},
        "loop": {"sampler": "ddim", "steps": 2, "latent": {"int8+w4": error}},
        "unet_timesteps": {"int8+w4": [point]},
    }
    table = error_table(errors, {"unet": {"bytes": 1_500_000}})
    cells = [list(column.cells) for column in table.columns]
    assert cells[0] == ["unet", "vae_decoder", "loop, 2 steps of ddim", "unet at time 981"]
    assert cells[1] == ["1.0e-02", "1.0e-02", "", ""]
    assert cells[3] == ["int8+w4", "fp16", "int8+w4", "int8+w4"]
    assert cells[4] == ["1.0e-02", "1.0e-02", "1.0e-02", "3.0e-02"]
    assert cells[5] == ["2.0e-01", "2.0e-01", "2.0e-01", ""]
    assert cells[6] == ["1.5", "", "", ""]


def test_the_table_takes_what_a_manifest_says(int8_model: Path) -> None:
    manifest = read_manifest(int8_model)
    table = error_table(manifest["errors"], manifest["graphs"])
    assert table.row_count >= 7
