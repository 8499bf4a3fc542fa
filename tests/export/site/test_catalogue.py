"""What models.json says of models."""

from __future__ import annotations

import copy
import json
import subprocess
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


# Manifests on stdin -> what the page says of each as a folder from the disk, whose other files are missing.
OPENED = """
const { pictureFiles } = await import(process.argv[1] + "/device/needs.js");
const { readFolder } = await import(process.argv[1] + "/device/folder.js");
const entries = [];
for (const text of JSON.parse(require("fs").readFileSync(0, "utf-8"))) {
  const manifest = JSON.parse(text);
  const files = { "manifest.json": { text: async () => text } };
  for (const path of pictureFiles(manifest)) files[path] = { size: manifest.files[path].bytes };
  const { opened, ...entry } = await readFolder(files);
  entries.push(entry);
}
console.log(JSON.stringify(entries));
"""


def test_a_folder_from_the_disk_is_judged_like_the_same_model_on_a_server(manifest: dict) -> None:
    shared = copy.deepcopy(manifest)
    graphs = shared["graphs"]
    graphs["unet_fused"] = graphs["unet"] | {"largest": 200}
    graphs["unet"]["largest"] = 1000
    graphs["vae_decoder"]["largest"] = 300
    graphs["vae_encoder"]["largest"] = 9000  # no picture needs it, nor the next
    graphs["unet_layers"] = graphs["unet"] | {"largest": 9000}
    silent = copy.deepcopy(manifest)
    for graph in silent["graphs"].values():
        graph.pop("largest", None)
    told = copy.deepcopy(manifest) | {"guidance": "none", "licence_terms": "For research only."}
    manifests = [manifest, shared, silent, told]
    done = subprocess.run(
        ["node", "-e", f"(async () => {{{OPENED}}})()", str(WEB)],
        input=json.dumps([json.dumps(one) for one in manifests]),
        capture_output=True,
        text=True,
        check=True,
    )
    for one, opened in zip(manifests, json.loads(done.stdout), strict=True):
        assert opened == entry(f"opened:{one['name']}", one)
