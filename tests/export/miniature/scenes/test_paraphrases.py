"""Paraphrases say the scene's own things and nothing else, in many ways."""

from random import Random

import pytest

from export.miniature.scenes import grammar, paraphrases
from export.miniature.scenes.paraphrases import misspell, paraphrase

SCENES = [grammar.scene(i) for i in range(400)]


def stems(name: str) -> set[str]:
    """Return the words that can name an object or a colour, singular and plural, spelt rightly."""
    names = {name, *paraphrases.SYNONYMS.get(name, ())}
    plurals = {paraphrases.PLURALS.get(one, one + "s") for one in names} | {grammar.OBJECTS.get(name, name)}
    return names | plurals


def spelt(words: str) -> bool:
    return all(word in paraphrases.words() | set(VOCABULARY) for word in words.split())


VOCABULARY = {word for scene in SCENES for word in grammar.caption(scene).split()} | {
    "&",
    ",",
    "one",
    "1",
    "an",
}
VOCABULARY |= {word for opening in paraphrases.OPENINGS for word in opening.split()}


def test_a_variant_is_always_the_same_and_variants_differ() -> None:
    assert [paraphrase(scene, 0) for scene in SCENES] == [paraphrase(scene, 0) for scene in SCENES]
    differ = sum(paraphrase(scene, 0) != paraphrase(scene, 1) for scene in SCENES)
    assert differ > 0.95 * len(SCENES)


def test_items_are_named_in_their_order_and_rightly() -> None:
    for scene in SCENES:
        said = paraphrase(scene, 0)
        about = [what for _, what in said if what.startswith("item")]
        assert about == sorted(about)
        for i, item in enumerate(scene.items):
            own = " ".join(words for words, what in said if what == f"item {i}")
            if spelt(own):
                assert stems(item.name) & set(own.split())
                others = [name for name in grammar.OBJECTS if name != item.name]
                assert not any(stems(name) & set(own.split()) for name in others)
            colours = [c for c in grammar.COLOURS if c != item.colour]
            assert not any(stems(colour) & set(own.split()) for colour in colours)


@pytest.mark.parametrize("side", ["left", "right"])
def test_sides_are_never_said_wrongly(side: str) -> None:
    for scene in (scene for scene in SCENES if scene.kind == "pair" and scene.side == side):
        for words, about in paraphrase(scene, 0):
            for word in {"left", "right"} & set(words.split()):
                assert about == ("item 0" if word == side else "item 1")


@pytest.mark.parametrize("word", ["blue", "sunset", "automobile"])
def test_a_misspelling_changes_one_place_inside_the_word(word: str) -> None:
    made = {misspell(word, Random(i)) for i in range(200)} - {word}
    assert len(made) >= 3
    for wrong in made:
        assert wrong[0] == word[0]
        assert wrong[-1] == word[-1]
        assert abs(len(wrong) - len(word)) <= 1
