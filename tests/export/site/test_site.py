"""The folder of static files."""

from __future__ import annotations

import hashlib
import json
import re
import zipfile
from pathlib import Path

import pytest

from export.format.errors import UserError
from export.site import site
from export.site.policy import POLICY


def precache(folder: Path) -> dict:
    text = (folder / "precache.js").read_text("utf-8")
    return json.loads(re.fullmatch(r"self\.PRECACHE = (.*);\n", text, re.DOTALL)[1])


def test_precache_lists_every_file_with_its_hash(built: Path) -> None:
    files = precache(built)["files"]
    there = {path.relative_to(built).as_posix() for path in built.rglob("*") if path.is_file()}
    assert set(files) == there - {"sw.js", "precache.js"}
    for path, entry in files.items():
        content = (built / path).read_bytes()
        assert entry["hash"] == hashlib.sha256(content).hexdigest()[:16]
        assert entry["bytes"] == len(content)
    assert files["index.html"]["onDemand"] is False
    assert files["models/miniature/manifest.json"]["onDemand"] is True


def test_equal_sources_give_equal_sites_and_a_change_a_new_version(built: Path, tmp_path: Path) -> None:
    again = site.build(tmp_path / "again")
    assert precache(again) == precache(built)
    (again / "app.js").write_text("changed", "utf-8")
    site._write_precache(again)
    assert precache(again)["version"] != precache(built)["version"]


def test_models_json_lists_the_models_and_is_kept_with_the_page(built: Path) -> None:
    models = json.loads((built / "models.json").read_text("utf-8"))["models"]
    assert models[0]["name"] == "miniature"
    assert {model["name"] for model in models} == {path.name for path in (built / "models").iterdir()}
    assert precache(built)["files"]["models.json"]["onDemand"] is False


def test_nothing_of_the_page_points_to_another_host(built: Path) -> None:
    """Libraries may mention hosts; what we wrote must not load from any, nor from the root of ours."""
    for file in built.rglob("*"):
        path = file.relative_to(built).as_posix()
        if file.suffix not in {".html", ".js", ".css", ".json", ".webmanifest"} or path.startswith(
            ("vendor/", "models/")
        ):
            continue
        loads = re.findall(
            r"""(?:src=|href=|import\(?|from|url\(|fetch\()\s*["'`]([^"'`]+)""", file.read_text("utf-8")
        )
        assert all(not re.match(r"(https?:)?/", address) for address in loads), (path, loads)


def test_an_earlier_site_is_replaced_and_anything_else_is_left_alone(built: Path, tmp_path: Path) -> None:
    out = tmp_path / "site"
    site.build(out)
    (out / "stale.txt").write_text("old")
    site.build(out)
    assert not (out / "stale.txt").exists()

    home = tmp_path / "home"
    home.mkdir()
    (home / "thesis.txt").write_text("precious")
    with pytest.raises(UserError, match="not a folder that an earlier build made"):
        site.build(home)
    assert (home / "thesis.txt").read_text() == "precious"


def test_an_unknown_model_is_named_with_those_that_there_are(tmp_path: Path) -> None:
    with pytest.raises(UserError, match=r"No model is named 'sdxl'.*miniature"):
        site.build(tmp_path / "site", ["sdxl"])


def test_every_module_is_there_as_source_and_compiled_for_the_pages_python(built: Path) -> None:
    with zipfile.ZipFile(built / "app.zip") as archive:
        modules = [Path(name) for name in archive.namelist() if name.endswith(".py")]
        compiled = {name: archive.read(name) for name in archive.namelist() if name.endswith(".pyc")}
    assert {f"{one.parent.as_posix()}/__pycache__/{one.stem}.cpython-314.pyc" for one in modules} == set(
        compiled
    )
    assert len({content[:4] for content in compiled.values()}) == 1  # Python's magic number
    assert {int.from_bytes(content[4:8], "little") for content in compiled.values()} == {1}  # not checked


def test_the_page_and_its_service_worker_have_the_policy(built: Path) -> None:
    page = (built / "index.html").read_text("utf-8")
    said = '<meta http-equiv="Content-Security-Policy" content="{}">'
    assert said.format(POLICY) in page
    # It holds for what comes after it.
    assert page.index(said.format(POLICY)) < min(page.index("<link"), page.index("<script"))
    assert precache(built)["policy"] == POLICY
