"""Checkpoints: everything a training run needs to go on as if it had never stopped."""

import os
from pathlib import Path
from typing import Any

import torch


def save(path: Path, state: dict[str, Any]) -> None:
    """Write a checkpoint beside its place and rename it, so that a broken one never replaces a good one."""
    path.parent.mkdir(parents=True, exist_ok=True)
    partial = path.with_suffix(f".partial{os.getpid()}")
    torch.save(state, partial)
    partial.replace(path)


def load(path: Path) -> dict[str, Any] | None:
    """Read a checkpoint, or None if there is none."""
    return torch.load(path, map_location="cpu", weights_only=True) if path.exists() else None
