"""The tokenizer against transformers' CLIPTokenizerFast, and the readings that the page shows."""

from __future__ import annotations

import itertools
import json
import os
import random
import re
import unicodedata
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from transformers import CLIPTokenizerFast

from pyscript_app.tokenizer import Reading, Tokenizer

LENGTH = 77
START, END = "<|startoftext|>", "<|endoftext|>"
STRINGS = 5000

WORDS = """
    a red car on the beach at sunset two white cats in the forest three balloons over the city photograph
    zeppelin antidisestablishmentarianism Ünïcödé naïve façade Straße ΣΊΣΥΦΟΣ ὈΔΥΣΣΕΎΣ İstanbul ﬁne Ǆungla
    красный автомобиль 红色的汽车在海滩上 日落 사과 ทะเล नमस्ते سيارة
""".split()  # noqa: SIM905 (easier to read)
PARTS = [
    # contractions, also where they are none, and other people's apostrophes
    "it's", "I'll", "don't", "they've", "we're", "I'm", "he'd", "'s", "'S", "'LL", "'re'", "’s", "''t", "'", "o'clock",
    # special tokens, whole, broken and shouted
    START, END, "<|ENDOFTEXT|>", "<|endoftext", "|>", "<|", "<", f"x{END}y", "<|startoftext|", "!",
    # emoji: plain, coloured, joined, flags, keycaps
    "🚗", "👩🏽‍🚀", "👨‍👩‍👧‍👦", "🇫🇷", "1️⃣", "❤️", "🏴‍☠️", "☃", "🫠",
    # accents that join their letters, that stand alone, and in the wrong order
    "e\u0301", "o\u0308\u0323", "o\u0323\u0308", "\u0301", "a\u0300\u0301\u0302", "\u1112\u1161\u11ab", "가\u11a8",
    "Å", "\u212b", "i\u0307", "I\u0307", "ẞ", "ß", "ς", "Σ",
    # numerals, punctuation, symbols
    "_", "2026", "3.14", "½", "Ⅳ", "①", "٣", "x²", "1,000", "...", "?!", "--", "(a:1.5)", "[red|blue]", "\\", "#", "€",
    # white space, and what only looks like it
    "\t", "\n", "\r\n", "\u00a0", "\u2003", "\u3000", "\u200b", "\u200d", "\ufeff", "\u2028",
    "\x85", "\x1c", "\x1f",
    # control characters, unassigned and private ones, the ends of the planes
    "\x00", "\x01", "\x7f", "\x9f", "\u0378", "\ue000", "\ufffe", "\uffff", "\U0010ffff", "\ufffd", "\U000e0001",
    # lone surrogates
    "\ud800", "\udfff", "\ud83d", "\udc00\ud800",
]  # fmt: skip
BLOCKS = [
    (0x20, 0x7E), (0x00, 0xFF), (0x100, 0x24F), (0x300, 0x36F), (0x370, 0x52F), (0x590, 0x6FF), (0x900, 0xDFF),
    (0x1100, 0x11FF), (0x1E00, 0x20CF), (0x3040, 0x30FF), (0x4E00, 0x9FFF), (0xAC00, 0xD7A3), (0xF900, 0xFFFF),
    (0x1F300, 0x1FAFF), (0, 0x10FFFF),
]  # fmt: skip


def some_letter(draw: random.Random, low: int, high: int) -> str:
    """One that this Python's Unicode knows: a newer one may be a letter for the library alone."""
    while unicodedata.category(letter := chr(draw.randint(low, high))) == "Cn":
        pass
    return letter


def some_text(draw: random.Random) -> str:
    """A prompt such as nobody would type, and sometimes one that somebody would."""
    parts = []
    for _ in range(draw.choice([0, 1, 2, 4, 8, 16, 40]) if draw.random() < 0.98 else 120):
        kind = draw.random()
        if kind < 0.5:
            word = draw.choice(WORDS)
            parts.append(draw.choice([word, word, word.upper(), word.title()]))
        elif kind < 0.8:
            parts.append(draw.choice(PARTS))
        else:
            block = draw.choice(BLOCKS)
            parts.append("".join(some_letter(draw, *block) for _ in range(draw.randint(1, 6))))
    return draw.choice([" ", " ", "  ", ""]).join(parts)


