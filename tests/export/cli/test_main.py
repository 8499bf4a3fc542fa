"""The commands: what they print, what they make, and how they refuse."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from click.testing import Result
from PIL import Image
from typer.testing import CliRunner

from export.cli import main as cli


def run(*arguments: object) -> Result:
    return CliRunner().invoke(cli.app, [str(argument) for argument in arguments], env={"COLUMNS": "200"})


def refused(*arguments: object) -> str:
    """The one sentence that a command ends with."""
    result = run(*arguments)
    assert result.exit_code == 1
    assert isinstance(result.exception, SystemExit)
    assert "Traceback" not in result.output
    lines = [line for line in result.output.splitlines() if line.strip()]
    assert len(lines) == 1
    assert lines[0].startswith("Error: ")
    return lines[0]


COMMANDS = ("build", "serve", "models", "generate", "export", "verify", "recordings", "miniature")


def test_help_lists_the_commands() -> None:
    result = run("--help")
    assert result.exit_code == 0
    assert all(command in result.output for command in COMMANDS)


@pytest.mark.parametrize("command", COMMANDS)
def test_each_command_has_help(command: str) -> None:
    result = run(command, "--help")
    assert result.exit_code == 0
    assert "Usage" in result.output


@pytest.mark.parametrize("command", ["build", "serve", "generate", "export", "verify"])
def test_help_gives_an_example(command: str) -> None:
    assert f"diffuscope {command}" in run(command, "--help").output.split("Usage", 1)[1].split("\n", 1)[1]


def test_help_and_generate_do_without_torch(int8_model: Path, tmp_path: Path) -> None:
    """As in a base installation: importing any library of the export extra fails."""
    program = f"""
import sys
for name in ("torch", "diffusers", "transformers", "onnx"):
    sys.modules[name] = None
from typer.testing import CliRunner
from export.cli.main import app
for arguments in (["--help"], ["generate", "a car", "--model", {str(int8_model)!r}, "--steps", "2",
                  "--out", {str(tmp_path / "car.png")!r}]):
    result = CliRunner().invoke(app, arguments)
    assert result.exit_code == 0, result.output
