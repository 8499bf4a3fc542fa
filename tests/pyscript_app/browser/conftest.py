"""The worker's Python outside a browser: what it takes from Pyodide and JavaScript, as far as these tests need it."""

from __future__ import annotations

import sys
from types import ModuleType, SimpleNamespace
from typing import Any

import pytest


class JsException(Exception):  # noqa: N818 (Pyodide's name)
    """An exception of JavaScript."""


class Page(ModuleType):
    """Stands for JavaScript's global scope; notes what is posted to the page."""

    def __init__(self) -> None:
        super().__init__("js")
        self.posted: list[Any] = []
        self.Object = SimpleNamespace(fromEntries=None)
        self.console = SimpleNamespace(error=lambda _: None)

    def postMessage(self, message: Any, _: Any = None) -> None:  # noqa: N802
        self.posted.append(message)


def _module(name: str, **content: Any) -> ModuleType:
    module = ModuleType(name)
    vars(module).update(content)
    return module


PAGE = Page()
sys.modules |= {
    "js": PAGE,
    "pyodide": _module("pyodide"),
    "pyodide.ffi": _module(
        "pyodide.ffi",
        JsException=JsException,
        create_once_callable=lambda function: function,
        jsnull=None,
        to_js=lambda value, **_: value,
    ),
}


@pytest.fixture
def page() -> Page:
    """The page, which has heard nothing yet."""
    PAGE.posted.clear()
    return PAGE
