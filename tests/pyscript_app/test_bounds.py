"""The one list of bounds: it speaks of all settings, and of what the loop knows."""

from __future__ import annotations

import json
import re
import subprocess
from dataclasses import asdict, fields
from pathlib import Path
from typing import Any

from jsonschema import Draft202012Validator

from pyscript_app.bounds import SCHEMA, bounds, check
from pyscript_app.loop import Settings
from pyscript_app.manifest import schema
from pyscript_app.model import PREVIEWS
from pyscript_app.refusal import RefusalError
from pyscript_app.samplers import SAMPLERS
from pyscript_app.slots import WAYS
from pyscript_app.spacing import NAMES as SPACINGS

WEB = Path(__file__).parents[2] / "web"
TYPES = (WEB / "diffuscope.d.ts").read_text("utf-8")


def test_every_setting_has_its_bounds_and_nothing_else_has() -> None:
    assert list(bounds()) == [field.name for field in fields(Settings)]


def test_a_setting_that_nobody_sets_is_what_the_page_s_is() -> None:
    assert {name: rule["default"] for name, rule in bounds().items()} == asdict(Settings())


def test_the_samplers_that_may_have_any_spacing_are_those_that_take_times() -> None:
    able = [name for name, sampler in SAMPLERS.items() if sampler.takes_times]
    assert bounds()["spacing"]["samplers"] == able


def test_the_page_s_types_know_the_same_choices() -> None:
    said = re.search(r"export interface Settings \{(.*?)\n\}", TYPES, re.DOTALL)
    assert said
    for name in ("preview", "spacing", "slots"):
        (union,) = re.findall(rf"^  {name}\??:(.*);", said[1], re.MULTILINE)
        rule = bounds()[name]
        choices = rule.get("enum") or rule["additionalProperties"]["enum"]
        assert re.findall(r'"([\w-]+)"', union) == choices


def test_the_names_to_choose_from_are_those_that_the_loop_knows() -> None:
    assert bounds()["sampler"]["enum"] == list(SAMPLERS)
    assert bounds()["preview"]["enum"] == list(PREVIEWS)
    assert bounds()["spacing"]["enum"] == list(SPACINGS)
    assert bounds()["slots"]["additionalProperties"]["enum"] == list(WAYS)
    defaults = schema()["properties"]["defaults"]["properties"]
    assert defaults["sampler"]["enum"] == list(SAMPLERS)
    assert defaults["spacing"]["enum"] == list(SPACINGS)


def test_it_is_a_json_schema_and_the_page_reads_the_same_file() -> None:
    Draft202012Validator.check_schema({"properties": bounds()})
    assert (WEB / SCHEMA.name).resolve() == SCHEMA.resolve()


# [name, value] … -> what the page refuses each with, or null.
DEPARTURES = """
  const { departure } = await import(`file://${process.argv[1]}/state/bounds.js`);
  const wishes = JSON.parse(require("fs").readFileSync(0, "utf8"));
  console.log(JSON.stringify(wishes.map(([name, value]) => departure(name, value))));
"""
WISHES: list[tuple[str, Any]] = [
    ("prompt", "car " * 10000),
    ("negative", 7),
    ("seed", -1),
    ("steps", 1001),
    ("steps", 2.5),
    ("steps", 8),
    ("guidance", "much"),
    ("sampler", "heun"),
    ("gains", [1]),
    ("gains", {"red": 0.5}),
    ("gains", {"red": 0.5, "car": 11}),
    ("preview", "half"),
    ("every", 0),
    ("spacing", "even"),
    ("slots", "cut"),
    ("slots", {"red": "alone", "car": "gone"}),
]


def test_the_page_refuses_what_the_loop_refuses_with_the_same_code_and_values() -> None:
    def refusal(name: str, value: Any) -> dict[str, Any] | None:
        try:
            check(name, value)
        except RefusalError as refused:
            return {"reason": refused.code, "values": refused.values}
        return None

    assert {name for name, _ in WISHES} == bounds().keys()
    done = subprocess.run(
        ["node", "-e", f"(async () => {{{DEPARTURES}}})()", str(WEB)],
        input=json.dumps(WISHES),
        capture_output=True,
        text=True,
        check=True,
    )
    assert json.loads(done.stdout) == [refusal(*wish) for wish in WISHES]
