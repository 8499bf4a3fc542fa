"""The known answer: not asked again for the same browser and bytes, unless the way that gave it does not open."""

from __future__ import annotations

import asyncio
import json
from typing import Any

import pytest

from pyscript_app.browser import backend, loading

WAYS = [backend.Candidate("webgpu", "unet"), backend.Candidate("wasm", "unet")]
SITUATION = ["browser", "card", "bytes"]


class Folder:
    def __init__(self, verdict: dict[str, Any]) -> None:
        self.verdict = verdict

    async def noted(self, _: str) -> dict[str, Any]:
        return self.verdict

    async def note(self, _: str, text: str) -> None:
        self.verdict = json.loads(text)


class Opener:
    def __init__(self, broken: str) -> None:
        self.broken = broken

    async def open(self, unet: str, name: str) -> str:
        if name == self.broken:
            raise RuntimeError("the driver")
        return f"{unet} on {name}"


async def ask() -> backend.Choice:
    return backend.Choice(WAYS[1], "asked", None)


@pytest.mark.parametrize(
    ("way", "broken", "situation", "note", "session"),
    [
        (0, "", SITUATION, None, "unet on webgpu"),
        (1, "", SITUATION, {"reason": "card-slow", "values": {}}, "unet on wasm"),
        (0, "webgpu", SITUATION, None, "asked"),
        (0, "", ["browser", "card", "other bytes"], None, "asked"),
        (1, "", SITUATION, "a sentence", "asked"),
    ],
    ids=["a card", "the processor", "a card that fails now", "other bytes", "an earlier page's note"],
)
def test_the_known_answer_is_asked_for_once(
    way: int, broken: str, situation: list[str], note: Any, session: str
) -> None:
    folder = Folder({"situation": SITUATION, "way": way, "note": note})
    opener = Opener(broken)
    choice = asyncio.run(loading._choose(folder, situation, WAYS, opener, ask))  # type: ignore[arg-type]
    assert choice.session == session
    if session == "asked":
        assert folder.verdict == {"situation": situation, "way": 1, "note": None}
