"""Python's nouns as the page's: camelCase objects whose arrays are typed arrays (web/types.d.ts)."""

from __future__ import annotations

import re
from array import array
from collections.abc import Mapping
from dataclasses import asdict, fields
from typing import Any

import js
from pyodide.ffi import to_js

from pyscript_app.browser.runtime import plain
from pyscript_app.frame import Frame, Timings, WordShare
from pyscript_app.tokenizer import Reading


def post(kind: str, **content: Any) -> None:
    """Post a message to the page."""
    js.postMessage(plain({"kind": kind, **content}))


def frame_message(frame: Frame) -> tuple[Any, Any]:
    """A frame as a message, and the buffers that are handed over instead of copied."""
    message: dict[str, Any] = {"kind": "frame"}
    buffers = []

    def convert(value: Any) -> Any:
        if isinstance(value, array):
            copy = to_js(value)
            buffers.append(copy.buffer)
            return copy
        if isinstance(value, WordShare | Timings):
            value = asdict(value)
        if isinstance(value, Mapping):
            return {str(key): convert(each) for key, each in value.items()}
        if isinstance(value, tuple):
            return [convert(each) for each in value]
        return value

    for field in fields(frame):
        if field.name == "state":  # stays in the worker (past.py)
            continue
        message[_camel(field.name)] = convert(getattr(frame, field.name))
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


def _camel(name: str) -> str:
    return re.sub("_([a-z0-9])", lambda match: match[1].upper(), name)
