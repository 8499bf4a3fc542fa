"""The commands: quick help without torch, a sheet, and plain words for mistakes."""

import subprocess
import sys
from pathlib import Path

import pytest
from PIL import Image
from typer.testing import CliRunner

from export.format.errors import UserError
from export.miniature.cli import app


def test_help_needs_no_torch() -> None:
    code = "import sys, export.miniature.cli; assert not {'torch', 'diffusers'} & set(sys.modules)"
    subprocess.run([sys.executable, "-c", code], check=True, cwd=Path(__file__).parents[3])
    listed = CliRunner().invoke(app, ["--help"]).output
    assert all(command in listed for command in ("scenes", "train", "evaluate", "card"))


def test_scenes_writes_a_sheet(tmp_path: Path) -> None:
    out = tmp_path / "sheet.png"
    assert CliRunner().invoke(app, ["scenes", "--count", "3", "--out", str(out)]).exit_code == 0
    assert Image.open(out).width > 3 * 128


@pytest.mark.parametrize("command", [["train", "--config", "none.toml"], ["card", "--weights", "none"]])
def test_a_mistake_is_said_in_one_sentence(command: list[str]) -> None:
    result = CliRunner().invoke(app, command)
    assert isinstance(result.exception, UserError)
    assert str(result.exception).count("\n") == 0
