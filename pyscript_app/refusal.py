"""What cannot be drawn, as a code with values: the page says it in its language, the command line in English."""

from __future__ import annotations

import json
from collections.abc import Mapping
from functools import cache
from pathlib import Path

SENTENCES = Path(__file__).with_name("refusals.json")
SETTINGS = Path(__file__).with_name("settings.schema.json")


class RefusalError(ValueError):
    """Something that was asked for and cannot be done.

    Args:
        code: One of the keys of ``sentences()``.
        values: What the sentence's places in braces stand for.
    """

    def __init__(self, code: str, **values: str | float) -> None:
        super().__init__(code, values)
        self.code, self.values = code, values

    def __str__(self) -> str:
        """The sentence in English."""
        return sentences()[self.code].format_map(self.values)


@cache
def sentences() -> Mapping[str, str]:
    """The English sentence of every code; ``web/text/en.json`` has the same under ``refusal.<code>``.

    Those for a setting out of its bounds stand beside the bounds: ``setting-<name>``, and ``setting-<name>-each`` for
    what it maps words to.
    """
    found: dict[str, str] = json.loads(SENTENCES.read_text("utf-8"))
    for name, rule in json.loads(SETTINGS.read_text("utf-8"))["properties"].items():
        found[f"setting-{name}"] = rule["description"]
        if each := rule.get("additionalProperties"):
            found[f"setting-{name}-each"] = each["description"]
    return found


def choices(names: Mapping[str, object] | tuple[str, ...]) -> str:
    """Names that may be chosen, as a sentence lists them."""
    return ", ".join(names)
