"""Our reader of the manifest's schema against the jsonschema library, on spoiled manifests."""

from __future__ import annotations

import copy
import json
import random
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import jsonschema
import onnxruntime
import pytest

from pyscript_app.manifest import departure, openable, picture_files, read_manifest, schema

MINIATURE = Path(__file__).parents[2] / "web/models/miniature"

GRAPHS = ("text_encoder", "unet", "step", "attention", "vae_decoder", "vae_encoder")
TENSORS = ("latents", "timestep", "text", "token_gain", "output")
ERROR = {"relative": 1e-6, "maximum": 0.001}
MANIFEST: dict[str, Any] = {
    "format": 1,
    "name": "tiny",
    "title": "A tiny model",
    "licence": "MIT",
    "licence_terms": "Non-commercial use only.",
    "architecture": "sd1",
    "additions": ["LoRA lcm-lora.safetensors × 1"],
    "guidance": "embedded",
    "parameters": 1000,
    "latent": {
        "channels": 4,
        "height": 8,
        "width": 8,
        "range": [-3.5, 3.5],
        "rgb": {"weight": [[0.1, 0.2, 0.3]] * 4, "bias": [0.5, 0.5, 0.5]},
    },
    "picture": {"height": 64, "width": 64},
    "text": {"length": 77, "width": 32},
    "tokenizer": {
        "vocab": "vocab.json",
        "merges": "merges.txt",
        "bos": 0,
        "eos": 1,
        "pad": 1,
        "length": 77,
        "known_words": ["red", "car"],
        "added": {"<cat-toy>": [49408, 49409]},
    },
    "scheduler": {
        "_class_name": "DDIMScheduler",
        "num_train_timesteps": 1000,
        "beta_start": 0.00085,
        "trained_betas": [0.1, 0.2],
        "prediction_type": "v_prediction",
        "timestep_spacing": "trailing",
        "set_alpha_to_one": False,
        "original_inference_steps": 50,
        "timestep_scaling": 10.0,
        "some_other_field": None,
    },
    "attention": [{"side": 8, "layers": 3, "output": "attention_8"}],
    "attention_layers": [
        {"name": "mid_block.attentions.0.transformer_blocks.0", "side": 8, "output": "attention_layer_00"}
    ],
    "graphs": {
        graph: {
            "file": f"{graph}.onnx",
            "precision": "int8+w4",
            "inputs": {"latents": {"shape": [2, 4, 8, 8], "dtype": "float32"}},
            "outputs": {"output": {"shape": [2, 4, 8, 8], "dtype": "int32"}},
            "shards": ["weights/0123456789abcdef.bin"],
            "bytes": 1234,
            "largest": 123,
        }
        for graph in GRAPHS
    },
    "files": {"unet.onnx": {"bytes": 0, "sha256": "0f" * 32}},
    "probe": {
        "file": "probe.bin",
        "tensors": {name: {"offset": 4 * i, "shape": [1, 4]} for i, name in enumerate(TENSORS)},
    },
    "defaults": {
        "prompt": "",
        "steps": 10,
        "guidance": 3,
        "sampler": "dpm++2m",
        "seed": 0,
        "preview": "linear",
        "every": 5,
    },
    "errors": {
        "graphs": {"unet": {"fp32": ERROR, "int8": ERROR}},
        "loop": {"sampler": "ddim", "steps": 10, "latent": {"fp32": ERROR}},
        "latent_rgb": 0.1,
        "unet_timesteps": {"int8": [{"timestep": 981, "relative": 0.03}]},
    },
}
ODDITIES = [
    None, True, False, 0, 1, -1, 1.0, 64.0, 0.5, -0.5, 3, 1e400, "", "red", "..", "/vocab.json", "a/../b", "a b",
    "epsilon", "float32", "ddim", "0f" * 32, [], ["red", "red"], [1, 2, 3], [0.5] * 4, [None], {}, {"red": 1},
]  # fmt: skip


def places(value: Any, path: tuple = ()) -> Iterator[tuple]:
    """The paths of a manifest's parts, leaves and branches."""
    items = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, item in items:
        yield (*path, key)
        yield from places(item, (*path, key))


def spoil(draw: random.Random) -> tuple[str, dict[str, Any]]:
    """A manifest with one thing changed, and what it was."""
    spoiled = copy.deepcopy(MANIFEST)
    *path, key = draw.choice(list(places(MANIFEST)))
    holder = spoiled
    for step in path:
        holder = holder[step]
    change = draw.choice(["delete", "replace", "replace", "negate", "repeat", "add", "rename"])
    what = holder[key]
    if change == "delete":
        del holder[key]
    elif change == "replace":
        holder[key] = copy.deepcopy(draw.choice(ODDITIES))
    elif change == "negate" and isinstance(what, int | float):
        holder[key] = -what
    elif change == "repeat" and isinstance(what, list | str):
        holder[key] = what + what
    elif change == "add" and isinstance(what, dict):
        what[draw.choice(["colour", "..", "a b.bin", "_note"])] = copy.deepcopy(draw.choice(ODDITIES))
    elif change == "add" and isinstance(what, list):
        what.append(copy.deepcopy(draw.choice(ODDITIES)))
    elif change == "rename" and isinstance(holder, dict):
        holder[f"{key} "] = holder.pop(key)
    else:
        holder[key] = copy.deepcopy(draw.choice(ODDITIES))
    return f"{change} {'.'.join(map(str, [*path, key]))}", spoiled


