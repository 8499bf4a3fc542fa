"""Shards: named by content, aligned, bounded, shared, and read back to the last bit."""

from __future__ import annotations

import hashlib
from pathlib import Path

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

from export.shards import ALIGNMENT, ShardWriter


def graph_of(**weights: np.ndarray) -> onnx.ModelProto:
    nodes = [helper.make_node("Identity", [name], [f"{name}.out"]) for name in weights]
    outputs = [
        helper.make_tensor_value_info(f"{name}.out", TensorProto.FLOAT, list(weight.shape))
        for name, weight in weights.items()
    ]
    tensors = [numpy_helper.from_array(weight, name) for name, weight in weights.items()]
    return helper.make_model(helper.make_graph(nodes, "weights", [], outputs, tensors))


def random(seed: int, size: int) -> np.ndarray:
    return np.random.default_rng(seed).normal(size=size).astype(np.float32)


def test_weights_come_back_and_shards_are_named_by_content(tmp_path: Path) -> None:
    weights = {"a": random(0, 1001), "b": random(1, 517), "little": random(2, 5)}
    used = ShardWriter(tmp_path).write(graph_of(**weights), "graph.onnx")
    assert len(used) == 1
    assert used[0] == f"weights/{hashlib.sha256((tmp_path / used[0]).read_bytes()).hexdigest()[:16]}.bin"
    model = onnx.load(tmp_path / "graph.onnx")
    for tensor in model.graph.initializer:
        np.testing.assert_array_equal(numpy_helper.to_array(tensor), weights[tensor.name])
    bare = onnx.load(tmp_path / "graph.onnx", load_external_data=False)
    places = {t.name: {e.key: e.value for e in t.external_data} for t in bare.graph.initializer}
    assert not places["little"]
    assert all(int(places[name]["offset"]) % ALIGNMENT == 0 for name in ("a", "b"))


def test_a_second_graph_brings_only_what_is_new(tmp_path: Path) -> None:
    shards = ShardWriter(tmp_path)
    common, other = random(0, 20_000), random(1, 1000)
    first = shards.write(graph_of(a=common), "first.onnx")
    second = shards.write(graph_of(b=common, c=other), "second.onnx")
    assert set(first) < set(second)
    assert sum(path.stat().st_size for path in (tmp_path / "weights").iterdir()) == 84_000
    loaded = onnx.load(tmp_path / "second.onnx")
    np.testing.assert_array_equal(numpy_helper.to_array(loaded.graph.initializer[0]), common)


def test_small_tensors_do_not_tie_graphs_together(tmp_path: Path) -> None:
    shards = ShardWriter(tmp_path)
    common = random(0, 1000)
    first = shards.write(graph_of(a=common, b=common, x=random(1, 500)), "first.onnx")
    second = shards.write(graph_of(a=common, x=random(2, 500)), "second.onnx")
    assert not set(first) & set(second)
    assert [(tmp_path / path).stat().st_size for path in (*first, *second)] == [6032, 6032]


def test_no_shard_is_larger_than_the_bound(tmp_path: Path) -> None:
    weights = {f"w{i}": random(i, 1000) for i in range(7)}
    used = ShardWriter(tmp_path, largest=10_000).write(graph_of(**weights), "graph.onnx")
    assert len(used) == 4
    assert all((tmp_path / path).stat().st_size <= 10_000 for path in used)
    model = onnx.load(tmp_path / "graph.onnx")
    for tensor in model.graph.initializer:
        np.testing.assert_array_equal(numpy_helper.to_array(tensor), weights[tensor.name])


def test_the_same_weights_give_the_same_files(tmp_path: Path) -> None:
    for name in ("one", "two"):
        (tmp_path / name).mkdir()
        ShardWriter(tmp_path / name).write(graph_of(a=random(0, 1000)), "graph.onnx")
    names = [sorted(path.name for path in (tmp_path / name / "weights").iterdir()) for name in ("one", "two")]
    assert names[0] == names[1]
