"""What is posted to the page: Python's nouns in the page's form, whose arrays are typed arrays (web/types.d.ts)."""

from __future__ import annotations

from array import array
from dataclasses import asdict
from typing import Any

import js
from pyodide.ffi import to_js

from pyscript_app.browser.runtime import plain
from pyscript_app.page_form import page_form
from pyscript_app.tokenizer import Reading


def post(kind: str, **content: Any) -> None:
    """Post a message to the page."""
    js.postMessage(plain({"kind": kind, **content}))


def post_item(activity: str, item: Any) -> None:
    """Post an item of an activity to the page; its arrays are handed over, not copied once more."""
    buffers = []

    def hand(_: str, values: array[Any] | bytes) -> Any:
        copy = to_js(values)
        buffers.append(copy.buffer)
        return copy

    message = {"kind": "item", "id": activity, "item": page_form(item, hand)}
    js.postMessage(plain(message), to_js(buffers))


def reading_message(text: str, reading: Reading) -> dict[str, Any]:
    """A prompt's reading; JavaScript counts a string in UTF-16 units, Python in characters."""

    def units(characters: int) -> int:
        return len(text[:characters].encode("utf-16-le", "surrogatepass")) // 2

    return {
        "words": [
            {**asdict(word), "start": units(word.start), "end": units(word.end)} for word in reading.words
        ],
        "cut": reading.cut,
    }
