"""From a diffusers folder to one that the page runs: trace, verify, quantize, shard, verify, describe."""

from __future__ import annotations

import json
import shutil
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import torch
from google.protobuf.message import DecodeError

from export.colours import LatentView, fit_latent_view
from export.errors import UserError
from export.graphs import DenoisingUNet, Graph, attention_layers, graphs_of, write_onnx
from export.manifest import FILE, FORMAT, Manifest, list_files, read_manifest, write_manifest
from export.names import shorten
from export.native import NativeRuntime
from export.pipeline import Pipeline, load_pipeline, with_about
from export.quantize import compress
from export.shards import ShardWriter
from export.weights import detach
from export.verify import STEPS, verify_graphs, verify_loop

# The precisions there are, and how many stages each reports.
STAGES = {"int8": 12, "fp32": 9}
LARGEST_ERROR = 1e-4  # relative, of a float graph against torch: more is a fault, not rounding
LARGEST_LOOP_ERROR = 1e-3  # the same of a whole float loop, in which rounding adds up
# What the manifest says about the judge beside its file, as in the judge's own description.
JUDGE = ("cell", "smallest", "objects", "colours", "places", "times", "accuracy")

Report = Callable[[str], None]


def export_pipeline(
    folder: Path | str,
    out: Path | str,
    precision: str = "int8",
    *,
    report: Report = lambda stage: None,
    **about: Any,
) -> Manifest:
    """Export a diffusers folder.

    ``out`` appears whole or not at all: everything is made and verified in a temporary folder beside it
    first.

    Args:
        folder: a Stable Diffusion 1.x or 2.x pipeline.
        out: the folder to make; an exported model that is there already is replaced.
        precision: of the weights: ``int8`` or ``fp32``.
        report: called with the name of each stage as it begins.
        about: fields of ``About`` and ``Defaults`` that are to differ from what the folder says.

    Returns:
        The manifest.

    Raises:
        UserError: the folder is not supported, ``out`` is something else, or the graphs do not compute what
            torch does.
    """
    out = Path(out)
    if precision not in STAGES:
        raise UserError(f"There is no precision {precision}; choose {' or '.join(STAGES)}.")
    if out.exists() and not (out / FILE).exists() and (out.is_file() or any(out.iterdir())):
        raise UserError(f"{out} holds something other than an exported model; choose a new folder.")
    report("loading the pipeline")
    pipeline = with_about(load_pipeline(folder), **about)
    out.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix=f".{out.name}-", dir=out.parent) as work:
        made = _Export(pipeline, Path(work), report).make(precision)
        manifest = read_manifest(made)
        _replace(made, out, Path(work))
    return manifest


def _replace(made: Path, out: Path, work: Path) -> None:
    if out.exists():
        out.rename(work / "before")
    made.rename(out)


