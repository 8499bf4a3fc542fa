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

    def without_attention(self) -> State:
        """The same in less memory: the mean of the maps begins anew."""
        return replace(self, total=array("f"), counted=0)

    def pack(self) -> bytes:
        """Everything as bytes, nothing rounded: the length of a JSON text, that text, the arrays."""
        said, arrays = {}, []
        for entry in fields(self):
            value = getattr(self, entry.name)
            if isinstance(value, array):
                arrays.append(value.tobytes())
                value = len(value)
            said[entry.name] = value
        text = json.dumps(said).encode()
        return b"".join([len(text).to_bytes(4, "little"), text, *arrays])

    @classmethod
    def unpack(cls, packed: bytes) -> State:
        """The state that was packed."""
        end = 4 + int.from_bytes(packed[:4], "little")
        said = json.loads(packed[4:end])
        said["position"] = tuple(said["position"])
        for entry in fields(cls):
            if entry.type == "array[float]":
                size = 4 * said[entry.name]
                said[entry.name] = array("f", packed[end : end + size])
                end += size
        return cls(**said)
