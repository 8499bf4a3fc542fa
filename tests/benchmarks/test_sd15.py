"""The benchmark's own measuring: what it says of a command, of a browser, and where it writes."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from tests.benchmarks.sd15 import report, source
from tests.benchmarks.sd15.usage import CommandError, answer, run

# Holds 300 MB, and works for 0.3 s.
BUSY = """import time
block = bytearray(300 << 20)
block[::4096] = bytes(len(block[::4096]))
while time.process_time() < 0.3: pass
"""
# The peak of a command is never below that of the process that starts it, so a small one must do that.
MEASURE = """import json, pathlib, sys
from tests.benchmarks.sd15.usage import run
print(json.dumps(run([sys.executable, "-c", sys.argv[1]], pathlib.Path(sys.argv[2])).as_dict()))
"""


def test_a_command_s_time_and_memory_are_those_of_its_process(tmp_path: Path) -> None:
    run([sys.executable, "-c", MEASURE, BUSY, str(tmp_path / "inner")], tmp_path / "log")
    usage = answer(tmp_path / "log")
    assert 300 << 20 < usage["peak"] < 400 << 20
    assert 0.3 <= usage["processor"] < 5
    assert usage["seconds"] >= 0.3


def test_a_command_that_fails_says_its_last_words(tmp_path: Path) -> None:
    with pytest.raises(CommandError, match="status 3: no luck"):
        run([sys.executable, "-c", "print('no luck'); raise SystemExit(3)"], tmp_path / "log")


def test_the_stand_in_for_the_tokenizer_is_as_large_as_clip_s(tmp_path: Path) -> None:
    from transformers import CLIPTokenizer

    source.stand_in(tmp_path)
    clip = CLIPTokenizer(str(tmp_path / "vocab.json"), str(tmp_path / "merges.txt"))
    assert len(clip) == source.TEXT["vocab_size"]
    ids = clip("a café 猫").input_ids
    assert clip.decode(ids[1:-1]).replace(" ", "") == "acafé猫"


def test_figures_go_between_their_marks(tmp_path: Path) -> None:
    doc = tmp_path / "doc.md"
    doc.write_text(f"before\n{report.BEGIN}\nold\n{report.END}\nafter\n", "utf-8")
    report.write("| new |", doc)
    assert doc.read_text("utf-8") == f"before\n{report.BEGIN}\n\n| new |\n\n{report.END}\nafter\n"
    report.write("| newer |", doc)
    assert "| new |" not in doc.read_text("utf-8")
    assert report.BEGIN in report.DOC.read_text("utf-8")
    assert report.END in report.DOC.read_text("utf-8")


def test_what_failed_is_said_in_the_tables() -> None:
    part = {"seconds": 2.0, "processor": 2.0, "peak": 3e9, "bytes": 50e6}
    figures = {
        "machine": report.machine(2),
        "source": {"parameters": 1_066_235_307},
        "export": {"int8": {**part, "graphs": dict.fromkeys(report.PARTS, 5e6)}},
        "optimum": {
            "fp32": {**part, "graphs": dict.fromkeys(report.PARTS, 7e6)},
            "int8": {"text_encoder": part, "unet": {"failed": "no"}, "vae_decoder": part},
        },
        "unet": {"unet int8": {"failed": "no"}},
    }
    text = report.tables(figures)
    assert "1066 million random weights" in text
    assert "| `diffuscope export`, int8 | 2 | 3.0 GB | 5 MB | 5 MB | 5 MB |" in text
    assert "| 4 | 3.0 GB | 50 MB | failed | 50 MB |" in text
    assert "| unet int8 | failed |" in text
