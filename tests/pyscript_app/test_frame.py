"""The frame's one form, which the worker and the recordings hand to the page."""

from __future__ import annotations

import json
import re
from array import array
from pathlib import Path

from pyscript_app.frame import page_frame
from pyscript_app.model import Model
from tests.pyscript_app.fake import SETTINGS, SIDES, collect

TYPES = (Path(__file__).parents[2] / "web" / "types.d.ts").read_text("utf-8")


def test_a_frame_has_the_fields_that_the_page_knows(model: Model) -> None:
    said = re.search(r"export interface Frame \{(.*?)\n\}", TYPES, re.DOTALL)
    assert said
    known = re.findall(r"^  (\w+)\??:", said[1], re.MULTILINE)
    frame = page_frame(collect(SETTINGS, model)[0], lambda _, values: len(values))
    # Of the decoder's values the page makes a preview.
    assert ["preview" if name == "picture" else name for name in frame] == known


def test_every_array_is_given_away_under_its_name_and_the_rest_is_json(model: Model) -> None:
    given: list[str] = []

    def give(name: str, values: array[float]) -> int:
        given.append(name)
        return len(values)

    first = collect(SETTINGS, model)[0]
    frame = page_frame(first, give, without={"picture"})
    assert frame == json.loads(json.dumps(frame))
    assert "picture" not in frame
    assert "state" not in frame
    assert given.count("attention") == len(SIDES)
    assert frame["attention"] == {str(side): len(values) for side, values in first.attention.items()}
    assert frame["words"][0]["tokens"] == [*first.words[0].tokens]
    assert frame["epsUncond"] == len(first.eps_uncond)
