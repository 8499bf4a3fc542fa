"""Recorded runs for the page: what it shows before its engine is ready, computed by the same loop.

A recording is one gzip file: the length of a header (uint32, little endian), the header (JSON), then the arrays of all
frames as 8-bit values and their pictures, one below the other, as WebP. ``web/runs/recordings.js`` reads it. Make them
anew with ``diffuscope recordings`` whenever the model or the loop has changed.
"""

from __future__ import annotations

import gzip
import io
import json
import re
from array import array
from collections.abc import Iterable
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from export.native.generate import draw, settings_for
from export.native.runtime import NativeRuntime
from pyscript_app.frame import Frame
from pyscript_app.loop import Settings
from pyscript_app.page_form import page_form

# What the page plays first, and the cards beside it.
RUNS: list[dict[str, Any]] = [
    {"prompt": "a red car on the beach at sunset", "seed": 7, "steps": 10},
    {"prompt": "two yellow balloons on the sea at night", "seed": 3, "steps": 10},
    {"prompt": "a small blue house in the snow by day", "seed": 11, "steps": 10},
]
WEBP_QUALITY = 88
LEVELS = 256
# The attention of all 77 tokens is most of a recording; fewer levels compress it better.
ATTENTION_LEVELS = 64


class _Body:
    """The bytes after the header; everything that is added gets a place there."""

    def __init__(self) -> None:
        self.content = bytearray()

    def add(self, data: bytes | np.ndarray) -> dict[str, int]:
        place = {"offset": len(self.content), "length": len(data)}
        self.content += bytes(data)
        return place

    def add_values(self, values: array | bytes, levels: int) -> dict[str, float]:
        """Store values as bytes, rounded to even levels between the least (0) and the greatest (255)."""
        floats = np.frombuffer(values, np.float32)
        low, high = float(floats.min(initial=0)), float(floats.max(initial=0))
        level = np.rint((floats - low) / ((high - low) or 1) * (levels - 1))
        return {**self.add(np.rint(level * (255 / (levels - 1))).astype(np.uint8)), "low": low, "high": high}


def pack(settings: Settings, frames: list[Frame], picture: tuple[int, int]) -> bytes:
    """A run as the content of a recording's file.

    Args:
        settings: of the run.
        frames: all its frames.
        picture: height and width.
    """
    body = _Body()

    def place(name: str, values: array | bytes) -> dict[str, float]:
        return body.add_values(values, ATTENTION_LEVELS if name == "attention" else LEVELS)

    told = [page_form(frame, place, without={"picture", "state", "answer"}) for frame in frames]
    pictures = np.concatenate([np.asarray(frame.picture).reshape(*picture, 4) for frame in frames])
    strip = io.BytesIO()
    Image.fromarray(pictures[..., :3].round().astype(np.uint8)).save(
        strip, "WEBP", quality=WEBP_QUALITY, method=6
    )
    header = {"settings": asdict(settings), "frames": told, "previews": body.add(strip.getvalue())}
    # JSON has no word for infinity, the noise level of pure noise, but every reader overflows to it.
    text = json.dumps(header, separators=(",", ":")).replace(":Infinity", ":1e999").encode()
    return gzip.compress(len(text).to_bytes(4, "little") + text + bytes(body.content), 9, mtime=0)


def record(model: Path, folder: Path, runs: Iterable[dict[str, Any]] = RUNS) -> list[Path]:
    """Draw runs and write them with an index, in place of all earlier ones.

    Args:
        model: an exported model.
        folder: where the recordings go.
        runs: wishes over the model's default settings.

    Returns:
        The recordings' files.
    """
    runtime = NativeRuntime(model)
    size = runtime.manifest["picture"]
    files, entries = [], []
    folder.mkdir(parents=True, exist_ok=True)
    for old in folder.glob("*.run"):
        old.unlink()
    for wishes in runs:
        settings = settings_for(runtime.manifest, **wishes, preview="full")
        name = "-".join(re.findall(r"\w+", settings.prompt.lower())) or "empty"
        content = pack(settings, list(draw(runtime, settings)), (size["height"], size["width"]))
        file = folder / f"{name}.run"
        file.write_bytes(content)
        files.append(file)
        entries.append({"name": name, "settings": asdict(settings), "bytes": len(content)})
    index = json.dumps({"model": runtime.manifest["name"], "runs": entries}, indent=1, ensure_ascii=False)
    (folder / "index.json").write_text(index + "\n", "utf-8")
    return files