def accepts(text: str) -> bool:
    try:
        read_manifest(text)
    except ValueError:
        return False
    return True


def test_a_manifest_is_read() -> None:
    assert read_manifest(json.dumps(MANIFEST)) == MANIFEST


OPTIONAL = [
    ("licence_terms",), ("architecture",), ("additions",), ("guidance",), ("attention_layers",), ("tokenizer", "added"),
    ("defaults", "preview"), ("defaults", "every"), ("errors", "unet_timesteps"), ("graphs", "unet", "largest"),
]  # fmt: skip


@pytest.mark.parametrize("path", OPTIONAL, ids=".".join)
def test_a_manifest_may_do_without_what_not_every_model_has(path: tuple) -> None:
    manifest = copy.deepcopy(MANIFEST)
    holder = manifest
    for step in path[:-1]:
        holder = holder[step]
    del holder[path[-1]]
    assert read_manifest(json.dumps(manifest)) == manifest


def test_agreement_with_jsonschema() -> None:
    validator = jsonschema.Draft202012Validator(schema())
    draw = random.Random(0)
    answers = []
    for _ in range(500):
        change, spoiled = spoil(draw)
        # 1e400 is infinite for Python's json, which writes it as a name that JSON does not have.
        text = json.dumps(spoiled).replace("Infinity", "1e400")
        expected = validator.is_valid(json.loads(text))
        assert accepts(text) == expected, change
        answers.append(expected)
    # Both answers are common, or the comparison would say little.
    assert min(answers.count(True), answers.count(False)) >= 50


def test_whole_numbers_are_integers_however_they_are_written() -> None:
    text = json.dumps(MANIFEST).replace('"parameters": 1000', '"parameters": 1000.0')
    assert text != json.dumps(MANIFEST)
    assert isinstance(read_manifest(text)["parameters"], int)


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("{", r"manifest\.json is damaged \(1:2\): export the model again\.$"),
        ('{"format": NaN}', r"manifest\.json is damaged \(NaN\)"),
        ("[]", r"does not fit this page \(\$: type .object.\): export the model again\.$"),
        ("{}", r"\(\$: required format\)"),
    ],
)
def test_what_cannot_be_read_gives_a_sentence(text: str, sentence: str) -> None:
    with pytest.raises(ValueError, match=sentence):
        read_manifest(text)


@pytest.mark.parametrize(
    ("path", "value", "sentence"),
    [
        (("format",), 2, "format: const 1"),
        (("format",), True, "format: const 1"),
        (("licence",), "", "licence: minLength 1"),
        (("parameters",), 0, "parameters: minimum 1"),
        (("latent", "rgb", "weight", 2), [0, 0], r"latent\.rgb\.weight\[2\]: minItems 3"),
        (
            ("tokenizer", "vocab"),
            "../vocab.json",
            r"tokenizer\.vocab: pattern ",
        ),
        (("tokenizer", "known_words"), ["a", "a"], r"tokenizer\.known_words: anyOf\)"),
        (("graphs", "unet", "shards"), ["a", "a"], r"graphs\.unet\.shards: uniqueItems"),
        (("graphs", "unet", "inputs"), {}, r"graphs\.unet\.inputs: minProperties 1"),
        (("files", "a b"), {}, r"files\.a b: pattern "),
        (("probe", "tensors", "text", "offset"), 3, r"probe\.tensors\.text\.offset: multipleOf 4"),
        (("guidance",), "some", r"guidance: enum \[.classifier-free., "),
        (("tokenizer", "added"), {"": [1]}, r"tokenizer\.added\.: minLength 1"),
        (("tokenizer", "added", "<cat-toy>"), [], r"tokenizer\.added\.<cat-toy>: minItems 1"),
        (("defaults", "every"), 0, r"defaults\.every: minimum 1"),
        (("defaults", "sampler"), "magic", r"defaults\.sampler: enum \[.ddim., "),
        (("errors", "colour"), 1, "errors: additionalProperties colour"),
    ],
)
def test_a_departure_is_named_with_its_place(path: tuple, value: object, sentence: str) -> None:
    spoiled = copy.deepcopy(MANIFEST)
    holder = spoiled
    for step in path[:-1]:
        holder = holder[step]
    holder[path[-1]] = value
    with pytest.raises(ValueError, match=rf"^The model's manifest\.json does not fit this page \({sentence}"):
        read_manifest(json.dumps(spoiled))


def test_a_keyword_that_the_reader_does_not_know_is_not_passed_over() -> None:
    with pytest.raises(NotImplementedError, match="maximum"):
        departure(5, {"type": "integer", "maximum": 3})


def test_all_graphs_can_be_opened_and_the_judge_is_one_of_them() -> None:
    manifest = read_manifest((MINIATURE / "manifest.json").read_text("utf-8"))
    graphs = openable(manifest)
    assert graphs.keys() == {*manifest["graphs"], "judge"}
    judge = graphs["judge"]
    said = {output.name for output in onnxruntime.InferenceSession(MINIATURE / judge["file"]).get_outputs()}
    assert judge["outputs"].keys() == said
    assert judge["bytes"] == (MINIATURE / judge["file"]).stat().st_size
    assert judge["file"] not in picture_files(manifest)  # no picture needs it
    del manifest["judge"]
    assert openable(manifest) == manifest["graphs"]
