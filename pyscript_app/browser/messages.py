"""Python's nouns as the page's: camelCase objects whose arrays are typed arrays (web/types.d.ts)."""

from __future__ import annotations

import re
from array import array
from collections.abc import Mapping
from dataclasses import asdict, fields, is_dataclass
from typing import Any

import js
from pyodide.ffi import jsnull, to_js

from pyscript_app.browser.runtime import plain
from pyscript_app.tokenizer import Reading


def post(kind: str, **content: Any) -> None:
    """Post a message to the page."""
    js.postMessage(plain({"kind": kind, **content}))


def post_item(activity: str, item: Any) -> None:
    """Post an item of an activity to the page; its arrays are handed over, not copied once more."""
    buffers: list[Any] = []
    message = {"kind": "item", "id": activity, "item": _walk(item, buffers)}
    js.postMessage(plain(message), to_js(buffers))


def _walk(value: Any, buffers: list[Any]) -> Any:
    """A value as the page gets it: camelCase for the fields of dataclasses, which it lacks where they are None.

    Raises:
        TypeError: it is nothing that the page would understand.
    """
    if is_dataclass(value):
        named = {_camel(field.name): getattr(value, field.name) for field in fields(value)}
        return {name: _walk(each, buffers) for name, each in named.items() if each is not None}
    if isinstance(value, Mapping):
        return {str(key): _walk(each, buffers) for key, each in value.items()}
    if isinstance(value, list | tuple):
        return [_walk(each, buffers) for each in value]
    if isinstance(value, array | bytes):
        copy = to_js(value)
        buffers.append(copy.buffer)
        return copy
    if value is None:
        return jsnull
    if isinstance(value, str | int | float):
        return value
    raise TypeError(f"an item of an activity cannot hold a {type(value).__name__}")


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
