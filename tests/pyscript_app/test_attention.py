"""The matrices that turn attention by token into attention by word."""

import math

import numpy as np
import pytest

from pyscript_app.attention import token_gain, word_selector
from pyscript_app.tokenizer import Word

LENGTH = 9


def word(text: str, *tokens: int) -> Word:
    return Word(text, 0, len(text), tokens, True, ())


WORDS = [word("A", 1), word("Zeppelin", 2, 3, 4), word("and", 5), word("a", 6), word("boat", 7)]


def test_a_row_takes_the_mean_over_the_word_s_tokens() -> None:
    rows = np.asarray(word_selector(WORDS, LENGTH)).reshape(LENGTH, LENGTH)
    expected = np.zeros((LENGTH, LENGTH), np.float32)
    for row, each in enumerate(WORDS):
        expected[row, list(each.tokens)] = 1 / len(each.tokens)
    np.testing.assert_array_equal(rows, expected)
    maps = np.random.default_rng(0).random((LENGTH, 5))
    np.testing.assert_allclose((rows @ maps)[1], maps[2:5].mean(0), rtol=1e-6)


def test_no_words_select_nothing() -> None:
    assert not any(word_selector([], LENGTH))
    assert len(word_selector([], LENGTH)) == LENGTH * LENGTH


def test_gains_of_one_change_nothing() -> None:
    assert list(token_gain(WORDS, {}, LENGTH)) == [1] * LENGTH


def test_a_gain_reaches_every_token_of_every_occurrence() -> None:
    gains = token_gain(WORDS, {"a": 0.5, "ZEPPELIN": 2, "boat": 0}, LENGTH)
    assert list(gains) == [1, 0.5, 2, 2, 2, 1, 0.5, 0, 1]


def test_a_word_that_is_not_there_gives_a_sentence() -> None:
    with pytest.raises(ValueError, match="The word 'ship' is not in the prompt"):
        token_gain(WORDS, {"a": 2, "ship": 2}, LENGTH)


@pytest.mark.parametrize("gain", [-0.1, math.nan, math.inf, -math.inf, "2", None, True], ids=repr)
def test_a_bad_gain_gives_a_sentence(gain: float) -> None:
    with pytest.raises(ValueError, match="The strength of 'boat' must be a number from 0 to 10, not"):
        token_gain(WORDS, {"boat": gain}, LENGTH)
