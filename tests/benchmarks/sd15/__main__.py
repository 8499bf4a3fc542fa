"""Measure a checkpoint of Stable Diffusion 1.5's size from end to end: ``make bench-sd15``.

Takes 20 GB of disk, 16 GB of memory and an hour or two. Every stage leaves its folder, so that one can be run again
with ``--only``; figures go into ``results/sd15.json`` and, as tables, into ``docs/your-own-model.md``.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.benchmarks.sd15 import report
from tests.benchmarks.sd15.usage import CommandError, answer, run, size

ROOT = Path(__file__).resolve().parents[3]
RESULTS = ROOT / "tests" / "benchmarks" / "results" / "sd15.json"
BIN = Path(sys.executable).parent
PYTHON = str(sys.executable)
PRECISIONS = ("int8+w4", "fp32")  # the page runs the first
CALLS = 2  # of a UNet, timed
# Optimum leaves the axes open, so it may trace a small picture: at its own 64 a side it takes three times the memory.
TRACED_SIDE = 16
PARTS = ("text_encoder", "unet", "vae_decoder")


@dataclass(frozen=True)
class Bench:
    """Where things lie, and what was asked for."""

    work: Path
    tokenizer: Path | None
    tiny: bool
    precisions: tuple[str, ...]
    threads: int

    def exported(self, precision: str) -> Path:
        """Our export, named like a model of the page."""
        return self.work / f"sd15-{precision.replace('+', '-')}"

    def run(self, name: str, command: list[str]) -> tuple[dict[str, float], Path]:
        """Run a command without a network; its cost and its log."""
        log = self.work / "logs" / f"{name}.log"
        log.parent.mkdir(parents=True, exist_ok=True)
        return run(command, log, HF_HUB_OFFLINE="1").as_dict(), log

    def module(self, name: str, module: str, *words: str) -> tuple[dict[str, float], Any]:
        """Run one of this folder's modules; its cost and its answer."""
        cost, log = self.run(name, [PYTHON, "-m", f"tests.benchmarks.sd15.{module}", *words])
        return cost, answer(log)


def make_source(bench: Bench) -> dict[str, Any]:
    """The pipeline with random weights."""
    folder = bench.work / "source"
    shutil.rmtree(folder, ignore_errors=True)
    words = ["--tokenizer", str(bench.tokenizer)] if bench.tokenizer else []
    cost, made = bench.module("source", "source", str(folder), *words, *["--tiny"] * bench.tiny)
    return cost | made | {"bytes": size(folder)}


def export(bench: Bench) -> dict[str, Any]:
    """Our export in every precision."""
    rows = {}
    for precision in bench.precisions:
        folder = bench.exported(precision)
        shutil.rmtree(folder, ignore_errors=True)
        command = [str(BIN / "diffuscope"), "export", str(bench.work / "source"), str(folder)]
        how = ["--precision", precision, "--self-attention", "both"]  # as a large model gets unasked
        cost, _ = bench.run(f"export-{precision}", [*command, *how])
        manifest = json.loads((folder / "manifest.json").read_text("utf-8"))
        rows[precision] = cost | {
            "bytes": size(folder),
            "graphs": {name: graph["bytes"] for name, graph in manifest["graphs"].items()},
            "errors": manifest["errors"],
        }
    return rows


def page(bench: Bench) -> dict[str, Any]:
    """The first precision's export in Chromium, beside native onnxruntime."""
    _, figures = bench.module("page", "page", str(bench.exported(bench.precisions[0])), str(bench.work))
    return figures


def optimum(bench: Bench) -> dict[str, Any]:
    """Optimum's export of the same folder, and its dynamic quantization of that."""
    cli, out = str(BIN / "optimum-cli"), bench.work / "optimum"
    shutil.rmtree(out, ignore_errors=True)
    shape = ["--width", str(TRACED_SIDE), "--height", str(TRACED_SIDE)]
    what = ["--task", "text-to-image", "--library-name", "diffusers", "--dtype", "fp32", *shape]
    rows: dict[str, Any] = {"fp32": {}, "int8": {}}
    try:
        cost, _ = bench.run(
            "optimum", [cli, "export", "onnx", "--model", str(bench.work / "source"), *what, str(out)]
        )
        rows["fp32"] = cost | {"bytes": size(out), "graphs": {part: size(out / part) for part in PARTS}}
    except CommandError as error:
        return {"fp32": {"failed": str(error)}}
    quantized = bench.work / "optimum-int8"
    shutil.rmtree(quantized, ignore_errors=True)
    for part in PARTS:
        command = [cli, "onnxruntime", "quantize", "--avx2", "--onnx_model", str(out / part)]
        try:
            cost, _ = bench.run(f"optimum-int8-{part}", [*command, "-o", str(quantized / part)])
            rows["int8"][part] = cost | {"bytes": size(quantized / part)}
        except CommandError as error:
            rows["int8"][part] = {"failed": str(error)}
    return rows


