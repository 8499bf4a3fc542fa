"""What it takes to go on from the steps of this visit's runs, as far as memory is given to it."""

from __future__ import annotations

from array import array
from collections.abc import Callable, Collection

from pyscript_app.loop import Settings, Start, State
from pyscript_app.refusal import RefusalError

# Bytes: three runs of Stable Diffusion's size of 50 steps, and twenty of the miniature. The page keeps their frames
# (web/runs/shelf.js).
ROOM = 150_000_000

Kept = bytes | Start | None


class Past:
    """Where runs began, where they stood after each step and what the network had said, the oldest first.

    Where room is short, the attention of the oldest steps is rounded, then the oldest answers of the network are
    forgotten, then the oldest run as a whole, and of a single run that is too long its first steps.

    Args:
        forgotten: Told the name of a run that had to be forgotten.
        room: Bytes that all of them may take.
    """

    def __init__(self, forgotten: Callable[[str], None], room: int = ROOM) -> None:
        self._forgotten = forgotten
        self._room, self.taken = room, 0
        self._runs: dict[str, dict[int, Kept]] = {}
        self._exact: list[tuple[str, int]] = []  # those whose attention is not rounded
        self._answers: dict[tuple[str, int], tuple[Settings, bytes]] = {}

    def keep(self, run: str, place: Start | State | None) -> None:
        """Remember where a run begins, None being the seed's noise, or where it stands after a step."""
        step = place.frames if isinstance(place, State) else 0
        self._set(run, step, place.pack() if isinstance(place, State) else place)
        if isinstance(place, State):
            self._exact.append((run, step))
        self._make_room(run)

    def keep_answer(self, run: str, step: int, settings: Settings, answer: array[float]) -> None:
        """Remember what the network said in a step, and the run's settings."""
        packed = answer.tobytes()
        self._answers[run, step] = settings, packed
        self.taken += len(packed)
        self._make_room(run)

    def retain(self, runs: Collection[str]) -> None:
        """Forget all other runs."""
        for run in self._runs.keys() - runs:
            self._forget(run)

    def find(self, run: str, step: int) -> Start | State | None:
        """Where a run stood after a step, or with 0 where it began.

        Raises:
            RefusalError: This is not known, or no longer.
        """
        steps = self._runs.get(run)
        if not steps:
            raise RefusalError("from-run", run=repr(run))
        if step not in tuple(steps):  # a tuple takes whatever the page sent
            raise RefusalError("from-step", run=repr(run), step=repr(step), first=min(steps), last=max(steps))
        kept = steps[step]
        return State.unpack(kept) if isinstance(kept, bytes) else kept

    def answer(self, run: str, step: int) -> tuple[Settings, array[float]]:
        """The settings of a run, and what the network said in one of its steps.

        Raises:
            RefusalError: This is not known, or no longer.
        """
        found = self._answers.get((run, step))
        if not found:
            raise RefusalError("from-answer", run=repr(run), step=repr(step))
        settings, packed = found
        return settings, array("f", packed)

    def _make_room(self, newest: str) -> None:
        while self.taken > self._room:
            self._shrink(newest)

    def _shrink(self, newest: str) -> None:
        if self._exact:
            run, step = self._exact.pop(0)
            kept = self._runs[run][step]
            assert isinstance(kept, bytes)
            self._set(run, step, State.unpack(kept).pack(round_attention=True))
        elif self._answers:
            self._forget_answer(next(iter(self._answers)))
        elif (oldest := next(iter(self._runs))) != newest:
            self._forget(oldest)
            self._forgotten(oldest)
        else:
            steps = self._runs[newest]
            self.taken -= _size(steps.pop(next(iter(steps))))

    def _set(self, run: str, step: int, kept: Kept) -> None:
        steps = self._runs.setdefault(run, {})
        self.taken += _size(kept) - _size(steps.get(step))
        steps[step] = kept

    def _forget(self, run: str) -> None:
        self.taken -= sum(map(_size, self._runs.pop(run).values()))
        self._exact = [place for place in self._exact if place[0] != run]
        for place in [place for place in self._answers if place[0] == run]:
            self._forget_answer(place)

    def _forget_answer(self, place: tuple[str, int]) -> None:
        _, packed = self._answers.pop(place)
        self.taken -= len(packed)


def _size(kept: Kept) -> int:
    if isinstance(kept, Start):
        return len(kept.picture)
    return len(kept) if kept else 0
