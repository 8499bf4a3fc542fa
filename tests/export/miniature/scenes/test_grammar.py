"""The grammar: equal seeds say the same, and what is held out is never said in training."""

from collections import Counter

import pytest

from export.miniature.scenes import grammar


def test_a_seed_always_gives_the_same_scene() -> None:
    assert [grammar.scene(i) for i in range(50)] == [grammar.scene(i) for i in range(50)]
    assert grammar.caption(grammar.scene(0)) == "two purple fish in the desert at night"


def test_every_kind_object_colour_place_and_time_occurs() -> None:
    scenes = [grammar.scene(i) for i in range(2000)]
    items = [item for scene in scenes for item in scene.items]
    assert {scene.kind for scene in scenes} == set(grammar.KINDS)
    assert {scene.place for scene in scenes} == set(grammar.PLACES)
    assert {scene.time for scene in scenes} == set(grammar.TIMES)
    assert {item.name for item in items} == set(grammar.OBJECTS)
    assert {item.colour for item in items} == {"plain", *grammar.COLOURS}
    assert {item.count for item in items} == set(grammar.COUNTS)


def test_training_never_sees_a_held_out_combination() -> None:
    for i in range(2000):
        scene = grammar.scene(i)
        assert not any(grammar.held_out(item.name, item.colour, scene.place) for item in scene.items)


def test_unseen_scenes_are_made_of_held_out_combinations_only() -> None:
    for i in range(500):
        scene = grammar.scene(i, unseen=True)
        assert all(grammar.held_out(item.name, item.colour, scene.place) for item in scene.items)


def test_the_hold_out_is_large_and_even() -> None:
    unseen = [one for one in grammar.combinations() if grammar.held_out(*one)]
    assert len(unseen) >= 0.15 * len(grammar.combinations())
    for position, all_values in enumerate((grammar.OBJECTS, ("plain", *grammar.COLOURS), grammar.PLACES)):
        times = Counter(one[position] for one in unseen)
        assert set(times) == set(all_values)
    for name in grammar.OBJECTS:  # every object is still seen in every colour somewhere
        for colour in ("plain", *grammar.COLOURS):
            assert not all(grammar.held_out(name, colour, place) for place in grammar.PLACES)


@pytest.mark.parametrize("seed", range(40))
def test_a_caption_says_everything(seed: int) -> None:
    scene = grammar.scene(seed)
    words = grammar.caption(scene).split()
    assert scene.place in words
    assert scene.time in words or scene.time == "day"
    for item in scene.items:
        assert (item.name if item.count == 1 else grammar.OBJECTS[item.name]) in words
        assert item.colour in words or item.colour == "plain"
        assert item.size in words or item.size == "normal"
        assert grammar.COUNTS[item.count] in words or item.count == 1


def test_left_and_right_speak_of_the_item_that_stands_there() -> None:
    for scene in (grammar.scene(i, kinds=("pair",)) for i in range(300)):
        for words, about in grammar.phrases(scene):
            if "left" in words or "right" in words:
                assert about == ("item 0" if scene.side in words else "item 1")
