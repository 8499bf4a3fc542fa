"""A pool of drawn scenes on disk, made once, read by every training process as memory-mapped arrays.

Scene `i` of the pool is `grammar.scene(i)`, so captions need no file. The arrays, N scenes:
    pictures  uint8 [N, 128, 128, 3]   sRGB
    boxes     uint8 [N, 4]             left, top, right, bottom of all objects together
    items     uint8 [N, 2, 16, 16]     how much of each latent cell an item covers, 255 = all
"""

from concurrent.futures import ProcessPoolExecutor
from functools import partial
from pathlib import Path

import numpy as np

from export.miniature.scenes.backgrounds import SIDE
from export.miniature.scenes.grammar import scene
from export.miniature.scenes.scenes import draw

CELL = 8  # pixels a latent cell
CELLS = SIDE // CELL
ARRAYS = {"pictures": (SIDE, SIDE, 3), "boxes": (4,), "items": (2, CELLS, CELLS)}
CHUNK = 500  # scenes a task


def coverage(masks: np.ndarray) -> np.ndarray:
    """Average masks uint8 [items, 128, 128] over latent cells: uint8 [2, 16, 16]."""
    cells = masks.reshape(len(masks), CELLS, CELL, CELLS, CELL).mean((2, 4))
    return np.pad(cells, ((0, 2 - len(masks)), (0, 0), (0, 0))).round().astype(np.uint8)


def _fill(folder: Path, first: int, last: int) -> int:
    """Draw scenes `first` to `last` into the arrays."""
    arrays = {name: np.load(folder / f"{name}.npy", mmap_mode="r+") for name in ARRAYS}
    for i in range(first, last):
        picture = draw(scene(i))
        ys, xs = np.nonzero(picture.masks.max(0) > 64)
        arrays["pictures"][i] = picture.pixels
        arrays["boxes"][i] = xs.min(), ys.min(), xs.max(), ys.max()
        arrays["items"][i] = coverage(picture.masks)
    return last - first


def build(folder: Path, count: int, processes: int = 1) -> dict[str, np.ndarray]:
    """Open the pool in `folder`, drawing it first if it is not there or has another size."""
    done = folder / "complete"
    if not done.exists() or done.read_text() != str(count):
        folder.mkdir(parents=True, exist_ok=True)
        done.unlink(missing_ok=True)
        for name, shape in ARRAYS.items():
            np.lib.format.open_memmap(folder / f"{name}.npy", "w+", np.uint8, (count, *shape)).flush()
        firsts = range(0, count, CHUNK)
        lasts = [min(first + CHUNK, count) for first in firsts]
        if processes == 1:
            list(map(partial(_fill, folder), firsts, lasts))
        else:
            with ProcessPoolExecutor(processes) as workers:
                list(workers.map(partial(_fill, folder), firsts, lasts))
        done.write_text(str(count))
    return {name: np.load(folder / f"{name}.npy", mmap_mode="r") for name in ARRAYS}
