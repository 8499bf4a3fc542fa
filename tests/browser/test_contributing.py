"""What CONTRIBUTING shows is added to a copy of the page as it stands there, and works."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.browser.conftest import serving, visiting, wait_ready

ROOT = Path(__file__).parents[2]
BLOCK = re.compile(r"```(?P<kind>js|python|diff) (?P<path>\S+)\n(?P<text>.*?)```", re.DOTALL)
BLOCKS = [block.groupdict() for block in BLOCK.finditer((ROOT / "CONTRIBUTING.md").read_text("utf-8"))]


def patched(text: str, diff: str) -> str:
    """A text after a diff whose context lines say where, in their order; a line that is not there fails."""
    lines, at = text.splitlines(), 0
    for line in diff.splitlines():
        sign, content = line[:1], line[1:]
        if sign == "+":
            lines.insert(at, content)
        else:
            at = lines.index(content, at)
            if sign == "-":
                del lines[at]
                continue
        at += 1
    return "\n".join(lines) + "\n"


@pytest.fixture(scope="module")
def extended(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The page of a copy of the project to which everything in CONTRIBUTING was added."""
    copy = tmp_path_factory.mktemp("contributing")
    for folder in ("web", "pyscript_app", "export"):
        ignored = shutil.ignore_patterns("models" if folder == "web" else "weights", "__pycache__")
        shutil.copytree(ROOT / folder, copy / folder, ignore=ignored, symlinks=True)
    # `export/weights` is code, the miniature's weights are not.
    shutil.copytree(ROOT / "export/weights", copy / "export/weights", dirs_exist_ok=True)
    for linked in ("web/models", "node_modules"):
        (copy / linked).symlink_to(ROOT / linked)
    for file in ("LICENSE", "NOTICE.md", "package.json", "package-lock.json"):
        shutil.copy(ROOT / file, copy)
    for block in BLOCKS:
        path = copy / block["path"]
        text = patched(path.read_text("utf-8"), block["text"]) if block["kind"] == "diff" else block["text"]
        path.write_text(text, "utf-8")
    code = "from export.site.site import build; build('site')"
    subprocess.run([sys.executable, "-c", code], cwd=copy, check=True)
    return copy / "site"


@pytest.fixture(scope="module")
def page(extended: Path, chromium: Browser) -> Iterator[Page]:
    with serving(extended) as (address, _), visiting(chromium, address) as page:
        # Once isolated it does not reload by itself any more, and a model's defaults come before what is typed.
        page.wait_for_function("globalThis.crossOriginIsolated && globalThis.diffuscope")
        expect(page.get_by_role("textbox", name="Prompt", exact=True)).not_to_have_value("")
        yield page


def test_each_kind_is_shown_with_its_place_in_a_list() -> None:
    assert [(block["kind"], block["path"].split("/")[1]) for block in BLOCKS] == [
        ("js", "views"),
        ("diff", "views"),
        ("js", "rooms"),
        ("diff", "rooms"),
        ("python", "activities"),
        ("diff", "activities"),
        ("python", "afresh.py"),
        ("diff", "samplers.py"),
        ("diff", "settings.schema.json"),
        ("diff", "text"),
    ]


def test_the_view_shows_what_the_store_has(page: Page) -> None:
    page.get_by_role("textbox", name="Prompt", exact=True).fill("a cat")
    expect(page.locator("#letters")).to_have_text("5")


def test_the_room_is_entered_by_its_address_and_left_by_its_button(page: Page) -> None:
    page.evaluate("location.hash = 'room=quiet'")
    expect(page.get_by_role("heading", name="Quiet")).to_be_visible()
    expect(page.locator("#letters")).to_have_count(0)
    page.get_by_role("button", name="Back").click()
    expect(page.locator("#letters")).to_have_text("5")


def test_the_activity_counts(page: Page) -> None:
    wait_ready(page)
    script = """async () => {
      const items = [];
      const last = await diffuscope.run("count", { quick: true }, (item) => items.push(item));
      return { items, last };
    }"""
    assert page.evaluate(script) == {"items": [{"number": 1}, {"number": 2}], "last": {"number": 2}}


def test_the_sampler_draws_and_is_offered(page: Page) -> None:
    wait_ready(page)
    wishes = {"prompt": "a red car", "steps": 2, "sampler": "afresh"}
    updates = (
        "diffuscope.generate(wishes).then(({ frames }) => frames.map(({ update }) => Object.keys(update)))"
    )
    assert page.evaluate(f"(wishes) => {updates}", wishes) == [["x0", "noise"], ["x0", "noise"]]
    page.locator("[data-setting=sampler]").click()
    expect(page.get_by_role("radio", name=re.compile("^Afresh"))).to_be_visible()
