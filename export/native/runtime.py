"""The loop's runtime on native onnxruntime, as the page has one on onnxruntime-web."""

from __future__ import annotations

import asyncio
from array import array
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import onnxruntime

from export.format.errors import UserError
from export.format.manifest import read_manifest
from pyscript_app.manifest import FOLD_LIMIT

DTYPES = {"float32": np.float32, "int32": np.int32}

LEVELS = {
    "none": onnxruntime.GraphOptimizationLevel.ORT_DISABLE_ALL,
    "basic": onnxruntime.GraphOptimizationLevel.ORT_ENABLE_BASIC,
    "extended": onnxruntime.GraphOptimizationLevel.ORT_ENABLE_EXTENDED,
    "all": onnxruntime.GraphOptimizationLevel.ORT_ENABLE_ALL,
}


class NativeRuntime:
    """Runs the graphs of an exported model; a tensor is a NumPy array.

    Args:
        folder: holds ``manifest.json``, the graphs and their shards.
        optimization: how far onnxruntime may rewrite the graphs: ``none``, ``basic``, ``extended`` or
            ``all``. Beyond ``basic``, the CPU multiplies 8-bit weights with activations rounded to 8 bits,
            which the page does not.
        threads: of one operator; 0 lets onnxruntime choose.
        fused: run a graph's fused self-attention, where the model has that: the same numbers in less time and
            memory.

    Raises:
        UserError: the folder is not an exported model.
    """

    def __init__(
        self, folder: Path | str, optimization: str = "basic", threads: int = 0, fused: bool = True
    ) -> None:
        self.folder = Path(folder)
        self.manifest = read_manifest(self.folder)
        self._optimization, self._threads, self._fused = optimization, threads, fused
        self._sessions: dict[str, onnxruntime.InferenceSession] = {}

    def session(self, graph: str) -> onnxruntime.InferenceSession:
        """The session of a graph, made when it is first asked for."""
        if self._fused and f"{graph}_fused" in self.manifest["graphs"]:
            graph = f"{graph}_fused"
        if graph not in self._sessions:
            entry = self.manifest["graphs"][graph]
            path = self.folder / entry["file"]
            try:
                self._sessions[graph] = onnxruntime.InferenceSession(
                    path, self._options(entry), providers=["CPUExecutionProvider"]
                )
            except Exception as error:  # onnxruntime's own exceptions share no base class
                raise UserError(
                    f"The graph {path} cannot be loaded; "
                    f"run `diffuscope verify {self.folder}` to see which file is damaged."
                ) from error
        return self._sessions[graph]

    def _options(self, entry: dict[str, Any]) -> onnxruntime.SessionOptions:
        """The options of a graph, as the manifest has it."""
        options = onnxruntime.SessionOptions()
        options.graph_optimization_level = LEVELS[self._optimization]
        options.intra_op_num_threads = self._threads
        options.log_severity_level = 3
        # Where it is a matter of gigabytes, memory is worth a tenth of the time.
        if entry["bytes"] > FOLD_LIMIT:
            options.add_session_config_entry("session.disable_qdq_constant_folding", "1")
        if max(entry["bytes"], entry.get("largest", 0)) > FOLD_LIMIT:
            options.enable_cpu_mem_arena = False
            options.enable_mem_pattern = False
        return options

    def close(self) -> None:
        """Give the memory of all sessions back; they are made again when they are asked for."""
        self._sessions.clear()

    def run_now(self, graph: str, feeds: Mapping[str, np.ndarray]) -> dict[str, np.ndarray]:
        """Run a graph, without a loop of events."""
        session = self.session(graph)
        names = [output.name for output in session.get_outputs()]
        return dict(zip(names, session.run(names, dict(feeds)), strict=True))

    async def run(self, graph: str, feeds: dict[str, np.ndarray]) -> dict[str, np.ndarray]:
        """Run a graph on tensors by name."""
        return self.run_now(graph, feeds)

    def tensor(
        self, data: Sequence[Any] | array, shape: tuple[int, ...], dtype: str = "float32"
    ) -> np.ndarray:
        """Make a tensor from values in C order."""
        return np.asarray(data, dtype=DTYPES[dtype]).reshape(shape)

    async def read(self, tensor: np.ndarray) -> array:
        """The values of a tensor in C order, as ``array('f')``."""
        return array("f", np.ascontiguousarray(tensor, np.float32).tobytes())

    def release(self, *tensors: np.ndarray) -> None:
        """Nothing to free: NumPy arrays free themselves."""

    async def pause(self) -> None:
        """Let other tasks run."""
        await asyncio.sleep(0)
