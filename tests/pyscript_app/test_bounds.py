"""The one list of bounds: it speaks of all settings, and of what the loop knows."""

from __future__ import annotations

from dataclasses import fields
from pathlib import Path

from jsonschema import Draft202012Validator

from pyscript_app.bounds import SCHEMA, bounds
from pyscript_app.loop import Settings
from pyscript_app.manifest import schema
from pyscript_app.model import PREVIEWS
from pyscript_app.samplers import SAMPLERS
from pyscript_app.slots import WAYS
from pyscript_app.spacing import NAMES as SPACINGS

WEB = Path(__file__).parents[2] / "web"


def test_every_setting_has_its_bounds_and_nothing_else_has() -> None:
    assert list(bounds()) == [field.name for field in fields(Settings)]


def test_the_names_to_choose_from_are_those_that_the_loop_knows() -> None:
    assert bounds()["sampler"]["enum"] == list(SAMPLERS)
    assert bounds()["preview"]["enum"] == list(PREVIEWS)
    assert bounds()["spacing"]["enum"] == list(SPACINGS)
    assert bounds()["slots"]["additionalProperties"]["enum"] == list(WAYS)
    assert schema()["properties"]["defaults"]["properties"]["sampler"]["enum"] == list(SAMPLERS)


def test_it_is_a_json_schema_and_the_page_reads_the_same_file() -> None:
    Draft202012Validator.check_schema({"properties": bounds()})
    assert (WEB / SCHEMA.name).resolve() == SCHEMA.resolve()
