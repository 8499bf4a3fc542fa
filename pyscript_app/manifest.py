"""Reads a model's manifest, checked against the same JSON Schema that the exporter writes by."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping
from functools import cache
from pathlib import Path
from typing import Any

from pyscript_app.refusal import RefusalError

Manifest = dict[str, Any]
NAME = "manifest.json"  # in the model's folder

# The UNet's graphs, of which a page runs one; the one that is faster where it works comes first.
UNETS = ("unet_fused", "unet")
# All graphs of a picture that begins in noise; others are fetched by those who ask for them.
PICTURE_GRAPHS = (
    "text_encoder",
    *UNETS,
    "step",
    "attention",
    "vae_decoder",
    "preview_decoder",
    "latent_rgb",
)

# What the judge says of a picture.
JUDGED = ("objects", "colours", "places", "times")

# Weights of a heavier graph stay compressed in memory and are decompressed in each run, one layer at a time; those of
# a lighter one are decompressed once, which draws faster.
FOLD_LIMIT = 64_000_000  # bytes

SCHEMA = Path(__file__).with_name("manifest.schema.json")
TYPES: dict[str, type | tuple[type, ...]] = {
    "object": dict,
    "array": list,
    "string": str,
    "number": (int, float),
    "integer": int,
    "boolean": bool,
    "null": type(None),
}


def read_manifest(text: str) -> Manifest:
    """Parse and check a ``manifest.json``.

    Raises:
        RefusalError: It is no JSON, or departs from the schema; the sentence says where.
    """
    try:
        manifest: Manifest = json.loads(text, parse_float=_parse_float, parse_constant=_refuse)
    except json.JSONDecodeError as error:
        raise RefusalError("manifest-damaged", reason=f"{error.lineno}:{error.colno}") from None
    if problem := departure(manifest, schema()):
        raise RefusalError("manifest-form", problem=problem)
    return manifest


def picture_graphs(manifest: Manifest) -> dict[str, Any]:
    """The entries of the graphs that a picture needs, as far as the model has them."""
    return {name: manifest["graphs"][name] for name in PICTURE_GRAPHS if name in manifest["graphs"]}


def openable(manifest: Manifest) -> dict[str, Any]:
    """The entries of all graphs that the model has; ``judge``, which the manifest describes apart, as one of them."""
    graphs = dict(manifest["graphs"])
    if judge := manifest.get("judge"):
        size = manifest["files"][judge["file"]]["bytes"]
        graphs["judge"] = {
            "file": judge["file"],
            "shards": [],
            "bytes": size,
            "outputs": dict.fromkeys(JUDGED),
        }
    return graphs


def picture_files(manifest: Manifest) -> set[str]:
    """The paths of all files that a page fetches to draw pictures."""
    words, graphs = manifest["tokenizer"], picture_graphs(manifest).values()
    paths = {words["vocab"], words["merges"], manifest["probe"]["file"]}
    if axes := manifest.get("axes"):
        paths.add(axes["file"])
    return paths.union(*({graph["file"], *graph["shards"]} for graph in graphs))


def largest_piece(manifest: Manifest, unet: str) -> int | None:
    """Bytes of the largest tensor, which a graphics card must bind at once, where a picture is drawn with this UNet.

    None where the manifest does not say.
    """
    run = [graph for name, graph in picture_graphs(manifest).items() if name == unet or name not in UNETS]
    return max((graph.get("largest", 0) for graph in run), default=0) or None


def _parse_float(text: str) -> int | float:
    """A number; JSON Schema takes 64.0 for an integer, so it becomes one."""
    value = float(text)
    return int(value) if value.is_integer() else value


def _refuse(text: str) -> float:
    raise RefusalError("manifest-damaged", reason=text)


@cache
def schema() -> Mapping[str, Any]:
    """The manifest's JSON Schema."""
    found: Mapping[str, Any] = json.loads(SCHEMA.read_text("utf-8"))
    return found


