"""The manifest: the one description of an exported model, checked whenever it is written or read."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import Any

from export.format.errors import UserError
from pyscript_app.manifest import Manifest
from pyscript_app.manifest import read_manifest as parse
from pyscript_app.refusal import RefusalError

FORMAT = 1
FILE = "manifest.json"


def write_manifest(folder: Path, manifest: Manifest) -> None:
    """Check ``manifest`` as the page will, and write it into ``folder``.

    Raises:
        ValueError: it does not follow the schema, which is a fault of the exporter.
    """
    text = json.dumps(manifest, indent=1, ensure_ascii=False)
    try:
        parse(text)
    except RefusalError as error:
        raise ValueError(f"the manifest does not follow its schema: {error}") from None
    (folder / FILE).write_text(text + "\n", "utf-8")


def read_manifest(folder: Path) -> Manifest:
    """Read and check the manifest of an exported model.

    Raises:
        UserError: ``folder`` is not an exported model, or its manifest is damaged.
    """
    try:
        return parse((folder / FILE).read_text("utf-8"))
    except FileNotFoundError:
        raise UserError(
            f"{folder} is not an exported model (it has no {FILE}); "
            f"make one with `diffuscope export PIPELINE {folder}`."
        ) from None
    except RefusalError as error:
        (reason,) = error.values.values()
        fault = (
            "cannot be read" if error.code == "manifest-damaged" else f"is not a manifest of format {FORMAT}"
        )
        raise UserError(f"{folder / FILE} {fault} ({reason}); export the model again.") from None
    except (OSError, UnicodeDecodeError) as error:
        raise UserError(f"{folder / FILE} cannot be read ({error}); export the model again.") from None


def list_files(folder: Path) -> dict[str, dict[str, Any]]:
    """Size and SHA-256 of every file below ``folder`` but the manifest, by relative path."""
    paths = sorted(path for path in folder.rglob("*") if path.is_file() and path.name != FILE)
    return {
        path.relative_to(folder).as_posix(): {"bytes": path.stat().st_size, "sha256": sha256(path)}
        for path in paths
    }


def damaged_files(folder: Path, manifest: Manifest) -> list[str]:
    """Phrases about the files that are missing or do not match their digest."""
    problems = []
    for name, said in manifest["files"].items():
        path = folder / name
        if not path.is_file():
            problems.append(f"{name} is missing")
        elif path.stat().st_size != said["bytes"]:
            problems.append(f"{name} has {path.stat().st_size} bytes instead of {said['bytes']}")
        elif sha256(path) != said["sha256"]:
            problems.append(f"{name} does not match its SHA-256")
    return problems


def sha256(path: Path) -> str:
    """Hex digest of a file."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
