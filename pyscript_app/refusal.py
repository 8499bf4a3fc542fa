"""What cannot be drawn, as a code with values: the page says it in its language, the command line in English."""

from __future__ import annotations

import json
from collections.abc import Mapping
from functools import cache
from pathlib import Path

SENTENCES = Path(__file__).with_name("refusals.json")


class RefusalError(ValueError):
    """Something that was asked for and cannot be done.

    Args:
        code: One of the keys of ``refusals.json``.
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
    """The English sentence of every code; ``web/text/en.json`` has the same under ``trouble.<code>``."""
    found: dict[str, str] = json.loads(SENTENCES.read_text("utf-8"))
    return found


def choices(names: Mapping[str, object] | tuple[str, ...]) -> str:
    """Names that may be chosen, as a sentence lists them."""
    return ", ".join(names)
