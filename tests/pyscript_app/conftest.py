"""The made-up model of ``fake.py``, with the tiny tokenizer; and a small one in diffusers and in ours."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from pyscript_app.model import Model
from tests.conftest import Once
from tests.pyscript_app.fake import make_model


@pytest.fixture(scope="session")
def model(tiny_tokenizer: Path) -> Model:
    return make_model(tiny_tokenizer)


@pytest.fixture(scope="session")
def models(tiny_tokenizer: Path) -> Callable[..., Model]:
    return lambda **wishes: make_model(tiny_tokenizer, **wishes)


@pytest.fixture(scope="session")
def pairs(tiny_pipeline: Callable[..., Path], once: Once) -> Any:
    from tests.pyscript_app.twins import make_pairs

    return make_pairs(tiny_pipeline, once)
