"""What a word causes: the same noise drawn once more with something done to the word, and how far the picture changes.

``off`` multiplies the attention that its slots get by 0 (prompt-to-prompt, Hertz et al.,
https://arxiv.org/abs/2208.01626); the other ways concern what its slots hold (``slots.py``). Where a word's own slots
do little and its deletion does much, other slots have been told of it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from math import dist, hypot, isqrt, sqrt

from pyscript_app.refusal import RefusalError
from pyscript_app.settings import Settings
from pyscript_app.slots import PADDING
from pyscript_app.tokenizer import Tokenizer

# What can be done to a word; and where none is named, all words without the padding, and the padding without them.
WAYS = ("alone", "cut", "unheard", "off", "deleted")
GROUPS = ("words", "padding")
# Levels of 255 by which one of a pixel's colours differs when it counts as changed: seen at once beside the other.
SEEN = 24
# Levels of 255: a picture that is changed by less is hardly changed.
HARDLY = 4.0
# A change that is this part of another, and no more than its inverse, is about as large; below half it is much smaller.
ABOUT, HALF = 0.8, 0.5
# What the changes say of a word, of the groups, and of a model's words (``verdict``, ``group_verdict``, ``leak``).
VERDICTS = ("nothing", "more", "own", "part", "others")
GROUP_VERDICTS = ("either", "words", "padding", "both")
LEAKS = ("most", "some", "little")


def original(settings: Settings, word: str | None) -> Settings:
    """The settings with nothing done to any slot, nor to the strength of a word."""
    gains = {
        text: gain for text, gain in settings.gains.items() if word is None or text.lower() != word.lower()
    }
    return replace(settings, slots={}, gains=gains)


def trials(settings: Settings, tokenizer: Tokenizer, word: str | None) -> dict[str, Settings]:
    """The settings for each of WAYS, or where no word is named for each of GROUPS.

    Args:
        settings: Of the ``original``.
        tokenizer: What reads the prompt.
        word: By its text, wherever it stands in the prompt.

    Raises:
        RefusalError: The word is not in the prompt.
    """
    texts = list(dict.fromkeys(each.text.lower() for each in tokenizer.read(settings.prompt).words))
    if word is None:
        return {
            "words": replace(settings, slots=dict.fromkeys(texts, "alone")),
            "padding": replace(settings, slots={PADDING: "alone"}),
        }
    if word.lower() not in texts:
        raise RefusalError("slot-word", word=repr(word))
    return {
        way: replace(settings, gains={**settings.gains, word.lower(): 0.0})
        if way == "off"
        else replace(settings, slots={word.lower(): way})
        for way in WAYS
    }


def rms(a: Sequence[float], b: Sequence[float]) -> float:
    """Root mean square difference of the colours of two pictures [H, W, 4], in levels of 255."""
    return hypot(*(dist(a[c::4], b[c::4]) for c in range(3))) / sqrt(len(a) * 3 / 4)


def verdict(cut: float, deleted: float) -> str:
    """Who says a word: its own slots, to a part also those that have heard it, or these others.

    ``more`` where its slots say more than the word itself, for they have heard the words before it; ``nothing`` where
    the picture hardly depends on the word.

    Args:
        cut: The ``rms`` of the picture without what its slots hold.
        deleted: That of the picture without the word.
    """
    if max(cut, deleted) < HARDLY:
        return "nothing"
    if cut * ABOUT > deleted:
        return "more"
    return "own" if cut >= ABOUT * deleted else "part" if cut >= HALF * deleted else "others"


def group_verdict(words: float, padding: float) -> str:
    """Who carries a picture: the words' slots, the padding, either of them alone, or only both together.

    Args:
        words: The ``rms`` of the picture from the words' slots alone.
        padding: That of the picture from the padding alone.
    """
    if max(words, padding) < HARDLY:
        return "either"
    if words < HALF * padding:
        return "words"
    return "padding" if padding < HALF * words else "both"


def leak(off: float, deleted: float) -> str:
    """How much of what a model's words say is said by slots that are not theirs.

    Args:
        off: The usual ``rms`` where a word is switched off.
        deleted: Where it is deleted.
    """
    return "little" if off >= ABOUT * deleted else "some" if off >= HALF * deleted else "most"


def changed(a: Sequence[float], b: Sequence[float]) -> bytes:
    """For each pixel of two pictures [H, W, 4] 1 where it is seen to differ (SEEN), else 0: [H, W]."""
    colours = (zip(a[c::4], b[c::4], strict=True) for c in range(3))
    apart = zip(*([abs(x - y) >= SEEN for x, y in pairs] for pairs in colours), strict=True)
    return bytes(map(any, apart))


def shares(marks: bytes, place: Sequence[int], width: int) -> tuple[float | None, float | None]:
    """Which part of the pixels changed inside a place, and which outside it; None of a part that has no pixels.

    Args:
        marks: From ``changed``, [H, W].
        place: [side, side], 1 inside and 0 outside; the cells are spread evenly over the picture.
        width: Of the picture.

    Raises:
        RefusalError: The place is no square.
    """
    side = isqrt(len(place))
    if not side or side * side != len(place):
        raise RefusalError("place-square", count=len(place))
    height = len(marks) // width
    columns = [x * side // width for x in range(width)]
    pixels, there = [0, 0], [0, 0]
    for y in range(height):
        row = place[y * side // height * side :][:side]
        for x, column in enumerate(columns):
            part = 1 if row[column] else 0
            pixels[part] += 1
            there[part] += marks[y * width + x]
    outside, inside = (there[part] / pixels[part] if pixels[part] else None for part in (0, 1))
    return inside, outside
