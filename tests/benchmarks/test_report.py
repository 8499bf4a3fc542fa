"""The benchmark's report, from figures as a browser would give them."""

from __future__ import annotations

import io

from rich.console import Console

from tests.benchmarks.__main__ import table
from tests.benchmarks.page import durations

MARKS = [("booting Python", 200.0), ("probing unet", 1200.0), ("preparing x", 1500.0), ("ready", 1900.0)]
STAGES = {"page": 200, "booting Python": 1000, "probing unet": 300, "preparing x": 400, "first frame": 350}


def test_the_stages_of_the_start_add_up_to_it() -> None:
    taken = durations(MARKS, 2250.0)
    assert taken == STAGES
    assert sum(taken.values()) == 2250


def test_a_stage_that_comes_twice_is_counted_together() -> None:
    assert durations([("a", 1.0), ("b", 3.0), ("a", 4.0)], 10.0) == {"page": 1, "a": 8, "b": 1}


def test_every_ratio_stands_beside_its_aim() -> None:
    gaps = {"gap": 40, "worst_gap": 60, "gallery_gap": 70, "worst_gallery_gap": 80}
    result = {
        "machine": {"engine": "wasm, 2 threads"},
        "loop": {"ours": 110, "bare": 100, "picture": 900, "unshown": 450, **gaps},
        "start": {"first": 3000, "bare": 2000, "stages": STAGES},
        "bytes": {"raw": 4e6, "gzip": 3e6, "brotli": 2e6},
        "torch_picture": 300,
    }
    printed = io.StringIO()
    Console(file=printed, width=160).print(table(result))
    rows = printed.getvalue().splitlines()
    for label, expected in {
        "a  a step": ("1.10", "≤ 1.15"),
        "each shown": ("3.00", "≤ 3"),
        "the last decoded": ("1.50", ""),
        "d  warm visit": ("1.50", "≤ 1.5"),
        "booting Python": ("1.00 s", "0.50"),
        "longest gap": ("60 ms", "< 50 ms"),
        "while a gallery": ("80 ms", "< 100 ms"),
    }.items():
        row = next(row for row in rows if label in row)
        assert all(value in row for value in expected), row
