"""How loading a checkpoint is refused."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from export.checkpoint.pipeline import load_pipeline
from export.format.errors import UserError


def refusal(source: Path, **options: Any) -> str:
    """The one sentence in which loading ends."""
    with pytest.raises(UserError) as caught:
        load_pipeline(source, **options)
    sentence = str(caught.value)
    assert "\n" not in sentence
    assert len(sentence) < 400
    return sentence
