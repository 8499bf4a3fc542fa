"""From a checkpoint to a folder that the page runs: trace, verify, compress, shard, verify, describe."""

from __future__ import annotations

import errno
import shutil
from collections.abc import Callable, Mapping
from copy import deepcopy
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch

from export.checkpoint.checkpoint import open_checkpoint
from export.checkpoint.pipeline import Pipeline, assemble, with_about
from export.description import describe, describe_graph
from export.difference import Error
from export.estimate import estimate
from export.format.errors import UserError
from export.format.manifest import FILE, Manifest, list_files, read_manifest, write_manifest
from export.graphs.graphs import Graph, graphs_of
from export.graphs.tracing import Traced, load, trace
from export.graphs.variants import variants_of
from export.leak import measure_leak
from export.native.axes import write_axes
from export.native.runtime import NativeRuntime
from export.probe import UNKNOWN, write_probe
from export.recipe import Recipe
from export.verify import unet_timesteps, verify_graphs, verify_loop
from export.weights.names import shorten
from export.weights.quantize import compress
from export.weights.shards import INLINE, ShardWriter
from export.weights.weights import byte_count
from export.work import Work, fingerprint

OPENING = ("config", "allow_pickle", "architecture")  # the arguments of ``open_checkpoint``
# Two passes over the graphs: all as float, which must be what torch computes, then as the recipe stores them.
FLOAT, STORED = "float", "stored"
LARGEST_ERROR = 1e-4  # relative, of a float graph against torch: more is a fault, not rounding
LARGEST_LOOP_ERROR = 1e-3  # the same of a whole float loop, in which rounding adds up


@dataclass(frozen=True)
class Stage:
    """Where an export is: stage ``number`` of ``of``, and where it moves bytes, how many of how many."""

    name: str
    number: int
    of: int
    done: int = 0
    total: int = 0


Report = Callable[[Stage], None]


def export_pipeline(
    source: Path | str,
    out: Path | str,
    recipe: Recipe | str = "int8",
    *,
    loading: Mapping[str, Any] | None = None,
    report: Report = lambda stage: None,
    **about: Any,
) -> Manifest:
    """Export a checkpoint.

    ``out`` appears whole or not at all: everything is made and verified in a folder beside it first. That
    folder stays when the export is interrupted, and the same call goes on from there.

    Args:
        source: a diffusers folder, or what else `export.checkpoint.pipeline.load_pipeline` reads.
        out: the folder to make; an exported model that is there already is replaced.
        recipe: what to make, or only the precision.
        loading: further arguments of ``load_pipeline``: LoRAs, embeddings and so on.
        report: told as each stage begins, and how its bytes move.
        about: fields of ``About`` and ``Defaults`` that are to differ from what the checkpoint says.

    Returns:
        The manifest.

    Raises:
        UserError: the checkpoint is not supported, ``out`` is something else, the disk is too small, or the
            graphs do not compute what torch does.
    """
    source, out = Path(source), Path(out)
    recipe = Recipe(recipe) if isinstance(recipe, str) else recipe
    loading = dict(loading or {})
    if out.exists() and not (out / FILE).exists() and (out.is_file() or any(out.iterdir())):
        raise UserError(f"{out} holds something other than an exported model; choose a new folder.")
    report(Stage("loading the pipeline", 1, 1))
    checkpoint = open_checkpoint(source, **{name: loading[name] for name in OPENING if name in loading})
    additions = {name: value for name, value in loading.items() if name not in OPENING}
    pipeline = with_about(assemble(checkpoint, **additions), **about)
    out.parent.mkdir(parents=True, exist_ok=True)
    if not checkpoint.allow_pickle:  # a pickle has no header to estimate by
        estimate(
            checkpoint, out, recipe, additions.get("preview_decoder"), additions.get("size")
        ).check_space()
    work = Work(out, fingerprint([source, *_files(loading), *program()], (recipe, loading, about)))
    try:
        made = _Export(pipeline, recipe, work, report).make()
    except UserError:
        work.remove()  # the next try would come to the same end
        raise
    except OSError as error:
        if error.errno != errno.ENOSPC:
            raise
        raise UserError(
            f"The disk of {out.parent} is full; make room and give the same command again, which goes on from here."
        ) from error
    manifest = read_manifest(made)
    if out.exists():
        out.rename(work.folder / "before")
    made.rename(out)
    work.remove()
    return manifest


def program() -> list[Path]:
    """Every module that an export's results depend on: another version of one begins anew."""
    here = Path(__file__).parent
    return sorted(path for room in (here, here.parent / "pyscript_app") for path in room.rglob("*.py"))


