"""The command line's other beginnings and ways: a picture to start with, slots, spacings."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from PIL.ExifTags import Base
from typer.testing import CliRunner

from export.cli.main import app
from export.format.errors import UserError
from export.format.manifest import read_manifest
from export.native.generate import draw, parse_slots, read_start, settings_for
from export.native.runtime import NativeRuntime


def generate(model: Path, folder: Path, *more: object) -> dict[str, np.ndarray]:
    """Draw five steps and return the trace."""
    folder.mkdir(exist_ok=True)
    arguments = ["generate", "a red car", "--model", model, "--steps", 5, "--out", folder / "picture.png"]
    arguments += ["--trace", folder / "run.npz", *more]
    result = CliRunner().invoke(app, [str(each) for each in arguments], env={"COLUMNS": "200"})
    assert result.exit_code == 0, result.output
    with np.load(folder / "run.npz") as found:
        return dict(found)


@pytest.fixture(scope="module")
def photo(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Wider than high, with the colours of the middle in the middle alone."""
    path = tmp_path_factory.mktemp("photo") / "photo.png"
    picture = Image.new("RGB", (200, 100), "blue")
    picture.paste("orange", (50, 0, 150, 100))
    picture.save(path)
    return path


def test_a_picture_is_cut_to_its_middle(int8_model: Path, photo: Path) -> None:
    start = read_start(read_manifest(int8_model), photo, 0.4)
    colours = np.frombuffer(bytes(start.picture), np.uint8).reshape(64, 64, 4)
    assert (colours[:, 2:-2] == [255, 165, 0, 255]).all()
    assert start.strength == 0.4


def test_a_picture_s_way_up_is_heeded_and_what_it_lets_through_is_white(
    int8_model: Path, tmp_path: Path
) -> None:
    manifest = read_manifest(int8_model)
    lying = Image.new("RGB", (64, 64), "blue")
    lying.paste("red", (0, 0, 32, 64))
    turned = Image.Exif()
    turned[Base.Orientation] = 6  # its left side is up
    lying.save(tmp_path / "lying.jpg", exif=turned, quality=100)
    colours = np.frombuffer(bytes(read_start(manifest, tmp_path / "lying.jpg", 1).picture), np.uint8)
    assert colours.reshape(64, 64, 4)[8, :, 0].min() > 200 > colours.reshape(64, 64, 4)[56, :, 0].max()
    Image.new("RGBA", (64, 64), (0, 0, 0, 0)).save(tmp_path / "glass.png")
    assert set(read_start(manifest, tmp_path / "glass.png", 1).picture) == {255}


def test_a_run_begins_at_a_picture_and_says_so(int8_model: Path, photo: Path, tmp_path: Path) -> None:
    plain = generate(int8_model, tmp_path / "plain")
    begun = generate(int8_model, tmp_path / "begun", "--start", photo, "--strength", 0.4)
    assert (len(plain["timesteps"]), len(begun["timesteps"])) == (5, 2)
    np.testing.assert_array_equal(begun["timesteps"], plain["timesteps"][3:])
    said = json.loads(str(begun["settings"]))
    assert said["start"] == {"picture": "photo.png", "strength": 0.4}
    assert "start" not in json.loads(str(plain["settings"]))
    # What is said nothing of is three steps of five.
    assert len(generate(int8_model, tmp_path / "unsaid", "--start", photo)["timesteps"]) == 3


def test_slots_are_read() -> None:
    assert parse_slots([]) == {}
    assert parse_slots(["dog=cut", "a=b=alone"]) == {"dog": "cut", "a=b": "alone"}
    with pytest.raises(UserError, match="WORD=WAY"):
        parse_slots(["dog="])


def test_slots_and_spacings_reach_the_loop(int8_model: Path, tmp_path: Path) -> None:
    plain = generate(int8_model, tmp_path / "plain")
    cut = generate(int8_model, tmp_path / "cut", "--slots", "red=cut")
    late = generate(int8_model, tmp_path / "late", "--spacing", "late")
    assert np.abs(plain["latents"][-1] - cut["latents"][-1]).max() > 1e-4
    assert json.loads(str(cut["settings"]))["slots"] == {"red": "cut"}
    np.testing.assert_array_equal(late["timesteps"], [999, 630, 398, 251, 158])


def test_for_those_who_do_not_watch_the_last_picture_alone_is_drawn(int8_model: Path) -> None:
    runtime = NativeRuntime(int8_model)
    settings = settings_for(runtime.manifest, steps=3)
    whole, alone = (list(draw(runtime, settings, last_only=only)) for only in (False, True))
    assert [(frame.drawn_by, len(frame.picture)) for frame in alone[:-1]] == [("", 0)] * 2
    assert alone[-1].picture == whole[-1].picture
    assert [frame.latent for frame in alone] == [frame.latent for frame in whole]
