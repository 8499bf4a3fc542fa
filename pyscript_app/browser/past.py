"""What it takes to go on from the steps of this visit's runs, as far as memory is given to it."""

from __future__ import annotations

from pyscript_app.loop import Start, State
from pyscript_app.refusal import RefusalError

ROOM = 64_000_000  # bytes: of the miniature's runs some sixty, of Stable Diffusion's 40 steps

Kept = bytes | Start | None


class Past:
    """Where runs began and where they stood after each step; of too many steps, the oldest are forgotten first.

    Args:
        room: Bytes that all of them may take.
    """

    def __init__(self, room: int = ROOM) -> None:
        self._room, self._taken = room, 0
        self._kept: dict[tuple[str, int], Kept] = {}

    def keep(self, run: str, place: Start | State | None) -> None:
        """Remember where a run begins, None being the seed's noise, or where it stands after a step."""
        step = place.frames if isinstance(place, State) else 0
        self._kept[run, step] = kept = place.pack() if isinstance(place, State) else place
        self._taken += _size(kept)
        while self._taken > self._room:
            self._taken -= _size(self._kept.pop(next(iter(self._kept))))

    def find(self, run: str, step: int) -> Start | State | None:
        """Where a run stood after a step, or with 0 where it began.

        Raises:
            RefusalError: This is not known, or no longer.
        """
        steps = {number: kept for (name, number), kept in self._kept.items() if name == run}
        if not steps:
            raise RefusalError("from-run", run=repr(run))
        if step not in tuple(steps):  # a tuple takes whatever the page sent
            raise RefusalError("from-step", run=repr(run), step=repr(step), first=min(steps), last=max(steps))
        kept = steps[step]
        return State.unpack(kept) if isinstance(kept, bytes) else kept


def _size(kept: Kept) -> int:
    if isinstance(kept, Start):
        return len(kept.picture)
    return len(kept) if kept else 0
