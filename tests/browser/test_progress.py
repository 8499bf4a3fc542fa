"""How a download says it stands: bytes that are here, the rate of the last seconds, and the time that is left."""

from __future__ import annotations

from typing import Any

import pytest

from pyscript_app.browser import progress
from pyscript_app.browser.progress import Progress


@pytest.fixture
def told(monkeypatch: pytest.MonkeyPatch) -> list[dict[str, Any]]:
    """What a download of 1000 bytes, 200 of them here, says when 100 bytes come a second; then it breaks for 10 s."""
    now = 0.0
    monkeypatch.setattr(progress, "monotonic", lambda: now)
    said: list[dict[str, Any]] = []
    download = Progress({"a": 200, "b": 0}, 1000, lambda **stands: said.append(stands))
    for _ in range(5):
        now += 0.5
        download.arrived("b", 50)
    now += 10
    download.arrived("a", 50)
    download.stands("b", 0)
    return said


def test_it_begins_with_what_is_here_and_no_rate_yet(told: list[dict[str, Any]]) -> None:
    assert told[0] == {"bytes": 200, "total": 1000, "rate": 0, "remaining": None}


def test_the_rate_counts_what_came_over_the_network(told: list[dict[str, Any]]) -> None:
    assert told[5]["bytes"] == 450
    assert told[5]["rate"] == pytest.approx(100)
    assert told[5]["remaining"] == pytest.approx(5.5)


def test_a_pause_slows_the_rate_and_a_file_begun_again_is_not_here(told: list[dict[str, Any]]) -> None:
    assert told[6]["rate"] == pytest.approx(5)
    assert told[7]["bytes"] == 250


def test_it_reports_ten_times_a_second_at_most(monkeypatch: pytest.MonkeyPatch) -> None:
    now = 0.0
    monkeypatch.setattr(progress, "monotonic", lambda: now)
    said: list[dict[str, Any]] = []
    download = Progress({"a": 0}, 10_000, lambda **stands: said.append(stands))
    for _ in range(1000):
        now += 0.001
        download.arrived("a", 1)
    assert 8 <= len(said) <= 12
