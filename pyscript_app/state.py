"""Where a run stands between two steps: all that decides how it goes on, as numbers and as bytes."""

from __future__ import annotations

import json
from array import array
from dataclasses import dataclass, fields, replace

from pyscript_app.noise import Position


@dataclass(frozen=True)
class State:
    """A run after some of its steps. Going on from it with the same settings repeats the run bit for bit.

    Arrays hold float32 in C order; C, h, w is the latent's shape, T the number of token slots, S the largest side of
    the attention.
    """

    sampler: str
    steps: int
    """Of the whole plan, as asked for."""
    spacing: str
    begin: int
    """The step of that plan, from 0, with which the run began."""
    following: int
    """The next step, counted from ``begin``."""
    frames: int
    """How many have been shown."""
    seed: int
    position: Position
    """Where the generator of the random numbers stands."""
    scale: float
    """What the next step multiplies the latent by."""
    noise_share: float
    """sqrt(1 - abar) of the latent."""
    latent: array[float]
    """[C, h, w]"""
    scaled: array[float]
    """[C, h, w] the latent as the network will see it; empty where that is the latent itself."""
    history: array[float]
    """[3, C, h, w] what the sampler remembers; empty where it remembers nothing."""
    total: array[float]
    """[T, S, S] the attention summed so far; may be left empty, for it decides nothing but the mean of the maps."""
    counted: int
    """Steps in ``total``."""

    def with_latent(self, latent: array[float]) -> State:
        """The same with another latent; with its own, bit for bit the same."""
        if latent == self.latent:
            return self
        scaled = array("f", [self.scale * value for value in latent]) if self.scaled else self.scaled
        return replace(self, latent=latent, scaled=scaled)

    def pack(self, round_attention: bool = False) -> bytes:
        """Everything as bytes: the length of a JSON text, that text, the arrays.

        Args:
            round_attention: Keep of each number in ``total`` the upper two bytes (bfloat16, 8 bits of precision). It
                decides nothing but the mean of the maps; all else is exact.
        """
        said, arrays = {"rounded": round_attention}, []
        for entry in fields(self):
            value = getattr(self, entry.name)
            if isinstance(value, array):
                rounded = round_attention and entry.name == "total"
                arrays.append(_upper(value.tobytes()) if rounded else value.tobytes())
                value = len(value)
            said[entry.name] = value
        text = json.dumps(said).encode()
        return b"".join([len(text).to_bytes(4, "little"), text, *arrays])

    @classmethod
    def unpack(cls, packed: bytes) -> State:
        """The state that was packed; attention that was rounded lies in the middle of what it may have been."""
        end = 4 + int.from_bytes(packed[:4], "little")
        said = json.loads(packed[4:end])
        said["position"] = tuple(said["position"])
        rounded = said.pop("rounded")
        for entry in fields(cls):
            if entry.type == "array[float]":
                halved = rounded and entry.name == "total"
                size = said[entry.name] * (2 if halved else 4)
                content = packed[end : end + size]
                said[entry.name] = array("f", _whole(content) if halved else content)
                end += size
        return cls(**said)


def _upper(floats: bytes) -> bytes:
    """The upper halves of float32 numbers, little-endian as in every browser. In slices: this is done between steps."""
    halves = bytearray(len(floats) // 2)
    halves[0::2], halves[1::2] = floats[2::4], floats[3::4]
    return bytes(halves)


def _whole(halves: bytes) -> bytes:
    """Float32 numbers that have these upper halves."""
    count = len(halves) // 2
    floats = bytearray(4 * count)
    floats[1::4] = b"\x80" * count
    floats[2::4], floats[3::4] = halves[0::2], halves[1::2]
    return bytes(floats)
