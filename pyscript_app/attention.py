"""Which tokens make which word, as the matrices that the graphs multiply the attention with.

The pooling itself is an ONNX graph (``export/graphs/word_maps.py``). Its order is that of DAAM (Tang et al.,
https://arxiv.org/abs/2210.04885): sum over steps and layers, bicubic to one size, clamp at 0 last; a word is the mean
over its byte-pair pieces.
"""

from __future__ import annotations

from array import array
from collections.abc import Mapping, Sequence

from pyscript_app.bounds import check
from pyscript_app.refusal import RefusalError
from pyscript_app.tokenizer import Word


def word_selector(words: Sequence[Word], length: int) -> array[float]:
    """The matrix [length, length] whose row for a word of n tokens holds 1/n at each of them; spare rows are zero."""
    rows = array("f", bytes(4 * length * length))
    for row, word in enumerate(words):
        for token in word.tokens:
            rows[row * length + token] = 1 / len(word.tokens)
    return rows


def token_gain(words: Sequence[Word], gains: Mapping[str, float], length: int) -> array[float]:
    """Factors [length] on the attention of each token (prompt-to-prompt, Hertz et al., https://arxiv.org/abs/2208.01626).

    Args:
        words: The prompt's.
        gains: Factor for each word by its text, wherever it stands in the prompt; other words keep 1.
        length: Number of token slots.

    Raises:
        RefusalError: A word is not in the prompt, or a factor is out of its bounds.
    """
    check("gains", gains)
    factors = array("f", [1.0]) * length
    places: dict[str, list[int]] = {}
    for word in words:
        places.setdefault(word.text.lower(), []).extend(word.tokens)
    for text, gain in gains.items():
        if text.lower() not in places:
            raise RefusalError("gain-word", word=repr(text))
        for token in places[text.lower()]:
            factors[token] = gain
    return factors
