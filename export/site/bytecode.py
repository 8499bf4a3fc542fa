"""The page's Python compiled beforehand, by the Python that will run it: Pyodide under Node."""

from __future__ import annotations

import base64
import hashlib
import json
import os
import shutil
import subprocess
from pathlib import Path

from export.format.errors import UserError

COMPILER = Path(__file__).with_suffix(".mjs")


def bytecode(pyodide: Path, sources: tuple[tuple[str, str], ...]) -> dict[str, bytes]:
    """The .pyc files of modules, by path (``package/__pycache__/module.cpython-314.pyc``).

    Pyodide takes seconds to start, so what was compiled is kept in ``node_modules/.cache`` until it changes.

    Args:
        pyodide: folder of Pyodide's npm package.
        sources: path and text of each module.

    Raises:
        UserError: there is no Node, or it could not run Pyodide.
    """
    given = json.dumps(dict(sources))
    version = (pyodide / "package.json").read_text("utf-8") + COMPILER.read_text("utf-8")
    kept = pyodide.parent / ".cache/diffuscope" / hashlib.sha256((version + given).encode()).hexdigest()
    if not kept.exists():
        kept.parent.mkdir(parents=True, exist_ok=True)
        making = kept.with_suffix(f".{os.getpid()}")
        making.write_text(_compile(pyodide, given), "utf-8")
        making.rename(kept)
    return {path: base64.b64decode(content) for path, content in json.loads(kept.read_text("utf-8")).items()}


def _compile(pyodide: Path, given: str) -> str:
    node = shutil.which("node")
    if node is None:
        raise UserError("Node.js is missing, which compiles the page's Python: install Node.js 20 or newer.")
    command = [node, str(COMPILER), pyodide.resolve().as_uri()]
    done = subprocess.run(command, input=given, capture_output=True, text=True, check=False)
    if done.returncode:
        reason = (done.stderr.strip().splitlines() or ["it gave no reason"])[-1]
        raise UserError(f"The page's Python could not be compiled ({reason}): run 'npm ci' and build again.")
    return done.stdout
