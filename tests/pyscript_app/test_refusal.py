"""Codes and their sentences: every code that is raised has one, none is left over, and the page has the same."""

from __future__ import annotations

import json
import re
from pathlib import Path
from string import Formatter

import pytest

from pyscript_app.refusal import SENTENCES, RefusalError, sentences

ROOT = Path(__file__).parents[2]
SOURCES = "\n".join(file.read_text("utf-8") for file in (ROOT / "pyscript_app").rglob("*.py"))
RAISED = re.findall(r'RefusalError\(\s*"([\w-]+)"((?:[^()]|\((?:[^()]|\([^()]*\))*\))*)\)', SOURCES)

NOTES = re.findall(r'\bnote\("([\w-]+)"([^\n]*)\)\n', SOURCES)
TEXTS = json.loads((ROOT / "web" / "text" / "en.json").read_text("utf-8"))


def test_every_code_that_is_raised_has_a_sentence_and_none_is_left_over() -> None:
    own = json.loads(SENTENCES.read_text("utf-8"))
    codes = {code for code, _ in RAISED}
    assert codes <= sentences().keys()
    assert own.keys() <= codes


@pytest.mark.parametrize(
    ("code", "values"), RAISED, ids=[f"{code}-{i}" for i, (code, _) in enumerate(RAISED)]
)
def test_a_sentence_says_nothing_that_its_refusal_does_not_know(code: str, values: str) -> None:
    given = set(re.findall(r"\b(\w+)=", values))
    assert {name for _, name, _, _ in Formatter().parse(sentences()[code]) if name} <= given


def test_the_page_s_english_is_the_same() -> None:
    assert {code: TEXTS[f"refusal.{code}"] for code in sentences()} == dict(sentences())


@pytest.mark.parametrize(("reason", "values"), NOTES, ids=[reason for reason, _ in NOTES])
def test_the_page_can_say_why_a_backend_runs(reason: str, values: str) -> None:
    given = set(re.findall(r"\b(\w+)=", values))
    assert {name for _, name, _, _ in Formatter().parse(TEXTS[f"note.{reason}"]) if name} <= given


def test_every_kind_of_trouble_has_a_title_on_the_page() -> None:
    kinds = set(re.findall(r'TroubleError\("([\w-]+)"', SOURCES))
    assert kinds
    assert {f"trouble.{kind}" for kind in kinds} <= TEXTS.keys()


def test_nothing_else_in_the_loop_speaks_english() -> None:
    """What is raised beside refusals is a mistake of the program's, which no setting leads to."""
    plain = re.findall(r"raise (ValueError|NotImplementedError)\(", SOURCES)
    assert plain == ["ValueError", "NotImplementedError"] or sorted(plain) == [
        "NotImplementedError",
        "ValueError",
    ]


def test_a_refusal_carries_its_values_and_reads_as_its_sentence() -> None:
    error = RefusalError("steps-range", most=50, value="51")
    assert (error.code, error.values) == ("steps-range", {"most": 50, "value": "51"})
    assert str(error) == "The number of steps must be a whole number from 1 to 50, not 51."
