"""models.json: what the page says of every model before it fetches a manifest, taken from the manifests."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Any

from pyscript_app.manifest import Manifest, largest_piece, picture_files, read_manifest

DEFAULT = "miniature"


def catalogue(folders: Iterable[Path]) -> list[dict[str, Any]]:
    """One entry a model, the page's default first.

    Args:
        folders: exported models, each with its ``manifest.json``.
    """
    default_first = sorted(folders, key=lambda folder: folder.name != DEFAULT)
    return [
        entry(folder.name, read_manifest((folder / "manifest.json").read_text("utf-8")))
        for folder in default_first
    ]


def entry(name: str, manifest: Manifest) -> dict[str, Any]:
    """What ``models.json`` holds of one model: the page's type ``ModelEntry``.

    ``files`` are those that a picture needs, as bytes by digest, and ``bytes`` is their sum; ``largest`` is what a
    graphics card must bind at once for the leanest variant of the unet, and ``largest_plain`` for the plain one
    (both null where the manifest does not say).
    """
    graphs = manifest["graphs"]
    files = {
        file["sha256"]: file["bytes"] for file in map(manifest["files"].get, sorted(picture_files(manifest)))
    }
    lean = "unet_fused" if "unet_fused" in graphs else "unet"
    return {
        "name": name,
        "title": manifest["title"],
        "licence": manifest["licence"],
        "licence_terms": manifest.get("licence_terms"),
        "parameters": manifest["parameters"],
        "picture": manifest["picture"],
        "precision": graphs["unet"]["precision"],
        "guidance": manifest.get("guidance", "classifier-free"),
        "largest": largest_piece(manifest, lean),
        "largest_plain": largest_piece(manifest, "unet"),
        "bytes": sum(files.values()),
        "files": files,
    }
