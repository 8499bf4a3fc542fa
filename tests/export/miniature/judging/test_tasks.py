"""Tasks: a perfect picture solves all that apply, and every wrong thing is found by the tasks that ask for it."""

from dataclasses import replace

import pytest

from export.miniature.judging import tasks
from export.miniature.judging.judge import Sighting, Verdict
from export.miniature.scenes import grammar
from export.miniature.scenes.grammar import Item, Scene

PAIR = Scene((Item("cat", "red"), Item("boat", "blue")), "sea", "night", "right")
CAR = Scene((Item("car", "green"),), "beach", "sunset")
STARS = Scene((Item("star", "plain", count=3),), "snow", "day")


def perfect(scene: Scene) -> Verdict:
    """Return what a faultless judge says of a picture that shows all that is told."""
    order = scene.items[::-1] if scene.side == "right" else scene.items
    row = [item for item in order for _ in range(item.count or 2)]
    looks = [(item.name, "orange" if item.colour == "plain" else item.colour) for item in row]
    items = (Sighting(*look, 20 + 40 * i, 90, 400) for i, look in enumerate(looks))
    return Verdict(tuple(items), scene.place or "sea", scene.time or "day")


def solved(scene: Scene, verdict: Verdict) -> set[str]:
    return {n for n, task in tasks.TASKS.items() if task.applies(scene) and tasks.score(n, scene, verdict)}


def test_each_task_applies_where_its_atoms_are_told() -> None:
    always = {"place", "time", "all_atoms"}
    assert solved(CAR, perfect(CAR)) == always | {"single_object", "colours"}
    assert solved(STARS, perfect(STARS)) == always | {"counting"}
    assert solved(PAIR, perfect(PAIR)) == always | {"two_objects", "position", "colour_attribution"}
    plain = replace(PAIR, items=(PAIR.items[0], Item("boat")))
    assert "colour_attribution" not in solved(plain, perfect(plain))


def test_perfect_pictures_of_held_out_scenes_solve_everything() -> None:
    scenes = tasks.held_out(300)
    shares = tasks.shares(scenes, [perfect(scene) for scene in scenes])
    assert list(shares) == list(tasks.TASKS)
    assert all(share["score"] == 1 for share in shares.values())
    assert shares["single_object"]["count"] == shares["two_objects"]["count"] == 100
    assert shares["counting"]["count"] == 100
    assert shares["all_atoms"]["count"] == 300


@pytest.mark.parametrize(
    ("scene", "change", "lost", "fault"),
    [
        (CAR, {"items": ()}, {"single_object", "colours"}, ["no car"]),
        (CAR, {"items": (Sighting("boat", "green", 60, 90, 400),)}, {"single_object", "colours"},
         ["no car", "a boat too"]),
        (CAR, {"items": (Sighting("car", "blue", 60, 90, 400),)}, {"colours"}, ["blue car"]),
        (CAR, {"items": perfect(CAR).items * 2}, set(), ["2 cars"]),
        (CAR, {"place": "street"}, {"place"}, ["street"]),
        (CAR, {"time": "day"}, {"time"}, ["day"]),
        (STARS, {"items": perfect(STARS).items[:2]}, {"counting"}, ["2 stars"]),
        (STARS, {"items": perfect(STARS).items[:1]}, {"counting"}, ["1 star"]),
        (STARS, {"items": ()}, {"counting"}, ["no star"]),
        (PAIR, {"items": perfect(PAIR).items[:1]}, {"two_objects", "position", "colour_attribution"}, ["no cat"]),
        (PAIR, {"items": tuple(s._replace(x=128 - s.x) for s in perfect(PAIR).items)}, {"position"},
         ["cat not right"]),
        (PAIR, {"items": tuple(s._replace(colour=other) for s, other in
                               zip(perfect(PAIR).items, ("red", "blue"), strict=True))},
         {"colour_attribution"}, ["blue cat", "red boat"]),
    ],
)  # fmt: skip
def test_what_is_wrong_is_found_and_named(
    scene: Scene, change: dict, lost: set[str], fault: list[str]
) -> None:
    verdict = perfect(scene)._replace(**change)
    assert solved(scene, perfect(scene)) - solved(scene, verdict) == lost | {"all_atoms"}
    assert tasks.faults(scene, verdict) == fault


def test_what_is_not_told_is_not_asked_for() -> None:
    claim = Scene((Item("cat", count=0), Item("boat")), "", "", "")
    assert not tasks.TASKS["place"].applies(claim)
    assert not tasks.TASKS["position"].applies(claim)
    cats = [Sighting("cat", colour, x, 90, 400) for colour, x in (("red", 20), ("pink", 50))]
    boat = Sighting("boat", "blue", 100, 90, 400)
    for place, time in (("sea", "day"), ("snow", "night")):
        assert tasks.score("all_atoms", claim, Verdict((*cats, boat), place, time))
    assert tasks.faults(claim, Verdict((cats[0], boat), "sea", "day")) == ["1 cat"]


def test_shuffled_captions_score_near_chance() -> None:
    scenes = tasks.held_out(300)
    shuffled = tasks.shares(scenes, [perfect(scene) for scene in scenes], shift=1)
    assert shuffled["all_atoms"]["score"] < 0.02
    assert shuffled["position"]["score"] < 0.1
    assert 1 / 6 - 0.1 < shuffled["place"]["score"] < 1 / 6 + 0.1
    assert 1 / 3 - 0.1 < shuffled["time"]["score"] < 1 / 3 + 0.1


def test_held_out_scenes_are_never_trained_on() -> None:
    for scene in tasks.held_out(60):
        assert all(grammar.held_out(item.name, item.colour, scene.place) for item in scene.items)


def test_free_text_claims_only_what_the_grammar_has() -> None:
    prompts, claims = zip(*tasks.free_text(), strict=True)
    assert len({" ".join(prompt.lower().split()) for prompt in prompts}) == 100
    for claim in claims:
        assert claim.place in {"", *grammar.PLACES}
        assert claim.time in {"", *grammar.TIMES}
        assert claim.side in {"", *(grammar.RELATIONS if claim.kind == "pair" else ())}
        assert len({item.name for item in claim.items}) == len(claim.items) in {1, 2}
        assert {item.colour for item in claim.items} <= {"plain", *grammar.COLOURS}
        assert {item.count for item in claim.items} <= {0, *grammar.COUNTS}


def test_free_text_is_about_everything() -> None:
    claims = [claim for _, claim in tasks.free_text()]
    items = [item for claim in claims for item in claim.items]
    assert {item.name for item in items} == set(grammar.OBJECTS)
    assert {item.colour for item in items} == {"plain", *grammar.COLOURS}
    assert {item.count for item in items} == {0, *grammar.COUNTS}
    assert {claim.place for claim in claims} == {"", *grammar.PLACES}
    assert {claim.time for claim in claims} == {"", *grammar.TIMES}
    assert {claim.side for claim in claims} == {"", *grammar.RELATIONS}
    assert all(tasks.score("all_atoms", claim, perfect(claim)) for claim in claims)
