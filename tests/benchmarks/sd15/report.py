"""The figures as Markdown, and their place in the docs."""

from __future__ import annotations

import os
import platform
import re
from collections.abc import Iterable
from pathlib import Path
from typing import Any

DOC = Path(__file__).resolve().parents[3] / "docs" / "your-own-model.md"
BEGIN, END = "<!-- measured: written by make bench-sd15 -->", "<!-- /measured -->"
PARTS = {"text_encoder": "text encoder", "unet": "UNet", "vae_decoder": "decoder"}


def machine(threads: int) -> dict[str, Any]:
    """Where it was measured."""
    names = re.findall(r"model name\s*: (.*)", Path("/proc/cpuinfo").read_text("utf-8"))
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    return {
        "processor": names[0] if names else platform.machine(),
        "cores": os.cpu_count(),
        "memory": memory,
        "threads": threads,
    }


def tables(figures: dict[str, Any]) -> str:
    """All tables whose stages were run."""
    where = figures["machine"]
    weights = figures["source"]["parameters"] / 1e6
    parts = [
        f"On {where['cores']} cores of an {where['processor']} with {where['memory'] / 2**30:.0f} GB of memory, "
        f"{where['threads']} threads, no graphics card; {weights:.0f} million random weights in fp16."
    ]
    if "export" in figures or "optimum" in figures:
        parts.append(_exports(figures.get("export", {}), figures.get("optimum", {})))
    if "unet" in figures:
        parts.append(_unets(figures["unet"]))
    if "page" in figures:
        parts.append(_page(figures["page"]))
    return "\n\n".join(parts)


def write(text: str, doc: Path = DOC) -> None:
    """Put the tables between their marks in the docs."""
    before, found, rest = doc.read_text("utf-8").partition(BEGIN)
    _, end, after = rest.partition(END)
    if not (found and end):
        raise ValueError(f"{doc} has lost the marks {BEGIN} and {END}")
    doc.write_text(f"{before}{BEGIN}\n\n{text}\n\n{END}{after}", "utf-8")


def _exports(ours: dict[str, Any], optimum: dict[str, Any]) -> str:
    rows = [
        [f"`diffuscope export`, {name}", *_cost(row), *(_megabytes(row["graphs"][part]) for part in PARTS)]
        for name, row in ours.items()
    ]
    whole = optimum.get("fp32", {})
    if "failed" in whole:
        rows.append(["Optimum, fp32: failed", *[""] * 5])
    elif whole:
        sizes = (_megabytes(whole["graphs"][part]) for part in PARTS)
        rows.append(["`optimum-cli export onnx`, fp32", *_cost(whole), *sizes])
    if quantized := optimum.get("int8"):
        done = [row for row in quantized.values() if "failed" not in row]
        cost = {
            "seconds": sum(row["seconds"] for row in done),
            "peak": max((row["peak"] for row in done), default=0),
        }
        sizes = (
            "failed" if "failed" in quantized[part] else _megabytes(quantized[part]["bytes"])
            for part in PARTS
        )
        rows.append(["`optimum-cli onnxruntime quantize --avx2` of that", *_cost(cost), *sizes])
    return _table(["", "seconds", "peak memory", *PARTS.values()], rows)


def _unets(rows: dict[str, Any]) -> str:
    head = ["one call of the UNet, batch 2", "seconds", "processor seconds", "peak memory", "difference"]
    return _table(
        head,
        (
            [name, "failed", "", "", ""]
            if "failed" in row
            else [
                name,
                f"{row['seconds']:.1f}",
                f"{row['processor']:.1f}",
                _gigabytes(row["peak"]),
                f"{row['relative']:.1e}",
            ]
            for name, row in rows.items()
        ),
    )


def _page(page: dict[str, Any]) -> str:
    engine, memory = page["engine"], page["memory"]
    unet = [step["unet"] / 1000 for step in page["milliseconds"]]
    decode = page["milliseconds"][-1]["decode"] / 1000
    latent = max(page["difference"]["latent"])
    what = f"the page, {page['browser']}, {engine['backend']}, {engine['threads']} threads"
    return _table(
        [what, ""],
        [
            ["first visit, download from this machine included, until it is ready", f"{page['cold']:.0f} s"],
            ["later visits, until it is ready", f"{page['warm']:.0f} s"],
            ["first step of the first picture", f"{page['first_frame']:.0f} s"],
            ["a call of the UNet after that", f"{sum(unet) / len(unet):.1f} s"],
            ["the decoder", f"{decode:.1f} s"],
            ["memory of the page's process, peak", _gigabytes(memory["drawn"]["renderer"]["peak"])],
            ["of that held by scripts and WebAssembly after a picture", _gigabytes(memory["scripts"])],
            ["latents beside native onnxruntime, largest relative difference", f"{latent:.0e}"],
        ],
    )


def _cost(row: dict[str, float]) -> list[str]:
    return [f"{row['seconds']:.0f}", _gigabytes(row["peak"])]


def _gigabytes(count: float) -> str:
    return f"{count / 1e9:.1f} GB"


def _megabytes(count: float) -> str:
    return f"{count / 1e6:.0f} MB"


def _table(head: list[str], rows: Iterable[list[str]]) -> str:
    lines = [head, ["---", *["--:"] * (len(head) - 1)], *rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)
