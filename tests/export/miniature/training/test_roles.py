"""What words do in a caption."""

import pytest
from transformers import CLIPTokenizer

from export.miniature.scenes import grammar
from export.miniature.training import latents
from export.miniature.training.roles import ROLES, WORDS, alternatives, role


@pytest.mark.parametrize(
    ("word", "does"),
    [
        ("the", "silent"),
        ("on", "silent"),
        ("and", "silent"),
        (",", "silent"),
        ("please", "silent"),
        ("cat", "noun"),
        ("puppies", "nouns"),
        ("(red)", "colour"),
        ("tiny", "size"),
        ("two", "count"),
        ("3", "count"),
        ("left", "side"),
        ("midnight", "time"),
        ("dunes", "place"),
        ("rocekt", "other"),
    ],
)
def test_words_do_what_they_do(word: str, does: str) -> None:
    assert role(word) == does


def test_every_word_of_every_caption_but_the_misspelt_has_a_role() -> None:
    said = {word for seed in range(500) for word in grammar.caption(grammar.scene(seed)).split()}
    assert "other" not in {role(word) for word in said}
    assert {role(word) for word in said} >= set(WORDS) - {"silent"}


def test_one_word_can_stand_in_the_slot_of_another(miniature_tokenizer: CLIPTokenizer) -> None:
    red, blue = (miniature_tokenizer(word).input_ids[1] for word in ("red", "blue"))
    assert {red, blue} <= set(alternatives(miniature_tokenizer, "colour"))
    for name in WORDS:
        words = miniature_tokenizer.convert_ids_to_tokens(alternatives(miniature_tokenizer, name))
        assert {word.removesuffix("</w>") for word in words} <= WORDS[name]


def test_tokens_carry_their_role_and_what_they_speak_of(miniature_tokenizer: CLIPTokenizer) -> None:
    said = [("two red cats", "item 0"), ("on the beach", "place"), ("at night", "-")]
    ids, roles, regions = latents.tokenize(said, miniature_tokenizer)
    assert len(ids) == len(roles) == len(regions) == 77
    told = [(ROLES[does], latents.REGIONS[region]) for does, region in zip(roles, regions, strict=True)]
    assert told[:9] == [
        ("start", "-"),
        ("count", "item 0"),
        ("colour", "item 0"),
        ("nouns", "item 0"),
        ("silent", "-"),
        ("silent", "-"),
        ("place", "place"),
        ("silent", "-"),
        ("time", "place"),
    ]
    assert set(told[9:]) == {("silent", "-")}
