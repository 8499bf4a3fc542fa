"""The activities that the page may ask for, by name.

An activity is a module with ``async def run(wishes, tools)``, an async generator: what it yields goes to the page as it
comes, and the last item is what the page is given in the end. An item is made of dataclasses, mappings, lists, tuples,
arrays, numbers, text and None.
"""

from __future__ import annotations

from collections.abc import AsyncGenerator
from importlib import import_module
from typing import Any, Protocol, cast

from pyscript_app.activities.tools import Tools
from pyscript_app.refusal import RefusalError, choices

# Name -> module; imported when it is first asked for.
ACTIVITIES = {
    "generate": "pyscript_app.activities.generate",
    "compare": "pyscript_app.activities.compare",
    "measure": "pyscript_app.activities.measure",
    "causes": "pyscript_app.activities.causes",
    "gallery": "pyscript_app.activities.gallery",
}


class Activity(Protocol):
    """The module of an activity."""

    def run(self, wishes: dict[str, Any], tools: Tools) -> AsyncGenerator[Any, None]:
        """Do it; ``wishes`` are the page's, of which ``quick`` asks for the smallest honest version."""


def find(name: str) -> Activity:
    """The activity of a name.

    Raises:
        RefusalError: There is none.
    """
    if name not in ACTIVITIES:
        raise RefusalError("activity-unknown", name=repr(name), choices=choices(ACTIVITIES))
    return cast(Activity, import_module(ACTIVITIES[name]))
