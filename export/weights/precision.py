"""How a weight is stored: in half precision, in 8 bits, or in 4 bits, and how its values are rounded."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import NamedTuple, Protocol

import numpy as np

PRECISIONS = ("fp32", "fp16", "int8", "int8+w4")
FEW_CHANNELS = 16
SMALL = 1024  # weights with fewer values are not worth a scale
BLOCK = 32  # values that share a scale in 4 bits
# Matrices whose products are added to the features with nothing between, which rounding hurts most. With these in 8
# bits, the miniature's error of int8+w4 is 3.4 % instead of 5.4 %, for 3 % more bytes.
DELICATE = r"\.(to_v|to_out\.0|ff\.net\.2)\."
LEVELS = np.linspace(6.25, 9.0, 12, dtype=np.float32)  # what a block's largest value may be rounded to
AT_ONCE = 2**13  # blocks that are searched together: a megabyte, which stays in the processor's cache

Shape = tuple[int, ...]
Layout = dict[str, tuple[type[np.generic], Shape]]


class Use(NamedTuple):
    """How a graph reads a weight."""

    operator: str  # Conv, MatMul, Gemm or Gather
    axis: int  # of the output channels


class Form(Protocol):
    """One way of storing a float32 weight."""

    def layout(self, shape: Shape) -> Layout:
        """What stands in the place of a weight of this shape: suffix of the name → type and shape."""

    def encode(self, values: np.ndarray) -> tuple[np.ndarray, ...]:
        """The arrays that `layout` announces, in its order."""


def form_of(name: str, use: Use | None, shape: Shape, precision: str) -> Form | None:
    """How to store a weight; None leaves it in float32.

    Norms, biases and other small weights stay float32. So do, where rounding is coarse, convolutions to or
    from very few channels: the first and last of each network, where an error touches every pixel and little
    could be saved.

    Args:
        name: of the weight in the network.
        use: how all graphs read it; None if that is in several ways, or in none that is known.
        shape: of the weight, as the graph holds it.
        precision: one of `PRECISIONS`.
    """
    if precision == "fp32" or len(shape) < 2 or np.prod(shape) < SMALL:
        return None
    if precision == "fp16":
        return Float16()
    if use is None or (use.operator == "Conv" and min(shape[:2]) <= FEW_CHANNELS):
        return None
    whole_blocks = use.operator == "MatMul" and shape[0] % BLOCK == 0
    if precision == "int8+w4" and whole_blocks and not re.search(DELICATE, name):
        return Int4()
    return Int8(use.axis)


@dataclass(frozen=True)
class Float16:
    """Half precision."""

    def layout(self, shape: Shape) -> Layout:
        """One array of the same shape."""
        return {"fp16": (np.float16, shape)}

    def encode(self, values: np.ndarray) -> tuple[np.ndarray, ...]:
        """Round to 11 significant bits; what is beyond the largest half becomes that."""
        largest = np.finfo(np.float16).max
        return (values.clip(-largest, largest).astype(np.float16),)


@dataclass(frozen=True)
class Int8:
    """8-bit integers, one scale for each output channel."""

    axis: int

    def layout(self, shape: Shape) -> Layout:
        """Integers of the same shape, and the scales ``[channels]``."""
        return {"int8": (np.int8, shape), "scale": (np.float32, (shape[self.axis],))}

    def encode(self, values: np.ndarray) -> tuple[np.ndarray, ...]:
        """Round to the 255 levels -127…127 times the scale; no value is off by more than half a scale."""
        others = tuple(i for i in range(values.ndim) if i != self.axis)
        largest = np.maximum(values.max(axis=others, keepdims=True), -values.min(axis=others, keepdims=True))
        scale = np.where(largest > 0, largest / 127, 1).astype(np.float32)
        levels = values / scale
        np.round(levels, out=levels)
        return levels.clip(-127, 127, out=levels).astype(np.int8), scale.reshape(-1)


@dataclass(frozen=True)
class Int4:
    """4-bit integers of a matrix ``[K, N]``, one scale for each 32 values of a column.

    The layout is that of ONNX Runtime's MatMulNBits: columns first, two integers a byte with the earlier one
    in the lower half, stored with 8 added; scales of either sign.
    """

    def layout(self, shape: Shape) -> Layout:
        """Bytes ``[N, K/32, 16]`` and scales ``[N, K/32]``."""
        blocks = (shape[1], shape[0] // BLOCK)
        return {"int4": (np.uint8, (*blocks, BLOCK // 2)), "scale": (np.float32, blocks)}

    def encode(self, values: np.ndarray) -> tuple[np.ndarray, ...]:
        """Round to the 16 levels -8…7 times the scale."""
        rows, columns = values.shape
        blocks = np.ascontiguousarray(values.T).reshape(-1, BLOCK)
        integers = np.empty(blocks.shape, np.uint8)
        scale = np.empty(len(blocks), np.float32)
        for start in range(0, len(blocks), AT_ONCE):
            part = slice(start, start + AT_ONCE)
            integers[part], scale[part] = _fit(blocks[part])
        packed = integers[:, 0::2] | integers[:, 1::2] << 4
        shape = (columns, rows // BLOCK)
        return packed.reshape(*shape, BLOCK // 2), scale.reshape(shape)


def _fit(blocks: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Integers 0…15 (8 is zero) and scales of blocks ``[M, 32]``, by least squares.

    With the integers q given, the scale of least squared error of a block w is w·q / q·q, which leaves
    w·w - (w·q)² / q·q. So of some ways of rounding w the best is the one of largest (w·q)² / q·q.
    """
    rows = np.arange(len(blocks))
    extreme = blocks[rows, np.abs(blocks).argmax(axis=1)]
    # The value that is largest, of either sign, goes near the end of the levels that reaches further, -8.
    unit = np.divide(-1, extreme, out=np.zeros_like(extreme), where=extreme != 0)
    best, chosen = np.full_like(unit, -1), np.zeros_like(unit)
    for level in LEVELS:
        gain = _explained(blocks, _levels(blocks, unit * level))
        better = gain > best
        best[better], chosen[better] = gain[better], level
    integers = _levels(blocks, unit * chosen)
    squares = np.einsum("mk,mk->m", integers, integers)
    products = np.einsum("mk,mk->m", blocks, integers)
    return (integers + 8).astype(np.uint8), products / np.maximum(squares, 1)


def _levels(blocks: np.ndarray, inverse: np.ndarray) -> np.ndarray:
    levels = blocks * inverse[:, None]
    np.rint(levels, out=levels)
    return levels.clip(-8, 7, out=levels)


def _explained(blocks: np.ndarray, integers: np.ndarray) -> np.ndarray:
    products = np.einsum("mk,mk->m", blocks, integers)
    return products**2 / np.maximum(np.einsum("mk,mk->m", integers, integers), 1)
