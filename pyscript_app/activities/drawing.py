"""A run as the page wishes for it: read, and drawn so that later ones can go on from each of its steps."""

from __future__ import annotations

from array import array
from collections.abc import AsyncGenerator
from contextlib import aclosing
from dataclasses import dataclass, fields, replace
from math import prod
from typing import Any

from pyscript_app import loop
from pyscript_app.activities.tools import Past, Tools
from pyscript_app.axes import Axes
from pyscript_app.frame import Frame
from pyscript_app.model import Model
from pyscript_app.moment import first_state
from pyscript_app.parts import Runtime
from pyscript_app.refusal import RefusalError
from pyscript_app.retake import Retaken, retake


@dataclass(frozen=True)
class Drawing:
    """What to draw, and where to begin if not in noise."""

    settings: loop.Settings
    start: loop.Start | loop.State | None
    retaken: tuple[str, int, float] | None
    """The run, the step and the guidance to take it with again, where the run begins after that."""

    @classmethod
    def read(cls, wishes: dict[str, Any], tools: Tools) -> Drawing:
        """What the page wishes for.

        Args:
            wishes: The loop's settings, and where to begin if not in noise: ``start``, a picture ``{width, height,
                data, strength}``; or ``from``, the step of an earlier run ``{run, step, latent, guidance}``, where
                ``latent`` ``[C, h, w]`` stands in for that run's own, or that step alone is taken with ``guidance``.
            tools: Of the activity.

        Raises:
            RefusalError: It cannot be drawn.
        """
        wishes = dict(wishes)
        picture, origin = wishes.pop("start", None), wishes.pop("from", None)
        settings = read_settings(wishes)
        retaken = None
        if origin and "guidance" in origin:
            retaken = origin["run"], origin["step"], origin["guidance"]
        return cls(settings, _start(settings, picture, origin, tools), retaken)

    async def draw(self, run: str, tools: Tools) -> AsyncGenerator[Frame, None]:
        """The loop's frames with their ways on the map; their states and answers are the past's, under the run's name.

        Raises:
            RefusalError: It cannot be drawn.
        """
        start = self.start
        if self.retaken and isinstance(start, loop.State):
            start = (await take_again(*self.retaken, tools.past, tools.model, tools.runtime)).onto(start)
        tools.past.keep(run, start)
        described = tools.manifest.get("axes")
        axes = Axes.from_bytes(await tools.read(described["file"])) if described else None
        place = None
        async with aclosing(loop.generate(self.settings, tools.model, tools.runtime, start=start)) as frames:
            async for frame in frames:
                if frame.state:
                    tools.past.keep(run, frame.state)
                if frame.answer:
                    tools.past.keep_answer(run, frame.step, self.settings, frame.answer)
                way = None
                if axes:
                    way = (place or axes.place(frame.latent_in), axes.place(frame.latent))
                    place = way[1]
                yield replace(frame, state=None, answer=None, way=way)


async def take_again(
    run: str, step: int, guidance: float, past: Past, model: Model, runtime: Runtime, painter: str = ""
) -> Retaken:
    """Take a step of an earlier run with another guidance; the network is not asked.

    Args:
        run: Its name.
        step: From 1.
        guidance: To take it with.
        past: Remembers the run.
        model: Its model.
        runtime: What runs its graphs.
        painter: The graph that draws what the step foresees; "" draws nothing.

    Raises:
        RefusalError: The step is not remembered, or there is no such guidance.
    """
    settings, answer = past.answer(run, step)
    before = past.find(run, step - 1)
    return await retake(replace(settings, guidance=guidance), model, runtime, before, answer, painter)


def read_settings(wishes: dict[str, Any]) -> loop.Settings:
    """The loop's settings as the page wishes for them.

    Raises:
        RefusalError: There is no such setting, or its value is out of bounds.
    """
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
