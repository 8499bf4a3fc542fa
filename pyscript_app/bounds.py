"""Within which bounds a setting must lie (``settings.schema.json``, which the page reads too)."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any

from pyscript_app.refusal import RefusalError

SCHEMA = Path(__file__).with_name("settings.schema.json")
LONG = 60  # letters of a value that its sentence shows


@cache
def bounds() -> dict[str, dict[str, Any]]:
    """The rule for each setting: keywords of JSON Schema, and as its description the sentence for what breaks it."""
    rules: dict[str, dict[str, Any]] = json.loads(SCHEMA.read_text("utf-8"))["properties"]
    return rules


def check(name: str, value: Any) -> None:
    """Raise a RefusalError that a visitor can act on, unless the value lies within the setting's bounds."""
    rule = bounds()[name]
    if not _fits(value, rule):
        raise _refusal(f"setting-{name}", rule, name, value)
    for key in value if isinstance(value, Mapping) else ():
        if not _fits(value[key], each := rule["additionalProperties"]):
            raise _refusal(f"setting-{name}-each", each, key, value[key])


def _fits(value: Any, rule: Mapping[str, Any]) -> bool:
    if "enum" in rule:
        return value in rule["enum"]
    if rule["type"] == "string":
        return isinstance(value, str) and len(value) <= rule["maxLength"]
    if rule["type"] == "object":
        return isinstance(value, Mapping) and len(value) <= rule["maxProperties"]
    number = int if rule["type"] == "integer" else (int, float)
    right = isinstance(value, number) and not isinstance(value, bool) and math.isfinite(value)
    return right and rule["minimum"] <= value <= rule["maximum"]


def _refusal(code: str, rule: Mapping[str, Any], name: str, value: Any) -> RefusalError:
    facts = {key: fact for key, fact in rule.items() if key != "default" and isinstance(fact, int | float)}
    return RefusalError(
        code, **facts, name=repr(name), value=_short(value), enum=", ".join(rule.get("enum", ()))
    )


def _short(value: Any) -> str:
    text = repr(value)
    return text if len(text) <= LONG else f"{text[: LONG - 1]}…"
