"""Measure the page and print a table: ``make bench``, on a machine that does nothing else.

Every figure is a ratio or has its aim beside it, so that it says something on any machine. The results go into
``results/latest.json``.
"""

from __future__ import annotations

import json
import os
import platform
import subprocess
import sys
import tempfile
import threading
from functools import partial
from http.server import ThreadingHTTPServer
from pathlib import Path
from typing import Any

from playwright.sync_api import sync_playwright
from rich.console import Console
from rich.table import Table

from export.miniature.cli import WEIGHTS
from export.site.serving import Handler
from export.site.site import build
from tests.benchmarks.page import SETTINGS, loop_times, open_page, start_times, transfer
from tests.browser.chromium import ARGUMENTS, find_chromium

RESULTS = Path(__file__).with_name("results") / "latest.json"


class NotingHandler(Handler):
    """Notes which files were asked for."""

    asked: set[str] = set()  # noqa: RUF012 (all handlers of a run share it)

    def do_GET(self) -> None:  # noqa: N802 (the base class looks for it)
        self.asked.add(self.path.split("?")[0].lstrip("/") or "index.html")
        super().do_GET()


def measure() -> dict[str, Any]:
    """All figures."""
    with tempfile.TemporaryDirectory() as folder:
        site = build(Path(folder) / "site")
        server = ThreadingHTTPServer(
            ("127.0.0.1", 0), partial(NotingHandler, directory=str(site), isolate=False)
        )
        threading.Thread(target=server.serve_forever, daemon=True).start()
        address = f"http://127.0.0.1:{server.server_address[1]}/"
        with sync_playwright() as playwright:
            browser = playwright.chromium.launch(executable_path=find_chromium(), args=ARGUMENTS)
            page = open_page(browser, address)
            page.evaluate(
                "(settings) => diffuscope.generate(settings).then(() => null)", SETTINGS | {"steps": 1}
            )
            bytes_ = transfer(site, {path for path in NotingHandler.asked if (site / path).is_file()})
            engine = page.evaluate(
                "diffuscope.ready.then(({ backend, threads }) => `${backend}, ${threads} threads`)"
            )
            loop = loop_times(page, site)
            start = start_times(page, site, address)
            machine = {
                "cores": os.cpu_count(),
                "system": platform.platform(),
                "browser": browser.version,
                "engine": engine,
            }
            browser.close()
        server.shutdown()
        server.server_close()
    torch = subprocess.run(
        [sys.executable, "-m", "tests.benchmarks.torch_picture", str(WEIGHTS)],
        capture_output=True, text=True, check=True,
    )  # fmt: skip
    return {
        "machine": machine,
        "settings": SETTINGS,
        "loop": loop,
        "start": start,
        "bytes": bytes_,
        "torch_picture": json.loads(torch.stdout.splitlines()[-1]) * 1000,
    }


def table(result: dict[str, Any]) -> Table:
    """The figures for people."""
    loop, start, bytes_ = result["loop"], result["start"], result["bytes"]
    rows = Table(
        "", "measured", "against", "ratio", "aim", title=f"Diffuscope, {result['machine']['engine']}"
    )
    ours = loop["ours"] / loop["bare"]
    rows.add_row(
        "a  a step of the loop",
        f"{loop['ours']:.0f} ms",
        f"bare JavaScript {loop['bare']:.0f} ms",
        f"{ours:.2f}",
        "≤ 1.15",
    )
    torch = result["torch_picture"]
    for row, kind, name, aim in [
        ("b", "picture", "each shown", "≤ 3"),
        ("", "unshown", "the last decoded", ""),
    ]:
        rows.add_row(
            f"{row:2} a picture, {SETTINGS['steps']} steps, {name}",
            f"{loop[kind]:.0f} ms",
            f"diffusers in torch {torch:.0f} ms",
            f"{loop[kind] / torch:.2f}",
            aim,
        )
    rows.add_row(
        "c  bytes to the first picture",
        f"{bytes_['brotli'] / 1e6:.1f} MB brotli",
        f"{bytes_['raw'] / 1e6:.1f} MB raw, {bytes_['gzip'] / 1e6:.1f} MB gzip",
        f"{bytes_['brotli'] / bytes_['raw']:.2f}",
        "",
    )
    rows.add_row(
        "d  warm visit to the first frame",
        f"{start['first'] / 1000:.1f} s",
        f"bare Pyodide and sessions {start['bare'] / 1000:.1f} s",
        f"{start['first'] / start['bare']:.2f}",
        "≤ 1.5",
    )
    for stage, taken in start["stages"].items():
        rows.add_row(f"     {stage}", f"{taken / 1000:.2f} s", "", f"{taken / start['bare']:.2f}", "")
    for row, kind, aim in [
        ("e  longest gap between the page's frames", "gap", "< 50 ms"),
        ("   the same while a gallery is drawn", "gallery_gap", "< 100 ms"),
    ]:
        worst = f"at the worst {loop[f'worst_{kind}']:.0f} ms"
        rows.add_row(row, f"{loop[kind]:.0f} ms", worst, "", aim)
    return rows


if __name__ == "__main__":
    figures = measure()
    Console().print(table(figures))
    RESULTS.parent.mkdir(exist_ok=True)
    RESULTS.write_text(json.dumps(figures, indent=1) + "\n", "utf-8")
