"""The random numbers of ``torch.randn`` on a CPU, so that a seed gives the same picture here as in PyTorch.

The generator is the Mersenne Twister MT19937 (Matsumoto and Nishimura, 1998), which Python's ``random`` has too; the
normal numbers come from the Box-Muller transform, paired and rounded as in PyTorch's
``aten/src/ATen/native/cpu/DistributionTemplates.h``.
"""

from __future__ import annotations

import math
import random
import sys
from array import array

from pyscript_app.refusal import RefusalError

BLOCK = 16
MAX_SEED = 2**64 - 1
TWO_PI = array("f", [2 * math.pi])[0]

# How many words a generator has drawn, and the normal number that it has made but not yet given, if there is one.
Position = tuple[int, float | None]


class Generator:
    """Counterpart of ``torch.Generator(device="cpu")``: successive draws go on where the last one ended."""

    def __init__(self, seed: int, position: Position = (0, None)):
        """Start from a seed, a whole number from 0 to 2^64 - 1; as in PyTorch its low 32 bits decide.

        Args:
            seed: The seed.
            position: Where an earlier generator of this seed stood: this one goes on from there.

        Raises:
            RefusalError: The seed is something else.
        """
        if isinstance(seed, bool) or not isinstance(seed, int) or not 0 <= seed <= MAX_SEED:
            raise RefusalError("seed-range", most=MAX_SEED, value=repr(seed))
        state = [seed & 0xFFFFFFFF]
        for i in range(1, 624):
            state.append((1812433253 * (state[-1] ^ (state[-1] >> 30)) + i) & 0xFFFFFFFF)
        self._twister = random.Random()
        self._twister.setstate((3, (*state, 624), None))
        self._drawn = 0
        drawn, self._spare = position  # Box-Muller makes two numbers at a time
        if drawn:
            self._words(drawn)

    @property
    def position(self) -> Position:
        """Where this generator stands: all that a later one needs to go on."""
        return self._drawn, self._spare

    def randn(self, n: int) -> array[float]:
        """The n >= 1 standard normal numbers of ``torch.randn(n, generator=...)``, as float32."""
        if n < 1:
            raise ValueError(f"At least one random number must be drawn, not {n}.")
        if n < BLOCK:
            return array("f", [self._normal() for _ in range(n)])
        values = self._uniforms(n)
        for start in range(0, n - BLOCK + 1, BLOCK):
            _box_muller(values, start)
        if n % BLOCK:
            # PyTorch draws a last block afresh that ends with the numbers' end.
            values[n - BLOCK :] = self._uniforms(BLOCK)
            _box_muller(values, n - BLOCK)
        return values

    def _words(self, n: int) -> array[int]:
        """The twister's next n words of 32 bits."""
        self._drawn += n
        words = array("I", self._twister.getrandbits(32 * n).to_bytes(4 * n, "little"))
        if sys.byteorder == "big":
            words.byteswap()
        return words

    def _uniforms(self, n: int) -> array[float]:
        """Numbers in [0, 1) with the 24 bits that a float32 holds."""
        return array("f", [(word & 0xFFFFFF) * 2**-24 for word in self._words(n)])

    def _normal(self) -> float:
        """One number by PyTorch's way for few: in double precision, the pair's second half kept for the next."""
        if self._spare is not None:
            value, self._spare = self._spare, None
            return value
        high1, low1, high2, low2 = self._words(4)
        u1, u2 = (((high << 32 | low) & (2**53 - 1)) * 2**-53 for high, low in ((high1, low1), (high2, low2)))
        radius = math.sqrt(-2 * math.log1p(-u2))
        angle = 2 * math.pi * u1
        self._spare = radius * math.sin(angle)
        return radius * math.cos(angle)


def _box_muller(values: array[float], start: int) -> None:
    """Turn the 16 uniform numbers from ``start`` on into normal ones, number j paired with number j + 8."""
    half = start + BLOCK // 2
    end = start + BLOCK
    # The angle as PyTorch rounds it, to float32: far from zero that rounding is what one sees of the difference.
    angles = array("f", [TWO_PI * u for u in values[half:end]])
    radii = [math.sqrt(-2 * math.log(1 - u)) for u in values[start:half]]
    values[start:half] = array(
        "f", [radius * math.cos(angle) for radius, angle in zip(radii, angles, strict=True)]
    )
    values[half:end] = array(
        "f", [radius * math.sin(angle) for radius, angle in zip(radii, angles, strict=True)]
    )
