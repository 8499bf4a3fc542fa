"""Settings from wishes and defaults, and the loop as an ordinary iterator."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from export.format.errors import UserError
from export.format.manifest import read_manifest
from export.native.generate import Recorder, draw, parse_gains, settings_for
from export.native.runtime import NativeRuntime


def test_gains_are_read() -> None:
    assert parse_gains([]) == {}
    assert parse_gains(["dog=0.5", "a=b=2"]) == {"dog": 0.5, "a=b": 2}


@pytest.mark.parametrize("pair", ["dog", "=1", "dog=", "dog=much"])
def test_odd_gains_are_refused(pair: str) -> None:
    with pytest.raises(UserError, match="WORD=FACTOR"):
        parse_gains([pair])


def test_defaults_fill_what_is_not_wished(int8_model: Path) -> None:
    settings = settings_for(read_manifest(int8_model), prompt="a boat", steps=None, guidance=1.5)
    assert (settings.prompt, settings.guidance, settings.steps, settings.sampler) == (
        "a boat",
        1.5,
        20,
        "ddim",
    )


def test_drawing_may_stop_early_and_begin_again(int8_model: Path) -> None:
    runtime = NativeRuntime(int8_model)
    settings = settings_for(runtime.manifest, steps=3)
    frames = draw(runtime, settings)
    first = next(frames)
    frames.close()
    whole = list(draw(runtime, settings))
    assert [frame.step for frame in whole] == [1, 2, 3]
    np.testing.assert_array_equal(first.latent, whole[0].latent)


def test_previews_are_settings_like_others(int8_model: Path) -> None:
    runtime = NativeRuntime(int8_model)
    settings = settings_for(runtime.manifest, preview="full", every=None, steps=2)
    assert (settings.preview, settings.every) == ("full", 1)
    assert [frame.drawn_by for frame in draw(runtime, settings)] == ["vae_decoder"] * 2
    with pytest.raises(UserError, match="There is no preview 'half'; choose one of full, tiny, linear"):
        settings_for(runtime.manifest, preview="half")


def test_settings_that_the_loop_refuses_are_mistakes(int8_model: Path) -> None:
    runtime = NativeRuntime(int8_model)
    with pytest.raises(UserError, match="steps"):
        next(draw(runtime, settings_for(runtime.manifest, steps=0)))


def test_the_colour_view_follows_the_manifest(int8_model: Path, tmp_path: Path) -> None:
    runtime = NativeRuntime(int8_model)
    settings = settings_for(runtime.manifest, steps=1)
    recorder = Recorder(runtime.manifest, settings, tmp_path / "frames")
    (frame,) = draw(runtime, settings)
    recorder.add(frame)
    view = np.asarray(Image.open(tmp_path / "frames" / "step-01-latent.png"))
    rgb = runtime.manifest["latent"]["rgb"]
    latent = np.asarray(frame.latent).reshape(4, 64)
    colours = latent.T @ np.array(rgb["weight"]) + rgb["bias"]
    cells = view[4::8, 4::8].reshape(64, 3)
    np.testing.assert_allclose(cells, np.clip(colours, 0, 1) * 255, atol=0.51)
