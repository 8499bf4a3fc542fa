"""A model that was loaded, and the activities that use it, one at a time."""

from __future__ import annotations

import asyncio
from array import array
from collections.abc import Coroutine
from time import perf_counter
from typing import Any

from pyscript_app.activities.drawing import take_again
from pyscript_app.activities.table import find
from pyscript_app.activities.tools import Tools
from pyscript_app.browser.control import Control
from pyscript_app.browser.files import read
from pyscript_app.browser.loading import Loaded
from pyscript_app.browser.messages import post, post_item
from pyscript_app.browser.past import Past
from pyscript_app.browser.runtime import WebRuntime
from pyscript_app.model import PREVIEWS
from pyscript_app.retake import Retaken

# What draws while a hand is at the slider, the first that the model has.
AT_ONCE = ("tiny", "linear", "full")


class Engine:
    """A model that was loaded; does one activity at a time."""

    def __init__(self, loaded: Loaded) -> None:
        self.model = loaded.model
        # Of the newest activity, from the moment that the page asks for it: its buttons may come before its turn.
        self.control = Control()
        self._rest = 0.0
        self._manifest = loaded.manifest
        self.past = Past(lambda run: post("forgotten", run=run))
        self._source = loaded.source
        self._runtime = WebRuntime(loaded.ort, loaded.graphs, loaded.sessions, loaded.settle)
        self._turn = asyncio.Lock()

    def ask(self, activity: str, wishes: dict[str, Any], name: str) -> Coroutine[Any, Any, None]:
        """Ask for an activity, whose buttons ``control`` are from now on.

        Returns:
            What does it in its turn and posts its items; raises a EndedError where the visitor ended it, and a
            RefusalError where it cannot be done.
        """
        self.control = Control(self._rest)
        return self._run(activity, wishes, name, self.control)

    def rest(self, seconds: float) -> None:
        """Wait so long after each step, of what goes on and of what comes."""
        self._rest = seconds
        self.control.rest(seconds)

    async def _run(self, activity: str, wishes: dict[str, Any], name: str, control: Control) -> None:
        async with self._turn:
            control.check()
            runtime = self._runtime.steered(control, lambda graph: post("stage", id=name, stage=graph))
            tools = Tools(
                name,
                self.model,
                self._manifest,
                runtime,
                self.past,
                open=runtime.open,
                read=lambda path: control.during(self._read(path)),
            )
            items = find(activity).run(wishes, tools)
            try:
                asked = control.asked
                async for item in items:
                    post_item(name, item)
                    if control.asked == asked:  # it does not ask by itself
                        await control.next_step()
                    asked = control.asked
            finally:
                await items.aclose()

    async def _read(self, path: str) -> bytes:
        content: bytes = (await read((await self._source.open([path]))[path])).to_bytes()
        return content

    async def decode(self, latent: array[float]) -> tuple[array[float], float]:
        """The decoder's picture of a latent, and the milliseconds that it took; also while an activity goes on."""
        held = self._runtime.tensor(latent, (1, *self.model.shape))
        began = perf_counter()
        outputs = await self._runtime.run(PREVIEWS["full"], {"latent": held})
        ms = (perf_counter() - began) * 1000
        picture = await self._runtime.read(outputs["picture"])
        self._runtime.release(held, *outputs.values())
        return picture, ms

    async def take_step(self, run: str, step: int, guidance: float) -> Retaken:
        """A step of an earlier run with another guidance, quickly drawn; also while an activity goes on."""
        painter = next(self.model.previews[name] for name in AT_ONCE if name in self.model.previews)
        return await take_again(run, step, guidance, self.past, self.model, self._runtime, painter)
