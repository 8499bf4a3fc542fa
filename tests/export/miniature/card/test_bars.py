"""Bars know what reaches them and what was not measured."""

from __future__ import annotations

import pytest

from export.miniature.card.bars import BARS, reached, said
from export.miniature.judging.tasks import TASKS


@pytest.mark.parametrize(
    ("name", "value", "gap"),
    [("colours", 0.95, 0), ("colours", 0.9, 0.05), ("points that int8 loses", 0.4, -0.6)],
)
def test_a_gap_is_how_much_is_missing(name: str, value: float, gap: float) -> None:
    bar = next(bar for bar in BARS if bar.said == name)
    assert bar.gap(value) == pytest.approx(gap)


def test_every_task_has_a_bar() -> None:
    assert {said(task) for task in (*TASKS, "free_text")} <= {bar.said for bar in BARS}


def test_figures_are_derived_from_the_results() -> None:
    score = {"int8": {"all_atoms": {"score": 0.9}}, "float": {"all_atoms": {"score": 0.925}}}
    size = {"text_encoder": 1, "unet": 10, "vae_decoder": 100, "judge": 1000}
    found = {bar.said: value for bar, value in reached({"tasks": score, "bytes": size})}
    assert found["points that int8 loses"] == pytest.approx(2.5)
    assert found["text encoder, UNet and decoder"] == 111
    assert found["everything at once"] == 0.9
    assert found["autoencoder, PSNR"] is None
