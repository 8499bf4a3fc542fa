"""The tokenizer is CLIP's kind: both of transformers' classes load it and agree."""

from pathlib import Path

import pytest
from transformers import CLIPTokenizer, CLIPTokenizerFast

from export.miniature.scenes import grammar
from export.miniature.training import tokenizer
from export.miniature.training.latents import tokenize


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    made = tmp_path_factory.mktemp("tokenizer")
    tokenizer.train(made)
    return made


def test_slow_and_fast_agree_and_round_trip(folder: Path) -> None:
    slow, fast = CLIPTokenizer.from_pretrained(folder), CLIPTokenizerFast.from_pretrained(folder)
    for seed in range(200):
        said = grammar.caption(grammar.scene(seed))
        ids = slow(said).input_ids
        assert ids == fast(said).input_ids
        assert slow.decode(ids, skip_special_tokens=True) == said
    for odd in ("Zürich 2023, what's new?", "😀 a cat", ""):
        assert slow(odd).input_ids == fast(odd).input_ids


def test_special_tokens_and_slots(folder: Path) -> None:
    slow = CLIPTokenizer.from_pretrained(folder)
    ids = slow("a red car", padding="max_length").input_ids
    assert len(ids) == 77
    assert ids[0] == slow.bos_token_id
    assert ids[-1] == slow.eos_token_id == slow.pad_token_id


def test_known_words_are_one_piece_each(folder: Path) -> None:
    slow = CLIPTokenizer.from_pretrained(folder)
    assert {"car", "cats", "purple", "left", "sunset"} <= set(tokenizer.known_words())
    for word in tokenizer.known_words():
        assert len(slow.tokenize(word)) == 1


def test_the_same_text_gives_the_same_tokenizer(folder: Path, tmp_path: Path) -> None:
    tokenizer.train(tmp_path)
    for name in ("vocab.json", "merges.txt"):
        assert (tmp_path / name).read_bytes() == (folder / name).read_bytes()


def test_phrases_are_tokenized_as_the_whole_caption_is(folder: Path) -> None:
    slow = CLIPTokenizer.from_pretrained(folder)
    for seed in range(50):
        scene = grammar.scene(seed)
        ids, _, regions = tokenize(grammar.phrases(scene), slow)
        assert ids == slow(grammar.caption(scene), padding="max_length").input_ids
        assert len(regions) == 77
        assert regions[0] == regions[-1] == 0
