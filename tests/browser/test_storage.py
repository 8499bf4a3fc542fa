"""A model's files on the device: gone on with after any break, checked, kept once, and read from there."""

from __future__ import annotations

import json
import re
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect

from tests.browser.conftest import BOOT, MODEL, altered_manifest, largest_shard, wait_ready
from tests.browser.native import draw_natively
from tests.browser.scripts import ALONE, DEVICE_FILES, SPOIL, WRITE
from tests.browser.wire import Line, bad_line

SLACK = 2 << 20  # bytes that were on their way when a connection broke, and are lost
FAILED = "diffuscope.ready.then(() => 'ready', (error) => error.message)"


@pytest.fixture
def line(site: Path) -> Iterator[Line]:
    with bad_line(site) as line:
        yield line


@pytest.fixture
def context(chromium: Browser) -> Iterator[BrowserContext]:
    context = chromium.new_context()
    context.set_default_timeout(BOOT)
    yield context
    context.close()


def visit(context: BrowserContext, address: str) -> Page:
    page = context.new_page()
    page.goto(address)
    page.wait_for_function("globalThis.crossOriginIsolated && globalThis.diffuscope")
    return page


def wait_until(true: Callable[[], bool]) -> None:
    deadline = time.monotonic() + BOOT / 1000
    while not true():
        assert time.monotonic() < deadline
        time.sleep(0.05)


def computing(line: Line) -> int:
    """How many of onnxruntime-web's WebAssembly files were asked for."""
    return sum(path.startswith("vendor/ort/") and path.endswith(".wasm") for path in line.requests)


def test_a_first_visit_fetches_the_model_and_what_computes_it_before_python_is_there(
    context: BrowserContext, line: Line, site: Path
) -> None:
    shard = largest_shard(site)
    python = line.held["vendor/pyodide/pyodide.asm.wasm"] = threading.Event()
    try:
        page = visit(context, line.address)
        wait_until(lambda: line.sent[shard] == (site / shard).stat().st_size)
        wait_until(lambda: computing(line) == 1)
        # The model is here, and Python still starts.
        expect(page.get_by_role("progressbar", name="Model files")).to_be_hidden()
        expect(page.locator(".loading [aria-current=step]")).to_have_text(re.compile("^Python"))
    finally:
        python.set()
    wait_ready(page)
    assert computing(line) == 1  # Python takes the build that was begun
    assert {tuple(asked) for asked in line.asked.values()} == {(0,)}


def test_a_broken_download_goes_on_and_is_kept_once_and_for_good(
    context: BrowserContext, line: Line, site: Path
) -> None:
    shard = largest_shard(site)
    size = (site / shard).stat().st_size
    line.cuts[shard] = [3_000_000, 4_000_000]
    page = visit(context, line.address)
    wait_ready(page)
    first, second, third = line.asked[shard]
    assert first == 0 < second <= 3_000_000 < third <= 7_000_000
    assert size <= line.sent[shard] < size + 2 * SLACK

    manifest = json.loads((site / MODEL / "manifest.json").read_text("utf-8"))
    kept = page.evaluate(DEVICE_FILES, MODEL)
    assert kept["manifest.json"] == (site / MODEL / "manifest.json").stat().st_size
    needed = {shard for name in ("unet", "vae_decoder") for shard in manifest["graphs"][name]["shards"]}
    for path in needed:
        assert kept[manifest["files"][path]["sha256"]] == manifest["files"][path]["bytes"]
    # The service worker has the manifest, and none of the files again.
    page.wait_for_function("document.querySelector('#engine').textContent.includes('offline')")
    urls = page.evaluate(
        "caches.keys().then(([name]) => caches.open(name)).then((cache) => cache.keys())"
        ".then((keys) => keys.map(({ url }) => url))"
    )
    assert [url.split("/")[-1] for url in urls if MODEL in url] == ["manifest.json"]

    # At the next visit nothing is fetched; what is spoilt is fetched anew, what is stale goes.
    digest = manifest["files"][shard.removeprefix(MODEL)]["sha256"]
    page.evaluate(SPOIL, [MODEL, digest])
    page.evaluate(WRITE, [MODEL, "0" * 64])
    page.reload()
    wait_ready(page)
    assert line.asked[shard] == [first, second, third, 0]
    assert all(len(asked) == 1 for path, asked in line.asked.items() if path != shard)
    assert page.evaluate(DEVICE_FILES, MODEL).keys() == kept.keys()


@pytest.mark.long
def test_a_download_outlives_its_tab(context: BrowserContext, line: Line, site: Path) -> None:
    shard = largest_shard(site)
    line.pause = 0.1
    page = visit(context, line.address)
    wait_until(lambda: line.sent[shard] > 3_000_000)
    page.close()
    line.pause = 0
    wait_ready(visit(context, line.address))
    first, second = line.asked[shard]
    assert first == 0
    assert second > 1_000_000


@pytest.mark.long
def test_two_tabs_share_one_download(context: BrowserContext, line: Line, site: Path) -> None:
    line.pause = 0.02
    pages = [visit(context, line.address) for _ in range(2)]
    for page in pages:
        wait_ready(page)
    assert line.asked[largest_shard(site)] == [0]


@pytest.mark.long
@pytest.mark.parametrize("host", ["without ranges", "whose file changes"])
def test_a_file_that_cannot_be_gone_on_with_is_begun_again_and_a_wrong_one_is_fetched_once_more(
    context: BrowserContext, line: Line, site: Path, host: str
) -> None:
    shard = largest_shard(site)
    line.ranges, line.changing = host != "without ranges", host == "whose file changes"
    line.cuts[shard] = [3_000_000]
    line.spoilt[shard] = 2  # the one that breaks off, and the one that comes whole
    wait_ready(visit(context, line.address))
    assert line.asked[shard] == [0, 0, 0]


