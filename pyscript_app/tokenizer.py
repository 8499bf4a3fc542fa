"""CLIP's tokenizer: a prompt becomes words, words become byte-pair pieces, pieces become token ids.

The rules are those of ``transformers.CLIPTokenizerFast`` (Unicode NFC, lower case, the pattern that splits words,
byte-level BPE as in Sennrich et al., https://arxiv.org/abs/1508.07909, and Radford et al., GPT-2), restated here so
that every step between the text and the ids can be shown. Letters that are newer than this Python's Unicode count as
symbols.
"""

from __future__ import annotations

import heapq
import json
import re
import unicodedata
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache

from pyscript_app.letters import normalize, split
from pyscript_app.offers import offers
from pyscript_app.refusal import RefusalError

END_OF_WORD = "</w>"


@dataclass(frozen=True)
class Piece:
    """One byte-pair piece of a word, or one vector of an added word.

    ``start:end`` are character offsets in the prompt as it was typed.
    """

    text: str
    id: int
    start: int
    end: int


@dataclass(frozen=True)
class Word:
    """One word of the prompt: the pieces that the tokenizer does not merge across.

    ``tokens`` are its slots among the model's (slot 0 is the start token); ``known`` says whether the model met
    the word in training or as an added one, ``suggestions`` are up to three words that it met and that may be meant.
    """

    text: str
    start: int
    end: int
    tokens: tuple[int, ...]
    known: bool
    suggestions: tuple[str, ...]


@dataclass(frozen=True)
class Reading:
    """A prompt as the model reads it: ``ids`` fill all slots, ``cut`` is the text that found no slot."""

    ids: tuple[int, ...]
    words: tuple[Word, ...]
    pieces: tuple[Piece, ...]
    cut: str