class _Export:
    """One export: the float graphs are traced once, and every precision is made of them."""

    def __init__(self, pipeline: Pipeline, work: Path, report: Report) -> None:
        self.pipeline = pipeline
        self.work = work
        self.report = report
        self.judge = _judge_of(pipeline.folder)
        self.graphs: list[Graph] = graphs_of(pipeline)
        self.unet = next(graph for graph in self.graphs if isinstance(graph, DenoisingUNet))
        self.view: LatentView = fit_latent_view(pipeline)
        self.errors: dict[str, Any] = {
            "graphs": {graph.name: {} for graph in self.graphs},
            "loop": {"sampler": pipeline.about.defaults.sampler, "steps": STEPS, "latent": {}},
            "latent_rgb": float(f"{self.view.error:.2e}"),
        }

    def make(self, precision: str) -> Path:
        """Return a verified model folder of this precision."""
        (self.work / "traced").mkdir()
        for graph in self.graphs:
            self.report(f"tracing {graph.name}")
            write_onnx(graph, self.work / "traced" / f"{graph.name}.onnx")
        self.report("verifying the float graphs")
        made = self._assemble("fp32")
        self._verify(made, "fp32")
        self._refuse_errors()
        if precision != "fp32":
            shutil.rmtree(made)
            self.report(f"making {precision} weights")
            made = self._assemble(precision)
            self.report(f"verifying the {precision} graphs")
            self._verify(made, precision)
        write_manifest(made, read_manifest(made) | {"errors": self.errors})
        return made

    def _assemble(self, precision: str) -> Path:
        folder = self.work / precision
        folder.mkdir()
        shards = ShardWriter(folder)
        graphs = {}
        for graph in self.graphs:
            model = onnx.load(self.work / "traced" / f"{graph.name}.onnx")
            weights = compress([model], detach(model), precision)
            file = f"{graph.name}.onnx"
            used = shards.write({file: shorten(model)}, weights)
            graphs[graph.name] = {
                "file": file,
                "precision": precision,
                "inputs": _tensors(model.graph.input),
                "outputs": _tensors(model.graph.output),
                "shards": used,
                "bytes": sum((folder / path).stat().st_size for path in (file, *used)),
            }
        self.pipeline.tokenizer.save_vocabulary(str(folder))
        manifest = self._describe(graphs)
        # The probe's answer needs a runtime, and a runtime a manifest.
        write_manifest(folder, manifest)
        manifest["probe"] = self._write_probe(folder)
        if self.judge:
            shutil.copy(self.pipeline.folder / "judge" / self.judge["file"], folder)
            manifest["judge"] = self.judge
        manifest["files"] = list_files(folder)
        write_manifest(folder, manifest)
        return folder

    def _verify(self, folder: Path, precision: str) -> None:
        runtime = NativeRuntime(folder)
        for name, error in verify_graphs(self.graphs, runtime).items():
            self.errors["graphs"][name][precision] = error.as_dict()
        self.report(f"drawing {STEPS} steps with diffusers and with the {precision} graphs")
        self.errors["loop"]["latent"][precision] = verify_loop(self.pipeline, runtime).as_dict()

    def _refuse_errors(self) -> None:
        checks = [(f"traced {name}", row, LARGEST_ERROR) for name, row in self.errors["graphs"].items()]
        checks.append(("loop over the traced graphs", self.errors["loop"]["latent"], LARGEST_LOOP_ERROR))
        for what, row, largest in checks:
            if (error := row["fp32"]["relative"]) > largest:
                raise UserError(
                    f"The {what} differs from torch by {error:.1e}, where rounding explains at most "
                    f"{largest:.0e} (relative), so nothing was exported: please report this pipeline."
                )

    def _write_probe(self, folder: Path) -> dict[str, Any]:
        feeds = {
            name: value.numpy()
            for name, value in self.unet.examples(torch.Generator().manual_seed(0)).items()
        }
        tensors = feeds | {"output": NativeRuntime(folder).run_now("unet", feeds)["output"]}
        where, offset = {}, 0
        with (folder / "probe.bin").open("wb") as file:
            for name, value in tensors.items():
                where[name] = {"offset": offset, "shape": list(value.shape)}
                offset += file.write(np.ascontiguousarray(value, np.float32).tobytes())
        return {"file": "probe.bin", "tensors": where}

    def _describe(self, graphs: dict[str, Any]) -> Manifest:
        """The manifest without its list of files and with a probe that says nothing yet."""
        pipeline, about = self.pipeline, self.pipeline.about
        channels, height, width = pipeline.latent_shape
        tokenizer = pipeline.tokenizer
        layers = attention_layers(self.unet)
        nowhere = {"offset": 0, "shape": [1]}
        return {
            "format": FORMAT,
            "name": about.name,
            "title": about.title,
            "licence": about.licence,
            "parameters": pipeline.parameters,
            "latent": {
                "channels": channels,
                "height": height,
                "width": width,
                "range": [-self.view.reach, self.view.reach],
                "rgb": {"weight": self.view.weight, "bias": self.view.bias},
            },
            "picture": dict(zip(("height", "width"), pipeline.picture_size, strict=True)),
            "text": {"length": pipeline.text_length, "width": pipeline.text_encoder.config.hidden_size},
            "tokenizer": {
                "vocab": "vocab.json",
                "merges": "merges.txt",
                "bos": tokenizer.bos_token_id,
                "eos": tokenizer.eos_token_id,
                "pad": tokenizer.pad_token_id,
                "length": pipeline.text_length,
                "known_words": None if about.known_words is None else list(about.known_words),
            },
            "scheduler": pipeline.scheduler_fields,
            "attention": [
                {"side": side, "layers": count, "output": f"attention_{side}"}
                for side, count in layers.items()
            ],
            "graphs": graphs,
            "files": {},
            "probe": {
                "file": "probe.bin",
                "tensors": dict.fromkeys(("latents", "timestep", "text", "token_gain", "output"), nowhere),
            },
            "defaults": vars(about.defaults),
            "errors": self.errors,
        }


def _judge_of(folder: Path) -> dict[str, Any] | None:
    """What the manifest says of a pipeline's judge, or None where there is none."""
    judge, file = folder / "judge", "judge.onnx"
    if not judge.is_dir():
        return None
    try:
        said = json.loads((judge / "judge.json").read_text("utf-8"))
        onnx.checker.check_model(onnx.load(judge / file))
        return {"file": file} | {key: said[key] for key in JUDGE}
    except (OSError, ValueError, KeyError, DecodeError, onnx.checker.ValidationError) as error:
        raise UserError(
            f"The judge in {judge} cannot be used ({error!r}): train it again with `diffuscope miniature "
            "judge`, or take that folder away."
        ) from None


def _tensors(values: Any) -> dict[str, Any]:
    dtypes = {onnx.TensorProto.FLOAT: "float32", onnx.TensorProto.INT32: "int32"}
    return {
        value.name: {
            "shape": [dimension.dim_value for dimension in value.type.tensor_type.shape.dim],
            "dtype": dtypes[value.type.tensor_type.elem_type],
        }
        for value in values
    }
