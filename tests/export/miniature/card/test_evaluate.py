"""Measuring: every part, in pieces that add up, with a judge that always says the same."""

import json
import shutil
from pathlib import Path

import numpy as np
import pytest
from diffusers import StableDiffusionPipeline
from PIL import Image
from rich.progress import Progress
from typer.testing import CliRunner

from export.format.errors import UserError
from export.miniature.card import evaluate
from export.miniature.card.evaluate import PARTS, Sizes
from export.miniature.cli import app
from export.miniature.judging import tasks
from export.miniature.judging.bench import Bench, fingerprint
from export.miniature.judging.contrast import ATTRIBUTES
from export.miniature.judging.judge import Sighting, Verdict
from export.miniature.training.pool import build

FOLDERS = ("weights", "judge", "pool", "work")
ALWAYS = Verdict((Sighting("car", "red", 60, 90, 400),), "beach", "sunset")
FREE_TEXT = tasks.free_text()[:4]
TINY = Sizes(tasks=6, sweep=3, drawn=4, attention=3, causes=2)


class Stubborn:
    """A judge that sees a red car on the beach at sunset, whatever it is shown."""

    def __init__(self, folder: Path) -> None:
        self.accuracy = {"all_atoms": len(folder.name) / 8}

    def look(self, pictures: np.ndarray) -> list[Verdict]:
        assert pictures.dtype == np.uint8
        assert pictures.shape[1:] == (128, 128, 3)
        return [ALWAYS] * len(pictures)


@pytest.fixture(scope="module")
def place(miniature_pipeline: StableDiffusionPipeline, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a folder with untrained `weights`, their exports in `work`, a `judge` and a `pool`."""
    folder = tmp_path_factory.mktemp("evaluation")
    miniature_pipeline.save_pretrained(folder / "weights")
    about = {"defaults": {"steps": 1, "guidance": 2.0, "sampler": "dpm++2m"}}
    (folder / "weights" / "diffuscope.json").write_text(json.dumps(about))
    (folder / "judge").mkdir()
    (folder / "judge" / "judge.onnx").write_bytes(bytes(1234))
    build(folder / "pool", 9)
    bench = Bench(*(folder / name for name in FOLDERS), Progress(disable=True))
    # What is there is not exported again, so int8 stands in for fp32, which would take as long once more.
    shutil.copytree(bench.exported("int8"), bench.work / "fp32")
    return folder


@pytest.fixture(autouse=True)
def _quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("export.miniature.judging.bench.Judge", Stubborn)
    monkeypatch.setattr("export.miniature.card.evaluate.STEPS", (1, 2))
    monkeypatch.setattr("export.miniature.card.evaluate.GUIDANCE", (1.0, 2.0))
    monkeypatch.setattr("export.miniature.judging.tasks.free_text", lambda: FREE_TEXT)


def measure(place: Path, *only: str) -> dict:
    return evaluate.evaluate(*(place / name for name in FOLDERS), sizes=TINY, only=only, processes=1)


def test_parts_add_up(place: Path) -> None:
    measure(place, "judge")
    measure(place, "levels", "vae")
    results = measure(place, "contrast", "attention")
    assert results == json.loads((place / "weights" / "evaluation.json").read_text())
    assert results["settings"] == {"steps": 1, "guidance": 2.0, "sampler": "dpm++2m"}
    assert results["judge"] == {"all_atoms": 5 / 8}
    assert set(results["levels"]) == {"100", "300", "500", "700", "900"}
    assert results["level_scenes"] == results["vae"]["scenes"] == 4
    assert all(0 < level["object_v_mse"] < 20 for level in results["levels"].values())
    assert set(results["true_caption_wins"]) == set(ATTRIBUTES)
    assert results["attention"]["scenes"] == 3
    assert "tasks" not in results


def test_scores_are_those_of_the_judge(place: Path) -> None:
    found = measure(place, "tasks")["tasks"]
    scenes = tasks.held_out(6)
    for column in ("int8", "float"):
        assert found[column]["place"]["score"] == sum(scene.place == "beach" for scene in scenes) / 6
        assert found[column]["place"]["count"] == 6
        assert found[column]["single_object"]["count"] == 2
        assert found[column]["two_objects"]["score"] == 0
    assert found["int8"]["free_text"] == {"score": 1 / 4, "count": 4}  # "red car beach sunset"
    assert found["shuffled"]["place"]["score"] == found["int8"]["place"]["score"]
    assert Image.open(place / "weights" / "held_out.png").width > 8 * 128
    assert Image.open(place / "weights" / "free_text.png").height > 128


def test_the_sweep_changes_one_thing_at_a_time(place: Path) -> None:
    rows = measure(place, "sweep")["sweep"]
    assert [(row["steps"], row["guidance"]) for row in rows] == [(1, 1.0), (1, 2.0), (2, 2.0)]
    assert {row["count"] for row in rows} == {3}


def test_pictures_are_compared_with_the_training_scenes(place: Path) -> None:
    found = measure(place, "nearest")["nearest"]
    assert found["count"] == {"pictures": 6, "fresh": 6, "pool": 9}
    assert Image.open(place / "weights" / "nearest.png").height > 2 * 128


def test_bytes_are_those_of_the_exported_files(place: Path) -> None:
    found = measure(place, "bytes")["bytes"]
    assert found["judge"] == 1234
    exported = place / "work" / fingerprint(place / "weights") / "int8"
    assert found["unet"] > (exported / "unet.onnx").stat().st_size
    assert set(found) == {"text_encoder", "unet", "vae_decoder", "judge"}


def test_figures_of_other_weights_or_settings_are_dropped(place: Path) -> None:
    measure(place, "judge")
    path = place / "weights" / "evaluation.json"
    before = json.loads(path.read_text())
    for changed in ({"weights": "others"}, {"settings": before["settings"] | {"steps": 9}}):
        path.write_text(json.dumps(before | changed | {"sweep": ["old"]}))
        results = measure(place, "judge")
        assert set(results) == {"weights", "settings", "judge"}


def test_the_fingerprint_follows_the_weights_alone(place: Path, tmp_path: Path) -> None:
    weights = place / "weights"
    before = fingerprint(weights)
    (weights / "README.md").write_text("a card")
    assert fingerprint(weights) == before
    config = weights / "unet" / "config.json"
    text = config.read_text()
    config.write_text(text + " ")
    assert fingerprint(weights) != before
    config.write_text(text)
    assert fingerprint(weights) == before


def test_an_unknown_part_is_a_mistake(place: Path) -> None:
    with pytest.raises(UserError, match="colour"):
        measure(place, "colour")


def test_the_command_shows_the_scores(place: Path) -> None:
    folders = [f"--{name}={place / name}" for name in FOLDERS]
    result = CliRunner().invoke(app, ["evaluate", *folders, "--only", "judge, vae", "--quick"])
    assert result.exit_code == 0, result.output
    assert set(PARTS) >= {"tasks", "sweep"}
    missing = CliRunner().invoke(app, ["evaluate", "--weights", str(place / "none")])
    assert isinstance(missing.exception, UserError)