class Tokenizer:
    """CLIP's byte-pair tokenizer over a vocabulary and its merges."""

    def __init__(
        self,
        vocab: Mapping[str, int],
        merges: Iterable[tuple[str, str]],
        *,
        bos: int,
        eos: int,
        pad: int,
        length: int = 77,
        known_words: Iterable[str] | None = None,
        synonyms: Mapping[str, Sequence[str]] | None = None,
        added: Mapping[str, Sequence[int]] | None = None,
    ):
        """Prepare a tokenizer.

        Args:
            vocab: The id of every piece; a piece that ends a word ends in ``</w>``.
            merges: Pairs of pieces that join, the most frequent first.
            bos: Id of the start token.
            eos: Id of the end token; it stands for unknown letters too, as in CLIP.
            pad: Id that fills the slots after the end token (Stable Diffusion 1 pads with ``eos``, 2 with 0).
            length: Number of slots, 77 in CLIP.
            known_words: Words that the model met in training; None where nobody knows them.
            synonyms: For words that it never met, the known ones that mean the same or nearly so.
            added: Words of textual inversion (Gal et al., https://arxiv.org/abs/2208.01618), each with the ids of
                its vectors.
        """
        self.vocab = vocab
        self.ranks = {pair: rank for rank, pair in enumerate(merges)}
        self.bos, self.eos, self.pad, self.length = bos, eos, pad, length
        self.known_words = None if known_words is None else frozenset(word.lower() for word in known_words)
        names = {number: piece for piece, number in vocab.items() if number in {bos, eos, pad}}
        if missing := {bos, eos, pad} - names.keys():
            raise RefusalError("vocabulary-id", id=min(missing))
        self.synonyms = synonyms or {}
        # Text that spells a special token or an added word becomes that, the longest first.
        self._added = {normalize(word)[0]: ids for word, ids in (added or {}).items()}
        self._whole = {piece: [number] for number, piece in names.items()} | self._added
        spelled = sorted(self._whole, key=len, reverse=True)
        self._spelled = re.compile("|".join(map(re.escape, spelled)))
        self._merge = lru_cache(maxsize=4096)(self._merge_word)

    @classmethod
    def from_text(
        cls,
        vocab: str,
        merges: str,
        *,
        bos: int,
        eos: int,
        pad: int,
        length: int = 77,
        known_words: Iterable[str] | None = None,
        synonyms: Mapping[str, Sequence[str]] | None = None,
        added: Mapping[str, Sequence[int]] | None = None,
    ) -> Tokenizer:
        """Read the texts of a CLIP folder's ``vocab.json`` and ``merges.txt``; the rest as in the constructor."""
        pairs = [
            tuple(line.split()) for line in merges.splitlines() if line and not line.startswith("#version")
        ]
        if broken := next((pair for pair in pairs if len(pair) != 2), None):
            raise RefusalError("merges-line", line=repr(" ".join(broken)))
        return cls(
            json.loads(vocab),
            [(left, right) for left, right in pairs],
            bos=bos,
            eos=eos,
            pad=pad,
            length=length,
            known_words=known_words,
            synonyms=synonyms,
            added=added,
        )

    def encode(self, text: str) -> list[int]:
        """Token ids [length]: start token, the first ``length - 2`` pieces, end token, padding."""
        return self._fill(piece for word in self._words(text) for piece in word)

    def read(self, text: str) -> Reading:
        """The prompt's words, pieces and ids, and what of it did not fit."""
        words: list[Word] = []
        pieces: list[Piece] = []
        cut = ""
        for word in self._words(text):
            kept = word[: self.length - 2 - len(pieces)]
            if kept:
                slots = range(len(pieces) + 1, len(pieces) + 1 + len(kept))
                words.append(self._describe(text, word, tuple(slots)))
                pieces.extend(kept)
            if len(kept) < len(word):
                cut = text[word[len(kept)].start :]
                break
        return Reading(tuple(self._fill(pieces)), tuple(words), tuple(pieces), cut)

    def _fill(self, pieces: Iterable[Piece]) -> list[int]:
        ids = [self.bos]
        for piece in pieces:
            if len(ids) == self.length - 1:
                break
            ids.append(piece.id)
        ids.append(self.eos)
        return ids + [self.pad] * (self.length - len(ids))

    def _describe(self, text: str, word: list[Piece], slots: tuple[int, ...]) -> Word:
        start, end = word[0].start, word[-1].end
        shown = text[start:end]
        plain = unicodedata.normalize("NFC", shown).lower()
        # Punctuation carries no meaning that a model could miss.
        known = (
            self.known_words is None
            or plain in self.known_words
            or plain in self._added
            or all(unicodedata.category(letter).startswith("P") for letter in plain)
        )
        near = () if known else offers(plain, self.known_words or (), self.synonyms)
        return Word(shown, start, end, slots, known, near)

    def _words(self, text: str) -> Iterator[list[Piece]]:
        """The pieces of each word in turn."""
        letters, starts, ends = normalize(text)
        position = 0
        while position < len(letters):
            spelled = self._spelled.search(letters, position)
            stop = spelled.start() if spelled else len(letters)
            for start, end in split(letters, position, stop):
                yield self._pieces(letters, starts, ends, start, end)
            if spelled is None:
                return
            position = spelled.end()
            place = starts[stop], ends[position - 1]
            yield [Piece(spelled[0], number, *place) for number in self._whole[spelled[0]]]

    def _pieces(self, letters: str, starts: list[int], ends: list[int], start: int, end: int) -> list[Piece]:
        # One symbol for each byte, and which letter it belongs to.
        owners = [i for i in range(start, end) for _ in letters[i].encode()]
        pieces, byte = [], 0
        for text, length in self._merge(letters[start:end]):
            first, last = owners[byte], owners[byte + length - 1]
            pieces.append(Piece(text, self.vocab.get(text, self.eos), starts[first], ends[last]))
            byte += length
        return pieces

    def _merge_word(self, word: str) -> tuple[tuple[str, int], ...]:
        """Merge a word's bytes, always the best-ranked pair first; (piece, number of bytes) in order.

        A heap of candidate pairs over a linked list, so that a word of n bytes costs n log n.
        """
        symbols = [BYTE_SYMBOLS[byte] for byte in word.encode()]
        sizes = [1] * len(symbols)
        symbols[-1] += END_OF_WORD
        following = [*range(1, len(symbols)), -1]
        previous = list(range(-1, len(symbols) - 1))
        heap: list[tuple[int, int, str, str]] = []

        def offer(left: int) -> None:
            if left >= 0 and (right := following[left]) >= 0:
                pair = symbols[left], symbols[right]
                if (rank := self.ranks.get(pair)) is not None:
                    heapq.heappush(heap, (rank, left, *pair))

        for i in range(len(symbols)):
            offer(i)
        while heap:
            _, left, first, second = heapq.heappop(heap)
            right = following[left]
            if symbols[left] != first or right < 0 or symbols[right] != second:
                continue  # one of the two has merged with another neighbour meanwhile
            symbols[left], symbols[right] = first + second, ""
            sizes[left] += sizes[right]
            following[left] = following[right]
            if following[left] >= 0:
                previous[following[left]] = left
            offer(previous[left])
            offer(left)
        return tuple((symbol, size) for symbol, size in zip(symbols, sizes, strict=True) if symbol)


def _byte_symbols() -> list[str]:
    """A printable character for each byte: itself where Latin-1 prints it, else the next from U+0100 on (GPT-2)."""
    printable = {*range(0x21, 0x7F), *range(0xA1, 0xAD), *range(0xAE, 0x100)}
    spare = iter(range(0x100, 0x200))
    return [chr(byte if byte in printable else next(spare)) for byte in range(256)]


BYTE_SYMBOLS = _byte_symbols()
