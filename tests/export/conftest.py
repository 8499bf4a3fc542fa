"""The tiny pipeline, exported once in each precision."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from export.checkpoint.pipeline import Pipeline, load_pipeline
from export.exporter import export_pipeline
from tests.conftest import Once

PROMPT = "a red car on the beach"


@pytest.fixture(scope="session")
def pipeline(tiny_pipeline: Callable[..., Path]) -> Pipeline:
    return load_pipeline(tiny_pipeline())


@pytest.fixture(scope="session")
def float_model(tiny_pipeline: Callable[..., Path], once: Once) -> Path:
    return once("model-float", lambda out: export_pipeline(tiny_pipeline(), out, "fp32", prompt=PROMPT))


@pytest.fixture(scope="session")
def int8_model(tiny_pipeline: Callable[..., Path], once: Once) -> Path:
    return once("model-int8", lambda out: export_pipeline(tiny_pipeline(), out, "int8", prompt=PROMPT))
