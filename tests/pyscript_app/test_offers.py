"""What is offered for a word that the model never met."""

from __future__ import annotations

import pytest

from pyscript_app.offers import offers

KNOWN = ["boat", "car", "cars", "fish", "house", "pink", "sea", "star", "stars", "street", "sunset"]


@pytest.mark.parametrize(
    ("word", "expected"),
    [
        ("caar", ("car",)),
        ("steret", ("street",)),
        ("sunst", ("sunset",)),
        ("fsih", ("fish",)),
        ("starss", ("stars",)),
        ("lorry", ("car",)),
    ],
)
def test_the_word_that_was_meant_is_offered(word: str, expected: tuple[str, ...]) -> None:
    assert offers(word, KNOWN, {"lorry": ["car"]}) == expected


@pytest.mark.parametrize("word", ["is", "bat", "goat", "pin", "se", "sitar", "scar", "x", "猫", "fish" * 99])
def test_a_word_that_only_looks_alike_is_not(word: str) -> None:
    assert offers(word, KNOWN, {}) == ()


def test_meaning_goes_before_spelling_and_three_are_enough() -> None:
    assert offers("caar", KNOWN, {"caar": ["boat", "sea", "star", "pink"]}) == ("boat", "sea", "star")
