"""The known answer: one call of the unet with its inputs and its output, by which a page tests a backend."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import numpy as np

from export.difference import Error, measure
from export.format.errors import UserError
from export.native.runtime import NativeRuntime

FILE = "probe.bin"
TENSORS = ("latents", "timestep", "text", "token_gain", "output")
# What a manifest says before there is one.
UNKNOWN: dict[str, Any] = {
    "file": FILE,
    "tensors": {name: {"offset": 0, "shape": [1]} for name in TENSORS},
}
LARGEST_ERROR = 1e-4  # relative, between graphs of the same weights


def write_probe(folder: Path, feeds: Mapping[str, np.ndarray], graphs: Iterable[str]) -> dict[str, Any]:
    """Ask every graph of the unet the same and write question and answer, float32, one after the other.

    Args:
        folder: an exported model.
        feeds: the unet's inputs by name.
        graphs: the unet's graphs; the first one's answer is written.

    Returns:
        The manifest's ``probe``.

    Raises:
        UserError: a graph answers differently from the first.
    """
    runtime = NativeRuntime(folder, fused=False)
    answers: list[np.ndarray] = []
    for name in graphs:
        answers.append(runtime.run_now(name, feeds)["output"])
        runtime.close()
        if (error := measure(answers[0], answers[-1]).relative) > LARGEST_ERROR:
            raise UserError(
                f"The graph {name} differs from unet by {error:.1e}: please report this pipeline."
            )
    where, offset = {}, 0
    with (folder / FILE).open("wb") as file:
        for name, value in {**feeds, "output": answers[0]}.items():
            where[name] = {"offset": offset, "shape": list(value.shape)}
            offset += file.write(np.ascontiguousarray(value, np.float32).tobytes())
    return {"file": FILE, "tensors": where}


def read_probe(folder: Path, manifest: dict[str, Any]) -> dict[str, np.ndarray]:
    """The probe's tensors by name."""
    data = (folder / manifest["probe"]["file"]).read_bytes()
    tensors = {}
    for name, where in manifest["probe"]["tensors"].items():
        count = int(np.prod(where["shape"]))
        tensors[name] = np.frombuffer(data, np.float32, count, where["offset"]).reshape(where["shape"])
    return tensors


def ask_probe(runtime: NativeRuntime) -> Error:
    """The error of the unet's answer to the stored probe."""
    probe = read_probe(runtime.folder, runtime.manifest)
    truth = probe.pop("output")
    return measure(truth, runtime.run_now("unet", probe)["output"])
