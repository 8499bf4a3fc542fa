"""Compare an exported model with torch and diffusers, number by number."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from rich.table import Table

from export.errors import UserError
from export.generate import draw, settings_for
from export.manifest import damaged_files
from export.native import NativeRuntime
from export.pipeline import SAMPLERS
from pyscript_app.loop import Settings

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
    settings = settings_for(runtime.manifest, steps=steps)
    truth = diffusers_latents(pipeline, settings)
    worst = NONE
    for frame, latent in zip(draw(runtime, settings), truth, strict=True):
        worst = worst.worse(measure(latent, np.asarray(frame.latent, np.float32).reshape(latent.shape)))
    return worst


def diffusers_latents(pipeline: Any, settings: Settings) -> list[np.ndarray]:
    """The latents ``[1, C, h, w]`` after each step of ``StableDiffusionPipeline``."""
    import diffusers
    import torch

    names = {sampler: name for name, sampler in SAMPLERS.items()}
    scheduler = getattr(diffusers, names[settings.sampler]).from_config(pipeline.scheduler.config)
    pipe: Any = diffusers.StableDiffusionPipeline(
        vae=pipeline.vae,
        text_encoder=pipeline.text_encoder,
        tokenizer=pipeline.tokenizer,
        unet=pipeline.unet,
        scheduler=scheduler,
        safety_checker=None,
        feature_extractor=None,
        requires_safety_checker=False,
    )
    pipe.set_progress_bar_config(disable=True)
    latents = []

    def keep(pipe: Any, step: int, timestep: Any, values: dict[str, Any]) -> dict[str, Any]:
        latents.append(values["latents"].numpy().copy())
        return values

    pipe(
        settings.prompt,
        negative_prompt=settings.negative,
        num_inference_steps=settings.steps,
        guidance_scale=settings.guidance,
        generator=torch.Generator().manual_seed(settings.seed),
        callback_on_step_end=keep,
        output_type="latent",
    )
    return latents


def verify_probe(runtime: NativeRuntime) -> Error:
    """The error of the unet's answer to the stored probe."""
    probe = read_probe(runtime.folder, runtime.manifest)
    truth = probe.pop("output")
    return measure(truth, runtime.run_now("unet", probe)["output"])


def verify_against(runtime: NativeRuntime, folder: Path) -> dict[str, Any]:
    """The errors of an exported model against the pipeline that it was made of, as the manifest has them.

    Raises:
        UserError: the folder is not a supported pipeline, or not one of the model's shapes.
    """
    from export.graphs import graphs_of
    from export.pipeline import load_pipeline, with_about

    manifest = runtime.manifest
    pipeline = with_about(load_pipeline(folder), **manifest["defaults"])
    latent = (manifest["latent"]["channels"], manifest["latent"]["height"], manifest["latent"]["width"])
    if pipeline.latent_shape != latent or pipeline.parameters != manifest["parameters"]:
        raise UserError(f"{runtime.folder} was not made of {folder}: their shapes differ.")
    precision = manifest["graphs"]["unet"]["precision"]
    graphs = verify_graphs(graphs_of(pipeline), runtime)
    loop = {"sampler": manifest["defaults"]["sampler"], "steps": STEPS}
    return {
        "graphs": {name: {precision: error.as_dict()} for name, error in graphs.items()},
        "loop": {**loop, "latent": {precision: verify_loop(pipeline, runtime).as_dict()}},
    }


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
