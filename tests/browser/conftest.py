"""What the browser tests share: the built site, servers, Chromium, and pages whose engine is ready."""

from __future__ import annotations

import io
import json
import re
import shutil
import threading
import zipfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, Playwright, sync_playwright

import tests.browser.waiting  # noqa: F401 (gives pages another wait_for_function)
from export.site.serving import server
from export.site.site import build
from tests.browser.chromium import ARGUMENTS, find_chromium

BOOT = 90_000  # milliseconds that anything may take on busy cores
MODEL = "models/miniature/"


@contextmanager
def serving(folder: Path) -> Iterator[tuple[str, Callable[[], None]]]:
    """Serve a folder as a host that sends no special headers; gives its address and a way to stop it."""
    running = server(folder, 0, isolate=False)
    threading.Thread(target=running.serve_forever, daemon=True).start()

    def stop() -> None:
        running.shutdown()
        running.server_close()

    try:
        yield f"http://127.0.0.1:{running.server_address[1]}/", stop
    finally:
        stop()


def wait_ready(page: Page) -> dict[str, Any]:
    """Wait until the page is isolated (it reloads once for that) and its engine is ready; what `ready` gives."""
    page.wait_for_function("globalThis.crossOriginIsolated && globalThis.diffuscope", timeout=BOOT)
    facts = "diffuscope.ready.then(({ backend, adapter, threads }) => ({ backend, adapter, threads }))"
    page.set_default_timeout(BOOT)
    return page.evaluate(facts)


@pytest.fixture(scope="package")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The page as a folder of static files."""
    return build(tmp_path_factory.mktemp("site") / "app")


@pytest.fixture(scope="package")
def site_url(site: Path) -> Iterator[str]:
    """The address of the page on a server that sends no special headers."""
    with serving(site) as (address, _):
        yield address


@pytest.fixture(scope="package")
def playwright() -> Iterator[Playwright]:
    with sync_playwright() as running:
        yield running


@pytest.fixture(scope="package")
def chromium_path() -> str:
    path = find_chromium()
    assert path, "No Chromium: set DIFFUSCOPE_CHROMIUM to one, or install Debian's chromium."
    return path


@pytest.fixture(scope="package")
def chromium(playwright: Playwright, chromium_path: str) -> Iterator[Browser]:
    browser = playwright.chromium.launch(executable_path=chromium_path, args=ARGUMENTS)
    yield browser
    browser.close()


@contextmanager
def visiting(chromium: Browser, address: str) -> Iterator[Page]:
    """The page at a first visit, its engine still starting; any error on it fails the test."""
    context = chromium.new_context()
    context.set_default_timeout(BOOT)
    page = context.new_page()
    errors: list[str] = []
    page.on("pageerror", lambda error: errors.append(str(error)))
    page.goto(address)
    yield page
    context.close()
    assert not errors


@pytest.fixture
def page(chromium: Browser, site_url: str) -> Iterator[Page]:
    """A first visit."""
    with visiting(chromium, site_url) as page:
        yield page


@pytest.fixture(scope="module")
def live_page(chromium: Browser, site_url: str) -> Iterator[Page]:
    """A page whose engine is ready, shared by a module's tests."""
    context = chromium.new_context()
    context.set_default_timeout(BOOT)
    page = context.new_page()
    page.goto(site_url)
    wait_ready(page)
    yield page
    context.close()


@pytest.fixture
def altered_site(site: Path, tmp_path: Path) -> Iterator[Callable[[str, bytes | None], str]]:
    """A copy of the site in which one file has other bytes, or none: gives its address."""
    with serving(tmp_path) as (address, _):

        def alter(path: str, content: bytes | None) -> str:
            copy = tmp_path / "altered"
            shutil.copytree(site, copy, copy_function=_link)
            (copy / path).unlink()
            if content is not None:
                (copy / path).write_bytes(content)
            return address + "altered/"

        yield alter


def _link(source: str, target: str) -> None:
    Path(target).hardlink_to(source)


def altered_manifest(site: Path, change: Callable[[dict[str, Any]], None]) -> bytes:
    """The miniature's manifest after a change."""
    manifest = json.loads((site / MODEL / "manifest.json").read_text("utf-8"))
    change(manifest)
    return json.dumps(manifest).encode()


def largest_shard(site: Path) -> str:
    """The path below the site of the miniature's largest weights."""
    return (
        max(site.glob(f"{MODEL}weights/*"), key=lambda file: file.stat().st_size).relative_to(site).as_posix()
    )


@pytest.fixture(scope="package")
def lowered_limits(site: Path) -> bytes:
    """The page's Python with limits by which the miniature is a heavy model, as an app.zip."""
    limits = {"browser/sessions.py": ("LIGHT_MODEL", "HEAVY"), "pyscript_app/manifest.py": ("FOLD_LIMIT",)}
    packed = io.BytesIO()
    with zipfile.ZipFile(site / "app.zip") as source, zipfile.ZipFile(packed, "w") as target:
        for name in source.namelist():
            if name.endswith(".pyc"):
                continue  # of the source before the change
            text = source.read(name).decode()
            for limit in next((some for file, some in limits.items() if name.endswith(file)), ()):
                text, found = re.subn(rf"(?m)^{limit} = [\d_]+", f"{limit} = 1_000_000", text)
                assert found == 1
            target.writestr(name, text)
    return packed.getvalue()