def _files(loading: Mapping[str, Any]) -> list[Path]:
    """The files and folders that are named in the arguments of ``load_pipeline``."""
    flat = [loading.get("config"), loading.get("preview_decoder"), *loading.get("embeddings", ())]
    return [Path(path) for path in [*flat, *(path for path, _ in loading.get("loras", ()))] if path]


class _Export:
    """One export: the graphs are traced once, and every precision is made of them."""

    def __init__(self, pipeline: Pipeline, recipe: Recipe, work: Work, report: Report) -> None:
        self.pipeline, self.recipe, self.work = pipeline, recipe, work
        self._report = report
        self.graphs: list[Graph] = graphs_of(pipeline)
        by_name: dict[str, Any] = {graph.name: graph for graph in self.graphs}
        self.unet, self.view = by_name["unet"], by_name["latent_rgb"].view
        compressed = any(recipe.precision_of(graph.name) != "fp32" for graph in self.graphs)
        self.passes = [FLOAT, STORED] if compressed else [FLOAT]
        compared = sum(self._compares(graph.name, each) for each in self.passes for graph in self.graphs)
        self._stage = 1
        self._stages = 4 + len(self.graphs) + len(self.passes) * (len(self.graphs) + 2) + compared

    def _begin(self, stage: str) -> Callable[[int, int], None]:
        """Report a stage; what is returned reports its bytes."""
        self._stage += 1
        number = self._stage

        def moved(done: int, total: int) -> None:
            self._report(Stage(stage, number, self._stages, done, total))

        moved(0, 0)
        return moved

    def make(self) -> Path:
        """Return a verified model folder."""
        self.traced = {graph.name: self._trace(graph) for graph in self.graphs}
        found = {}
        for each in self.passes:
            folder = self.work.folder / each
            found[each] = self.work.once(each, self._pass, folder, each)
            if each == FLOAT:
                _refuse_errors(found[each])
            if each != self.passes[-1]:
                shutil.rmtree(folder, ignore_errors=True)
        write_manifest(folder, read_manifest(folder) | {"errors": self._errors(found)})
        return folder

    def _errors(self, found: dict[str, dict[str, Any]]) -> dict[str, Any]:
        """What the passes measured, as the manifest has it."""
        graphs: dict[str, Any] = {graph.name: {} for graph in self.graphs}
        timesteps, latent = {}, {}
        for each, measured in found.items():
            for name, error in measured["graphs"].items():
                graphs[name][self._precision(name, each)] = error
            unet = self._precision("unet", each)
            timesteps[unet], latent[unet] = measured["unet_timesteps"], measured["latent"]
        return {
            "graphs": graphs,
            "loop": {
                "sampler": self.pipeline.about.defaults.sampler,
                "steps": self.recipe.loop_steps(self.pipeline),
                "latent": latent,
            },
            "unet_timesteps": timesteps,
            "latent_rgb": float(f"{self.view.error:.2e}"),
        }

    def _trace(self, graph: Graph) -> Traced:
        self._begin(f"tracing {graph.name}")
        folder = self.work.folder / "traced"
        folder.mkdir(exist_ok=True)
        self.work.once(f"trace {graph.name}", lambda: trace(graph).save(folder))
        return load(folder, graph)

    def _pass(self, folder: Path, each: str) -> dict[str, Any]:
        """Make a model folder; how far it is from torch and diffusers."""
        folder.mkdir(exist_ok=True)
        shards = ShardWriter(folder)
        graphs: dict[str, Any] = {}
        for graph in self.graphs:
            precision = self._precision(graph.name, each)
            moved = self._begin(f"writing {graph.name}, {precision}")
            graphs |= self.work.once(f"{each} {graph.name}", self._write, graph, precision, shards, moved)
        self.pipeline.tokenizer.save_vocabulary(str(folder))
        manifest = describe(self.pipeline, self.view, self.unet.layers, graphs) | _UNFINISHED
        write_manifest(folder, manifest)
        if each == self.passes[-1]:
            self._begin("asking the known answer")
            examples = self.unet.examples(torch.Generator().manual_seed(0))
            feeds = {name: value.numpy() for name, value in examples.items()}
            unets = self.recipe.unet_graphs(self.pipeline.architecture)
            manifest["probe"] = write_probe(folder, feeds, unets)
            if self.pipeline.judge:
                shutil.copy(self.pipeline.judge.file, folder)
            write_manifest(folder, manifest)
            manifest["axes"] = self._fit_axes(folder)
            manifest["slots"] = self._measure_leak(folder)
            write_manifest(folder, manifest | {"files": list_files(folder)})
        return self._verify(folder, each)

    def _fit_axes(self, folder: Path) -> dict[str, Any]:
        """Write the axes of the map of latents; the manifest's ``axes``."""
        about, runs = self.pipeline.about, self.recipe.axes_runs(self.pipeline)
        self._begin(f"fitting the map on {runs} runs")
        runtime = NativeRuntime(folder)
        said = write_axes(runtime, about.prompts or [about.defaults.prompt], runs)
        runtime.close()
        return said

    def _measure_leak(self, folder: Path) -> dict[str, Any]:
        """The manifest's ``slots``."""
        prompts, words, steps = self.recipe.leak_trials(self.pipeline)
        self._begin(f"drawing without single words, {len(prompts)} prompts")
        runtime = NativeRuntime(folder)
        said = measure_leak(runtime, prompts, words, steps)
        runtime.close()
        return said

    def _precision(self, graph: str, each: str) -> str:
        """The precision of a graph in a pass."""
        return "fp32" if each == FLOAT else self.recipe.precision_of(graph)

    def _compares(self, graph: str, each: str) -> bool:
        """Whether a pass compares a graph with torch: what is float in both was compared in the first."""
        return each == FLOAT or self._precision(graph, each) != "fp32"

    def _write(
        self, graph: Graph, precision: str, shards: ShardWriter, moved: Callable[[int, int], None]
    ) -> dict[str, Any]:
        """Write a graph and its variants; their entries by name."""
        traced = self.traced[graph.name]
        models = {graph.name: deepcopy(traced.model)}  # what follows changes it
        if graph is self.unet:
            variants = variants_of(traced.model)
            models = {name: variants[name] for name in self.recipe.unet_graphs(self.pipeline.architecture)}
        entries = {name: describe_graph(model, precision) for name, model in models.items()}
        weights = compress(models.values(), traced.weights, precision)
        files = {f"{name}.onnx": shorten(model) for name, model in models.items()}
        tensors = {tensor.name: tensor for model in models.values() for tensor in model.graph.initializer}
        moving = [byte_count(tensors[name]) for name in weights if name in tensors]
        total, done = sum(size for size in moving if size >= INLINE), 0

        def placed(count: int) -> None:
            nonlocal done
            done += count
            moved(done, total)

        used = shards.write(files, weights, placed)
        sizes = {file: (shards.folder / file).stat().st_size for file in (*files, *used)}
        shared = sum(sizes[path] for path in used)
        return {
            name: entry | {"file": f"{name}.onnx", "shards": used, "bytes": sizes[f"{name}.onnx"] + shared}
            for name, entry in entries.items()
        }

    def _verify(self, folder: Path, each: str) -> dict[str, Any]:
        runtime = NativeRuntime(folder)
        graphs: dict[str, Error] = {}
        for graph in self.graphs:
            if self._compares(graph.name, each):
                self._begin(f"comparing {graph.name} with torch")
                graphs |= verify_graphs([graph], runtime, self.recipe.seeds(self.pipeline))
                runtime.close()
        self._begin("comparing unet at several times")
        timesteps = unet_timesteps(self.pipeline, self.unet, runtime)
        steps = self.recipe.loop_steps(self.pipeline)
        self._begin(f"drawing {steps} steps with diffusers and with the {each} graphs")
        latent = verify_loop(self.pipeline, runtime, steps)
        runtime.close()
        return {
            "graphs": {name: error.as_dict() for name, error in graphs.items()},
            "unet_timesteps": timesteps,
            "latent": latent.as_dict(),
        }


# What a manifest must have, while it is not known yet.
_UNFINISHED: dict[str, Any] = {
    "files": {},
    "probe": UNKNOWN,
    "errors": {"graphs": {}, "loop": {"sampler": "", "steps": 1, "latent": {}}, "latent_rgb": 0},
}


def _refuse_errors(found: dict[str, Any]) -> None:
    """Refuse float graphs that do not compute what torch and diffusers do."""
    checks = [(f"traced {name}", error, LARGEST_ERROR) for name, error in found["graphs"].items()]
    checks.append(("loop over the traced graphs", found["latent"], LARGEST_LOOP_ERROR))
    for what, error, largest in checks:
        if error["relative"] > largest:
            raise UserError(
                f"The {what} differs from torch by {error['relative']:.1e}, where rounding explains at most "
                f"{largest:.0e} (relative), so nothing was exported: please report this pipeline."
            )
