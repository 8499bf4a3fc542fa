"""What a word carries, drawn by the page's activity on native onnxruntime."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from export.native.generate import draw, model_of, settings_for
from export.native.runtime import NativeRuntime
from pyscript_app.activities import causes
from pyscript_app.activities.tools import Tools

PROMPT = "a red car on the beach"


def run(runtime: NativeRuntime, **wishes: Any) -> list[causes.Cause]:
    tools = Tools("run-1", model_of(runtime), runtime.manifest, runtime, past=None, open=None, read=None)  # type: ignore[arg-type]

    async def items() -> list[causes.Cause]:
        return [item async for item in causes.run(wishes, tools)]

    return asyncio.run(items())


def test_each_picture_is_what_the_command_line_draws(float_model: Path) -> None:
    runtime = NativeRuntime(float_model)
    said = {"prompt": PROMPT, "steps": 2, "seed": 3, "guidance": 4}
    items = run(runtime, **said, word="car")
    last = {item.way: item for item in items if item.step == item.steps}
    expected = {
        "original": {},
        "alone": {"slots": {"car": "alone"}},
        "cut": {"slots": {"car": "cut"}},
        "unheard": {"slots": {"car": "unheard"}},
        "off": {"gains": {"car": 0}},
        "deleted": {"prompt": "a red on the beach"},
    }
    pictures = {}
    for way, wishes in expected.items():
        *_, frame = draw(runtime, settings_for(runtime.manifest, **(said | wishes)))
        pictures[way] = np.reshape(frame.picture, (-1, 4))[:, :3]
        np.testing.assert_array_equal(last[way].picture, frame.picture, way)
    assert items[-1].changes == pytest.approx(
        {
            way: float(np.sqrt(np.square(picture - pictures["original"]).mean()))
            for way, picture in pictures.items()
            if way != "original"
        }
    )
    assert len(set(items[-1].changes.values())) == 5
