"""The card says what the evaluation measured, and where it falls short."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from diffusers import StableDiffusionPipeline
from PIL import Image

from export.format.errors import UserError
from export.miniature.card import card
from export.miniature.card.bars import BARS, reached
from export.miniature.judging.tasks import TASKS
from export.miniature.training import pipeline


def results() -> dict[str, Any]:
    """An evaluation with every part: all bars are reached but those of counting and of v."""
    scores = {task: {"score": 0.99, "count": 200} for task in TASKS}
    row = {"miou": 0.61, "threshold": 0.2, "count": 99, "ceiling": 0.9, "centre": 0.3, "whole_picture": 0.1}
    return {
        "settings": {"steps": 10, "guidance": 2.0, "sampler": "ddim"},
        "vae": {"psnr": 31.4159, "ssim": 0.9512, "scenes": 128},
        "levels": {t: {"object_v_mse": 0.123, "rest_v_mse": 0.045} for t in ("100", "500")},
        "level_scenes": 77,
        "true_caption_wins": {"object": 1.0, "side": 0.63},
        "judge": dict.fromkeys(TASKS, 0.98),
        "tasks": {
            "int8": scores
            | {"counting": {"score": 0.83, "count": 201}, "free_text": {"score": 0.9, "count": 100}},
            "float": scores | {"all_atoms": {"score": 0.995, "count": 200}},
            "shuffled": {task: {"score": 0.07, "count": 200} for task in TASKS},
        },
        "sweep": [{"steps": 4, "guidance": 1.5, "all_atoms": 0.42, "count": 96}],
        "attention": {
            "scenes": 128,
            "tuning_scenes": 64,
            "miou": 0.61,
            "words": {"noun": row},
            "readings": {"page": 0.61, "without_middle": 0.58},
            "levels": {"200": 0.7},
            "pairs": {"right_word": 0.6, "wrong_word": 0.03},
        },
        "causes": {
            "prompts": 100,
            "kinds": {"noun": {"off": 21.3, "deleted": 30.4, "ratio": 0.7, "count": 99}},
            "gone": 0.83,
            "small_to_others": 0.05,
        },
        "heeding": {"named": 0.92, "small": 0.13, "words": 0.41, "count": 140},
        "nearest": {
            "count": {"pictures": 96, "fresh": 95, "pool": 40000},
            "median": {"pictures": 27.13, "fresh": 25.4},
            "limit": 13.4,
            "nearer": 0.002,
            "alone": {"pictures": 0.001, "fresh": 0.0},
            "closest": [],
        },
        "bytes": {"text_encoder": 1_000_000, "unet": 13_000_000, "vae_decoder": 1_700_000, "judge": 900_000},
    }


@pytest.fixture(scope="module")
def folder(miniature_pipeline: StableDiffusionPipeline, tmp_path_factory: pytest.TempPathFactory) -> Path:
    made = tmp_path_factory.mktemp("card")
    logs = [made / "vae.jsonl", made / "denoiser.jsonl"]
    for log in logs:
        rows = [{"samples": n, "minutes": n / 50, "loss": 1.0, "psnr": 20.0} for n in (1000, 2000)]
        log.write_text("".join(json.dumps(row) + "\n" for row in rows))
    pipeline.save(miniature_pipeline, made / "weights", logs)
    return made / "weights"


def write(folder: Path, measured: dict[str, Any]) -> str:
    (folder / "evaluation.json").write_text(json.dumps(measured))
    return card.write(folder).read_text()


def test_everything_measured_is_told(folder: Path) -> None:
    for name in ("held_out", "free_text", "nearest"):
        Image.new("RGB", (8, 8)).save(folder / f"{name}.png")
    text = write(folder, results())
    assert [title for title in card.SECTIONS if f"\n## {title}\n" not in text] == []
    for figure in (
        "| counting | at least 88.0% | 83.0% | no |",
        "| counting | 83% | 99% | 7% | 98% | 201 |",
        "10 steps of ddim, guidance 2",
        "| everything, in free text | 90% |  |  |  | 100 |",
        "31.4 dB",
        "| noun | 21.3 | 30.4 | 0.70 | 99 |",
        "**83%**",
        "**92%**",
        "SSIM 0.951",
        "| 500 | 0.123 | 0.045 |",
        "| noun | 0.61 | 0.30 | 0.10 | 0.90 | 0.20 | 99 |",
        "without middle 0.58",
        "| 4 | 1.5 | 42% | 96 |",
        "40,000 training scenes",
        "median 27.1",
        "| UNet | 13,000,000 |",
        "Weak: side.",
        "2,000 samples in 40 minutes",
    ):
        assert figure in text, figure
    for picture in ("held_out.png", "free_text.png", "nearest.png", "logs/curve.png"):
        assert f"]({picture})" in text
        assert (folder / picture).exists()
    assert "\n\n\n" not in text
    assert not [line for line in text.splitlines() if len(line) > 110 and line[0] not in "|!"]


def test_weaknesses_are_computed_from_the_bars(folder: Path) -> None:
    measured = results()
    text = write(folder, measured)
    assert "**Falls short: counting by 5.0 points, error of v in objects at t = 500 by 0.023.**" in text
    measured["tasks"]["int8"]["counting"]["score"] = 0.95
    measured["levels"]["500"]["object_v_mse"] = 0.09
    assert "Every bar that was measured is reached." in write(folder, measured)
    measured["bytes"]["unet"] += 400_000
    measured["tasks"]["int8"]["all_atoms"]["score"] = 0.96
    text = write(folder, measured)
    assert "points that int8 loses by 2.5 points" in text
    assert "text encoder, UNet and decoder by 100,000 bytes" in text


@pytest.mark.parametrize("missing", results())
def test_what_was_not_measured_is_left_out(folder: Path, missing: str) -> None:
    measured = results()
    del measured[missing]
    text = write(folder, measured)
    assert "\n## Size\n" in text
    unknown = {bar.said for bar, value in reached(measured) if value is None}
    assert bool(unknown) == (missing in {"vae", "levels", "tasks", "attention", "bytes"})
    assert all(f"\n| {said} |" not in text for said in unknown)
    assert ("Not measured: " in text) == bool(unknown)


def test_notes_are_included_as_they_are(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    notes = tmp_path / "notes.md"
    monkeypatch.setattr(card, "NOTES", notes)
    assert "## What eyes saw" not in write(folder, {})
    notes.write_text("Cats smile.\n")
    text = write(folder, {})
    assert "## What eyes saw\n\nCats smile.\n" in text
    assert text.index("Cats smile.") < text.index("## Size")


def test_without_an_evaluation_nothing_is_claimed(folder: Path) -> None:
    text = write(folder, {"vae_psnr": 31.4})
    assert not [title for title in card.SECTIONS if title in text]
    assert "reached" not in text
    measured = {"vae": results()["vae"]}
    told = " ".join(write(folder, measured).split())
    assert [bar.said for bar in BARS if bar.said not in told.split("Not measured:")[1]] == [
        "autoencoder, PSNR"
    ]


def test_unmeasured_weights_are_refused(tmp_path: Path) -> None:
    with pytest.raises(UserError, match=r"no evaluation\.json"):
        card.write(tmp_path)
