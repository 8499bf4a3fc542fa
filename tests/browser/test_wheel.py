"""The loop in a page that is not ours: what docs/in-your-page.md says, done literally."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from playwright.sync_api import Browser, Page, expect

from pyscript_app.loop import Settings
from tests.browser.conftest import BOOT, serving
from tests.browser.native import draw_natively
from tests.conftest import Once
from tests.wheel import ROOT, build_wheel, wheel_in

PIXELS = """() => {
  const canvas = document.querySelector("canvas");
  return [...canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height).data];
}"""


def block(language: str) -> str:
    """The document's one piece of code in a language."""
    [code] = re.findall(rf"```{language}\n(.*?)```", (ROOT / "docs/in-your-page.md").read_text("utf-8"), re.S)
    return code


@pytest.fixture
def folder(once: Once, tmp_path: Path) -> Path:
    """What the document puts beside each other."""
    wheel = wheel_in(once("wheel", build_wheel))
    (tmp_path / wheel.name).symlink_to(wheel)
    (tmp_path / "miniature").symlink_to(ROOT / "web/models/miniature")
    (tmp_path / "pyodide").symlink_to(ROOT / "node_modules/pyodide")
    (tmp_path / "ort").symlink_to(ROOT / "node_modules/onnxruntime-web/dist")
    (tmp_path / "index.html").write_text(block("html"), "utf-8")
    (tmp_path / "draw.py").write_text(block("python"), "utf-8")
    return tmp_path


@pytest.fixture
def bare_page(chromium: Browser, folder: Path) -> Iterator[tuple[Page, list[str]]]:
    """A page at an address that nobody opened yet, and the errors on it."""
    with serving(folder) as (address, _):
        page = chromium.new_page(base_url=address)
        page.set_default_timeout(BOOT)
        errors: list[str] = []
        page.on("pageerror", lambda error: errors.append(str(error)))
        yield page, errors
        page.close()


def wishes(code: str) -> dict[str, Any]:
    """The settings that a piece of Python asks for."""
    [call] = re.findall(r"Settings\(.*\)", code)
    return vars(eval(call, {"Settings": Settings}))


def test_ten_lines_draw_the_picture_that_native_onnxruntime_draws(
    bare_page: tuple[Page, list[str]],
) -> None:
    assert len([line for line in block("python").splitlines() if line]) == 10
    page, errors = bare_page
    page.goto("index.html")
    expect(page.locator("output")).to_have_text("Drawn.", timeout=BOOT)
    got = np.array(page.evaluate(PIXELS))
    expected = np.asarray(draw_natively(ROOT / "web", **wishes(block("python")))[-1].picture)
    assert got.std() > 10
    assert np.abs(got - expected).max() <= 2  # levels of 255
    assert not errors


# What somebody may get wrong, told where the page can be asked for it.
ASTRAY = """
import js
from pyscript_app.browser.guest import open_model

try:
    await open_model("nothing", js.ort)
except Exception as error:
    js.document.body.append(str(error))
"""


def test_every_module_can_be_imported_and_a_wrong_address_is_named(
    folder: Path, bare_page: tuple[Page, list[str]]
) -> None:
    modules = [
        file.relative_to(ROOT).with_suffix("").as_posix().replace("/", ".")
        for file in sorted((ROOT / "pyscript_app").rglob("*.py"))
        if file.stem != "__init__"
    ]
    code = "".join(f"import {module}\n" for module in modules) + ASTRAY
    (folder / "draw.py").write_text(code, "utf-8")
    page, errors = bare_page
    page.goto("index.html")
    expect(page.locator("output")).to_have_text("Drawn.", timeout=BOOT)
    expect(page.locator("body")).to_contain_text("/nothing/manifest.json is not on the server: put")
    assert not errors
