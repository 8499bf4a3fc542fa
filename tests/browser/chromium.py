"""Find a Chromium for the tests and say where: ``python -m tests.browser.chromium``."""

from __future__ import annotations

import os
import shutil
import sys
from pathlib import Path

ARGUMENTS = [
    "--no-sandbox",
    "--disable-quic",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--disable-features=AutofillServerCommunication",
]
# A graphics card imitated in software: slow, but the same WebGPU as anybody's.
SOFTWARE_WEBGPU = ["--enable-unsafe-webgpu", "--use-webgpu-adapter=swiftshader", "--enable-features=Vulkan"]


def find_chromium() -> str | None:
    """Path of a Chromium: DIFFUSCOPE_CHROMIUM, one that is installed, or Playwright's own."""
    if named := os.environ.get("DIFFUSCOPE_CHROMIUM"):
        return named
    for name in ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable"):
        if found := shutil.which(name):
            return found
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        own = playwright.chromium.executable_path
    return own if Path(own).exists() else None


if __name__ == "__main__":
    found = find_chromium()
    print(found or "No Chromium was found: set DIFFUSCOPE_CHROMIUM to one, or install Debian's chromium.")
    sys.exit(found is None)
