"""Pause, step, rest and cancel: what an activity waits on between its steps."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from contextlib import suppress
from typing import Any, TypeVar

T = TypeVar("T")

# Long enough for the worker to take a message from its queue: onnxruntime's WASM runs never let one in.
BREATH = 0.005  # seconds


class EndedError(Exception):
    """The visitor ended the activity."""


class Control:
    """The state of one activity's buttons."""

    def __init__(self, rest: float = 0) -> None:
        self.asked = 0
        """How often the activity has asked whether it may go on."""
        self._rest = rest
        self._pressed = asyncio.Event()
        self._cancelled = asyncio.Event()
        self._go = asyncio.Event()
        self._go.set()
        self._one_step = False

    def pause(self) -> None:
        """Stop before the next step."""
        self._go.clear()
        self._pressed.set()

    def resume(self) -> None:
        """Go on."""
        self._one_step = False
        self._go.set()
        self._pressed.set()

    def rest(self, seconds: float) -> None:
        """Wait so long after each step from now on, so that it can be looked at."""
        self._rest = seconds
        self._pressed.set()

    def step(self) -> None:
        """Do one step, then stop."""
        self._one_step = True
        self._go.set()
        self._pressed.set()

    def cancel(self) -> None:
        """End the activity at the next breath, also while it is paused or waits for something long."""
        self._cancelled.set()
        self._go.set()
        self._pressed.set()

    def check(self) -> None:
        """Raise EndedError where the activity was ended, perhaps before it began."""
        if self._cancelled.is_set():
            raise EndedError

    async def next_step(self) -> None:
        """Let the page's messages in, and wait until the next step may be done.

        Raises:
            EndedError: one of them ended the activity.
        """
        self.asked += 1
        self._pressed.clear()
        await asyncio.sleep(BREATH)
        if self._one_step:
            self._one_step = False
            self._go.clear()
        elif self._rest and self.asked > 1 and not self._cancelled.is_set():
            with suppress(TimeoutError):  # any button ends it
                await asyncio.wait_for(self._pressed.wait(), self._rest)
        await self._go.wait()
        self.check()

    async def during(self, work: Coroutine[Any, Any, T]) -> T:
        """What something long gives, a download for instance; a cancel ends that at once.

        Raises:
            EndedError: the activity was ended meanwhile.
        """
        task = asyncio.ensure_future(work)
        ended = asyncio.ensure_future(self._cancelled.wait())
        try:
            await asyncio.wait({task, ended}, return_when=asyncio.FIRST_COMPLETED)
            self.check()
            return await task
        finally:
            task.cancel()
            ended.cancel()
