"""Compare an exported model with torch and diffusers, number by number."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from rich.table import Table

from export.checkpoint.about import SAMPLERS
from export.difference import NONE, Error, measure
from export.format.errors import UserError
from export.format.manifest import damaged_files
from export.native.generate import draw, settings_for
from export.native.runtime import NativeRuntime
from export.probe import ask_probe
from export.recipe import SEEDS, STEPS
from pyscript_app.few_step import GAMMA
from pyscript_app.loop import Settings
from pyscript_app.schedule import IGNORED, Schedule
from pyscript_app.spacing import TRAINED

# Training times at which the unet's error is told, as parts of all: noisy, half drawn, nearly clean.
TIMES = (0.981, 0.741, 0.501, 0.261, 0.021)
# The twin of each of the loop's samplers among diffusers' schedulers, and what Stable Diffusion always sets of one.
SCHEDULERS = {sampler: scheduler for scheduler, sampler in SAMPLERS.items()}
FIXED = {"PNDMScheduler": {"skip_prk_steps": True}}
PROBE_TOLERANCE = 1e-3  # relative; processors round differently


def verify_graphs(
    graphs: Iterable[Any], runtime: NativeRuntime, seeds: Sequence[int] = SEEDS
) -> dict[str, Error]:
    """The worst error of each graph's outputs against torch, over random inputs of several seeds."""
    import torch

    errors: dict[str, Error] = {}
    for graph in graphs:
        worst = NONE
        for seed in seeds:
            feeds = graph.examples(torch.Generator().manual_seed(seed))
            found = runtime.run_now(graph.name, {name: value.numpy() for name, value in feeds.items()})
            with torch.no_grad():
                if hasattr(graph, "levels"):
                    # Rounding to whole levels is no error, but may fall either way on a tie.
                    truth, forgiven = {"picture": graph.levels(**feeds)}, 0.5
                else:
                    truth, forgiven = graph(**feeds), 0.0
            # In torch the unet tells more about its attention than any one graph of it.
            for name, value in found.items():
                worst = worst.worse(measure(truth[name].numpy(), value, forgiven))
        errors[graph.name] = worst
    return errors


def unet_timesteps(pipeline: Any, graph: Any, runtime: NativeRuntime) -> list[dict[str, float]]:
    """The error of the unet's output at a few training times, noisiest first, as the manifest has it.

    The network sees a smooth latent under as much noise as belongs to the time.

    Args:
        pipeline: what was exported.
        graph: its ``unet`` in torch.
        runtime: the exported model's.
    """
    import torch
    from torch.nn.functional import interpolate

    abar = Schedule.from_config(pipeline.scheduler_fields).alphas_cumprod()
    generator = torch.Generator().manual_seed(SEEDS[0])
    channels, *size = pipeline.latent_shape
    clean = interpolate(torch.randn(1, channels, 4, 4, generator=generator), size=size, mode="bicubic")
    errors = []
    for part in TIMES:
        time = int(part * len(abar))
        noise = torch.randn(clean.shape, generator=generator)
        noisy = abar[time] ** 0.5 * clean / clean.std() + (1 - abar[time]) ** 0.5 * noise
        feeds = graph.examples(generator)
        feeds["latents"] = noisy.repeat(len(feeds["latents"]), 1, 1, 1)
        feeds["timestep"] = torch.tensor([float(time)])
        with torch.no_grad():
            truth = graph(**feeds)["output"].numpy()
        found = runtime.run_now(graph.name, {name: value.numpy() for name, value in feeds.items()})["output"]
        errors.append({"timestep": time, "relative": measure(truth, found).as_dict()["relative"]})
    return errors


def verify_loop(pipeline: Any, runtime: NativeRuntime, steps: int = STEPS) -> Error:
    """The worst error of the latents over a run of the page's loop, against the same run of diffusers."""
    # Diffusers would guide any model that is asked for more than 1.
    unguided = 1.0 if runtime.manifest.get("guidance") == "none" else None
    # Nor does its scheduler know other times than the trained ones.
    settings = settings_for(runtime.manifest, steps=steps, guidance=unguided, spacing=TRAINED)
    truth = diffusers_latents(pipeline, settings)
    worst = NONE
    for frame, latent in zip(draw(runtime, settings), truth, strict=True):
        worst = worst.worse(measure(latent, np.asarray(frame.latent, np.float32).reshape(latent.shape)))
    return worst


