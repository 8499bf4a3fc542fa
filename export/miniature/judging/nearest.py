"""Did the model copy? Looks for the training scene that is nearest to each picture that it painted.

Pictures are compared as thumbnails of 32×32; a distance is the root mean square difference in levels of 255.
How near is too near, drawings that no training saw tell: they are made the same way and copy nothing. As in
AuthPct (Alaa et al. 2022, https://arxiv.org/abs/2102.08921), a picture is suspect that is nearer to a
training scene than nearly all of those, and as in Yoon et al. 2023 (https://openreview.net/forum?id=shciCbSk9h)
one that is three times nearer to one training scene than to any other.
"""

from collections.abc import Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from export.miniature.scenes import grammar
from export.miniature.scenes.gallery import gallery

BLOCK = 4  # pixels a side that become one pixel of a thumbnail
CHUNK = 1000  # training pictures held in memory at once
CLOSEST = 8  # pairs that are shown


class Neighbours(NamedTuple):
    """Of N pictures the nearest training picture, how far it is, and how far the second nearest is."""

    scene: np.ndarray  # int [N]
    first: np.ndarray  # float [N]
    second: np.ndarray  # float [N]


def thumbnails(pictures: np.ndarray) -> np.ndarray:
    """Shrink pictures uint8 [N, H, W, 3] to float32 [N, H/4 · W/4 · 3] by means of blocks."""
    count, height, width, _ = pictures.shape
    blocks = pictures.reshape(count, height // BLOCK, BLOCK, width // BLOCK, BLOCK, 3)
    return blocks.mean((2, 4), dtype=np.float32).reshape(count, -1)


def neighbours(pictures: np.ndarray, pool: np.ndarray) -> Neighbours:
    """Find the two nearest of the `pool` uint8 [P, H, W, 3] (it may lie on disk) for each of `pictures`."""
    ours = thumbnails(pictures)
    index, square = np.zeros((len(ours), 0), int), np.zeros((len(ours), 0), np.float32)
    for start in range(0, len(pool), CHUNK):
        theirs = thumbnails(pool[start : start + CHUNK])
        # |a - b|² without |a|², which is the same for all
        found = (theirs**2).sum(1) - 2 * ours @ theirs.T
        square = np.concatenate([square, found], 1)
        seen = np.arange(start, start + len(theirs))
        index = np.concatenate([index, np.broadcast_to(seen, found.shape)], 1)
        best = np.argsort(square, 1)[:, :2]
        index, square = np.take_along_axis(index, best, 1), np.take_along_axis(square, best, 1)
    first, second = (np.sqrt(((ours - thumbnails(pool[i])) ** 2).mean(1)) for i in index.T)
    return Neighbours(index[:, 0], first, second)


def nearest(pictures: np.ndarray, fresh: np.ndarray, pool: np.ndarray) -> dict[str, Any]:
    """Compare painted `pictures` with the training scenes of the `pool`, and `fresh` drawings beside them.

    All are uint8 [N, 128, 128, 3]; the pool's i-th is the drawing of `grammar.scene(i)`. The fresh drawings
    had best be of the very scenes that were painted.

    Returns:
        What fits JSON: how many there are; the median distance of both; under which distance the nearest
        hundredth of the fresh drawings lies (`limit`), and what share of the pictures does (`nearer`, by
        chance 0.01); the share of both that is three times nearer to one training scene than to the next
        (`alone`); and the `closest` pairs of a picture and a scene.
    """
    ours, theirs = neighbours(pictures, pool), neighbours(fresh, pool)
    limit = float(np.quantile(theirs.first, 0.01))
    both = {"pictures": ours, "fresh": theirs}
    return {
        "count": {"pictures": len(pictures), "fresh": len(fresh), "pool": len(pool)},
        "median": {name: float(np.median(one.first)) for name, one in both.items()},
        "limit": limit,
        "nearer": float((ours.first < limit).mean()),
        "alone": {name: float((one.first < one.second / 3).mean()) for name, one in both.items()},
        "closest": [
            {"picture": int(i), "scene": int(ours.scene[i]), "distance": float(ours.first[i])}
            for i in np.argsort(ours.first)[:CLOSEST]
        ],
    }


def strip(
    path: Path,
    pictures: np.ndarray,
    captions: Sequence[str],
    pool: np.ndarray,
    closest: Sequence[dict[str, Any]],
) -> None:
    """Write the `closest` pairs that `nearest` found: a painted picture above its nearest training scene."""
    painted, scenes = ([pair[key] for pair in closest] for key in ("picture", "scene"))
    said = [captions[i] for i in painted] + [grammar.caption(grammar.scene(i)) for i in scenes]
    both = np.concatenate([pictures[painted], [pool[i] for i in scenes]])
    gallery(both, said, [()] * len(both), columns=len(closest)).save(path, optimize=True)
