"""The known answer: not asked again for the same browser and bytes, unless the way that gave it does not open."""

from __future__ import annotations

import asyncio
import json

import pytest

from pyscript_app.browser import backend, loading

WAYS = [backend.Candidate("webgpu", "unet"), backend.Candidate("wasm", "unet")]
SITUATION = ["browser", "card", "bytes"]


class Opener:
    def __init__(self, broken: str) -> None:
        self.broken = broken

    async def open(self, unet: str, name: str) -> str:
        if name == self.broken:
            raise RuntimeError("the driver")
        return f"{unet} on {name}"


async def ask() -> backend.Choice:
    return backend.Choice(WAYS[1], "asked", "")


def choose(before: str | None, situation: list[str], broken: str) -> tuple[backend.Choice, str]:
    opener = Opener(broken)
    return asyncio.run(loading._choose(before, situation, WAYS, opener, ask))  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("way", "broken", "situation", "session"),
    [
        (0, "", SITUATION, "unet on webgpu"),
        (1, "", SITUATION, "unet on wasm"),
        (0, "webgpu", SITUATION, "asked"),
        (0, "", ["browser", "card", "other bytes"], "asked"),
    ],
    ids=["a card", "the processor", "a card that fails now", "other bytes"],
)
def test_the_known_answer_is_asked_for_once(
    way: int, broken: str, situation: list[str], session: str
) -> None:
    before = json.dumps({"situation": SITUATION, "way": way, "note": "why"})
    choice, verdict = choose(before, situation, broken)
    assert choice.session == session
    if session == "asked":
        assert json.loads(verdict) == {"situation": situation, "way": 1, "note": ""}
    else:
        assert verdict == before


@pytest.mark.parametrize("before", [None, '{"situation": ["brow'], ids=["none", "cut off"])
def test_without_a_verdict_that_can_be_read_it_is_asked(before: str | None) -> None:
    choice, verdict = choose(before, SITUATION, "")
    assert choice.session == "asked"
    assert json.loads(verdict)["situation"] == SITUATION
