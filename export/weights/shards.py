"""Weights as files named by their content, shared by all graphs that use them."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import onnx
from onnx import TensorProto, numpy_helper
from onnx.external_data_helper import set_external_data

from export.weights.weights import byte_count, values_of

LARGEST = 100 * 10**6  # bytes; what static hosts take, and what is lost when a download breaks off
ALIGNMENT = 64  # bytes, so that a graphics card can use the weights where they lie
SHARED = 64 * 1024  # bytes; smaller tensors are stored again rather than tie one graph to another's shard
INLINE = 1024  # bytes; smaller tensors stay in the graph, which needs their values while it is being loaded


@dataclass
class Slot:
    """Where a tensor's bytes lie; ``shard`` is None until that shard is complete."""

    shard: str | None
    offset: int
    length: int


@dataclass
class _Shard:
    """The shard that is being filled."""

    data: bytearray = field(default_factory=bytearray)
    slots: list[Slot] = field(default_factory=list)


class ShardWriter:
    """Moves the weights of graphs into ``folder/weights/<first 16 hex digits of the SHA-256>.bin``.

    A large tensor that an earlier family of graphs already brought is not stored again. Each family begins a
    shard of its own, so that a page that needs one graph does not fetch the weights of another. No shard is
    larger than ``largest`` bytes but one that holds a single tensor, which ONNX cannot spread over files.
    """

    def __init__(self, folder: Path, largest: int = LARGEST) -> None:
        self.folder = folder
        self.largest = largest
        self.slots: dict[str, Slot] = {}
        self._open = _Shard()

    def write(
        self,
        models: Mapping[str, onnx.ModelProto],
        weights: Mapping[str, Callable[[], np.ndarray]],
        progress: Callable[[int], None] = lambda count: None,
    ) -> list[str]:
        """Write a family of graphs and the weights that they share.

        At most one shard and one weight are in memory at a time. Shards that an earlier, broken-off writing
        left in the folder are not written again.

        Args:
            models: file name → graph; each is written to ``folder``. Small weights are put into the graphs,
                all others taken out.
            weights: values of the weights that the graphs declare without values.
            progress: called with the number of bytes of each weight that is done.

        Returns:
            The paths of the shards that the family needs, relative to ``folder``.

        Raises:
            OSError: the disk is full; what was written stays.
        """
        placed: list[tuple[TensorProto, Slot]] = []
        known: dict[str, Slot] = {}  # given weights that an earlier graph of the family has placed
        for tensor in (tensor for model in models.values() for tensor in model.graph.initializer):
            if byte_count(tensor) < INLINE:
                tensor.CopyFrom(numpy_helper.from_array(values_of(tensor, weights), tensor.name))
                continue
            slot = known.get(tensor.name) or self._place(values_of(tensor, weights))
            if tensor.name in weights and tensor.name not in known:
                known[tensor.name] = slot
                progress(slot.length)
            placed.append((tensor, slot))
        self._close()
        self.slots = {digest: slot for digest, slot in self.slots.items() if slot.length >= SHARED}
        for tensor, slot in placed:
            assert slot.shard is not None
            tensor.CopyFrom(TensorProto(name=tensor.name, data_type=tensor.data_type, dims=tensor.dims))
            tensor.raw_data = b""  # set_external_data wants it
            set_external_data(tensor, slot.shard, offset=slot.offset, length=slot.length)
            tensor.ClearField("raw_data")
        for name, model in models.items():
            (self.folder / name).write_bytes(model.SerializeToString())
        return sorted({slot.shard for _, slot in placed if slot.shard})

    def _place(self, values: np.ndarray) -> Slot:
        data = values.reshape(-1).view(np.uint8).data
        digest = hashlib.sha256(data).hexdigest()
        if digest not in self.slots:
            padding = -len(self._open.data) % ALIGNMENT
            if self._open.data and len(self._open.data) + padding + len(data) > self.largest:
                self._close()
                padding = 0
            self._open.data.extend(bytes(padding))
            slot = Slot(None, len(self._open.data), len(data))
            self._open.data.extend(data)
            self._open.slots.append(slot)
            self.slots[digest] = slot
        return self.slots[digest]

    def _close(self) -> None:
        if not self._open.data:
            return
        path = f"weights/{hashlib.sha256(self._open.data).hexdigest()[:16]}.bin"
        target = self.folder / path
        target.parent.mkdir(exist_ok=True)
        if not target.exists() or target.stat().st_size != len(self._open.data):
            unfinished = target.with_suffix(".part")
            unfinished.write_bytes(self._open.data)
            unfinished.replace(target)
        for slot in self._open.slots:
            slot.shard = path
        self._open = _Shard()
