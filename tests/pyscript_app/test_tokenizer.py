"""The tokenizer against transformers' CLIPTokenizerFast, and what a reading of a prompt says."""

from __future__ import annotations

import os
import random
import unicodedata
from pathlib import Path

import pytest
from transformers import CLIPTokenizerFast

from pyscript_app.tokenizer import Tokenizer, normalize

PLAIN_WORDS = """
a red car don't IT'S we'll they're 's 'LL émigré Straße ΑΣ Σ İstanbul ﬁ Ⅷ ² ａ 42 3.14 !!! ... ' "" (a:1.2) x_y
日本 中文字 東京タワー 한국어 नमस्ते 🚗 👨‍👩‍👧 🏳️‍🌈 😀😀 <|endoftext|> x<|STARTOFTEXT|>y <|endof supercalifragilistic
"""
WORDS = [
    *PLAIN_WORDS.split(),
    "e\u0301", "\u1112\u1161\u11ab", "\x00", "\x1c", "\x7f", "\u200b", "\u3000", "\u0958", "\n", "\t\r", "\x85",
    "a" * 300, "q\u0323\u0307", "\u00c5\u212b", "\ufeff",
]  # fmt: skip
# Letters that Unicode has had since 2002: CPython and the tokenizers library know different versions.
OLD_LETTERS = [
    chr(code)
    for code in (*range(0xD800), *range(0xE000, 0x1F000))
    if unicodedata.ucd_3_2_0.category(chr(code)) != "Cn"
]


def sentences(count: int) -> list[str]:
    """Prompts of every kind: words with and without spaces, and letters of all scripts."""
    dice = random.Random(0)
    kinds = [
        lambda: " ".join(dice.choice(WORDS) for _ in range(dice.randint(0, 60))),
        lambda: "".join(dice.choice(WORDS) for _ in range(dice.randint(1, 20))),
        lambda: "".join(dice.choice(OLD_LETTERS) for _ in range(dice.randint(1, 40))),
        lambda: "".join(chr(dice.randrange(0x250)) for _ in range(dice.randint(1, 120))),
    ]
    return [kinds[i % len(kinds)]() for i in range(count)]


def both(folder: Path, pad: str = "<|endoftext|>") -> tuple[Tokenizer, CLIPTokenizerFast]:
    """Ours and transformers' over the same files."""
    theirs = CLIPTokenizerFast(
        str(folder / "vocab.json"), str(folder / "merges.txt"), model_max_length=77, pad_token=pad
    )
    ours = Tokenizer.from_text(
        (folder / "vocab.json").read_text("utf-8"),
        (folder / "merges.txt").read_text("utf-8"),
        bos=theirs.bos_token_id,
        eos=theirs.eos_token_id,
        pad=theirs.pad_token_id,
    )
    return ours, theirs


def assert_agreement(folder: Path, pad: str = "<|endoftext|>", count: int = 5200) -> None:
    ours, theirs = both(folder, pad)
    texts = ["", " ", *WORDS, *sentences(count)]
    expected = theirs(texts, padding="max_length", max_length=77, truncation=True).input_ids
    for text, ids in zip(texts, expected, strict=True):
        assert ours.encode(text) == ids, ascii(text)


@pytest.fixture(scope="session")
def clip_tokenizer() -> Path:
    """The folder of CLIP's published vocabulary, which is not part of this project."""
    beside = Path(__file__).parents[3] / "shared/data/clip-tokenizer"
    folder = Path(os.environ.get("DIFFUSCOPE_CLIP_TOKENIZER", beside))
    if not (folder / "vocab.json").is_file():
        pytest.skip("CLIP's vocabulary is not here: set DIFFUSCOPE_CLIP_TOKENIZER to a CLIPTokenizer folder")
    return folder


def test_agrees_on_clips_own_vocabulary(clip_tokenizer):
    assert_agreement(clip_tokenizer)


def test_agrees_on_a_vocabulary_of_ours(tiny_tokenizer):
    assert_agreement(tiny_tokenizer)


def test_agrees_where_padding_is_a_letter_as_in_stable_diffusion_2(tiny_tokenizer):
    assert_agreement(tiny_tokenizer, pad="!", count=800)


def test_a_letter_the_vocabulary_lacks_becomes_the_end_token(tiny_tokenizer):
    ours, _ = both(tiny_tokenizer)
    poor = {piece: number for piece, number in ours.vocab.items() if piece != "q</w>"}
    tokenizer = Tokenizer(poor, ours.ranks, bos=ours.bos, eos=ours.eos, pad=ours.pad)
    assert tokenizer.encode("q")[:3] == [ours.bos, ours.eos, ours.eos]


