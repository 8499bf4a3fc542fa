"""What an activity works with."""

from __future__ import annotations

from array import array
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Protocol

from pyscript_app.manifest import Manifest
from pyscript_app.model import Model
from pyscript_app.parts import Runtime
from pyscript_app.settings import Settings, Start
from pyscript_app.state import State


class Past(Protocol):
    """Where earlier runs began, and where they stood after each step."""

    def keep(self, run: str, place: Start | State | None) -> None:
        """Remember a place of a run; None is the seed's noise."""

    def find(self, run: str, step: int) -> Start | State | None:
        """Where a run stood after a step, or with 0 where it began.

        Raises:
            RefusalError: This is not known, or no longer.
        """

    def keep_answer(self, run: str, step: int, settings: Settings, answer: array[float]) -> None:
        """Remember what the network said in a step (``Frame.answer``), and the run's settings."""

    def answer(self, run: str, step: int) -> tuple[Settings, array[float]]:
        """The settings of a run, and what the network said in one of its steps.

        Raises:
            RefusalError: This is not known, or no longer.
        """


@dataclass(frozen=True)
class Tools:
    """What an activity works with."""

    id: str
    """The activity's own, by which later ones find in the past what it kept there."""
    model: Model
    manifest: Manifest
    """The model's, for what ``model`` does not say: the judge's words, for instance."""
    runtime: Runtime
    """Runs the model's graphs, each opened when it is first asked for. Its ``pause`` is where the visitor pauses, steps
    and cancels; an activity that never awaits it is paused between its items."""
    past: Past
    open: Callable[[str], Awaitable[None]]
    """Fetches and opens a graph before it is run, so that its first run takes no longer than the others. Raises a
    RefusalError where the model has no such graph."""
    read: Callable[[str], Awaitable[bytes]]
    """The bytes of a small file of the model, by its path in the manifest; fetched if need be."""
