"""A site with several models, made of the miniature's weights: what the tests of choosing one need."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

from export.catalogue import catalogue
from export.site import _write_precache

PADDING = 110_000_000  # bytes: enough that the page asks before it fetches them


def stock(site: Path, folder: Path) -> Path:
    """Copy a site and add "second", which draws linear previews, and "large", which is large."""
    shutil.copytree(site, folder, copy_function=os.link)
    _add(folder, "second", _second)
    _add(folder, "large", _large)
    models = [folder / "models" / name for name in ("large", "miniature", "second")]
    _replace(folder / "models.json", json.dumps({"models": catalogue(models)}))
    _replace(folder / "precache.js", "")
    _write_precache(folder)
    return folder


def _add(site: Path, name: str, change: Callable[[Path, dict[str, Any]], None]) -> None:
    folder = site / "models" / name
    shutil.copytree(site / "models/miniature", folder, copy_function=os.link)
    manifest = json.loads((folder / "manifest.json").read_text("utf-8"))
    manifest["name"] = name
    change(folder, manifest)
    _replace(folder / "manifest.json", json.dumps(manifest))


def _replace(file: Path, text: str) -> None:
    file.unlink()  # it is linked to the site's own
    file.write_text(text, "utf-8")


def _second(folder: Path, manifest: dict[str, Any]) -> None:
    manifest |= {
        "title": "Second",
        "licence": "CC-BY-NC-4.0",
        "licence_terms": "Non-commercial use only.",
        "additions": ["LoRA ink-wash.safetensors × 0.8"],
    }
    manifest["tokenizer"]["added"] = {"<cat-toy>": [5, 6]}
    manifest["defaults"] |= {"steps": 3, "guidance": 4.0, "sampler": "euler"}
    graph = linear_preview(manifest)
    inputs = {"latent": manifest["graphs"]["vae_decoder"]["inputs"]["latent"]}
    manifest["graphs"]["latent_rgb"] = {
        **manifest["graphs"]["vae_decoder"],
        "file": "latent_rgb.onnx",
        "inputs": inputs,
        "shards": [],
        "bytes": len(graph),
    }
    _write(folder, manifest, "latent_rgb.onnx", graph)


def _large(folder: Path, manifest: dict[str, Any]) -> None:
    manifest |= {"title": "Large", "parameters": 1_066_000_000}
    manifest["graphs"]["unet"]["largest"] = 1_073_741_824
    _write(folder, manifest, "weights/padding.bin", bytes(PADDING))
    manifest["graphs"]["text_encoder"]["shards"].append("weights/padding.bin")


def _write(folder: Path, manifest: dict[str, Any], path: str, content: bytes) -> None:
    (folder / path).write_bytes(content)
    manifest["files"][path] = {"bytes": len(content), "sha256": hashlib.sha256(content).hexdigest()}


def linear_preview(manifest: dict[str, Any]) -> bytes:
    """``latent [1, C, h, w]`` → ``picture [H, W, 4]`` by the manifest's linear colours, each value a square."""
    latent, picture = manifest["latent"], manifest["picture"]
    weight = np.zeros((latent["channels"], 4), np.float32)
    weight[:, :3] = latent["rgb"]["weight"]
    constants = {
        "weight": weight * 255,
        "bias": np.float32([255 * value for value in [*latent["rgb"]["bias"], 1]]),
        "least": np.float32(0),
        "most": np.float32(255),
        "first": np.int64([0]),
        "scales": np.float32([picture["height"] / latent["height"], picture["width"] / latent["width"], 1]),
    }
    nodes = [
        helper.make_node("Squeeze", ["latent", "first"], ["channels"]),
        helper.make_node("Transpose", ["channels"], ["cells"], perm=[1, 2, 0]),
        helper.make_node("MatMul", ["cells", "weight"], ["products"]),
        helper.make_node("Add", ["products", "bias"], ["colours"]),
        helper.make_node("Clip", ["colours", "least", "most"], ["clipped"]),
        helper.make_node("Resize", ["clipped", "", "scales"], ["enlarged"], mode="nearest"),
        helper.make_node("Round", ["enlarged"], ["picture"]),
    ]
    shape = [1, latent["channels"], latent["height"], latent["width"]]
    graph = helper.make_graph(
        nodes,
        "latent_rgb",
        [helper.make_tensor_value_info("latent", TensorProto.FLOAT, shape)],
        [
            helper.make_tensor_value_info(
                "picture", TensorProto.FLOAT, [picture["height"], picture["width"], 4]
            )
        ],
        [numpy_helper.from_array(np.asarray(value), name) for name, value in constants.items()],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)
    onnx.checker.check_model(model)
    return model.SerializeToString()
