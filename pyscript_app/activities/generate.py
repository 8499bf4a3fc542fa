"""A picture, drawn step by step; its items are the loop's frames."""

from __future__ import annotations

from array import array
from collections.abc import AsyncGenerator
from dataclasses import fields, replace
from math import prod
from typing import Any

from pyscript_app import loop
from pyscript_app.activities.tools import Tools
from pyscript_app.frame import Frame
from pyscript_app.moment import first_state
from pyscript_app.refusal import RefusalError


async def run(wishes: dict[str, Any], tools: Tools) -> AsyncGenerator[Frame, None]:
    """Draw a picture.

    Args:
        wishes: The loop's settings, and where to begin if not in noise: ``start``, a picture ``{width, height, data,
            strength}``; or ``from``, the step of an earlier run ``{run, step, latent}``, where ``latent`` ``[C, h, w]``
            stands in for that run's own. ``kept`` names the runs that can still be asked for; all others are forgotten.
        tools: Its past keeps where this run stands after each step.

    Raises:
        RefusalError: It cannot be drawn.
    """
    wishes = dict(wishes)
    picture, origin = wishes.pop("start", None), wishes.pop("from", None)
    if (kept := wishes.pop("kept", None)) is not None:
        tools.past.retain(kept)
    settings = _settings(wishes)
    start = _start(settings, picture, origin, tools)
    frames = loop.generate(settings, tools.model, tools.runtime, start=start)
    tools.past.keep(tools.id, start)
    try:
        async for frame in frames:
            if frame.state:
                tools.past.keep(tools.id, frame.state)
            yield replace(frame, state=None)  # the state stays here
    finally:
        await frames.aclose()


def _settings(wishes: dict[str, Any]) -> loop.Settings:
    if strange := wishes.keys() - {field.name for field in fields(loop.Settings)}:
        raise RefusalError("setting-unknown", name=repr(min(strange)))
    return loop.Settings(**wishes)


def _start(
    settings: loop.Settings, picture: Any, origin: Any, tools: Tools
) -> loop.Start | loop.State | None:
    model = tools.model
    if picture and origin:
        raise RefusalError("start-twice")
    if picture:
        if (picture["height"], picture["width"]) != model.size:
            height, width = model.size
            raise RefusalError("start-size", width=width, height=height)
        return loop.Start(picture["data"], picture.get("strength"))
    if not origin:
        return None
    found = tools.past.find(origin["run"], origin["step"])
    if "latent" not in origin:
        return found
    latent = array("f", origin["latent"])
    if len(latent) != (count := prod(model.shape)):
        raise RefusalError("from-latent", count=count)
    if isinstance(found, loop.State):
        return found.with_latent(latent)
    return first_state(settings, model, found, latent)
