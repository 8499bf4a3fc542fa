"""The colours that the page scribbles with are those that the miniature learned."""

import json
from random import Random

import numpy as np
import pytest

from export.miniature.scenes.backgrounds import background
from export.miniature.scenes.grammar import COLOURS
from export.site.site import WEB

INKS = json.loads((WEB / "views/ask/inks.json").read_text("utf-8"))
# Where each ground is seen.
SEEN = {
    "sand": ("beach", "day"),
    "grass": ("meadow", "day"),
    "snow": ("snow", "day"),
    "water": ("sea", "day"),
    "road": ("street", "day"),
    "sky": ("desert", "day"),
    "night": ("desert", "night"),
}


def test_the_colours_are_those_of_the_grammar() -> None:
    assert {name: tuple(ink) for name, ink in INKS["colours"].items()} == COLOURS


@pytest.mark.parametrize("name", INKS["grounds"])
def test_a_ground_has_the_colour_of_its_place(name: str) -> None:
    pixels = np.asarray(background(*SEEN[name], Random(0))).reshape(-1, 3).astype(int)
    near = np.abs(pixels - INKS["grounds"][name]).max(-1) <= 6
    assert near.sum() > 100
