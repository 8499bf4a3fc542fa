"""One prompt several times, one setting varied: small pictures one after the other, and how far they are apart."""

from __future__ import annotations

from array import array
from collections.abc import AsyncGenerator
from contextlib import aclosing
from dataclasses import dataclass, replace
from typing import Any

from pyscript_app.activities.drawing import read_settings
from pyscript_app.activities.tools import Tools
from pyscript_app.comparison import mean_distance
from pyscript_app.course import chart
from pyscript_app.glimpse import Glimpse, glimpses
from pyscript_app.refusal import RefusalError, choices
from pyscript_app.settings import Settings

VARIED = ("seed", "guidance", "sampler", "steps")


@dataclass(frozen=True)
class Shown:
    """One of the pictures, as far as it has come."""

    value: str | float
    """Of the setting that varies."""
    glimpse: Glimpse
    apart: float | None
    """How far any two finished pictures are apart (``comparison.mean_distance``); None but for a finished one."""


@dataclass(frozen=True)
class Refused:
    """One that cannot be drawn."""

    value: str | float
    reason: str
    values: dict[str, str | float]
    """Of the reason's sentence."""


async def run(wishes: dict[str, Any], tools: Tools) -> AsyncGenerator[Shown | Refused, None]:
    """Draw the pictures in their order; one that cannot be drawn is said first, and keeps nothing from the others.

    Args:
        wishes: ``vary``, one of ``VARIED``; ``values``, those that it takes; ``settings``, the loop's, which all have
            in common; and of those that were drawn before the ``latents`` ``[C, h, w]``, to compare the new ones with.
        tools: Of the activity.

    Raises:
        RefusalError: None of them can be drawn.
    """
    vary, settings = wishes["vary"], read_settings(wishes["settings"])
    if vary not in VARIED:
        raise RefusalError("gallery-vary", name=repr(vary), choices=choices(VARIED))
    latents = [array("f", latent) for latent in wishes.get("latents", ())]
    pictures: dict[str | float, Settings] = {}
    refusals: dict[str | float, RefusalError] = {}
    for value in wishes["values"]:
        try:
            pictures[value] = replace(settings, **{vary: value})
            chart(pictures[value], tools.model, None)
        except RefusalError as refusal:
            pictures.pop(value, None)
            refusals[value] = refusal
    if not pictures and not latents:
        raise next(iter(refusals.values()))
    for value, refused in refusals.items():
        yield Refused(value, refused.code, refused.values)
    for value, wished in pictures.items():
        async with aclosing(glimpses(wished, tools.model, tools.runtime)) as shown:
            async for glimpse in shown:
                if glimpse.latent:
                    latents.append(glimpse.latent)
                yield Shown(value, glimpse, mean_distance(latents) if glimpse.latent else None)
