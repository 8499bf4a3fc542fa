"""The wheel of the loop, as `make wheel` builds it."""

from __future__ import annotations

import subprocess
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]


def build_wheel(folder: Path) -> None:
    """Build it into a folder, with what is installed here: no network is asked."""
    # Not the packages once more: whoever runs the tests has them.
    options = ["--old-file=.venv/base", f"DIST={folder}", "PIP_OPTIONS=--no-build-isolation"]
    subprocess.run(["make", "--silent", "wheel", *options], cwd=ROOT, check=True)


def wheel_in(folder: Path) -> Path:
    """The one that was built there."""
    [wheel] = folder.iterdir()
    return wheel
