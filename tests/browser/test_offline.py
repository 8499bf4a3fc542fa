"""The service worker: isolation on any host, a sub-path, no other origin, and the page without a network."""

from __future__ import annotations

import shutil
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
from playwright.sync_api import Browser, BrowserContext, Page

from export.site.site import write_precache
from tests.browser.conftest import BOOT, serving, wait_ready
from tests.browser.scripts import LATENTS

SETTINGS = {
    "prompt": "a cat",
    "seed": 3,
    "steps": 2,
    "guidance": 2,
    "sampler": "ddim",
    "gains": {},
    "negative": "",
}
OFFLINE_SIGN = "document.querySelector('#engine').textContent.includes('offline')"


class Outside(BaseHTTPRequestHandler):
    """A proxy through which every request to another host than ours would go; it notes them and gives nothing."""

    asked: list[str]

    def _refuse(self) -> None:
        self.asked.append(self.path)
        self.send_error(502)

    do_GET = do_POST = do_HEAD = do_CONNECT = _refuse  # noqa: N815 (names that the base class looks for)

    def log_message(self, *_: object) -> None:
        """Keep quiet."""


@dataclass
class Visit:
    """A first visit on a sub-path of a plain host, everything outside watched."""

    page: Page
    context: BrowserContext
    folder: Path
    stop_server: Callable[[], None]
    asked_outside: list[str]


@pytest.fixture(scope="module")
def visit(chromium: Browser, site: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Visit]:
    host = tmp_path_factory.mktemp("host")
    folder = host / "museum" / "diffuscope"
    shutil.copytree(site, folder)
    asked: list[str] = []
    proxy = ThreadingHTTPServer(("127.0.0.1", 0), type("Noting", (Outside,), {"asked": asked}))
    threading.Thread(target=proxy.serve_forever, daemon=True).start()
    with serving(host) as (address, stop):
        watched = {"server": f"http://127.0.0.1:{proxy.server_address[1]}", "bypass": "127.0.0.1"}
        context = chromium.new_context(proxy=watched)
        context.set_default_timeout(BOOT)
        page = context.new_page()
        page.goto(f"{address}museum/diffuscope/")
        wait_ready(page)
        yield Visit(page, context, folder, stop, asked)
        context.close()
    proxy.shutdown()
    proxy.server_close()


# The tests of this module follow one visit, in this order.


def test_the_page_runs_on_a_sub_path_of_a_host_that_sends_no_headers(visit: Visit) -> None:
    assert visit.page.url.endswith("/museum/diffuscope/")
    assert visit.page.evaluate("crossOriginIsolated")
    drawn = visit.page.evaluate(LATENTS, SETTINGS)
    assert len(drawn["latents"]) == 2
    visit.page.wait_for_function(OFFLINE_SIGN, timeout=BOOT)


def test_no_other_origin_was_asked_for_anything(visit: Visit) -> None:
    assert visit.asked_outside == []
    # The watch itself works: such a request does arrive there, of a page whose policy is not ours.
    elsewhere = visit.context.new_page()
    elsewhere.goto("http://example.com/")
    elsewhere.close()
    assert "http://example.com/" in visit.asked_outside


def test_a_new_version_takes_over_at_the_next_visit_and_the_old_one_is_forgotten(visit: Visit) -> None:
    text = visit.folder / "text" / "en.json"
    text.write_text(text.read_text("utf-8").replace('"Generate"', '"Draw it"'), "utf-8")
    (visit.folder / "precache.js").unlink()
    write_precache(visit.folder)
    page = visit.page
    kept_before = set(_kept(page))

    page.evaluate("navigator.serviceWorker.getRegistration().then((registration) => registration.update())")
    page.wait_for_function(
        "navigator.serviceWorker.getRegistration().then(({ waiting }) => Boolean(waiting))"
    )
    address = page.url
    page.close()
    visit.page = page = visit.context.new_page()
    page.goto(address)
    page.get_by_role("button", name="Draw it").wait_for()
    wait_ready(page)
    page.wait_for_function(OFFLINE_SIGN, timeout=BOOT)
    kept = set(_kept(page))
    assert len(kept) == len(kept_before)
    # One file went, one came; the rest was not fetched again.
    assert (
        [path for _, path in kept - kept_before]
        == [path for _, path in kept_before - kept]
        == ["text/en.json"]
    )


def test_the_page_draws_with_the_server_stopped(visit: Visit) -> None:
    before = visit.page.evaluate(LATENTS, SETTINGS)
    visit.stop_server()
    visit.page.reload()
    wait_ready(visit.page)
    assert visit.page.evaluate("crossOriginIsolated")
    assert visit.page.evaluate(LATENTS, SETTINGS) == before


def _kept(page: Page) -> list[tuple[str, str]]:
    """(hash, path) of everything that the service worker keeps."""
    keys = page.evaluate(
        """async () => {
          const [name] = await caches.keys();
          const requests = await (await caches.open(name)).keys();
          return requests.map(({ url }) => url.slice(new URL("./", location).href.length));
        }"""
    )
    return [tuple(key.split("?", 1)) for key in keys]
