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
from pyscript_app.model import PREVIEWS


class Painter(NativeRuntime):
    """Runs the loop for its last picture alone: nothing is decoded until the loop has ended."""

    def __init__(self, folder: Path) -> None:
        """Open an exported model, for one thread."""
        super().__init__(folder, threads=1)
        self._undecoded = {"picture": np.zeros(0, np.float32)}
        self._last: dict[str, np.ndarray] = {}

    async def run(self, graph: str, feeds: dict[str, np.ndarray]) -> dict[str, np.ndarray]:
        """Run a graph; what a decoder is asked for is only remembered."""
        if graph not in PREVIEWS.values():
            return self.run_now(graph, feeds)
        self._last = feeds
        return self._undecoded

    def paint(self, settings: Settings) -> np.ndarray:
        """Return the last picture, uint8 [H, W, 3]."""
        for _ in draw(self, settings):
            pass
        return self.run_now("vae_decoder", self._last)["picture"][..., :3].astype(np.uint8)


_painter = cache(Painter)  # one for each model and process


def _paint(folder: Path, album: Path | None, settings: Settings) -> np.ndarray:
    """Paint one picture, or find it in the album."""
    if album is None:
        return _painter(folder).paint(settings)
    said = json.dumps(asdict(settings), sort_keys=True)
    path = album / f"{sha256(said.encode()).hexdigest()[:20]}.png"
    if not path.exists():
        partial_path = path.with_suffix(".partial")
        Image.fromarray(_painter(folder).paint(settings)).save(partial_path, "png")
        partial_path.rename(path)
    return np.asarray(Image.open(path))


def paint(
    folder: Path,
    captions: Sequence[str],
    *,
    album: Path | None = None,
    processes: int = 2,
    advance: Callable[[], None] = lambda: None,
    **wishes: Any,
) -> np.ndarray:
    """Paint captions; the i-th has the seed i, so that two models begin with the same noise.

    Args:
        folder: an exported model.
        captions: what to paint.
        album: a folder that keeps the model's pictures: what lies there is not painted again.
        processes: that paint side by side, each with one thread.
        advance: called after each picture.
        wishes: `steps`, `guidance` and `sampler`, where not the model's own defaults.

    Returns:
        uint8 [N, H, W, 3], sRGB.

    Raises:
        UserError: the folder is not an exported model, or a wish cannot be painted with.
    """
    manifest = _painter(folder).manifest
    orders = [settings_for(manifest, prompt=c, seed=i, **wishes) for i, c in enumerate(captions)]
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