@pytest.mark.long
def test_a_line_that_stays_broken_is_said_and_the_rest_can_be_fetched_later(
    context: BrowserContext, line: Line, site: Path
) -> None:
    shard = largest_shard(site)
    line.cuts[shard] = [5_000_000, *[0] * 20]
    page = visit(context, line.address)
    message = page.evaluate(FAILED)
    assert message.startswith(f"The connection broke while {shard.removeprefix(MODEL)} was loading")
    line.cuts[shard].clear()
    line.asked[shard].clear()
    page.get_by_role("button", name="Go on").click()
    page.wait_for_function("diffuscope.ready.then(() => true, () => false)", polling=500)
    assert len(line.asked[shard]) == 1
    assert line.asked[shard][0] > 3_000_000


@pytest.mark.long
def test_a_device_that_becomes_full_is_said_and_what_has_arrived_is_kept(
    context: BrowserContext, line: Line, site: Path
) -> None:
    shard = largest_shard(site)
    page = context.new_page()
    devtools = context.new_cdp_session(page)

    def allow(**quota: int) -> None:
        devtools.send("Storage.overrideQuotaForOrigin", {"origin": line.address.rstrip("/"), **quota})

    allow(quotaSize=12_000_000)
    page.goto(line.address)
    page.wait_for_function("globalThis.crossOriginIsolated && globalThis.diffuscope")
    message = page.evaluate(FAILED)
    assert message.startswith("There is no room for the model on this device. Remove another model")
    allow()
    page.get_by_role("button", name="Go on").click()
    page.wait_for_function("diffuscope.ready.then(() => true, () => false)", polling=500)
    first, second = line.asked[shard]
    assert first == 0
    assert second > 1_000_000


@pytest.mark.long
def test_a_device_that_is_too_small_is_said_before_anything_is_fetched(
    context: BrowserContext, altered_site: Callable[[str, bytes | None], str], site: Path
) -> None:
    def enlarge(manifest: dict[str, Any]) -> None:
        manifest["files"][manifest["graphs"]["unet"]["shards"][0]]["bytes"] = 5 * 10**15

    address = altered_site(f"{MODEL}manifest.json", altered_manifest(site, enlarge))
    page = visit(context, address)
    message = page.evaluate(FAILED)
    assert message.startswith(
        "There is no room for the model on this device: it needs 5,000,000 GB and may take "
    )
    assert page.evaluate(DEVICE_FILES, MODEL).keys() == {"manifest.json"}


@pytest.mark.long
def test_a_folder_that_the_visitor_opened_is_used_as_it_is(
    context: BrowserContext, site_url: str, site: Path
) -> None:
    page = visit(context, f"{site_url}?model=none")  # its own engine does not start
    settings = {"prompt": "a red car", "seed": 4, "steps": 2, "guidance": 2, "sampler": "ddim"}
    got = page.evaluate(ALONE, {"settings": settings, "opened": True})
    expected = draw_natively(site, **settings)
    for ours, theirs in zip(got["latents"], expected, strict=True):
        np.testing.assert_allclose(ours, theirs.latent, atol=1e-3)
    assert page.evaluate(DEVICE_FILES, MODEL) == {}

    shard = largest_shard(site).removeprefix(MODEL)
    trouble = page.evaluate(ALONE, {"opened": True, "without": shard})["trouble"]
    assert (trouble["code"], trouble["file"]) == ("missing-file", shard)
    trouble = page.evaluate(ALONE, {"opened": True, "spoilt": shard})["trouble"]
    assert (trouble["code"], trouble["file"]) == ("damaged-file", shard)


@pytest.mark.long
def test_where_memory_is_short_the_heavy_graphs_take_turns(
    context: BrowserContext,
    altered_site: Callable[[str, bytes | None], str],
    lowered_limits: bytes,
    site: Path,
) -> None:
    page = visit(context, altered_site("app.zip", lowered_limits) + "?model=none")
    settings = {"prompt": "a blue house", "seed": 5, "steps": 2, "guidance": 2, "sampler": "euler"}
    got = page.evaluate(ALONE, {"settings": settings})
    assert got["facts"]["sparing"]
    for ours, theirs in zip(got["latents"], draw_natively(site, **settings), strict=True):
        np.testing.assert_allclose(ours, theirs.latent, atol=1e-3)


@pytest.mark.long
def test_the_choice_of_the_unet_is_remembered_on_the_device(
    context: BrowserContext, altered_site: Callable[[str, bytes | None], str], site: Path
) -> None:
    def twice(manifest: dict[str, Any]) -> None:
        manifest["graphs"]["unet_fused"] = manifest["graphs"]["unet"]

    address = altered_site(f"{MODEL}manifest.json", altered_manifest(site, twice))
    page = visit(context, f"{address}?model=none")
    ways = ["fused", "plain"]
    first = page.evaluate(ALONE, {})["facts"]["selfAttention"]
    other = 1 - ways.index(first)
    page.evaluate(
        """async ([path, way]) => {
          let folder = await navigator.storage.getDirectory();
          for (const name of path.split("/").filter(Boolean)) folder = await folder.getDirectoryHandle(name);
          const handle = await folder.getFileHandle("backend.json");
          const verdict = JSON.parse(await (await handle.getFile()).text());
          const writing = await handle.createWritable();
          await writing.write(JSON.stringify({ ...verdict, way }));
          await writing.close();
        }""",
        [MODEL, other],
    )
    assert page.evaluate(ALONE, {})["facts"]["selfAttention"] == ways[other]
