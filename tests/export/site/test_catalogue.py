"""What models.json says of models."""

from __future__ import annotations

import copy
import json
from pathlib import Path

import pytest

from export.site.catalogue import catalogue, entry
from export.site.site import WEB
from pyscript_app.manifest import picture_files

MINIATURE = WEB / "models/miniature"


@pytest.fixture
def manifest() -> dict:
    return json.loads((MINIATURE / "manifest.json").read_text("utf-8"))


def model(folder: Path, manifest: dict) -> Path:
    folder.mkdir()
    (folder / "manifest.json").write_text(json.dumps(manifest), "utf-8")
    return folder


def test_the_pages_own_model_is_first_and_the_others_keep_their_order(tmp_path: Path, manifest: dict) -> None:
    folders = [model(tmp_path / name, manifest) for name in ("zebra", "anise", "miniature")]
    assert [one["name"] for one in catalogue(folders)] == ["miniature", "zebra", "anise"]


def test_an_entry_repeats_the_manifest_and_fills_in_what_it_leaves_out(manifest: dict) -> None:
    plain = entry("miniature", manifest)
    for key in ("title", "licence", "parameters", "picture"):
        assert plain[key] == manifest[key]
    assert (plain["licence_terms"], plain["guidance"], plain["precision"]) == (
        None,
        "classifier-free",
        "int8",
    )
    said = entry("x", manifest | {"licence_terms": "Non-commercial use only.", "guidance": "none"})
    assert (said["licence_terms"], said["guidance"]) == ("Non-commercial use only.", "none")


def test_bytes_are_those_of_the_files_that_a_picture_needs(manifest: dict) -> None:
    paths = picture_files(manifest)
    assert {"unet.onnx", "probe.bin", "vocab.json", "merges.txt"} <= set(paths)
    assert not {"judge.onnx", "vae_encoder.onnx"} & set(paths)
    on_disk = sum((MINIATURE / path).stat().st_size for path in paths)
    said = entry("miniature", manifest)
    assert said["bytes"] == sum(said["files"].values()) == on_disk


def test_shards_that_graphs_share_count_once(manifest: dict) -> None:
    family = copy.deepcopy(manifest)
    family["graphs"]["unet_fused"] = family["graphs"]["unet"]
    assert entry("x", family)["bytes"] == entry("x", manifest)["bytes"]


def test_the_largest_piece_is_told_for_the_leanest_and_for_the_plain_unet(manifest: dict) -> None:
    graphs = manifest["graphs"]
    for graph in graphs.values():
        graph.pop("largest", None)
    assert entry("x", manifest)["largest"] is None
    graphs["vae_decoder"]["largest"] = 300
    graphs["vae_encoder"]["largest"] = 9000  # the page never runs it
    graphs["unet"]["largest"] = 1000
    assert entry("x", manifest)["largest"] == 1000
    graphs["unet_fused"] = graphs["unet"] | {"largest": 200}
    assert (entry("x", manifest)["largest"], entry("x", manifest)["largest_plain"]) == (300, 1000)
