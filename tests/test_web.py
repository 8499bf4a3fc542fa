"""The page's pure logic, tested by Node's own runner (`npm test`); here so that `make test` covers it."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

ROOT = Path(__file__).parent.parent


def test_the_logic_of_the_page() -> None:
    node = shutil.which("node")
    assert node, "Node.js was not found: install version 20.10 or newer."
    files = sorted(map(str, (ROOT / "tests" / "web").glob("*.test.js")))
    assert files
    done = subprocess.run([node, "--test", *files], capture_output=True, text=True, check=False, cwd=ROOT)
    assert done.returncode == 0, done.stdout + done.stderr