def test_lone_surrogates_read_like_the_replacement_character(tiny_tokenizer):
    tokenizer, _ = both(tiny_tokenizer)
    assert tokenizer.encode("a\ud800b \udfff") == tokenizer.encode("a\ufffdb \ufffd")
    assert tokenizer.read("a\ud800b").words[1].text == "\ud800"


def test_a_long_word_takes_no_long_time(tiny_tokenizer):
    tokenizer, theirs = both(tiny_tokenizer)
    text = "".join(random.Random(1).choice("sunetar") for _ in range(50_000))
    expected = theirs(text, max_length=77, truncation=True).input_ids
    assert tokenizer.encode(text) == expected


def test_a_readings_offsets_lead_back_to_the_text(tiny_tokenizer):
    tokenizer, _ = both(tiny_tokenizer)
    roomy = Tokenizer(
        tokenizer.vocab,
        tokenizer.ranks,
        bos=tokenizer.bos,
        eos=tokenizer.eos,
        pad=tokenizer.pad,
        length=10**5,
    )
    for text in [*WORDS, *sentences(400)]:
        reading = tokenizer.read(text)
        assert list(reading.ids) == tokenizer.encode(text)
        pieces = dict(enumerate(reading.pieces, start=1))
        assert [slot for word in reading.words for slot in word.tokens] == list(pieces)
        for word in reading.words:
            assert word.text == text[word.start : word.end]
            own = [pieces[slot] for slot in word.tokens]
            assert own[0].start == word.start
            assert all(word.start <= piece.start < piece.end <= word.end for piece in own)
        starts = [word.start for word in reading.words]
        assert starts == sorted(starts)
        assert text.endswith(reading.cut)
        assert bool(reading.cut) == (len(roomy.read(text).pieces) > 75)


def test_normal_form_is_nfc_in_small_letters():
    for text in [*WORDS, *sentences(1000)]:
        letters, starts, ends = normalize(text)
        assert letters == "".join(letter.lower() for letter in unicodedata.normalize("NFC", text)), ascii(
            text
        )
        assert len(letters) == len(starts) == len(ends)
        assert starts == sorted(starts)


def test_words_and_their_slots(tiny_tokenizer):
    tokenizer, _ = both(tiny_tokenizer)
    reading = tokenizer.read("A Red  zeppelin, don't")
    assert [word.text for word in reading.words] == ["A", "Red", "zeppelin", ",", "don", "'t"]
    first, second, third = reading.words[:3]
    assert (first.tokens, second.tokens) == ((1,), (2,))
    assert (third.start, third.end) == (7, 15)
    assert len(third.tokens) > 1
    assert third.tokens[0] == 3
    assert reading.cut == ""


def test_what_does_not_fit_is_cut_from_the_first_lost_piece_on(tiny_tokenizer):
    tokenizer, _ = both(tiny_tokenizer)
    reading = tokenizer.read("red " * 74 + "xyz boat")
    assert len(reading.pieces) == 75
    assert reading.words[-1].text == "xyz"
    assert reading.words[-1].tokens == (75,)
    assert reading.cut == "yz boat"
    exact = tokenizer.read("red " * 75)
    assert (len(exact.words), exact.cut) == (75, "")


def test_words_that_the_model_never_saw_are_marked(tiny_tokenizer):
    ours, _ = both(tiny_tokenizer)
    tokenizer = Tokenizer(
        ours.vocab,
        ours.ranks,
        bos=ours.bos,
        eos=ours.eos,
        pad=ours.pad,
        known_words=["red", "car", "Beach", "boat"],
    )
    words = {word.text: word for word in tokenizer.read("RED beech, caar 🚗").words}
    assert words["RED"].known
    assert words["RED"].suggestions == ()
    assert words[","].known
    assert not words["beech"].known
    assert words["beech"].suggestions == ("beach",)
    assert words["caar"].suggestions[0] == "car"
    assert not words["🚗"].known
    assert all(word.known for word in ours.read("beech 🚗").words), "nobody knows what this model saw"


def test_broken_files_are_named(tiny_tokenizer):
    vocab = (tiny_tokenizer / "vocab.json").read_text("utf-8")
    with pytest.raises(ValueError, match=r"merges\.txt must hold two pieces a line"):
        Tokenizer.from_text(vocab, "#version: 0.2\na b c\n", bos=0, eos=1, pad=1)
    with pytest.raises(ValueError, match="no piece with the id 99999"):
        Tokenizer.from_text(vocab, "", bos=0, eos=99999, pad=1)
