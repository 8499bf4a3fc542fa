"""Shards: named by content, aligned, bounded, shared, streamed, and read back to the last bit."""

from __future__ import annotations

import hashlib
import tracemalloc
from collections.abc import Callable
from pathlib import Path

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

from export.weights.shards import ALIGNMENT, ShardWriter
from export.weights.weights import Weights, declare


def graph_of(**shapes: tuple[int, ...]) -> onnx.ModelProto:
    """A graph that gives back its weights, which it only declares."""
    value = helper.make_tensor_value_info
    nodes = [helper.make_node("Identity", [name], [f"{name}.out"]) for name in shapes]
    outputs = [value(f"{name}.out", TensorProto.FLOAT, shape) for name, shape in shapes.items()]
    tensors = [declare(name, np.float32, shape) for name, shape in shapes.items()]
    return helper.make_model(helper.make_graph(nodes, "weights", [], outputs, tensors))


def random(seed: int, size: int) -> np.ndarray:
    return np.random.default_rng(seed).normal(size=size).astype(np.float32)


def family(**arrays: np.ndarray) -> tuple[onnx.ModelProto, Weights]:
    weights: Weights = {name: lambda array=array: array for name, array in arrays.items()}  # type: ignore[misc]
    return graph_of(**{name: array.shape for name, array in arrays.items()}), weights


def write(shards: ShardWriter, file: str, **arrays: np.ndarray) -> list[str]:
    model, weights = family(**arrays)
    return shards.write({file: model}, weights)


def assert_reads(path: Path, arrays: dict[str, np.ndarray]) -> None:
    for tensor in onnx.load(path).graph.initializer:
        np.testing.assert_array_equal(numpy_helper.to_array(tensor), arrays[tensor.name])


def sizes(folder: Path) -> list[int]:
    return sorted(path.stat().st_size for path in (folder / "weights").iterdir())


def test_weights_come_back_and_shards_are_named_by_content(tmp_path: Path) -> None:
    arrays = {"a": random(0, 1001), "b": random(1, 517), "little": random(2, 5)}
    used = write(ShardWriter(tmp_path), "graph.onnx", **arrays)
    assert len(used) == 1
    assert used[0] == f"weights/{hashlib.sha256((tmp_path / used[0]).read_bytes()).hexdigest()[:16]}.bin"
    assert_reads(tmp_path / "graph.onnx", arrays)
    bare = onnx.load(tmp_path / "graph.onnx", load_external_data=False)
    places = {t.name: {e.key: e.value for e in t.external_data} for t in bare.graph.initializer}
    assert not places["little"]
    assert all(int(places[name]["offset"]) % ALIGNMENT == 0 for name in ("a", "b"))


def test_what_a_graph_holds_itself_moves_out_of_it_too(tmp_path: Path) -> None:
    model, weights = family(a=random(0, 1000))
    mask = random(1, 1000)
    model.graph.initializer.append(numpy_helper.from_array(mask, "mask"))
    ShardWriter(tmp_path).write({"graph.onnx": model}, weights)
    assert (tmp_path / "graph.onnx").stat().st_size < 1000
    assert_reads(tmp_path / "graph.onnx", {"a": random(0, 1000), "mask": mask})


def test_a_family_shares_all_shards_and_asks_for_each_weight_once(tmp_path: Path) -> None:
    arrays = {"a": random(0, 1000), "b": random(1, 2000), "little": random(2, 5)}
    whole, weights = family(**arrays)
    part = graph_of(b=(2000,), little=(5,))
    counts: list[int] = []
    used = ShardWriter(tmp_path).write({"whole.onnx": whole, "part.onnx": part}, weights, counts.append)
    assert counts == [4000, 8000]
    assert len(used) == 1
    assert sizes(tmp_path) == [4032 + 8000]
    assert_reads(tmp_path / "whole.onnx", arrays)
    assert_reads(tmp_path / "part.onnx", arrays)


def test_constants_of_one_name_may_differ_within_a_family(tmp_path: Path) -> None:
    models = {}
    for seed in (0, 1):
        model = graph_of()
        model.graph.initializer.append(numpy_helper.from_array(random(seed, 1000), "constant"))
        models[f"{seed}.onnx"] = model
    ShardWriter(tmp_path).write(models, {})
    for seed in (0, 1):
        assert_reads(tmp_path / f"{seed}.onnx", {"constant": random(seed, 1000)})


def test_a_second_family_brings_only_what_is_new(tmp_path: Path) -> None:
    shards = ShardWriter(tmp_path)
    common, other = random(0, 20_000), random(1, 1000)
    first = write(shards, "first.onnx", a=common)
    second = write(shards, "second.onnx", b=common, c=other)
    assert set(first) < set(second)
    assert sum(sizes(tmp_path)) == 84_000
    assert_reads(tmp_path / "second.onnx", {"b": common, "c": other})


def test_small_tensors_do_not_tie_families_together(tmp_path: Path) -> None:
    shards = ShardWriter(tmp_path)
    common = random(0, 1000)
    first = write(shards, "first.onnx", a=common, b=common, x=random(1, 500))
    second = write(shards, "second.onnx", a=common, x=random(2, 500))
    assert not set(first) & set(second)
    assert sizes(tmp_path) == [6032, 6032]


def test_no_shard_is_larger_than_the_bound_but_for_a_single_larger_weight(tmp_path: Path) -> None:
    arrays = {f"w{i}": random(i, 1000 if i else 3000) for i in range(7)}
    used = write(ShardWriter(tmp_path, largest=10_000), "graph.onnx", **arrays)
    assert len(used) == 4
    assert sizes(tmp_path) == [8032, 8032, 8032, 12_000]
    assert_reads(tmp_path / "graph.onnx", arrays)


def test_the_same_weights_give_the_same_files(tmp_path: Path) -> None:
    for name in ("one", "two"):
        (tmp_path / name).mkdir()
        write(ShardWriter(tmp_path / name), "graph.onnx", a=random(0, 1000))
    names = [sorted(path.name for path in (tmp_path / name / "weights").iterdir()) for name in ("one", "two")]
    assert names[0] == names[1]


def test_writing_again_keeps_whole_shards_and_mends_broken_ones(tmp_path: Path) -> None:
    arrays = {f"w{i}": random(i, 2000) for i in range(2)}
    paths = [tmp_path / used for used in write(ShardWriter(tmp_path, largest=8000), "graph.onnx", **arrays)]
    paths[0].write_bytes(b"broken off")
    before = paths[1].stat().st_mtime_ns
    write(ShardWriter(tmp_path, largest=8000), "graph.onnx", **arrays)
    assert paths[1].stat().st_mtime_ns == before
    assert sizes(tmp_path) == [8000, 8000]
    assert_reads(tmp_path / "graph.onnx", arrays)


def test_no_more_than_a_shard_and_a_weight_are_in_memory(tmp_path: Path) -> None:
    """Forty megabytes pass through shards of four."""
    shapes = {f"w{i}": (1000, 250) for i in range(40)}

    def values(seed: int) -> Callable[[], np.ndarray]:
        return lambda: np.random.default_rng(seed).random((1000, 250), np.float32)

    tracemalloc.start()
    ShardWriter(tmp_path, largest=4_000_000).write(
        {"graph.onnx": graph_of(**shapes)}, {name: values(i) for i, name in enumerate(shapes)}
    )
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert len(sizes(tmp_path)) == 10
    assert peak < 7_500_000
