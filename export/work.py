"""The folder in which an export is made: what an interrupted one has done is not done again."""

from __future__ import annotations

import hashlib
import json
import shutil
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any, TypeVar

T = TypeVar("T")


class Work:
    """Remembers the results of steps in ``.<name>.part`` beside the folder that is to appear.

    Args:
        out: that folder.
        fingerprint: of everything that the results depend on; another one begins anew.
    """

    def __init__(self, out: Path, fingerprint: str) -> None:
        self.folder = out.parent / f".{out.name}.part"
        self._path = self.folder / "done.json"
        try:
            said = json.loads(self._path.read_text("utf-8"))
        except (OSError, ValueError):
            said = {}
        if said.get("fingerprint") != fingerprint:
            self.remove()
            said = {"fingerprint": fingerprint, "done": {}}
        self.folder.mkdir(parents=True, exist_ok=True)
        self._said = said

    def once(self, step: str, make: Callable[..., T], *arguments: Any) -> T:
        """What ``make(*arguments)`` returns (as JSON has it), now or in the run that was interrupted."""
        done: dict[str, Any] = self._said["done"]
        if step not in done:
            done[step] = make(*arguments)
            before = self._path.with_suffix(".new")
            before.write_text(json.dumps(self._said), "utf-8")
            before.replace(self._path)
        return done[step]

    def remove(self) -> None:
        """Forget everything."""
        shutil.rmtree(self.folder, ignore_errors=True)


def fingerprint(paths: Iterable[Path], choices: object) -> str:
    """A digest of files and folders by name, size and time of change, and of choices by their ``repr``."""
    digest = hashlib.sha256(repr(choices).encode())
    for path in paths:
        for file in sorted(path.rglob("*")) if path.is_dir() else [path]:
            if file.is_file():
                about = file.stat()
                digest.update(f"{file.resolve()}\n{about.st_size}\n{about.st_mtime_ns}\n".encode())
    return digest.hexdigest()
