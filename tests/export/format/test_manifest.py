"""The manifest's schema refuses what the page could not read, and digests find damage."""

from __future__ import annotations

import copy
import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from export.format.errors import UserError
from export.format.manifest import damaged_files, read_manifest, write_manifest
from pyscript_app.manifest import SCHEMA


@pytest.fixture(scope="module")
def manifest(int8_model: Path) -> dict[str, Any]:
    return read_manifest(int8_model)


def test_the_schema_is_one() -> None:
    jsonschema.Draft202012Validator.check_schema(json.loads(SCHEMA.read_text()))


def test_an_export_describes_every_file(int8_model: Path, manifest: dict[str, Any]) -> None:
    there = {p.relative_to(int8_model).as_posix() for p in int8_model.rglob("*") if p.is_file()}
    assert set(manifest["files"]) == there - {"manifest.json"}
    assert damaged_files(int8_model, manifest) == []
    graphs = manifest["graphs"].values()
    assert {graph["file"] for graph in graphs} | {s for graph in graphs for s in graph["shards"]} <= there


SPOILED: dict[str, Callable[[dict[str, Any]], Any]] = {
    "another format": lambda m: m.update(format=2),
    "a missing field": lambda m: m.pop("latent"),
    "an unknown field": lambda m: m.update(colour="red"),
    "a text for a number": lambda m: m["picture"].update(height="64"),
    "a path out of the folder": lambda m: m["tokenizer"].update(vocab="../vocab.json"),
    "an absolute path": lambda m: m["tokenizer"].update(vocab="/vocab.json"),
    "a short digest": lambda m: m["files"]["vocab.json"].update(sha256="abc"),
    "a colour of two": lambda m: m["latent"]["rgb"].update(bias=[0, 0]),
    "no unet": lambda m: m["graphs"].pop("unet"),
    "a dynamic shape": lambda m: m["graphs"]["unet"]["inputs"]["latents"].update(shape=["batch", 4]),
    "an unknown sampler": lambda m: m["defaults"].update(sampler="magic"),
    "an odd probe": lambda m: m["probe"]["tensors"]["text"].update(offset=3),
}


@pytest.mark.parametrize("change", SPOILED.values(), ids=SPOILED)
def test_the_schema_refuses(manifest: dict[str, Any], tmp_path: Path, change: Callable[[Any], Any]) -> None:
    spoiled = copy.deepcopy(manifest)
    change(spoiled)
    with pytest.raises(ValueError, match="schema"):
        write_manifest(tmp_path, spoiled)
    assert not any(tmp_path.iterdir())
    (tmp_path / "manifest.json").write_text(json.dumps(spoiled))
    with pytest.raises(UserError, match="not a manifest"):
        read_manifest(tmp_path)


def test_a_folder_without_manifest_and_one_that_is_not_json(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="not an exported model"):
        read_manifest(tmp_path)
    (tmp_path / "manifest.json").write_text("{")
    with pytest.raises(UserError, match="cannot be read"):
        read_manifest(tmp_path)


def test_damage_is_found_and_named(int8_model: Path, manifest: dict[str, Any], tmp_path: Path) -> None:
    copied = Path(shutil.copytree(int8_model, tmp_path / "model"))
    (copied / "vocab.json").unlink()
    merges = copied / "merges.txt"
    merges.write_bytes(merges.read_bytes() + b"\n")
    shard = copied / manifest["graphs"]["unet"]["shards"][0]
    data = bytearray(shard.read_bytes())
    data[100] ^= 1
    shard.write_bytes(data)
    problems = " ".join(damaged_files(copied, manifest))
    assert "vocab.json is missing" in problems
    assert "merges.txt has" in problems
    assert f"{shard.parent.name}/{shard.name} does not match" in problems
