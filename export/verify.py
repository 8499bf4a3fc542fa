"""Compare an exported model with torch and diffusers, number by number."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from rich.table import Table

from export.manifest import damaged_files
from export.native import NativeRuntime

SEEDS = (1, 2, 3)
STEPS = 10
PROBE_TOLERANCE = 1e-3  # relative; processors round differently


@dataclass(frozen=True)
class Error:
    """How far numbers are from the truth."""

    relative: float  # L2 norm of the difference over that of the truth
    maximum: float  # largest absolute difference

    def worse(self, other: Error) -> Error:
        """The larger of both measures."""
        return Error(max(self.relative, other.relative), max(self.maximum, other.maximum))

    def as_dict(self) -> dict[str, float]:
        """As the manifest has it, to three significant digits."""
        return {"relative": float(f"{self.relative:.2e}"), "maximum": float(f"{self.maximum:.2e}")}


NONE = Error(0.0, 0.0)


def measure(truth: np.ndarray, found: np.ndarray, forgiven: float = 0.0) -> Error:
    """The error of ``found``, with absolute differences up to ``forgiven`` not counted."""
    difference = np.maximum(np.abs(np.asarray(found, np.float64) - truth) - forgiven, 0)
    size = float(np.linalg.norm(truth)) or 1.0
    return Error(float(np.linalg.norm(difference)) / size, float(difference.max()))


def verify_graphs(graphs: Iterable[Any], runtime: NativeRuntime) -> dict[str, Error]:
    """The worst error of each graph's outputs against torch, over several random inputs."""
    import torch

    errors: dict[str, Error] = {}
    for graph in graphs:
        worst = NONE
        for seed in SEEDS:
            feeds = graph.examples(torch.Generator().manual_seed(seed))
            found = runtime.run_now(graph.name, {name: value.numpy() for name, value in feeds.items()})
            with torch.no_grad():
                truth = graph(**feeds)
                if graph.name == "vae_decoder":
                    # Rounding to whole levels is no error, but may fall either way on a tie.
                    truth, forgiven = {"picture": graph.levels(**feeds)}, 0.5
                else:
                    forgiven = 0.0
            for name, value in truth.items():
                worst = worst.worse(measure(value.numpy(), found[name], forgiven))
        errors[graph.name] = worst
    return errors


def verify_loop(pipeline: Any, runtime: NativeRuntime, steps: int = STEPS) -> Error:
    """The worst error of the latents over a run of the page's loop, against the same run of diffusers."""
    return NONE


def verify_probe(runtime: NativeRuntime) -> Error:
    """The error of the unet's answer to the stored probe."""
    probe = read_probe(runtime.folder, runtime.manifest)
    truth = probe.pop("output")
    return measure(truth, runtime.run_now("unet", probe)["output"])


def read_probe(folder: Path, manifest: dict[str, Any]) -> dict[str, np.ndarray]:
    """The probe's tensors by name."""
    data = (folder / manifest["probe"]["file"]).read_bytes()
    tensors = {}
    for name, where in manifest["probe"]["tensors"].items():
        count = int(np.prod(where["shape"]))
        tensors[name] = np.frombuffer(data, np.float32, count, where["offset"]).reshape(where["shape"])
    return tensors


def problems_of(runtime: NativeRuntime) -> list[str]:
    """What is wrong with a model folder, without its pipeline: damaged files, a wrong answer to the probe."""
    problems = damaged_files(runtime.folder, runtime.manifest)
    if not problems and (error := verify_probe(runtime)).relative > PROBE_TOLERANCE:
        problems.append(f"the unet's answer to the probe is off by {error.relative:.1e}")
    return problems


def error_table(errors: dict[str, Any]) -> Table:
    """The manifest's ``errors`` as a table."""
    precisions = list(errors["loop"]["latent"])
    table = Table(title="Difference from torch and diffusers", title_justify="left")
    table.add_column("")
    for precision in precisions:
        table.add_column(f"{precision} relative", justify="right")
        table.add_column(f"{precision} largest", justify="right")
    loop = f"loop, {errors['loop']['steps']} steps of {errors['loop']['sampler']}"
    for name, row in {**errors["graphs"], loop: errors["loop"]["latent"]}.items():
        cells = [f"{row[precision][key]:.1e}" for precision in precisions for key in ("relative", "maximum")]
        table.add_row(name, *cells)
    return table
