"""What it takes to go on from the steps of this visit's runs, as far as memory is given to it."""

from __future__ import annotations

from collections.abc import Callable, Collection

from pyscript_app.loop import Start, State
from pyscript_app.refusal import RefusalError

# Bytes: three runs of Stable Diffusion's size of 50 steps, and twenty of the miniature. The page keeps their frames
# (web/runs/shelf.js).
ROOM = 150_000_000

Kept = bytes | Start | None


class Past:
    """Where runs began and where they stood after each step, the oldest first.

    Where room is short, the attention of the oldest steps is rounded, then the oldest run is forgotten as a whole, and
    of a single run that is too long its first steps.

    Args:
        forgotten: Told the name of a run that had to be forgotten.
        room: Bytes that all of them may take.
    """

    def __init__(self, forgotten: Callable[[str], None], room: int = ROOM) -> None:
        self._forgotten = forgotten
        self._room, self.taken = room, 0
        self._runs: dict[str, dict[int, Kept]] = {}
        self._exact: list[tuple[str, int]] = []  # those whose attention is not rounded

    def keep(self, run: str, place: Start | State | None) -> None:
        """Remember where a run begins, None being the seed's noise, or where it stands after a step."""
        step = place.frames if isinstance(place, State) else 0
        self._set(run, step, place.pack() if isinstance(place, State) else place)
        if isinstance(place, State):
            self._exact.append((run, step))
        while self.taken > self._room:
            self._shrink(run)

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

    def _shrink(self, newest: str) -> None:
        if self._exact:
            run, step = self._exact.pop(0)
            kept = self._runs[run][step]
            assert isinstance(kept, bytes)
            self._set(run, step, State.unpack(kept).pack(round_attention=True))
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


def _size(kept: Kept) -> int:
    if isinstance(kept, Start):
        return len(kept.picture)
    return len(kept) if kept else 0
