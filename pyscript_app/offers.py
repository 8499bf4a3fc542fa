"""What to offer for a word that the model never met: one that means the same, or the one that was mistyped."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

MOST = 3
SHORT = 4  # letters of a word that is another one when a letter is left out: "bat" is no mistyped "boat"


def offers(word: str, known: Iterable[str], synonyms: Mapping[str, Sequence[str]]) -> tuple[str, ...]:
    """Known words to say instead.

    Args:
        word: In small letters.
        known: The words that the model met in training.
        synonyms: For words that it never met, known ones that mean the same or nearly so.

    Returns:
        Up to three: by meaning, else those that one slip of the fingers turns into ``word``. Words that only look alike
        are none: "is" is no "fish".
    """
    if word in synonyms:
        return tuple(synonyms[word][:MOST])
    near = [each for each in sorted(known) if abs(len(each) - len(word)) <= 1]
    return tuple(each for each in near if word in slips(each))[:MOST]


def slips(word: str) -> set[str]:
    """What is typed when two neighbouring letters are swapped, or one is left out or doubled; never the first."""
    swapped = {word[:i] + word[i + 1] + word[i] + word[i + 2 :] for i in range(1, len(word) - 1)}
    dropped = {word[:i] + word[i + 1 :] for i in range(1, len(word)) if len(word) > SHORT}
    doubled = {word[: i + 1] + word[i:] for i in range(1, len(word))}
    return (swapped | dropped | doubled) - {word}