def departure(value: Any, rule: Mapping[str, Any], where: str = "") -> str | None:
    """The first way in which a value departs from a schema: its place, and the keyword that it breaks; or None.

    For instance ``latent.rgb.weight[2]: minItems 3``, in any language the same; ``$`` is the whole. Knows the keywords
    of JSON Schema 2020-12 that the manifest's schema uses, and refuses others.
    """
    while "$ref" in rule:
        beside = {name: rule[name] for name in rule if name != "$ref"}
        rule = schema()["$defs"][rule["$ref"].removeprefix("#/$defs/")] | beside
    if strange := rule.keys() - KEYWORDS:
        raise NotImplementedError(f"schema keywords {sorted(strange)}")
    if "type" in rule and not _is(value, rule["type"]):
        return _broken(where, "type", rule)
    if "const" in rule and not _same(value, rule["const"]):
        return _broken(where, "const", rule)
    if "enum" in rule and not any(_same(value, each) for each in rule["enum"]):
        return _broken(where, "enum", rule)
    if "anyOf" in rule and all(departure(value, each, where) for each in rule["anyOf"]):
        return _broken(where, "anyOf")
    if isinstance(value, str):
        return _text(value, rule, where)
    if isinstance(value, list):
        return _array(value, rule, where)
    if isinstance(value, dict):
        return _object(value, rule, where)
    return _number(value, rule, where) if _is(value, "number") else None


def _broken(where: str, keyword: str, rule: Mapping[str, Any] | None = None) -> str:
    wanted = f" {json.dumps(rule[keyword])}" if rule else ""
    return f"{where or '$'}: {keyword}{wanted}"


KEYWORDS = {
    "$schema", "$id", "$defs", "$ref", "title", "description", "type", "const", "enum", "anyOf", "pattern", "minLength",
    "items", "minItems", "maxItems", "uniqueItems", "properties", "required", "additionalProperties", "minProperties",
    "propertyNames", "minimum", "multipleOf",
}  # fmt: skip


def _is(value: Any, kind: str) -> bool:
    if kind in {"number", "integer"} and isinstance(value, bool):
        return False
    return isinstance(value, TYPES[kind])


def _same(value: Any, other: Any) -> bool:
    # Python's True equals 1, JSON's does not.
    return isinstance(value, bool) == isinstance(other, bool) and value == other


def _number(value: float, rule: Mapping[str, Any], where: str) -> str | None:
    if "minimum" in rule and value < rule["minimum"]:
        return _broken(where, "minimum", rule)
    if "multipleOf" in rule and value % rule["multipleOf"]:
        return _broken(where, "multipleOf", rule)
    return None


def _text(value: str, rule: Mapping[str, Any], where: str) -> str | None:
    if len(value) < rule.get("minLength", 0):
        return _broken(where, "minLength", rule)
    if "pattern" in rule and not re.search(rule["pattern"], value):
        return _broken(where, "pattern", rule)
    return None


def _array(value: list[Any], rule: Mapping[str, Any], where: str) -> str | None:
    if len(value) < rule.get("minItems", 0):
        return _broken(where, "minItems", rule)
    if len(value) > rule.get("maxItems", len(value)):
        return _broken(where, "maxItems", rule)
    if rule.get("uniqueItems") and len({json.dumps(item) for item in value}) < len(value):
        return _broken(where, "uniqueItems")
    return _first(departure(item, rule.get("items", {}), f"{where}[{i}]") for i, item in enumerate(value))


def _object(value: dict[str, Any], rule: Mapping[str, Any], where: str) -> str | None:
    if absent := [name for name in rule.get("required", []) if name not in value]:
        return _broken(where, f"required {absent[0]}")
    if len(value) < rule.get("minProperties", 0):
        return _broken(where, "minProperties", rule)
    known, others = rule.get("properties", {}), rule.get("additionalProperties", True)
    if others is False and (strange := [name for name in value if name not in known]):
        return _broken(where, f"additionalProperties {strange[0]}")
    names = _first(
        departure(name, rule.get("propertyNames", {}), f"{where}.{name}".lstrip(".")) for name in value
    )
    rest = others if isinstance(others, dict) else {}
    return names or _first(
        departure(item, known.get(name, rest), f"{where}.{name}".lstrip(".")) for name, item in value.items()
    )


def _first(problems: Iterable[str | None]) -> str | None:
    return next((problem for problem in problems if problem), None)