result = CliRunner().invoke(app, ["export", "here", "there"])
assert result.exit_code == 1 and "diffuscope[export]" in result.output, result.output
"""
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert (tmp_path / "car.png").exists()


def draw(model: Path, folder: Path, *more: object) -> dict[str, np.ndarray]:
    """Draw three steps and return the trace."""
    folder.mkdir(exist_ok=True)
    out, trace = folder / "picture.png", folder / "run.npz"
    result = run(
        "generate", "a red car", "--model", model, "--steps", 3, "--out", out, "--trace", trace, *more
    )
    assert result.exit_code == 0, result.output
    with np.load(trace) as found:
        return dict(found)


def test_a_trace_holds_every_step(int8_model: Path, tmp_path: Path) -> None:
    trace = draw(int8_model, tmp_path, "--seed", 5, "--guidance", 4, "--negative", "night")
    assert {name: value.shape for name, value in trace.items()} == {
        "latents": (4, 4, 8, 8),
        "x0": (3, 4, 8, 8),
        "eps_cond": (3, 4, 8, 8),
        "eps_uncond": (3, 4, 8, 8),
        "timesteps": (3,),
        "attention_8": (3, 77, 8, 8),
        "attention_4": (3, 77, 4, 4),
        "picture": (64, 64, 3),
        "settings": (),
    }
    assert trace["picture"].dtype == np.uint8
    settings = json.loads(str(trace["settings"]))
    assert settings["prompt"] == "a red car"
    assert (settings["seed"], settings["guidance"], settings["negative"]) == (5, 4, "night")
    assert (settings["steps"], settings["sampler"]) == (3, "ddim")
    np.testing.assert_array_equal(np.asarray(Image.open(tmp_path / "picture.png")), trace["picture"])
    # All tokens together receive all of the attention of each of the 3 and 4 layers.
    np.testing.assert_allclose(trace["attention_8"].sum(1), 3, rtol=1e-4)
    np.testing.assert_allclose(trace["attention_4"].sum(1), 4, rtol=1e-4)
    assert np.all(np.diff(trace["timesteps"]) < 0)


def test_the_first_latent_is_the_seeds_noise(int8_model: Path, tmp_path: Path) -> None:
    import torch

    noise = torch.randn(1, 4, 8, 8, generator=torch.Generator().manual_seed(11))[0].numpy()
    np.testing.assert_allclose(draw(int8_model, tmp_path, "--seed", 11)["latents"][0], noise, atol=1e-5)


def test_the_same_seed_gives_the_same_picture(int8_model: Path, tmp_path: Path) -> None:
    first, again, other = (
        draw(int8_model, tmp_path / name, "--seed", seed) for name, seed in (("a", 1), ("b", 1), ("c", 2))
    )
    for name, value in first.items():
        np.testing.assert_array_equal(value, again[name])
    assert np.abs(first["latents"][-1] - other["latents"][-1]).max() > 0.1


def test_a_gain_of_zero_takes_a_word_out(int8_model: Path, tmp_path: Path) -> None:
    plain = draw(int8_model, tmp_path)
    muted = draw(int8_model, tmp_path, "--gain", "red=0")
    silent = np.flatnonzero(muted["attention_8"].max(axis=(0, 2, 3)) == 0)
    assert len(silent) >= 1
    assert np.all(plain["attention_8"][:, silent].max(axis=(2, 3)) > 0)
    assert np.abs(plain["latents"][-1] - muted["latents"][-1]).max() > 1e-4


def test_frames_are_saved(int8_model: Path, tmp_path: Path) -> None:
    draw(int8_model, tmp_path, "--frames", tmp_path / "frames")
    names = sorted(path.name for path in (tmp_path / "frames").iterdir())
    assert names[:3] == ["step-01-attention.png", "step-01-latent.png", "step-01-picture.png"]
    assert len(names) == 9
    sizes = {Image.open(tmp_path / "frames" / name).size for name in names if "picture" in name}
    assert sizes == {(64, 64)}


@pytest.mark.parametrize(
    ("more", "reason"),
    [
        (("--steps", 0), "steps"),
        (("--sampler", "magic"), "sampler"),
        (("--gain", "red"), "WORD=FACTOR"),
        (("--gain", "red=much"), "WORD=FACTOR"),
        (("--gain", "boat=0.5"), "boat"),
        (("--seed", -1), "seed"),
        (("--guidance", "nan"), "guidance"),
        (("--gain", "red=nan"), "red"),
        (("--slots", "red"), "WORD=WAY"),
        (("--slots", "=cut"), "WORD=WAY"),
        (("--slots", "red=loud"), "one of alone, cut, unheard, deleted, not 'loud'"),
        (("--slots", "boat=cut"), "'boat' is not in the prompt"),
        (("--spacing", "even"), "no spacing 'even'; choose one of trained, "),
        (("--spacing", "late", "--sampler", "lcm"), "lcm keeps to its own times"),
        (("--strength", 0.5), "--start PICTURE"),
        (("--start", __file__), "no picture"),
        (("--start", "nowhere.png"), "No such file"),
    ],
)
def test_settings_that_cannot_be_drawn(
    int8_model: Path, tmp_path: Path, more: tuple[object], reason: str
) -> None:
    sentence = refused("generate", "a red car", "--model", int8_model, "--out", tmp_path / "p.png", *more)
    assert reason in sentence
    assert not (tmp_path / "p.png").exists()


def test_a_picture_that_cannot_be_saved(int8_model: Path, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    sentence = refused(
        "generate", "a car", "--model", int8_model, "--steps", 1, "--out", tmp_path / "file" / "p.png"
    )
    assert str(tmp_path / "file") in sentence


def test_a_gif_shows_every_step(int8_model: Path, tmp_path: Path) -> None:
    result = run(
        "generate", "a red car", "--model", int8_model, "--steps", 3, "--out", tmp_path / "steps.gif"
    )
    assert result.exit_code == 0, result.output
    with Image.open(tmp_path / "steps.gif") as picture:
        assert picture.n_frames == 3


def test_a_name_that_no_picture_has(int8_model: Path, tmp_path: Path) -> None:
    sentence = refused("generate", "a red car", "--model", int8_model, "--out", tmp_path / "picture.pgn")
    assert "picture.png" in sentence


def test_a_model_without_its_vocabulary(int8_model: Path, tmp_path: Path) -> None:
    copied = Path(shutil.copytree(int8_model, tmp_path / "copy"))
    (copied / "vocab.json").unlink()
    assert "vocab.json" in refused("generate", "a car", "--model", copied, "--out", tmp_path / "p.png")


def test_an_unknown_model(tmp_path: Path) -> None:
    assert "no exported model nothing" in refused("generate", "a car", "--model", "nothing")


def test_models_are_listed(int8_model: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cli, "MODELS", tmp_path / "models")
    assert "There is no model" in refused("models")
    shutil.copytree(int8_model, tmp_path / "models" / "cars")
    result = run("models")
    assert result.exit_code == 0
    assert "cars" in result.output
    assert "64×64" in result.output
    assert cli.find_model("cars") == tmp_path / "models" / "cars"


def test_export_prints_its_errors(tiny_pipeline: Callable[..., Path], tmp_path: Path) -> None:
    out = tmp_path / "model"
    result = run("export", tiny_pipeline(), out, "--title", "Tiny", "--sampler", "euler")
    assert result.exit_code == 0, result.output
    assert "loop, 10 steps of euler" in result.output
    assert "stored as" in result.output
    assert "int8" in result.output
    assert json.loads((out / "manifest.json").read_text())["title"] == "Tiny"
    assert [path.name for path in tmp_path.iterdir()] == ["model"]


def test_export_refuses(tmp_path: Path) -> None:
    assert "There is no folder" in refused("export", tmp_path / "nothing", tmp_path / "out")
    assert not (tmp_path / "out").exists()


def test_verify(int8_model: Path, tiny_pipeline: Callable[..., Path], tmp_path: Path) -> None:
    result = run("verify", int8_model, "--against", tiny_pipeline())
    assert result.exit_code == 0, result.output
    assert "files match" in result.output
    assert "unet" in result.output
    assert "switched off" in result.output
    copied = Path(shutil.copytree(int8_model, tmp_path / "copy"))
    (copied / "vocab.json").write_text("{}")
    assert "vocab.json has 2 bytes" in refused("verify", copied)
    assert "not an exported model" in refused("verify", tmp_path)
