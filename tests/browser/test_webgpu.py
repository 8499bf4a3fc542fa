"""The same picture on WebGPU, its graphics card imitated in software (SwiftShader): slow, so few steps."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from playwright.sync_api import Browser, Page, Playwright

from tests.browser.chromium import ARGUMENTS, SOFTWARE_WEBGPU
from tests.browser.native import draw_natively
from tests.browser.scripts import LATENTS

SETTINGS = {
    "prompt": "a red car on the beach at sunset",
    "negative": "",
    "seed": 7,
    "steps": 2,
    "guidance": 3,
    "sampler": "dpm++2m",
    "gains": {"red": 1.5},
}
PATIENCE = 300_000  # milliseconds


@pytest.fixture(scope="module")
def browser(playwright: Playwright, chromium_path: str) -> Iterator[Browser]:
    browser = playwright.chromium.launch(executable_path=chromium_path, args=ARGUMENTS + SOFTWARE_WEBGPU)
    yield browser
    browser.close()


def ready(page: Page) -> dict[str, str]:
    page.set_default_timeout(PATIENCE)
    page.wait_for_function("globalThis.crossOriginIsolated && globalThis.diffuscope")
    return page.evaluate("diffuscope.ready.then(({ backend, adapter }) => ({ backend, adapter }))")


def test_webgpu_draws_the_picture_that_the_processor_draws(
    browser: Browser, site: Path, site_url: str
) -> None:
    page = browser.new_context().new_page()
    page.goto(f"{site_url}?backend=webgpu")
    facts = ready(page)
    assert facts["backend"] == "webgpu"
    assert "swiftshader" in facts["adapter"].lower()
    assert "software" in facts["adapter"]

    got = page.evaluate(LATENTS, SETTINGS)
    expected = draw_natively(site, **SETTINGS)
    for ours, theirs in zip(got["latents"], expected, strict=True):
        np.testing.assert_allclose(ours, theirs.latent, atol=5e-3)
    difference = np.abs(np.array(got["picture"]) - np.asarray(expected[-1].picture))
    assert difference.max() <= 4

    # The driver dies: said in one sentence, on the page and to whoever asks for a picture.
    browser.new_browser_cdp_session().send("Browser.crashGpuProcess")
    lost = "The graphics card was lost: start the engine again."
    page.get_by_text(lost).wait_for()
    assert page.evaluate("diffuscope.generate().then(() => 'drawn', (error) => error.message)") == lost
    page.context.close()


def test_an_imitated_graphics_card_is_named_and_not_used(browser: Browser, site_url: str) -> None:
    page = browser.new_page()
    page.goto(site_url)
    assert ready(page) == {"backend": "wasm", "adapter": "google swiftshader (in software)"}
    page.close()


def test_webgpu_cannot_be_forced_where_there_is_none(chromium: Browser, site_url: str) -> None:
    page = chromium.new_page()
    page.goto(f"{site_url}?backend=webgpu")
    page.set_default_timeout(PATIENCE)
    page.wait_for_function("globalThis.crossOriginIsolated && globalThis.diffuscope")
    sentence = page.evaluate("diffuscope.ready.then(() => 'ready', (error) => error.message)")
    assert sentence == "This browser offers no WebGPU: leave ?backend=webgpu out."
    page.close()
