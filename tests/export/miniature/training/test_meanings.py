"""Words that the miniature never met lead to words that it knows."""

from __future__ import annotations

import json
from pathlib import Path

from export.miniature.scenes.grammar import scene
from export.miniature.scenes.paraphrases import paraphrase
from export.miniature.training.meanings import synonyms
from export.miniature.training.roles import WORDS
from export.miniature.training.tokenizer import known_words

ROOT = Path(__file__).parents[4]


def test_every_word_leads_from_an_unknown_to_a_known_one() -> None:
    near = synonyms()
    assert near["lorry"] == ["car"]
    assert near["tomcats"] == ["cats"]
    assert (near["buses"], near["lorries"]) == (["cars"], ["cars"])
    assert not {"buss", "lorrys"} & near.keys()
    assert not near.keys() & set(known_words())
    assert {word for words in near.values() for word in words} <= set(known_words())


def test_a_word_that_the_captions_of_the_training_use_is_known() -> None:
    """Of one thing and of many: the training says "some kittens", so the page must not call them unknown."""
    known = set(known_words())
    said = {word for seed in range(3000) for words, _ in paraphrase(scene(seed), 1) for word in words.split()}
    taught = {word.strip("(),.!?:") for word in said} & WORDS["nouns"]
    assert {"kittens", "huts"} <= taught
    assert taught <= known


def test_the_miniature_ships_them() -> None:
    tokenizer = ROOT / "export" / "miniature" / "weights" / "tokenizer"
    assert json.loads((tokenizer / "synonyms.json").read_text("utf-8")) == synonyms()
    manifest = json.loads((ROOT / "web" / "models" / "miniature" / "manifest.json").read_text("utf-8"))
    assert manifest["tokenizer"]["synonyms"] == synonyms()
    assert manifest["tokenizer"]["known_words"] == known_words()
