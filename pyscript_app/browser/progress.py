"""How a download stands: bytes, how fast they come, and how long the rest will take."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from time import monotonic
from typing import Any

REPORT_EVERY = 0.1  # seconds
WINDOW = 5.0  # seconds over which the rate is the mean
SHORTEST = 1.0  # seconds that must have passed before a rate means something

Report = Callable[..., Any]


class Progress:
    """Adds up what has arrived of several files and reports it ten times a second at most.

    Args:
        here: bytes that each file, by its path, has already.
        total: bytes of all of them when they are whole.
        report: told ``bytes``, ``total``, ``rate`` (bytes a second, 0 while unknown) and ``remaining`` (seconds,
            None while unknown).
    """

    def __init__(self, here: dict[str, int], total: int, report: Report) -> None:
        self._here, self._total, self._report = dict(here), total, report
        self._fetched = 0
        self._samples = deque([(monotonic(), 0)])
        self._tell()

    def arrived(self, path: str, size: int) -> None:
        """This many more bytes of a file came over the network."""
        self._here[path] += size
        self._fetched += size
        if monotonic() - self._samples[-1][0] >= REPORT_EVERY:
            self._tell()

    def stands(self, path: str, size: int) -> None:
        """A file is this long now: it was begun again, or is whole."""
        self._here[path] = size
        self._tell()

    def _tell(self) -> None:
        now = monotonic()
        self._samples.append((now, self._fetched))
        while now - self._samples[0][0] > WINDOW and len(self._samples) > 2:
            self._samples.popleft()
        since, before = self._samples[0]
        here = sum(self._here.values())
        rate = (self._fetched - before) / (now - since) if now - since >= SHORTEST else 0.0
        remaining = (self._total - here) / rate if rate else None
        self._report(bytes=here, total=self._total, rate=rate, remaining=remaining)
