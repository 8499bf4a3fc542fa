"""Files of tensors: what is not whole, and what may run a program."""

from __future__ import annotations

import logging
from pathlib import Path

import pytest
import torch
from safetensors.torch import save_file

from export.checkpoint.tensorfile import read_header, read_tensors
from export.format.errors import UserError


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "weights.safetensors"
    save_file({"a": torch.arange(6.0).reshape(2, 3), "b": torch.ones(4)}, path, {"format": "pt"})
    return path


class Malicious:
    """What a pickle can do when it is read: call anything."""

    def __init__(self, trace: Path) -> None:
        self.trace = trace

    def __reduce__(self) -> tuple:
        return Path.touch, (self.trace,)


def test_a_whole_file(file: Path) -> None:
    header = read_header(file)
    assert header["a"]["shape"] == [2, 3]
    assert header["__metadata__"] == {"format": "pt"}
    assert torch.equal(read_tensors(file)["a"], torch.arange(6.0).reshape(2, 3))


def test_every_truncation_is_named(file: Path) -> None:
    data = file.read_bytes()
    for size in (0, 3, 8, 60, len(data) - 1):
        file.write_bytes(data[:size])
        with pytest.raises(UserError, match=rf"weights\.safetensors is cut off.*{size:,} bytes"):
            read_tensors(file)


@pytest.mark.parametrize(
    ("data", "found"),
    [
        (b"version https://git-lfs.github.com/spec/v1\noid sha256:0\n", "git lfs pull"),
        (b"<!doctype html><title>Sign in</title>", "not a safetensors file"),
        ((2).to_bytes(8, "little") + b"[]", "not a safetensors file"),
        ((9).to_bytes(8, "little") + b'{"a": {}}', "not a safetensors file"),
        ((2).to_bytes(8, "little") + b"{}more", "4 bytes more than it says"),
    ],
)
def test_other_files(file: Path, data: bytes, found: str) -> None:
    file.write_bytes(data)
    with pytest.raises(UserError, match=found):
        read_tensors(file)


def test_no_such_file(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="There is no file"):
        read_tensors(tmp_path / "nothing.safetensors")
    with pytest.raises(UserError, match="is a folder; give the file in it"):
        read_tensors(tmp_path)


def test_a_pickle_is_not_even_opened_without_leave(tmp_path: Path) -> None:
    path, trace = tmp_path / "model.ckpt", tmp_path / "trace"
    torch.save({"a": Malicious(trace)}, path)
    with pytest.raises(UserError, match=r"a pickle, which could run any program .* --allow-pickle"):
        read_tensors(path)
    assert not trace.exists()


@pytest.mark.parametrize("suffix", [".ckpt", ".bin", ".pt", ".pth"])
def test_an_allowed_pickle(tmp_path: Path, suffix: str, caplog: pytest.LogCaptureFixture) -> None:
    path = tmp_path / f"model{suffix}"
    torch.save({"state_dict": {"a": torch.ones(3)}, "epoch": 1}, path)
    assert read_tensors(path, allow_pickle=True)["a"].tolist() == [1, 1, 1]
    assert not caplog.records  # nothing was run


def test_an_allowed_pickle_with_more_than_tensors(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Training frameworks put objects of their own beside the tensors; what that means is said before they run."""
    path, trace = tmp_path / "model.ckpt", tmp_path / "trace"
    torch.save({"state_dict": {"a": torch.ones(3)}, "callbacks": Malicious(trace)}, path)
    said = []

    class Listener(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            said.append((record.getMessage(), trace.exists()))

    monkeypatch.setattr(logging.getLogger("export.checkpoint.tensorfile"), "handlers", [Listener()])
    assert read_tensors(path, allow_pickle=True)["a"].tolist() == [1, 1, 1]
    assert trace.exists()
    ((sentence, run_already),) = said
    assert not run_already
    assert f"{path} holds more than tensors (" in sentence
    assert "read as a program, which may do anything" in sentence


def test_an_allowed_pickle_that_is_none(tmp_path: Path) -> None:
    path = tmp_path / "model.ckpt"
    path.write_bytes(b"weights")
    with pytest.raises(UserError, match="cannot be read"):
        read_tensors(path, allow_pickle=True)
    torch.save([1, 2], path)
    with pytest.raises(UserError, match="holds a list"):
        read_tensors(path, allow_pickle=True)
