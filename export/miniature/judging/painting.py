"""Paints many captions with an exported model, by the page's own loop: what it paints is what visitors see."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import asdict
from functools import cache, partial
from hashlib import sha256
from multiprocessing import get_context
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from export.native.generate import draw, settings_for
from export.native.runtime import NativeRuntime
from pyscript_app.loop import Settings

_runtime = cache(partial(NativeRuntime, threads=1))  # one for each model and process


def _draw(folder: Path, settings: Settings) -> np.ndarray:
    """The loop's last picture, uint8 [H, W, 3]."""
    runtime = _runtime(folder)
    size = runtime.manifest["picture"]
    *_, last = draw(runtime, settings, last_only=True)
    rgba = np.asarray(last.picture).reshape(size["height"], size["width"], 4)
    return rgba[..., :3].astype(np.uint8)


def _paint(folder: Path, album: Path | None, settings: Settings) -> np.ndarray:
    """Paint one picture, or find it in the album."""
    if album is None:
        return _draw(folder, settings)
    said = json.dumps(asdict(settings), sort_keys=True)
    path = album / f"{sha256(said.encode()).hexdigest()[:20]}.png"
    if not path.exists():
        partial_path = path.with_suffix(".partial")
        Image.fromarray(_draw(folder, settings)).save(partial_path, "png")
        partial_path.rename(path)
    return np.asarray(Image.open(path))


def paint(
    folder: Path,
    captions: Sequence[str],
    *,
    seeds: Sequence[int] | None = None,
    gains: Sequence[dict[str, float]] | None = None,
    album: Path | None = None,
    processes: int = 2,
    advance: Callable[[], None] = lambda: None,
    **wishes: Any,
) -> np.ndarray:
    """Paint captions; the i-th has the seed i, so that two models begin with the same noise.

    Args:
        folder: an exported model.
        captions: what to paint.
        seeds: of each caption, where not its number.
        gains: the strengths of each caption's words, where not all 1.
        album: a folder that keeps the model's pictures: what lies there is not painted again.
        processes: that paint side by side, each with one thread.
        advance: called after each picture.
        wishes: `steps`, `guidance` and `sampler`, where not the model's own defaults.

    Returns:
        uint8 [N, H, W, 3], sRGB.

    Raises:
        UserError: the folder is not an exported model, or a wish cannot be painted with.
    """
    manifest = _runtime(folder).manifest
    orders = [
        settings_for(manifest, prompt=caption, seed=seed, gains=strengths, **wishes)
        for caption, seed, strengths in zip(
            captions, seeds or range(len(captions)), gains or [{}] * len(captions), strict=True
        )
    ]
    if album:
        album.mkdir(parents=True, exist_ok=True)
    work = partial(_paint, folder, album)
    pictures = []
    if processes == 1:
        for order in orders:
            pictures.append(work(order))
            advance()
        return np.stack(pictures)
    # Fresh interpreters: a forked copy of torch's and onnxruntime's threads would wait for ever.
    with ProcessPoolExecutor(processes, get_context("spawn")) as painters:
        for picture in painters.map(work, orders):
            pictures.append(picture)
            advance()
    return np.stack(pictures)
