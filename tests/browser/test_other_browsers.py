"""Firefox and WebKit (Safari's engine) draw the same numbers as Chromium, without WebGPU, but isolated."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from playwright.sync_api import Page

from tests.browser.scripts import LATENTS, RED_CAR
from tests.browser.webkit import find_webkit, run_in_webkit

SETTINGS = RED_CAR | {"steps": 2, "sampler": "dpm++2m"}
SCRIPT = f"() => ({LATENTS})({json.dumps(SETTINGS)})"


@pytest.fixture(scope="module")
def in_chromium(live_page: Page) -> dict[str, Any]:
    return live_page.evaluate(SCRIPT)


def must_be_there(found: object, packages: str) -> None:
    """A browser may be absent at the desk, but not where the checks run."""
    if found:
        return
    message = f"not installed: apt-get install {packages}"
    if os.environ.get("CI"):
        pytest.fail(message)
    pytest.skip(message)


def agrees(got: dict[str, Any], expected: dict[str, Any]) -> None:
    assert got["backend"] == expected["backend"] == "wasm"
    np.testing.assert_allclose(got["latents"], expected["latents"], atol=1e-3)
    assert np.abs(np.array(got["picture"]) - np.array(expected["picture"])).max() <= 2
    assert np.ptp(expected["latents"]) > 1


@pytest.mark.long
def test_firefox_draws_the_same_numbers(site_url: str, in_chromium: dict[str, Any]) -> None:
    firefox = shutil.which("firefox-esr") or shutil.which("firefox")
    must_be_there(firefox, "firefox-esr")
    driver = str(Path(__file__).with_name("firefox.mjs"))
    command = ["node", driver, str(firefox), site_url, f"({SCRIPT})()"]
    done = subprocess.run(command, capture_output=True, text=True, timeout=600, check=False)
    assert done.returncode == 0, done.stderr
    assert done.stderr == ""
    agrees(json.loads(done.stdout), in_chromium)


@pytest.mark.long
def test_webkit_draws_the_same_numbers(site_url: str, in_chromium: dict[str, Any]) -> None:
    must_be_there(find_webkit(), "webkit2gtk-driver xvfb")
    agrees(run_in_webkit(site_url, SCRIPT), in_chromium)
