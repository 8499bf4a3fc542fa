"""The frame's one form, which the worker and the recordings hand to the page."""

from __future__ import annotations

import re
from pathlib import Path

from pyscript_app.model import Model
from pyscript_app.page_form import page_form
from tests.pyscript_app.fake import SETTINGS, collect

TYPES = (Path(__file__).parents[2] / "web" / "diffuscope.d.ts").read_text("utf-8")


def test_a_frame_has_the_fields_that_the_page_knows(model: Model) -> None:
    said = re.search(r"export interface Frame \{(.*?)\n\}", TYPES, re.DOTALL)
    assert said
    known = re.findall(r"^  (\w+)\??:", said[1], re.MULTILINE)
    frame = page_form(collect(SETTINGS, model)[0], lambda _, values: len(values), {"state", "answer"})
    known.remove("decoded")  # which the page asks for later
    known.remove("way")  # which a comparison adds
    # Of the decoder's values the page makes a preview.
    assert ["preview" if name == "picture" else name for name in frame] == known
