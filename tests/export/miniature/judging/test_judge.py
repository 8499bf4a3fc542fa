"""The judge's maps are read rightly, and the judge that is shipped judges drawn scenes rightly."""

import numpy as np
import pytest

from export.format.errors import UserError
from export.miniature.cli import WEIGHTS
from export.miniature.judging.judge import CELL, COLOURS, GRAPH, OBJECTS, SMALLEST, Judge, sightings
from export.miniature.judging.judging import lesson
from export.miniature.judging.tasks import shares
from export.miniature.scenes.scenes import draw

LARGEST_GRAPH = 2_000_000  # bytes that a page may load for it
Block = tuple[str, str, slice, slice]


def maps(*blocks: Block) -> tuple[np.ndarray, np.ndarray]:
    """Return shares that show blocks of cells (object, colour, rows, columns), and nothing elsewhere."""
    objects, colours = np.zeros((1 + len(OBJECTS), 64, 64)), np.zeros((len(COLOURS), 64, 64))
    objects[0] = 1
    for name, colour, rows, columns in blocks:
        objects[0, rows, columns], objects[1 + OBJECTS.index(name), rows, columns] = 0.4, 0.6
        colours[COLOURS.index(colour), rows, columns] = 1
    return objects, colours


def test_a_block_of_cells_is_seen_where_it_is() -> None:
    seen = sightings(*maps(("cat", "red", slice(30, 40), slice(10, 20))))
    assert seen == (("cat", "red", 15 * CELL, 35 * CELL, 100 * CELL**2),)


def test_neighbours_count_apart_and_from_left_to_right() -> None:
    rows = slice(30, 40)
    seen = sightings(
        *maps(
            ("cat", "pink", rows, slice(41, 50)),  # touches the dog
            ("dog", "blue", rows, slice(31, 41)),
            ("cat", "green", rows, slice(20, 30)),  # one free cell to the dog
            ("cat", "green", slice(20, 30), slice(10, 20)),  # a corner touches the next
        )
    )
    looks = [(one.name, one.colour) for one in seen]
    assert looks == [("cat", "green"), ("cat", "green"), ("dog", "blue"), ("cat", "pink")]


def test_what_is_too_small_is_noise() -> None:
    cells = SMALLEST // CELL**2
    assert sightings(*maps(("star", "red", slice(0, 1), slice(0, cells - 1)))) == ()
    assert len(sightings(*maps(("star", "red", slice(0, 1), slice(0, cells))))) == 1


def test_an_object_has_the_colour_of_most_of_it() -> None:
    objects, colours = maps(("car", "orange", slice(0, 10), slice(0, 10)))
    colours[:, :3, :10] = np.eye(len(COLOURS))[COLOURS.index("blue")][:, None, None]
    assert [one.colour for one in sightings(objects, colours)] == ["orange"]


def test_the_shipped_judge_is_right_about_drawn_scenes() -> None:
    """Scenes of the first seeds are in no training of the judge, but in the denoiser's."""
    judge = Judge(WEIGHTS / "judge")
    assert (WEIGHTS / "judge" / GRAPH).stat().st_size <= LARGEST_GRAPH
    scenes = [lesson(seed) for seed in range(60)]
    verdicts = judge.look(np.stack([draw(scene).pixels for scene in scenes]))
    right, chance = shares(scenes, verdicts), shares(scenes, verdicts, shift=1)
    assert right["all_atoms"]["score"] >= 0.95
    assert chance["all_atoms"]["score"] <= 0.05
    assert set(judge.accuracy) == set(right)
    assert min(judge.accuracy.values()) >= 0.97


def test_a_folder_without_a_judge(tmp_path) -> None:
    with pytest.raises(UserError, match="miniature judge"):
        Judge(tmp_path)
