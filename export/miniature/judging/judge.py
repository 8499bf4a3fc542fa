"""Says what a picture of the miniature shows: which objects stand where, in which colours, where and when.

The judge is a small segmenter (`judging.py`) that has learned from drawn scenes alone; this file runs its
graph and reads what the graph says. GenEval (Ghosh et al. 2023, https://arxiv.org/abs/2310.11513) judges
pictures in this way with an object detector.
"""

import json
from pathlib import Path
from typing import NamedTuple

import numpy as np
import onnxruntime
from scipy import ndimage

from export.format.errors import UserError
from export.miniature.scenes import grammar

GRAPH, ABOUT = "judge.onnx", "judge.json"
CELL = 2  # pixels a cell of the judge's maps
SMALLEST = 160  # pixels; the smallest drawn object covers about 430, and what is smaller than this is noise
OBJECTS, COLOURS = tuple(grammar.OBJECTS), tuple(grammar.COLOURS)
PLACES, TIMES = tuple(grammar.PLACES), tuple(grammar.TIMES)
MEANING = {  # what a reader of the graph's outputs must know; class 0 of the objects is nothing
    "cell": CELL,
    "smallest": SMALLEST,
    "objects": OBJECTS,
    "colours": COLOURS,
    "places": PLACES,
    "times": TIMES,
}


class Sighting(NamedTuple):
    """One connected component of one object."""

    name: str  # a key of grammar.OBJECTS
    colour: str  # a key of grammar.COLOURS, the nearest for an object in its natural colours
    x: float  # centre, pixels of the picture
    y: float
    area: float  # pixels


class Verdict(NamedTuple):
    """What one picture shows."""

    items: tuple[Sighting, ...]  # from left to right
    place: str  # a key of grammar.PLACES
    time: str  # a key of grammar.TIMES


def sightings(objects: np.ndarray, colours: np.ndarray) -> tuple[Sighting, ...]:
    """Find the objects in maps of shares: objects [1 + 12, h, w], nothing first, and colours [7, h, w].

    A cell shows what has its largest share; cells of one object that touch by their sides are one sighting.
    """
    shown, found = objects.argmax(0), []
    for index, name in enumerate(OBJECTS, start=1):
        parts, count = ndimage.label(shown == index)
        for part in range(1, count + 1):
            inside = parts == part
            area = float(inside.sum()) * CELL**2
            if area >= SMALLEST:
                y, x = ((axis.mean() + 0.5) * CELL for axis in np.nonzero(inside))
                colour = COLOURS[colours[:, inside].mean(1).argmax()]
                found.append(Sighting(name, colour, float(x), float(y), area))
    return tuple(sorted(found, key=lambda sighting: sighting.x))


class Judge:
    """Looks at pictures.

    Args:
        folder: holds `judge.onnx` and `judge.json`, as `diffuscope miniature judge` writes them.
        threads: that one look may use.

    Attributes:
        accuracy: for each task, the share of drawn scenes (through the autoencoder) that the judge gets right;
            empty before it is measured.

    Raises:
        UserError: the folder holds no judge.
    """

    def __init__(self, folder: Path, threads: int = 1) -> None:
        if not all((folder / name).is_file() for name in (GRAPH, ABOUT)):
            raise UserError(f"{folder} holds no judge: train one with `diffuscope miniature judge`.")
        self.accuracy: dict[str, float] = json.loads((folder / ABOUT).read_text("utf-8")).get("accuracy", {})
        options = onnxruntime.SessionOptions()
        # Beyond the basic level the CPU would round activations to 8 bits, which the page does not.
        options.graph_optimization_level = onnxruntime.GraphOptimizationLevel.ORT_ENABLE_BASIC
        options.intra_op_num_threads = threads
        self._session = onnxruntime.InferenceSession(
            folder / GRAPH, options, providers=["CPUExecutionProvider"]
        )

    def look(self, pictures: np.ndarray) -> list[Verdict]:
        """Judge pictures uint8 [N, 128, 128, 3]."""
        return [self._verdict(picture) for picture in pictures]

    def _verdict(self, picture: np.ndarray) -> Verdict:
        opaque = np.full((*picture.shape[:2], 1), 255)
        rgba = np.concatenate([picture, opaque], -1).astype(np.float32)  # as the decoder's graph gives it
        outputs = ["objects", "colours", "places", "times"]
        objects, colours, places, times = self._session.run(outputs, {"picture": rgba})
        return Verdict(sightings(objects, colours), PLACES[places.argmax()], TIMES[times.argmax()])
