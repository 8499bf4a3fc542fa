"""WebKitGTK, the engine of Safari, driven by its own WebDriver (Debian's webkit2gtk-driver and xvfb)."""

from __future__ import annotations

import glob
import json
import shutil
import socket
import subprocess
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

BROWSERS = "/usr/lib/*/webkit2gtk-4.*/MiniBrowser"
STARTING = 120  # seconds
RUNNING = 600


def find_webkit() -> tuple[str, str] | None:
    """Paths of the driver and the browser, or None."""
    driver, browsers = shutil.which("WebKitWebDriver"), sorted(glob.glob(BROWSERS))
    return (driver, browsers[-1]) if driver and browsers and shutil.which("xvfb-run") else None


def run_in_webkit(address: str, script: str) -> Any:
    """Open a page and return what an async function body gives there."""
    driver, browser = find_webkit() or ("", "")
    with _driver(driver) as service:
        options = {"binary": browser, "args": ["--automation"]}
        capabilities = {"alwaysMatch": {"webkitgtk:browserOptions": options}}
        session = _ask("POST", f"{service}/session", {"capabilities": capabilities})["sessionId"]
        here = f"{service}/session/{session}"
        try:
            _ask("POST", f"{here}/timeouts", {"script": RUNNING * 1000, "pageLoad": STARTING * 1000})
            _ask("POST", f"{here}/url", {"url": address})
            _wait(here, "return Boolean(globalThis.crossOriginIsolated && globalThis.diffuscope)")
            wrapped = (
                "const done = arguments[arguments.length - 1];"
                f"({script})().then((value) => done({{ value }}), (error) => done({{ error: String(error) }}));"
            )
            answer = _ask("POST", f"{here}/execute/async", {"script": wrapped, "args": []}, RUNNING)
        finally:
            _ask("DELETE", here)
    if "error" in answer:
        raise AssertionError(answer["error"])
    return answer["value"]


@contextmanager
def _driver(program: str) -> Iterator[str]:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    command = ["xvfb-run", "--auto-servernum", program, f"--port={port}"]
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    address = f"http://127.0.0.1:{port}"
    try:
        for _ in range(STARTING * 10):
            try:
                _ask("GET", f"{address}/status")
                break
            except urllib.error.URLError:
                time.sleep(0.1)
        yield address
    finally:
        process.terminate()
        process.wait()


def _wait(session: str, condition: str) -> None:
    """Until a script gives true; the page may reload meanwhile."""
    deadline = time.monotonic() + STARTING
    while time.monotonic() < deadline:
        if _ask("POST", f"{session}/execute/sync", {"script": condition, "args": []}):
            return
        time.sleep(0.2)
    raise AssertionError(f"never true in WebKit: {condition}")


def _ask(method: str, address: str, content: Any = None, timeout: float = 2 * STARTING) -> Any:
    data = None if content is None else json.dumps(content).encode()
    request = urllib.request.Request(address, data, {"Content-Type": "application/json"}, method=method)
    with urllib.request.urlopen(request, timeout=timeout) as response:
        return json.load(response)["value"]
