"""Words that the miniature never met lead to words that it knows."""

from __future__ import annotations

import json
from pathlib import Path

from export.miniature.training.meanings import synonyms
from export.miniature.training.tokenizer import known_words

ROOT = Path(__file__).parents[4]


def test_every_word_leads_from_an_unknown_to_a_known_one() -> None:
    near = synonyms()
    assert near["lorry"] == ["car"]
    assert near["kittens"] == ["cats"]
    assert not near.keys() & set(known_words())
    assert {word for words in near.values() for word in words} <= set(known_words())


def test_the_miniature_ships_them() -> None:
    tokenizer = ROOT / "export" / "miniature" / "weights" / "tokenizer"
    assert json.loads((tokenizer / "synonyms.json").read_text("utf-8")) == synonyms()
    manifest = json.loads((ROOT / "web" / "models" / "miniature" / "manifest.json").read_text("utf-8"))
    assert manifest["tokenizer"]["synonyms"] == synonyms()
