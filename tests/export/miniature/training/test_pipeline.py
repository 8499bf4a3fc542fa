"""Weights are written as an ordinary diffusers folder, and only what is still true stays beside them."""

import json
from pathlib import Path

from diffusers import StableDiffusionPipeline

from export.miniature.training import pipeline, tokenizer


def test_new_weights_keep_the_judge_and_drop_what_was_measured_on_the_old(
    miniature_pipeline: StableDiffusionPipeline, tmp_path: Path
) -> None:
    log = tmp_path / "denoiser.jsonl"
    log.write_text('{"samples": 1, "minutes": 1, "loss": 1.0}\n{"samples": 2, "minutes": 2, "loss": 0.5}\n')
    folder = tmp_path / "weights"
    (folder / "judge").mkdir(parents=True)
    (folder / "judge" / "judge.json").write_text("{}")
    (folder / "evaluation.json").write_text("{}")
    pipeline.save(miniature_pipeline, folder, [log])
    assert (folder / "judge" / "judge.json").read_text() == "{}"
    assert not (folder / "evaluation.json").exists()
    assert (folder / "logs" / "denoiser.jsonl").read_text() == log.read_text()
    words = json.loads((folder / "tokenizer" / "known_words.json").read_text())
    assert words == tokenizer.known_words()
    assert {"car", "puppies", "ocean"} <= set(words)
    assert [path.name for path in tmp_path.iterdir() if path.suffix in {".partial", ".old"}] == []
