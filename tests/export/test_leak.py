"""How much words leak: against pictures drawn one by one, and on text encoders of which it is known."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from export.format.manifest import read_manifest, write_manifest
from export.leak import leak_table, measure_leak
from export.native.generate import draw, settings_for
from export.native.runtime import NativeRuntime
from pyscript_app.causes import leak

PROMPT, STEPS = "a red car on the beach", 2


class Planted(NativeRuntime):
    """A text encoder whose slots are told ``heard`` of the ids, in place of the model's."""

    def __init__(self, folder: Path, heard: Any) -> None:
        super().__init__(folder)
        self._heard, self._width = heard, self.manifest["text"]["width"]

    async def run(self, graph: str, feeds: dict[str, np.ndarray]) -> dict[str, np.ndarray]:
        if graph != "text_encoder":
            return await super().run(graph, feeds)
        numbers = self._heard(feeds["input_ids"].astype(float))
        return {"text": np.sin(numbers[..., None] * np.arange(1.0, 1 + self._width)).astype(np.float32)}


def change(runtime: NativeRuntime, **wishes: Any) -> float:
    """Root mean square against the plain picture, by NumPy."""
    said = {"prompt": PROMPT, "seed": 0, "steps": STEPS}
    pictures = []
    for each in (said, said | wishes):
        *_, last = draw(runtime, settings_for(runtime.manifest, **each))
        pictures.append(np.reshape(last.picture, (-1, 4))[:, :3])
    return float(np.sqrt(np.square(pictures[0] - pictures[1]).mean()))


def test_each_measure_is_the_median_of_pictures_drawn_one_by_one(float_model: Path) -> None:
    runtime = NativeRuntime(float_model)
    said = measure_leak(runtime, [PROMPT], 3, STEPS)
    assert (said.pop("prompts"), said.pop("steps")) == ([PROMPT], STEPS)
    words = ("red", "car", "beach")
    expected = {
        "off": np.median([change(runtime, gains={word: 0.0}) for word in words]),
        "deleted": np.median([change(runtime, slots={word: "deleted"}) for word in words]),
        "small": change(runtime, gains=dict.fromkeys(("a", "on", "the"), 0.0)),
        "words": change(runtime, slots=dict.fromkeys(PROMPT.split(), "alone")),
        "padding": change(runtime, slots={"<padding>": "alone"}),
        "empty": change(runtime, prompt=""),
    }
    assert said.pop("leak") == leak(expected["off"], expected["deleted"])
    assert said == pytest.approx(expected, rel=1e-2)
    assert min(said.values()) > 0
    assert leak_table({"prompts": [PROMPT], "steps": STEPS, **said}).row_count == len(said)


def test_where_no_slot_hears_another_the_words_say_all(float_model: Path) -> None:
    said = measure_leak(Planted(float_model, lambda ids: ids), [PROMPT], 1, STEPS)
    assert said["words"] == 0
    assert said["padding"] == said["empty"] > 0


def test_where_only_the_end_is_told_the_padding_says_all(float_model: Path) -> None:
    """Of the words' slots none tells anything; the last slot has heard them all."""

    def told(ids: np.ndarray) -> np.ndarray:
        alike = np.zeros_like(ids)
        alike[:, -1] = ids.sum(1)
        return alike

    said = measure_leak(Planted(float_model, told), [PROMPT], 1, STEPS)
    assert said["padding"] == 0
    assert said["words"] == said["empty"] > 0


def test_a_prompt_without_words_that_name_something_has_no_words_off(float_model: Path) -> None:
    said = measure_leak(NativeRuntime(float_model), ["on the"], 3, 1)
    assert said.keys() == {"prompts", "steps", "small", "words", "padding", "empty"}


def test_the_manifest_takes_it(int8_model: Path, tmp_path: Path) -> None:
    manifest = read_manifest(int8_model)
    assert manifest["slots"]["prompts"] == [PROMPT]
    assert manifest["slots"]["off"] > 0 < manifest["slots"]["deleted"]
    write_manifest(tmp_path, manifest)
    assert read_manifest(tmp_path) == manifest
