"""The curves hold what the logs say."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from matplotlib.figure import Figure
from PIL import Image
from typer.testing import CliRunner

from export.format.errors import UserError
from export.miniature.cli import app
from export.miniature.training import curve


def log(folder: Path, name: str, rows: list[dict[str, float]]) -> Path:
    path = folder / f"{name}.jsonl"
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    return path


RUNS = [
    {"samples": 100, "loss": 3.0},
    {"samples": 200, "loss": 2.0},
    {"samples": 100, "loss": 2.5},  # begun anew
    {"samples": 300, "loss": 0.5},
]


def test_a_new_run_begins_where_the_samples_fall(tmp_path: Path) -> None:
    runs = curve.read(log(tmp_path, "denoiser", RUNS))
    assert runs == [RUNS[:2], RUNS[2:]]


def test_the_curve_is_the_log(tmp_path: Path) -> None:
    axes = Figure().add_subplot()
    curve.plot(axes, curve.Panel("denoiser", "loss", "Loss"), curve.read(log(tmp_path, "denoiser", RUNS)))
    earlier, last, end = (np.column_stack(line.get_data()).tolist() for line in axes.lines)
    assert earlier == [[100, 3], [200, 2]]
    assert last == [[100, 2.5], [300, 0.5]]
    assert end == [[300, 0.5]]
    assert axes.get_title("right") == "0.5"


def test_one_panel_for_each_column_that_is_there(tmp_path: Path) -> None:
    sizes = []
    vae = log(tmp_path, "vae", [{"samples": 8, "psnr": 20.0}, {"samples": 16, "psnr": 25.0}])
    denoiser = log(tmp_path, "denoiser", [row | {"object_v_mse": 1.0} for row in RUNS])
    for logs in ([vae], [vae, denoiser]):
        out = tmp_path / "curve.png"
        curve.draw(logs, out)
        picture = Image.open(out)
        assert len(np.unique(np.asarray(picture))) > 20
        sizes.append(picture.size)
    assert sizes[1][1] == 2 * sizes[0][1]  # one panel, and three in two rows


def test_the_command_draws_a_folder(tmp_path: Path) -> None:
    log(tmp_path, "denoiser", RUNS)
    out = tmp_path / "out.png"
    assert CliRunner().invoke(app, ["curve", "--logs", str(tmp_path), "--out", str(out)]).exit_code == 0
    assert Image.open(out).width > 500


@pytest.mark.parametrize("text", ["not JSON", "[]", '{"loss": 1}'])
def test_a_broken_log_is_named(tmp_path: Path, text: str) -> None:
    path = tmp_path / "denoiser.jsonl"
    path.write_text(f"{json.dumps(RUNS[0])}\n{text}\n")
    with pytest.raises(UserError, match=r"Line 2 of .*denoiser\.jsonl"):
        curve.draw([path], tmp_path / "curve.png")


def test_nothing_to_draw_is_said(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="No training log"):
        curve.draw([], tmp_path / "curve.png")