def diffusers_latents(pipeline: Any, settings: Settings) -> list[np.ndarray]:
    """The latents ``[1, C, h, w]`` after each step of ``StableDiffusionPipeline``."""
    import diffusers
    import torch

    pipe: Any = diffusers.StableDiffusionPipeline(
        vae=pipeline.vae,
        text_encoder=pipeline.text_encoder,
        tokenizer=pipeline.tokenizer,
        unet=pipeline.unet,
        scheduler=diffusers_scheduler(settings.sampler, pipeline.scheduler.config),
        safety_checker=None,
        feature_extractor=None,
        requires_safety_checker=False,
    )
    pipe.set_progress_bar_config(disable=True)
    latents = []

    def keep(pipe: Any, step: int, timestep: Any, values: dict[str, Any]) -> dict[str, Any]:
        latents.append(values["latents"].numpy().copy())
        return values

    height, width = pipeline.picture_size
    pipe(
        settings.prompt,
        height=height,
        width=width,
        negative_prompt=settings.negative,
        num_inference_steps=settings.steps,
        guidance_scale=settings.guidance,
        eta=GAMMA if settings.sampler == "tcd" else 0.0,
        generator=torch.Generator().manual_seed(settings.seed),
        callback_on_step_end=keep,
        output_type="latent",
    )
    return latents


def diffusers_scheduler(sampler: str, config: Mapping[str, Any]) -> Any:
    """Diffusers' twin of a sampler, made from any scheduler's config as the loop reads it."""
    import diffusers

    name = SCHEDULERS[sampler]
    kept = {field: value for field, value in config.items() if field not in IGNORED}
    return getattr(diffusers, name).from_config(kept, **FIXED.get(name, {}))


def verify_against(runtime: NativeRuntime, folder: Path, **options: Any) -> dict[str, Any]:
    """The errors of an exported model against the pipeline that it was made of, as the manifest has them.

    Args:
        runtime: the model's.
        folder: the pipeline.
        options: of ``load_pipeline``, as the model was exported with.

    Raises:
        UserError: the folder is not a supported pipeline, or not one of the model's shapes.
    """
    from export.checkpoint.pipeline import load_pipeline, with_about
    from export.graphs.graphs import graphs_of

    manifest = runtime.manifest
    pipeline = with_about(load_pipeline(folder, **options), **manifest["defaults"])
    latent = manifest["latent"]
    shape = (latent["channels"], latent["height"], latent["width"])
    if pipeline.latent_shape != shape or pipeline.parameters != manifest["parameters"]:
        raise UserError(f"{runtime.folder} was not made of {folder}: their shapes differ.")
    precisions = {name: graph["precision"] for name, graph in manifest["graphs"].items()}
    graphs = {graph.name: graph for graph in graphs_of(pipeline) if graph.name in precisions}
    errors = verify_graphs(graphs.values(), runtime)
    steps = manifest["errors"]["loop"]["steps"]
    loop = verify_loop(pipeline, runtime, steps).as_dict()
    return {
        "graphs": {name: {precisions[name]: error.as_dict()} for name, error in errors.items()},
        "loop": {
            "sampler": manifest["defaults"]["sampler"],
            "steps": steps,
            "latent": {precisions["unet"]: loop},
        },
        "unet_timesteps": {precisions["unet"]: unet_timesteps(pipeline, graphs["unet"], runtime)},
    }


def problems_of(runtime: NativeRuntime) -> list[str]:
    """What is wrong with a model folder, without its pipeline: damaged files, a wrong answer to the probe."""
    problems = damaged_files(runtime.folder, runtime.manifest)
    if not problems and (error := ask_probe(runtime)).relative > PROBE_TOLERANCE:
        problems.append(f"the unet's answer to the probe is off by {error.relative:.1e}")
    return problems


def error_table(errors: dict[str, Any], graphs: dict[str, Any]) -> Table:
    """The manifest's ``errors`` as a table: each graph as float, and as it is stored, with its size."""
    loop = f"loop, {errors['loop']['steps']} steps of {errors['loop']['sampler']}"
    rows: dict[str, dict[str, Any]] = {**errors["graphs"], loop: errors["loop"]["latent"]}
    for precision, points in errors.get("unet_timesteps", {}).items():
        for point in points:
            rows.setdefault(f"unet at time {point['timestep']:g}", {})[precision] = point
    table = Table(title="Difference from torch and diffusers", title_justify="left")
    table.add_column("")
    for header in ("as float", "largest", "stored as", "relative", "largest", "MB"):
        table.add_column(header, justify="right")
    for name, row in rows.items():
        stored = next((precision for precision in row if precision != "fp32"), None)
        cells = [_number(row.get("fp32", {}).get(key)) for key in ("relative", "maximum")]
        kept = row[stored] if stored else {}
        cells += [stored or "", *(_number(kept.get(key)) for key in ("relative", "maximum"))]
        table.add_row(name, *cells, f"{graphs[name]['bytes'] / 1e6:.1f}" if name in graphs else "")
    return table


def _number(value: float | None) -> str:
    return "" if value is None else f"{value:.1e}"
