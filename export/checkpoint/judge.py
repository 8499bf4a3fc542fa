"""The judge that a checkpoint may bring along: a graph that says what a picture shows."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from export.format.errors import UserError

# What the manifest says about the judge beside its file, as in the judge's own description.
SAID = ("cell", "smallest", "objects", "colours", "places", "times", "accuracy")


@dataclass(frozen=True)
class Judge:
    """A judge: its graph's ``file``, and what the manifest says of it."""

    file: Path
    said: dict[str, Any]


def read_judge(folder: Path) -> Judge | None:
    """The judge of a diffusers folder, or None where there is none.

    Raises:
        UserError: its description or its graph is broken.
    """
    import onnx
    from google.protobuf.message import DecodeError

    judge = folder / "judge"
    if not judge.is_dir():
        return None
    file = judge / "judge.onnx"
    try:
        said = json.loads((judge / "judge.json").read_text("utf-8"))
        onnx.checker.check_model(onnx.load(file))
        return Judge(file, {"file": file.name} | {key: said[key] for key in SAID})
    except (OSError, ValueError, KeyError, DecodeError, onnx.checker.ValidationError) as error:
        raise UserError(
            f"The judge in {judge} cannot be used ({error!r}): train it again with `diffuscope miniature "
            "judge`, or take that folder away."
        ) from None
