"""The letters of a prompt as CLIP sees them: one normal form of each text, and where its words begin and end."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from functools import lru_cache, partial

CONTRACTIONS = ("'s", "'t", "'re", "'ve", "'m", "'ll", "'d")
# Unicode's White_Space property; Python's own idea of a space has the separators U+001C-1F too.
WHITESPACE = frozenset("\t\n\v\f\r \x85\xa0\u1680\u2028\u2029\u202f\u205f\u3000") | {
    chr(c) for c in range(0x2000, 0x200B)
}
LONE_SURROGATE = re.compile("[\ud800-\udfff]")


def normalize(text: str) -> tuple[str, list[int], list[int]]:
    """CLIP's normal form of a text, and where each of its characters comes from.

    Returns:
        The text in NFC and lower case; for each of its characters the start and the end of the characters of
        ``text`` that made it. A lone surrogate, which no encoding can carry, becomes U+FFFD.
    """
    text = LONE_SURROGATE.sub("\ufffd", text)
    letters: list[str] = []
    starts: list[int] = []
    ends: list[int] = []
    for start, end in _composed(text):
        # Letter by letter: a capital sigma becomes the same small one wherever it stands.
        for letter in unicodedata.normalize("NFC", text[start:end]):
            for small in letter.lower():
                letters.append(small)
                starts.append(start)
                ends.append(end)
    return "".join(letters), starts, ends


def _composed(text: str) -> Iterator[tuple[int, int]]:
    """Ranges of characters that NFC changes together, a letter with its accents, say; all others one by one."""
    start = 0
    for i in range(1, len(text) + 1):
        if i < len(text) and _joins(text[start:i], text[i]):
            continue
        if unicodedata.is_normalized("NFC", text[start:i]):
            yield from ((j, j + 1) for j in range(start, i))
        else:
            yield start, i
        start = i


def _joins(before: str, letter: str) -> bool:
    """Whether NFC may change a letter for what stands before it."""
    if letter.isascii():
        return False
    nfc = partial(unicodedata.normalize, "NFC")
    return unicodedata.combining(letter) > 0 or nfc(before + letter) != nfc(before) + nfc(letter)


def split(text: str, start: int, stop: int) -> Iterator[tuple[int, int]]:
    r"""Ranges of the words in ``text[start:stop]``.

    CLIP's pattern, written out since ``re`` knows no Unicode classes:
    ``'s|'t|'re|'ve|'m|'ll|'d|[\p{L}]+|[\p{N}]|[^\s\p{L}\p{N}]+``.
    """
    while start < stop:
        kind = _kind(text[start])
        end = start + 1
        if contraction := next((c for c in CONTRACTIONS if text.startswith(c, start, stop)), None):
            end = start + len(contraction)
        elif kind != "N":
            while end < stop and _kind(text[end]) == kind:
                end += 1
        if kind != "Z":
            yield start, end
        start = end


@lru_cache(maxsize=4096)
def _kind(letter: str) -> str:
    """L for a letter, N for a numeral, Z for white space, S for everything else."""
    if letter in WHITESPACE:
        return "Z"
    category = unicodedata.category(letter)[0]
    return category if category in "LN" else "S"