def unet(bench: Bench) -> dict[str, Any]:
    """One call of every UNet that there is, and how far its answer is from our float one's."""
    import numpy as np

    config = json.loads((bench.work / "source" / "unet" / "config.json").read_text("utf-8"))
    shape = ["--side", str(config["sample_size"]), "--width", str(config["cross_attention_dim"])]
    models = {
        f"{graph} {precision}": bench.exported(precision) / f"{graph}.onnx"
        for precision in reversed(bench.precisions)
        for graph in ("unet", "unet_fused")
    }
    models |= {
        "Optimum fp32": bench.work / "optimum" / "unet" / "model.onnx",
        "Optimum int8": bench.work / "optimum-int8" / "unet" / "model_quantized.onnx",
    }
    rows: dict[str, Any] = {}
    truth = None
    for name, model in models.items():
        if not model.exists():
            continue
        file = bench.work / "answer.npy"
        how = [*shape, "--steps", str(CALLS), "--threads", str(bench.threads)]
        try:
            cost, row = bench.module(name.replace(" ", "-"), "unet", str(model), str(file), *how)
        except CommandError as error:
            rows[name] = {"failed": str(error)}
            continue
        found = np.load(file).astype(np.float64)
        truth = found if truth is None else truth
        error = float(np.linalg.norm(found - truth) / np.linalg.norm(truth))
        rows[name] = row | {"peak": cost["peak"], "relative": float(f"{error:.2e}")}
    return rows


STAGES: dict[str, Callable[[Bench], dict[str, Any]]] = {
    "source": make_source,
    "export": export,
    "page": page,
    "optimum": optimum,
    "unet": unet,
}


def main() -> None:
    """Run the stages that were asked for."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    tokenizer = os.environ.get("DIFFUSCOPE_CLIP_TOKENIZER")
    parser.add_argument("--work", type=Path, help="where everything is made (default: .cache/sd15)")
    parser.add_argument(
        "--tokenizer", type=Path, default=tokenizer and Path(tokenizer),
        help="a folder with CLIP's vocab.json and merges.txt (default: DIFFUSCOPE_CLIP_TOKENIZER, else a stand-in)",
    )  # fmt: skip
    parser.add_argument("--tiny", action="store_true", help="try the benchmark itself out on narrow layers")
    parser.add_argument("--only", action="append", choices=STAGES, help="a stage to run (repeatable)")
    parser.add_argument("--precision", action="append", help="of our exports (repeatable), the page's first")
    parser.add_argument("--threads", type=int, default=os.cpu_count(), help="of native onnxruntime")
    given = parser.parse_args()
    work = given.work or ROOT / ".cache" / ("sd15-tiny" if given.tiny else "sd15")
    bench = Bench(
        work.resolve(), given.tokenizer, given.tiny, tuple(given.precision or PRECISIONS), given.threads
    )
    # A trial says nothing about the real size, and stays out of the repository.
    results = bench.work / "sd15.json" if given.tiny else RESULTS
    figures = json.loads(results.read_text("utf-8")) if results.exists() else {}
    if "source" not in figures and "source" not in (given.only or STAGES):
        sys.exit("There is no pipeline to measure yet: run the stage source first.")
    for name in given.only or STAGES:
        print(f"{name} …", flush=True)
        try:
            figures[name] = STAGES[name](bench)
        except CommandError as error:
            sys.exit(f"The stage {name} failed, its logs are in {bench.work / 'logs'}: {error}")
        figures["machine"] = report.machine(bench.threads)
        results.parent.mkdir(parents=True, exist_ok=True)
        results.write_text(json.dumps(figures, indent=1) + "\n", "utf-8")
    tables = report.tables(figures)
    print(tables)
    if not given.tiny:
        report.write(tables)


if __name__ == "__main__":
    main()
