"""A site with several models, made of the miniature's weights: what the tests of choosing one need."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

from export.site.catalogue import catalogue
from export.site.site import write_precache

PADDING = 110_000_000  # bytes: enough that the page asks before it fetches them


def stock(site: Path, folder: Path) -> Path:
    """Copy a site and add "second", which has other settings, and "large", which is large."""
    shutil.copytree(site, folder, copy_function=os.link)
    _add(folder, "second", _second)
    _add(folder, "large", _large)
    models = [folder / "models" / name for name in ("large", "miniature", "second")]
    _replace(folder / "models.json", json.dumps({"models": catalogue(models)}))
    _replace(folder / "precache.js", "")
    write_precache(folder)
    return folder


def _add(site: Path, name: str, change: Callable[[Path, dict[str, Any]], None]) -> None:
    folder = site / "models" / name
    shutil.copytree(site / "models/miniature", folder, copy_function=os.link)
    manifest = json.loads((folder / "manifest.json").read_text("utf-8"))
    manifest["name"] = name
    change(folder, manifest)
    _replace(folder / "manifest.json", json.dumps(manifest))


def _replace(file: Path, text: str) -> None:
    file.unlink()  # it is linked to the site's own
    file.write_text(text, "utf-8")


def _second(folder: Path, manifest: dict[str, Any]) -> None:
    manifest |= {
        "title": "Second",
        "licence": "CC-BY-NC-4.0",
        "licence_terms": "Non-commercial use only.",
        "additions": ["LoRA ink-wash.safetensors × 0.8"],
    }
    manifest["tokenizer"]["added"] = {"<cat-toy>": [5, 6]}
    manifest["defaults"] |= {"steps": 3, "guidance": 4.0, "sampler": "euler", "preview": "full"}
    del manifest["graphs"]["preview_decoder"]


def _large(folder: Path, manifest: dict[str, Any]) -> None:
    manifest |= {"title": "Large", "parameters": 1_066_000_000}
    manifest["graphs"]["unet"]["largest"] = 1_073_741_824
    _write(folder, manifest, "weights/padding.bin", bytes(PADDING))
    manifest["graphs"]["text_encoder"]["shards"].append("weights/padding.bin")


def _write(folder: Path, manifest: dict[str, Any], path: str, content: bytes) -> None:
    (folder / path).write_bytes(content)
    manifest["files"][path] = {"bytes": len(content), "sha256": hashlib.sha256(content).hexdigest()}
