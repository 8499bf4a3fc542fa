"""Weights as files named by their content, shared by all graphs that use them."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field
from pathlib import Path

import onnx
from onnx.external_data_helper import set_external_data

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

    A large tensor that an earlier graph already brought is not stored again. Each graph begins a shard of its own,
    so that a page that needs one graph does not fetch the weights of another.
    """

    def __init__(self, folder: Path, largest: int = LARGEST) -> None:
        self.folder = folder
        self.largest = largest
        self.slots: dict[str, Slot] = {}
        self._open = _Shard()

    def write(self, model: onnx.ModelProto, name: str) -> list[str]:
        """Write ``folder/name`` and its weights.

        Args:
            model: a graph that holds its weights; they are taken out of it.
            name: file name of the graph.

        Returns:
            The paths of the shards that it needs, relative to ``folder``.
        """
        placed = []
        for tensor in model.graph.initializer:
            data = tensor.raw_data or onnx.numpy_helper.to_array(tensor).tobytes()
            if len(data) >= INLINE:
                placed.append((tensor, self._place(data)))
        self._close()
        for tensor, slot in placed:
            assert slot.shard is not None
            tensor.ClearField("float_data")
            tensor.raw_data = b""
            set_external_data(tensor, slot.shard, offset=slot.offset, length=slot.length)
            tensor.ClearField("raw_data")
        (self.folder / name).write_bytes(model.SerializeToString())
        return sorted({slot.shard for _, slot in placed if slot.shard})

    def _place(self, data: bytes) -> Slot:
        digest = hashlib.sha256(data).hexdigest()
        if digest not in self.slots:
            if self._open.data and len(self._open.data) + len(data) > self.largest:
                self._close()
            padding = -len(self._open.data) % ALIGNMENT
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
        (self.folder / "weights").mkdir(exist_ok=True)
        (self.folder / path).write_bytes(self._open.data)
        for slot in self._open.slots:
            slot.shard = path
        self.slots = {digest: slot for digest, slot in self.slots.items() if slot.length >= SHARED}
        self._open = _Shard()
