"""The built page, once for all that look at it."""

from __future__ import annotations

from pathlib import Path

import pytest

from export.site import site


@pytest.fixture(scope="package")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return site.build(tmp_path_factory.mktemp("build") / "site")
