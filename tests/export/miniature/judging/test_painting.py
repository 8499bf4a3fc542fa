"""Painting: exactly the loop's last pictures, the same in any number of processes, and found again in an album."""

from pathlib import Path

import numpy as np
import pytest

from export.format.errors import UserError
from export.miniature.judging.painting import paint
from export.native.generate import draw, settings_for
from export.native.runtime import NativeRuntime

CAPTIONS = ["a red car on the beach", "two white cats"]
WISHES = {"steps": 2, "guidance": 3.0, "sampler": "dpm++2m"}


@pytest.fixture(scope="module")
def painted(int8_model: Path) -> np.ndarray:
    return paint(int8_model, CAPTIONS, processes=1, **WISHES)


def test_pictures_are_the_last_ones_of_the_loop(int8_model: Path, painted: np.ndarray) -> None:
    runtime = NativeRuntime(int8_model, threads=1)
    for i, caption in enumerate(CAPTIONS):
        settings = settings_for(runtime.manifest, prompt=caption, seed=i, **WISHES)
        *_, last = draw(runtime, settings)
        rgba = np.asarray(last.picture).reshape(64, 64, 4)
        np.testing.assert_array_equal(painted[i], rgba[..., :3])
    assert painted.dtype == np.uint8
    assert painted.std() > 1


def test_two_processes_paint_the_same_in_the_same_order(int8_model: Path, painted: np.ndarray) -> None:
    done: list[None] = []
    pictures = paint(int8_model, CAPTIONS, processes=2, advance=lambda: done.append(None), **WISHES)
    np.testing.assert_array_equal(pictures, painted)
    assert len(done) == len(CAPTIONS)


def test_what_lies_in_the_album_is_not_painted_again(
    int8_model: Path, painted: np.ndarray, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    options = {"album": tmp_path / "album", "processes": 1, **WISHES}
    paint(int8_model, CAPTIONS[:1], **options)
    kept = {path: path.stat().st_mtime_ns for path in (tmp_path / "album").iterdir()}
    np.testing.assert_array_equal(paint(int8_model, CAPTIONS, **options), painted)
    paths = set((tmp_path / "album").iterdir())
    assert len(paths) == 2
    assert all(path.stat().st_mtime_ns == when for path, when in kept.items())
    monkeypatch.setattr("export.miniature.judging.painting.draw", None)  # whoever paints now, fails
    np.testing.assert_array_equal(paint(int8_model, CAPTIONS, **options), painted)
    with pytest.raises(TypeError):
        paint(int8_model, CAPTIONS, **options | {"steps": 3})


def test_wishes_that_cannot_be_painted_with_are_mistakes(int8_model: Path) -> None:
    with pytest.raises(UserError, match="steps"):
        paint(int8_model, CAPTIONS, processes=1, steps=0)
