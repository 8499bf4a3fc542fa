"""Python's nouns as the page's: camelCase objects whose arrays are typed arrays (web/types.d.ts)."""

from __future__ import annotations

from array import array
from dataclasses import asdict
from typing import Any

import js
from pyodide.ffi import to_js

from pyscript_app.browser.runtime import plain
from pyscript_app.frame import Frame, page_frame
from pyscript_app.tokenizer import Reading


def post(kind: str, **content: Any) -> None:
    """Post a message to the page."""
    js.postMessage(plain({"kind": kind, **content}))


def frame_message(frame: Frame) -> tuple[Any, Any]:
    """A frame as a message, and the buffers that are handed over instead of copied."""
    buffers = []

    def hand(_: str, values: array[float]) -> Any:
        copy = to_js(values)
        buffers.append(copy.buffer)
        return copy

    message = {"kind": "frame", **page_frame(frame, hand)}
    return plain(message), to_js(buffers)


def reading_message(text: str, reading: Reading) -> dict[str, Any]:
    """A prompt's reading; JavaScript counts a string in UTF-16 units, Python in characters."""

    def units(characters: int) -> int:
        return len(text[:characters].encode("utf-16-le", "surrogatepass")) // 2

    return {
        "words": [
            {**asdict(word), "start": units(word.start), "end": units(word.end)} for word in reading.words
        ],
        "cut": reading.cut,
        "error": None,
    }
