"""Pictures: the same for the same seed, with masks that lie where the objects are."""

import hashlib
from pathlib import Path
from random import Random

import numpy as np
import pytest
from PIL import Image

from export.miniature.scenes import grammar, scenes, sprites
from export.miniature.scenes.backgrounds import background
from export.miniature.training.pool import coverage


def test_pictures_are_deterministic() -> None:
    for seed in range(8):
        first, second = (scenes.draw(grammar.scene(seed)) for _ in range(2))
        assert first.pixels.shape == (128, 128, 3)
        assert first.pixels.dtype == first.masks.dtype == np.uint8
        assert np.array_equal(first.pixels, second.pixels)
        assert np.array_equal(first.masks, second.masks)
    digests = {hashlib.sha256(scenes.draw(grammar.scene(i)).pixels.tobytes()).hexdigest() for i in range(30)}
    assert len(digests) == 30


def test_every_item_has_its_mask_inside_the_picture() -> None:
    for seed in range(150):
        scene = grammar.scene(seed)
        masks = scenes.draw(scene).masks
        assert len(masks) == len(scene.items)
        assert all((mask > 128).sum() > 250 for mask in masks)


def test_left_is_left() -> None:
    pairs = [s for s in map(grammar.scene, range(200)) if s.kind == "pair"]
    for scene in pairs:
        first, second = (np.nonzero(mask)[1].mean() for mask in scenes.draw(scene).masks)
        assert (first < second) == (scene.side == "left")


def test_sizes_are_as_said() -> None:
    def widths(size: str) -> list[int]:
        item = grammar.Item("apple", "red", size)
        drawn = [scenes.draw(grammar.Scene((item,), "snow", "day", seed=i)).masks[0] for i in range(5)]
        return [int(np.ptp(np.nonzero(mask)[0])) for mask in drawn]

    assert min(widths("small")) >= 32
    assert max(widths("small")) < min(widths("normal"))
    assert max(widths("normal")) < min(widths("big"))


@pytest.mark.parametrize("place", grammar.PLACES)
def test_night_is_darker_than_day(place: str) -> None:
    day, night = (np.asarray(background(place, time, Random(0))) for time in ("day", "night"))
    assert night.mean() < 0.6 * day.mean()


def test_a_colour_word_repaints_the_body_and_not_the_eyes() -> None:
    plain, blue = (np.asarray(sprites.sprite("cat", colour)).astype(int) for colour in ("plain", "blue"))
    body = plain[..., 3] == 255
    assert np.array_equal(plain[..., 3], blue[..., 3])
    changed = np.abs(plain - blue).max(-1) > 30
    assert changed[body].mean() > 0.6
    black = body & (plain[..., :3].max(-1) < 30)
    assert black.any()
    assert not changed[black].any()


def test_cell_coverage_is_the_mean_of_the_mask() -> None:
    mask = np.zeros((1, 128, 128), np.uint8)
    mask[0, 8:16, 24:28] = 255
    cells = coverage(mask)
    assert cells.shape == (2, 16, 16)
    assert cells[0, 1, 3] == 128
    assert cells.sum() == 128


@pytest.mark.skipif(not Path(sprites.FONT).exists(), reason="needs Debian's fonts-noto-color-emoji")
def test_the_sprites_come_from_the_font(tmp_path: Path) -> None:
    for path in sprites.render_all(tmp_path):
        made, kept = (np.asarray(Image.open(p)) for p in (path, sprites.FOLDER / path.name))
        assert made.shape == kept.shape
        assert np.abs(made.astype(int) - kept).mean() < 4  # FreeType's scaling differs a little by version
