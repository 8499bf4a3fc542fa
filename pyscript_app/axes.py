"""A map of latents on two axes that never move, so that the ways of different runs can be laid side by side."""

from __future__ import annotations

from array import array
from dataclasses import dataclass
from operator import mul
from sys import byteorder

from pyscript_app.refusal import RefusalError


@dataclass(frozen=True)
class Axes:
    """Two directions in the space of a model's latents, and where they cross.

    ``mean`` is a flat latent; ``across`` and ``up`` are flat latents of length 1 at right angles: the first two
    principal components of the latents of many runs (export/axes.py).
    """

    mean: array[float]
    across: array[float]
    up: array[float]

    @classmethod
    def from_bytes(cls, content: bytes) -> Axes:
        """Read float32 values, little endian: mean, across and up, one after the other.

        Raises:
            RefusalError: They are not three of one length.
        """
        values = array("f")
        values.frombytes(content)
        if byteorder == "big":
            values.byteswap()
        size, left = divmod(len(values), 3)
        if left or not size:
            raise RefusalError("axes-damaged")
        return cls(values[:size], values[size : 2 * size], values[2 * size :])

    def place(self, latent: array[float]) -> tuple[float, float]:
        """Where a latent lies on the map.

        Raises:
            ValueError: It has another number of values than the axes.
        """
        moved = [value - mean for value, mean in zip(latent, self.mean, strict=True)]
        return sum(map(mul, moved, self.across)), sum(map(mul, moved, self.up))
