"""Model files that are missing or damaged: one sentence that names the file, and a page that stays whole."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page

from tests.browser.conftest import BOOT, MODEL


def failure(browser: Browser, address: str) -> tuple[str, Page]:
    page = browser.new_page()
    page.set_default_timeout(BOOT)
    page.goto(address)
    page.wait_for_function("globalThis.crossOriginIsolated && globalThis.diffuscope")
    return page.evaluate("diffuscope.ready.then(() => 'ready', (error) => error.message)"), page


def weights(site: Path) -> str:
    manifest = json.loads((site / MODEL / "manifest.json").read_text("utf-8"))
    return manifest["graphs"]["vae_decoder"]["shards"][0]


def test_a_missing_file_is_named_and_the_engine_starts_once_it_is_there(
    chromium: Browser, site: Path, altered_site: Callable[[str, bytes | None], str], tmp_path: Path
) -> None:
    shard = weights(site)
    message, page = failure(chromium, altered_site(MODEL + shard, None))
    assert (
        message
        == f"The model's file {shard} is not on the server: put the model's whole folder there and reload."
    )
    # It stands on the page too, and a picture that is asked for now is refused with the same sentence.
    page.get_by_text(shard).first.wait_for()
    refused = page.evaluate("diffuscope.generate().then(() => 'drawn', (error) => error.message)")
    assert refused == message

    shutil.copy(site / MODEL / shard, tmp_path / "altered" / MODEL / shard)
    page.get_by_role("button", name="Start the engine again").click()
    page.wait_for_function("diffuscope.generate({ steps: 1 }).then(() => true, () => false)", polling=500)
    page.close()


@pytest.mark.parametrize("damage", ["one bit", pytest.param("cut short", marks=pytest.mark.long)])
def test_a_damaged_file_is_named(
    chromium: Browser, site: Path, altered_site: Callable[[str, bytes | None], str], damage: str
) -> None:
    shard = weights(site)
    content = bytearray((site / MODEL / shard).read_bytes())
    if damage == "one bit":
        content[len(content) // 2] ^= 1
    else:
        del content[-1:]
    message, page = failure(chromium, altered_site(MODEL + shard, bytes(content)))
    assert f"The model's file {shard} does not match its digest" in message
    page.close()


def test_an_unknown_model_in_the_address_is_said(chromium: Browser, site_url: str) -> None:
    message, page = failure(chromium, f"{site_url}?model=sdxl")
    assert message == "There is no model named sdxl here: look at ?model= in the address."
    page.close()


@pytest.mark.parametrize(
    "accident",
    [
        pytest.param("setTimeout(() => { throw new Error('boom'); })", id="an error"),
        pytest.param(
            "Promise.reject(new Error('boom'))", id="a promise that nobody heard", marks=pytest.mark.long
        ),
    ],
)
def test_a_worker_that_fails_in_the_middle_of_a_run_is_said_and_can_be_started_again(
    chromium: Browser, site_url: str, accident: str
) -> None:
    page = chromium.new_page()
    page.set_default_timeout(BOOT)
    page.goto(site_url)
    page.wait_for_function("globalThis.crossOriginIsolated && globalThis.diffuscope")
    page.evaluate("diffuscope.ready.then(() => null)")
    page.evaluate(
        """() => {
          globalThis.outcome = new Promise((resolve) => {
            const drawn = diffuscope.generate({ steps: 50 }, () => { globalThis.drawing = true; });
            drawn.then(() => resolve("drawn"), (error) => resolve(error.message));
          });
        }"""
    )
    page.wait_for_function("globalThis.drawing")
    worker = next(
        worker for worker in page.workers if worker.evaluate("'pyodide' in globalThis || name === ''")
    )
    worker.evaluate(f"() => {{ {accident} }}")
    assert "boom" in page.evaluate("outcome")
    page.get_by_role("button", name="Start the engine again").click()
    page.wait_for_function("diffuscope.generate({ steps: 1 }).then(() => true, () => false)", polling=500)
    page.close()
