"""How far apart two runs are that were drawn before, each by itself."""

from __future__ import annotations

from array import array
from collections.abc import AsyncGenerator
from dataclasses import dataclass
from typing import Any

from pyscript_app.activities.tools import Tools
from pyscript_app.comparison import noise_left, pair_steps, parting, relative_distance


@dataclass(frozen=True)
class Measured:
    """As ``compare.Comparison`` has it; None where latents of different shapes have no distance."""

    pairs: list[int] | None
    distance: list[float] | None
    foreseen: list[float] | None
    parting: int | None


async def run(wishes: dict[str, Any], tools: Tools) -> AsyncGenerator[Measured, None]:
    """Pair the steps of two runs and measure them.

    Args:
        wishes: ``a`` and ``b``, each ``{shares, latents, expected}``: of every frame, and there is one at least, its
            noise share, its latent and the clean latent that the model expected.
        tools: None of them: no graph runs.
    """
    del tools
    a, b = wishes["a"], wishes["b"]
    order = pair_steps(noise_left(a["shares"]), noise_left(b["shares"]))

    def apart(name: str) -> list[float]:
        ours, theirs = ([array("f", latent) for latent in side[name]] for side in (a, b))
        return [relative_distance(latent, theirs[pair]) for latent, pair in zip(ours, order, strict=True)]

    if len(a["latents"][0]) != len(b["latents"][0]):
        yield Measured(None, None, None, None)
        return
    distance = apart("latents")
    yield Measured(order, distance, apart("expected"), parting(distance))
