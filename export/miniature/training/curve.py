"""Draws the curves of a training from its logs, the JSON lines that `Trainer.log` writes."""

import json
from pathlib import Path
from typing import NamedTuple

from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import EngFormatter, FuncFormatter, LogLocator, NullLocator

from export.format.errors import UserError

COLUMNS = 2
INK, PALE, LINE = "#22262e", "#8a919e", "#2f6fd0"


class Panel(NamedTuple):
    """One curve: a column of the log `<log>.jsonl` over the samples seen."""

    log: str
    column: str
    title: str
    logarithmic: bool = True


PANELS = (
    Panel("vae", "psnr", "Autoencoder: PSNR on fresh scenes, dB", logarithmic=False),
    Panel("denoiser", "loss", "Denoiser: loss"),
    Panel("denoiser", "object_v_mse", "Denoiser: squared error of v in objects"),
    Panel("small_decoder", "psnr", "Small decoder: PSNR to the full one, dB", logarithmic=False),
    Panel("judge", "objects", "Judge: cross-entropy of objects"),
)
Line = dict[str, float]


def read(log: Path) -> list[list[Line]]:
    """Read a log's runs, the oldest first; a new one begins where the samples do not grow.

    Raises:
        UserError: a line is not what a training writes.
    """
    runs: list[list[Line]] = []
    for number, text in enumerate(log.read_text().splitlines(), 1):
        try:
            line = json.loads(text)
            samples = line["samples"]
        except (ValueError, KeyError, TypeError):
            raise UserError(f"Line {number} of {log} is not a training log's.") from None
        if not runs or samples <= runs[-1][-1]["samples"]:
            runs.append([])
        runs[-1].append(line)
    return runs


def plot(axes: Axes, panel: Panel, runs: list[list[Line]]) -> None:
    """Draw one panel: the last run strongly, with its last value on the right, earlier runs pale."""
    for run in runs:
        last = run is runs[-1]
        told = [(line["samples"], line[panel.column]) for line in run if panel.column in line]
        samples, values = zip(*told, strict=True) if told else ((), ())
        axes.plot(samples, values, color=LINE if last else PALE, linewidth=2 if last else 1, zorder=2 + last)
        if last and told:
            axes.plot(samples[-1], values[-1], "o", color=LINE, markersize=5, zorder=4)
            axes.set_title(f"{values[-1]:.3g}", loc="right", fontsize=11, color=LINE, weight="bold")
    if panel.logarithmic:
        axes.set_yscale("log")
        axes.yaxis.set_major_locator(LogLocator(subs=(1, 1.5, 2, 3, 5, 7)))
        axes.yaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:g}"))
        axes.yaxis.set_minor_locator(NullLocator())
    axes.set_title(panel.title, loc="left", fontsize=11, color=INK, weight="bold")
    axes.set_xlabel("samples", color=PALE)
    axes.xaxis.set_major_formatter(EngFormatter(sep=""))
    axes.margins(x=0.03, y=0.12)
    axes.set_xlim(left=0)
    axes.tick_params(colors=PALE, length=0)
    axes.grid(color="#e6e8ec", linewidth=0.8)
    axes.spines[:].set_visible(False)


def draw(logs: list[Path], out: Path) -> None:
    """Draw every curve of PANELS that the logs (`vae.jsonl`, `denoiser.jsonl`, …) hold, as a PNG.

    Raises:
        UserError: there is nothing to draw in them.
    """
    runs = {log.stem: read(log) for log in logs if log.exists()}
    panels = [
        panel
        for panel in PANELS
        if any(panel.column in line for run in runs.get(panel.log, []) for line in run)
    ]
    if not panels:
        raise UserError("No training log is here: name a folder that `diffuscope miniature train` wrote.")
    rows = -(-len(panels) // COLUMNS)
    figure = Figure(figsize=(11, 3.3 * rows), layout="constrained")
    for number, panel in enumerate(panels, 1):
        plot(figure.add_subplot(rows, COLUMNS, number), panel, runs[panel.log])
    figure.savefig(out, dpi=100)