@cache
def texts() -> list[str]:
    draw = random.Random(0)
    return [*WORDS, *PARTS, "", " ", *(some_text(draw) for _ in range(STRINGS))]


def real_clip() -> Path:
    """The vocabulary of CLIP ViT-L/14, which is not ours to ship."""
    beside = Path(__file__).parents[3] / "shared/data/clip-tokenizer"
    folder = Path(os.environ.get("DIFFUSCOPE_CLIP_TOKENIZER") or beside)
    if not (folder / "vocab.json").is_file():
        pytest.skip(
            "CLIP's vocab.json and merges.txt are not here: name their folder in DIFFUSCOPE_CLIP_TOKENIZER"
        )
    return folder


def miniature(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The default model's own vocabulary: the shipped one, else trained as it was."""
    from export.miniature.cli import WEIGHTS
    from export.miniature.training import tokenizer

    shipped = WEIGHTS / "tokenizer"
    if (shipped / "vocab.json").is_file():
        return shipped
    folder = tmp_path_factory.mktemp("miniature-tokenizer")
    tokenizer.train(folder)
    return folder


@pytest.fixture(scope="module", params=["tiny", "miniature", "clip"])
def folder(
    request: pytest.FixtureRequest, tiny_tokenizer: Path, tmp_path_factory: pytest.TempPathFactory
) -> Path:
    if request.param == "clip":
        return real_clip()
    return tiny_tokenizer if request.param == "tiny" else miniature(tmp_path_factory)


def load(folder: Path, pad: str = END, **more: Any) -> Tokenizer:
    vocab, merges = ((folder / name).read_text("utf-8") for name in ("vocab.json", "merges.txt"))
    ids = json.loads(vocab)
    return Tokenizer.from_text(vocab, merges, bos=ids[START], eos=ids[END], pad=ids[pad], **more)


def carried(text: str) -> str:
    """No encoding carries a lone surrogate, and the fast tokenizer refuses it: U+FFFD stands for it."""
    return re.sub("[\ud800-\udfff]", "\ufffd", text)


def by_transformers(folder: Path, prompts: list[str], pad: str = END) -> list[list[int]]:
    fast = CLIPTokenizerFast(
        str(folder / "vocab.json"), str(folder / "merges.txt"), pad_token=pad, model_max_length=LENGTH
    )
    return fast(list(map(carried, prompts)), padding="max_length", truncation=True).input_ids


@pytest.mark.parametrize("pad", [END, "!"])
def test_ids_equal_transformers(folder: Path, pad: str) -> None:
    tokenizer = load(folder, pad)
    prompts = texts() if pad == END else texts()[:500]
    wrong = [
        (text, ours, theirs)
        for text, theirs in zip(prompts, by_transformers(folder, prompts, pad), strict=True)
        if (ours := tokenizer.encode(text)) != theirs
    ]
    assert not wrong, f"{len(wrong)} of {len(prompts)} differ, the first: {wrong[0]!r}"


def test_readings_hold_together(folder: Path) -> None:
    tokenizer = load(folder)
    cuts = 0
    for text in texts()[::5]:
        reading = tokenizer.read(text)
        assert list(reading.ids) == tokenizer.encode(text)
        assert [piece.id for piece in reading.pieces] == list(reading.ids[1 : 1 + len(reading.pieces)])
        # The words share out the slots after the start token, in order.
        slots = [slot for word in reading.words for slot in word.tokens]
        assert slots == list(range(1, 1 + len(reading.pieces)))
        end = 0
        for word in reading.words:
            assert word.text == text[word.start : word.end]
            # Two words share a letter only if it became several: a small dotted I is an i and an accent.
            assert word.start >= end or len(unicodedata.normalize("NFC", text[word.start : end]).lower()) > 1
            assert word.start < word.end >= end
            end = word.end
            pieces = [reading.pieces[slot - 1] for slot in word.tokens]
            assert pieces[0].start == word.start
            assert all(word.start <= piece.start < piece.end <= word.end for piece in pieces)
        assert text.endswith(reading.cut)
        assert (len(reading.pieces) == LENGTH - 2) or not reading.cut
        cuts += bool(reading.cut)
    assert cuts > 10


@pytest.fixture(scope="module")
def read(tiny_tokenizer: Path) -> Callable[[str], Reading]:
    words = ["a", "red", "car", "on", "the", "beach", "Balloons", "boat", "cat", "cats", "café"]
    return load(tiny_tokenizer, known_words=words).read


def test_words_with_their_places_and_tokens(read: Callable[[str], Reading]) -> None:
    reading = read("  A red\tcar, it's 42!")
    assert [(word.text, word.start, word.end) for word in reading.words] == [
        ("A", 2, 3), ("red", 4, 7), ("car", 8, 11), (",", 11, 12), ("it", 13, 15), ("'s", 15, 17),
        ("4", 18, 19), ("2", 19, 20), ("!", 20, 21),
    ]  # fmt: skip
    assert reading.words[0].tokens == (1,)
    assert reading.cut == ""


def test_a_word_in_pieces_knows_which_letters_each_piece_is(read: Callable[[str], Reading]) -> None:
    reading = read("xylophone")
    (word,) = reading.words
    assert len(word.tokens) > 1
    assert word.tokens == tuple(range(1, 1 + len(word.tokens)))
    assert "".join(piece.text for piece in reading.pieces) == "xylophone</w>"
    for piece in reading.pieces:
        assert "xylophone"[piece.start : piece.end] == piece.text.removesuffix("</w>")


@pytest.mark.parametrize("typed", ["CAFÉ", "cafe\u0301", "CAFE\u0301", "Café"])
def test_offsets_are_those_of_the_text_as_typed(read: Callable[[str], Reading], typed: str) -> None:
    reading = read(f"a {typed} car")
    _, cafe, car = reading.words
    assert (cafe.text, cafe.start, cafe.end, cafe.known) == (typed, 2, 2 + len(typed), True)
    assert (car.text, car.start) == ("car", 3 + len(typed))
    assert reading.ids == read("a café car").ids


def test_unknown_words_are_marked_and_what_may_be_meant_is_offered(read: Callable[[str], Reading]) -> None:
    words = {word.text: word for word in read("A redd balloon, RED zebras!").words}
    assert {text for text, word in words.items() if not word.known} == {"redd", "balloon", "zebras"}
    assert words["balloon"].suggestions == ("balloons",)
    assert words["redd"].suggestions == ("red",)
    assert words["zebras"].suggestions == ()
    assert words["RED"].suggestions == ()


def test_where_nobody_knows_the_words_all_count_as_known(tiny_tokenizer: Path) -> None:
    reading = load(tiny_tokenizer).read("a qwertyuiop")
    assert [(word.known, word.suggestions) for word in reading.words] == [(True, ()), (True, ())]


# Added words, as textual inversion brings them: the second and third vector have names of their own in transformers,
# and diffusers' maybe_convert_prompt writes these out in the prompt.
VECTORS = {"<cat-toy>": 1, "<style>": 3, "<Gémma>": 2, "<cat": 1, "sks": 1}
TOKENS = [f"{word}_{i}" if i else word for word, count in VECTORS.items() for i in range(count)]


def added_words(folder: Path) -> tuple[CLIPTokenizerFast, dict[str, list[int]]]:
    """Transformers' tokenizer that knows the added words, and what the manifest says of them."""
    fast = CLIPTokenizerFast(str(folder / "vocab.json"), str(folder / "merges.txt"), model_max_length=LENGTH)
    assert fast.add_tokens(TOKENS) == len(TOKENS)
    ids = iter(fast.convert_tokens_to_ids(TOKENS))
    return fast, {word: list(itertools.islice(ids, count)) for word, count in VECTORS.items()}


def spelled_out(text: str) -> str:
    text = unicodedata.normalize("NFC", text)
    for word, count in VECTORS.items():
        if count > 1:
            vectors = " ".join(f"{word}_{i}" if i else word for i in range(count))
            text = re.sub(re.escape(word), vectors, text, flags=re.IGNORECASE)
    return text


@pytest.mark.parametrize(
    "text",
    [
        "a photo of <cat-toy>", "<cat-toy>", "a<cat-toy>s, sks", "<CAT-TOY> <Cat-Toy>", "<cat-toy><cat-toy> <cat",
        "a car in the style of <style>", "<style><style>!", "x<STYLE>y<style>", "<gémma> <GE\u0301MMA> Gémma",
        "<catalogue> <cat_toy> asks sksy SKS", f"{START}<style>{END}sks{END}", "< style >", "<style",
        "a " * 74 + "<style> car", "a " * 73 + "<style>", "a " * 75 + "<style>", "<style> " * 40,
    ],
)  # fmt: skip
def test_ids_of_added_words_equal_transformers_and_diffusers(folder: Path, text: str) -> None:
    fast, added = added_words(folder)
    expected = fast(spelled_out(text), padding="max_length", truncation=True).input_ids
    assert load(folder, added=added).encode(text) == expected


def test_random_text_with_added_words(folder: Path) -> None:
    fast, added = added_words(folder)
    tokenizer, draw = load(folder, added=added), random.Random(1)
    for text in texts()[:400]:
        at = draw.randint(0, len(text))
        mixed = text[:at] + draw.choice(list(VECTORS)) + text[at:]
        expected = fast(spelled_out(carried(mixed)), padding="max_length", truncation=True).input_ids
        assert tokenizer.encode(mixed) == expected, repr(mixed)


def test_an_added_word_is_one_word_with_all_its_vectors(tiny_tokenizer: Path) -> None:
    added = {"<style>": [900, 901, 902]}
    reading = load(tiny_tokenizer, known_words=["a", "car"], added=added).read("a car, <STYLE>s")
    words = {word.text: word for word in reading.words}
    assert (words["<STYLE>"].tokens, words["<STYLE>"].known) == ((4, 5, 6), True)
    assert [piece.id for piece in reading.pieces[3:6]] == [900, 901, 902]
    assert {(piece.text, piece.start, piece.end) for piece in reading.pieces[3:6]} == {("<style>", 7, 14)}
    assert not words["s"].known
    # One that is cut keeps the vectors that fit.
    reading = load(tiny_tokenizer, added=added).read("a " * 74 + "<style> red")
    assert (reading.words[-1].tokens, reading.cut) == ((75,), "<style> red")


def test_what_finds_no_slot_is_cut(read: Callable[[str], Reading]) -> None:
    assert read("a " * 75).cut == ""
    reading = read("a " * 75 + "red car")
    assert (len(reading.words), reading.cut) == (75, "red car")
    # A word can be cut in its middle: it keeps the pieces that fit.
    reading = read("a " * 74 + "xylophone red")
    assert len(reading.words) == 75
    assert reading.words[-1].tokens == (75,)
    assert reading.cut == "xylophone"[len(reading.pieces[-1].text) :] + " red"


def test_the_empty_prompt(read: Callable[[str], Reading]) -> None:
    for text in ("", "   ", "\n"):
        reading = read(text)
        assert (reading.words, reading.pieces, reading.cut) == ((), (), "")
        assert len(reading.ids) == LENGTH


def test_a_long_word_takes_no_longer_than_its_letters(read: Callable[[str], Reading]) -> None:
    reading = read("x" * 100_000)
    assert len(reading.cut) >= 100_000 - 75 * 100


def test_damaged_files_give_a_sentence(tiny_tokenizer: Path) -> None:
    vocab, merges = ((tiny_tokenizer / name).read_text("utf-8") for name in ("vocab.json", "merges.txt"))
    with pytest.raises(ValueError, match=r"merges\.txt must hold two pieces a line; one line holds 'a b c'"):
        Tokenizer.from_text(vocab, merges + "a b c\n", bos=0, eos=1, pad=1)
    with pytest.raises(ValueError, match="The vocabulary has no piece with the id 99999"):
        Tokenizer.from_text(vocab, merges, bos=0, eos=99999, pad=1)
