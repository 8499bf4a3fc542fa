"""An interrupted export goes on where it stopped."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from export.work import Work, fingerprint


def test_what_is_done_is_not_done_again(tmp_path: Path) -> None:
    out = tmp_path / "model"
    first = Work(out, "a")
    assert first.once("trace", lambda: {"bytes": 3}) == {"bytes": 3}
    (first.folder / "unet.onnx").write_bytes(b"abc")
    with pytest.raises(KeyboardInterrupt):
        first.once("write", interrupted)

    again = Work(out, "a")
    assert again.once("trace", interrupted) == {"bytes": 3}
    assert again.once("write", lambda: None) is None
    assert (again.folder / "unet.onnx").read_bytes() == b"abc"


def interrupted() -> dict:
    raise KeyboardInterrupt


def test_other_choices_begin_anew(tmp_path: Path) -> None:
    first = Work(tmp_path / "model", "a")
    first.once("trace", lambda: 1)
    (first.folder / "unet.onnx").write_bytes(b"abc")
    other = Work(tmp_path / "model", "b")
    assert other.once("trace", lambda: 2) == 2
    assert not (other.folder / "unet.onnx").exists()


def test_a_damaged_note_begins_anew(tmp_path: Path) -> None:
    first = Work(tmp_path / "model", "a")
    first.once("trace", lambda: 1)
    (first.folder / "done.json").write_text("{")
    assert Work(tmp_path / "model", "a").once("trace", lambda: 2) == 2


def test_nothing_stays_after_the_end(tmp_path: Path) -> None:
    work = Work(tmp_path / "model", "a")
    work.once("trace", lambda: 1)
    work.remove()
    assert list(tmp_path.iterdir()) == []


def test_a_fingerprint_sees_every_change(tmp_path: Path) -> None:
    (tmp_path / "unet").mkdir()
    weights, lora = tmp_path / "unet" / "weights.safetensors", tmp_path / "lora.safetensors"
    weights.write_bytes(b"abc")
    lora.write_bytes(b"d")
    before = fingerprint([tmp_path, lora], ("int8", 1))
    assert fingerprint([tmp_path, lora], ("int8", 1)) == before
    assert fingerprint([tmp_path, lora], ("int8", 2)) != before
    os.utime(weights, (1, 1))
    touched = fingerprint([tmp_path, lora], ("int8", 1))
    assert touched != before
    weights.write_bytes(b"abcd")
    assert fingerprint([tmp_path, lora], ("int8", 1)) not in {before, touched}
