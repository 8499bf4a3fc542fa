"""What each word of a caption does there: it names a thing, a colour, a place …, or says nothing of its own."""

from functools import cache

from transformers import CLIPTokenizer

from export.miniature.scenes import grammar, paraphrases
from export.miniature.scenes.paraphrases import SYNONYMS
from export.miniature.training.tokenizer import pieces

ROLES = ("start", "silent", "noun", "nouns", "colour", "size", "count", "side", "time", "place", "other")


def _split(*phrases: str) -> set[str]:
    return {word for phrase in phrases for word in phrase.split()}


def _ways(table: dict[str, str], others: dict[str, tuple[str, ...]]) -> set[str]:
    return _split(*table.values(), *(way for ways in others.values() for way in ways))


def _with_synonyms(*words: str) -> set[str]:
    return _split(*words, *(way for word in words for way in SYNONYMS.get(word, ())))


_SILENT = paraphrases.DROPPED | _split(
    "and",
    *paraphrases.FEW,
    *paraphrases.JOINTS,
    *paraphrases.NEAR,
    *paraphrases.OPENINGS,
    *paraphrases.ENDINGS,
)
_NOUNS = _with_synonyms(*grammar.OBJECTS)
# The first role that lists a word is its own.
WORDS: dict[str, set[str]] = {
    "silent": _SILENT,
    "noun": _NOUNS,
    "nouns": {*grammar.OBJECTS.values(), *map(paraphrases.plural, _NOUNS)},
    "colour": _with_synonyms(*grammar.COLOURS),
    "size": _with_synonyms("small", "big"),
    "count": {"one", "1", *_with_synonyms("two", "three")} - _SILENT,
    "side": {*grammar.OPPOSITE},
    "time": _ways(grammar.TIMES, paraphrases.TIMES) - _SILENT,
    "place": _ways(grammar.PLACES, paraphrases.PLACES) - _SILENT,
}


def role(word: str) -> str:
    """Return the role of a word; what no table lists (a misspelling, say) is `other`."""
    bare = word.strip(",.:!?()")
    if not any(letter.isalnum() for letter in bare):
        return "silent"
    return next((name for name, words in WORDS.items() if bare in words), "other")


@cache
def alternatives(tokenizer: CLIPTokenizer, name: str) -> tuple[int, ...]:
    """Return the ids of a role's words of one token, each of which can stand in another's slot."""
    said = (pieces(tokenizer, word) for word in sorted(WORDS[name]))
    return tuple(ids[0] for ids in said if len(ids) == 1)
