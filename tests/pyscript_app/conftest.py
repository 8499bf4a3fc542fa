"""The made-up model of ``fake.py``, with the tiny tokenizer."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from pyscript_app.model import Model
from tests.pyscript_app.fake import make_model


@pytest.fixture(scope="session")
def model(tiny_tokenizer: Path) -> Model:
    return make_model(tiny_tokenizer)


@pytest.fixture(scope="session")
def models(tiny_tokenizer: Path) -> Callable[..., Model]:
    return lambda **wishes: make_model(tiny_tokenizer, **wishes)
