"""Off against deleted, with a painter whose causes are known."""

import numpy as np

from export.miniature.judging.causes import KINDS, SMALL, causes, trials, without
from export.miniature.judging.judge import Sighting, Verdict
from export.miniature.scenes import grammar
from export.miniature.scenes.grammar import Item, Scene
from export.miniature.training.roles import role

SCENES = [
    Scene((Item("car", "red"),), "beach", "night", seed=3),
    Scene((Item("cat", "blue", count=2),), "snow", "sunset", seed=4),
    Scene((Item("dog", "red"), Item("boat", "red")), "sea", "night", "right", seed=5),
]
WEIGHT = {"noun": 40, "nouns": 40, "colour": 20, "count": 10, "silent": 1, "place": 30, "time": 30}


def paint(captions, seeds, gains) -> np.ndarray:
    """Every word adds light of its own; a word off keeps half of what it adds."""
    pictures = []
    for caption, strengths in zip(captions, gains, strict=True):
        words = caption.split()
        light = sum(WEIGHT.get(role(word), 0) * (1 + strengths.get(word, 1)) / 2 for word in words)
        pictures.append(np.full((4, 4, 3), light, np.uint8))
    return np.stack(pictures)


def look(pictures: np.ndarray) -> list[Verdict]:
    """See a car in light pictures, and nothing else."""
    car = Sighting("car", "red", 8, 8, 400)
    return [Verdict((car,) if picture.max() > 110 else (), "beach", "night") for picture in pictures]


def test_one_word_of_each_kind_that_is_said_once() -> None:
    chosen = trials(SCENES)
    assert {trial.kind for trial in chosen if trial.scene == 0} == {"noun", "colour", "place", "time", SMALL}
    assert next(trial.words for trial in chosen if trial.scene == 1 and trial.kind == "count") == ("two",)
    assert not [trial for trial in chosen if trial.scene == 2 and trial.kind == "colour"]  # red twice
    assert next(trial.words for trial in chosen if trial.scene == 0 and trial.kind == SMALL) == (
        "a",
        "on",
        "the",
        "at",
    )


def test_without_a_word() -> None:
    assert without("a red car on a beach", ["a", "on"]) == "red car beach"


def test_half_a_cause_has_half_the_ratio() -> None:
    found = causes(paint, look, SCENES)
    assert found["prompts"] == 3
    assert set(found["kinds"]) == {*KINDS, SMALL} - {"size"}
    for kind, row in found["kinds"].items():
        assert abs(row["ratio"] - 0.5) < 0.11, kind
    assert found["kinds"]["noun"]["deleted"] == 40
    assert found["small_to_others"] < 0.2
    assert found["gone"] == 1.0  # the one car, whose picture is lighter than 110 only with its noun


def test_captions_of_the_grammar_have_trials_of_every_kind() -> None:
    assert {trial.kind for trial in trials([grammar.scene(i) for i in range(40)])} == {*KINDS, SMALL}
