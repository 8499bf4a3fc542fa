"""Pause, step and cancel: what the loop waits on between its runs."""

from __future__ import annotations

import asyncio

# Long enough for the worker to take a message from its queue: onnxruntime's WASM runs never let one in.
BREATH = 0.005  # seconds


class RunCancelledError(Exception):
    """The visitor ended the run."""


class Control:
    """The state of one run's buttons."""

    def __init__(self) -> None:
        self._cancelled = False
        self._go = asyncio.Event()
        self._go.set()
        self._one_step = False

    def pause(self) -> None:
        """Stop before the next step."""
        self._go.clear()

    def resume(self) -> None:
        """Go on."""
        self._one_step = False
        self._go.set()

    def step(self) -> None:
        """Do one step, then stop."""
        self._one_step = True
        self._go.set()

    def cancel(self) -> None:
        """End the run at the next breath, also while it is paused."""
        self._cancelled = True
        self._go.set()

    def check(self) -> None:
        """Raise RunCancelledError where the run was ended, perhaps before it began."""
        if self._cancelled:
            raise RunCancelledError

    async def next_step(self) -> None:
        """Let the page's messages in, and wait until the next step may be done.

        Raises:
            RunCancelledError: one of them ended the run.
        """
        await asyncio.sleep(BREATH)
        if self._one_step:
            self._one_step = False
            self._go.clear()
        await self._go.wait()
        self.check()
