"""What the docs name is there: options of the commands, and every trouble that the page can tell of."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest
import typer.main

from export.cli.main import app

ROOT = Path(__file__).parent.parent
OWN_MODEL = (ROOT / "docs" / "your-own-model.md").read_text("utf-8")
FOREIGN = {"--local-dir", "--include", "--avx"}  # options of hf and of optimum-cli


def options(command: str) -> set[str]:
    """The options of one of our commands."""
    found = typer.main.get_command(app).commands[command]  # type: ignore[attr-defined]
    return {option for parameter in found.params for option in parameter.opts if option.startswith("--")}


@pytest.mark.parametrize("command", ["export", "build", "serve", "verify"])
def test_commands_in_the_docs_have_the_options_that_are_named(command: str) -> None:
    calls = re.findall(rf"diffuscope {command} ((?:[^\n`]|\\\n)*)", OWN_MODEL)
    assert calls
    named = {option for call in calls for option in re.findall(r"--[a-z][a-z-]*", call)}
    assert named <= options(command)


def test_every_option_of_the_export_is_explained_and_none_beside() -> None:
    named = set(re.findall(r"(?<!-)--[a-z][a-z-]*", OWN_MODEL)) - FOREIGN
    assert options("export") - {"--help"} <= named
    assert named <= {
        option for command in ("export", "build", "serve", "verify") for option in options(command)
    }


def test_every_trouble_of_the_page_has_a_cure() -> None:
    texts = json.loads((ROOT / "web" / "text" / "en.json").read_text("utf-8"))
    codes = {key.removeprefix("trouble.") for key in texts if key.startswith("trouble.")}
    table = OWN_MODEL.split("### The page cannot")[1].split("###")[0]
    assert codes == set(re.findall(r"\| `([a-z-]+)` \|", table))


def test_links_lead_somewhere() -> None:
    for page in (ROOT / "docs").glob("*.md"):
        text = page.read_text("utf-8")
        headings = re.findall(r"^#+ (.*)", text, re.MULTILINE)
        anchors = {re.sub(r"[^\w -]", "", heading.lower()).replace(" ", "-") for heading in headings}
        for target in re.findall(r"\]\((?!https?:)([^)]+)\)", text):
            file, _, anchor = target.partition("#")
            assert not file or (page.parent / file).exists(), target
            assert file or anchor in anchors, target
