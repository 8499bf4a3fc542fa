"""`diffuscope miniature`: the commands that make the default model; heavy libraries load when needed."""

import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from export.format.errors import UserError

if TYPE_CHECKING:
    from export.miniature.training.config import Settings

HERE = Path(__file__).parent
WEIGHTS = HERE / "weights"
RUN, WORK = Path(".cache/miniature"), Path(".cache/evaluation")

app = typer.Typer(no_args_is_help=True, help="The miniature: scenes, training, measurement, model card.")
Weights = Annotated[Path, typer.Option(help="A diffusers folder.")]
Config = Annotated[Path, typer.Option(help="Settings (TOML).")]
Folder = Annotated[Path, typer.Option(help="Checkpoint and log; a run there goes on.")]
Threads = Annotated[int, typer.Option(min=1, help="Threads of torch.")]


@app.command(epilog="Example: diffuscope miniature scenes --count 16 --out sheet.png")
def scenes(
    count: Annotated[int, typer.Option(min=1, help="How many scenes.")] = 16,
    out: Annotated[Path, typer.Option(help="The picture to write.")] = Path("sheet.png"),
    seed: Annotated[int, typer.Option(help="The first scene's seed; the others follow.")] = 0,
    unseen: Annotated[
        bool, typer.Option("--unseen", help="Only combinations that training never sees.")
    ] = False,
) -> None:
    """Draw scenes with their captions on a sheet."""
    import numpy as np

    from export.miniature.scenes.gallery import gallery
    from export.miniature.scenes.grammar import caption, scene
    from export.miniature.scenes.scenes import draw

    shown = [scene(seed + i, unseen=unseen) for i in range(count)]
    pictures = np.stack([draw(one).pixels for one in shown])
    gallery(pictures, [caption(one) for one in shown], [()] * count, columns=min(count, 8)).save(out)
    typer.echo(f"{count} scenes in {out}")


@app.command(epilog="Example: diffuscope miniature train --processes 2")
def train(
    config: Config = HERE / "configs" / "miniature.toml",
    folder: Annotated[Path, typer.Option(help="Checkpoints and logs; a run there goes on.")] = RUN,
    out: Annotated[Path, typer.Option(help="The diffusers folder to write at the end.")] = WEIGHTS,
    start: Annotated[Path | None, typer.Option(help="Begin with these weights, a diffusers folder.")] = None,
    processes: Annotated[int, typer.Option(min=1, help="Processes that train together.")] = 1,
    threads: Annotated[int, typer.Option(min=1, help="Threads of each process.")] = 1,
    snapshot: Annotated[
        bool, typer.Option("--snapshot", help="Only write the last checkpoint to --out.")
    ] = False,
) -> None:
    """Train everything, or go on where a run stopped.

    On several GPUs: accelerate launch -m export.miniature.cli train
    """
    settings = _read(config)
    if start:
        from export.miniature.training.training import adopt

        adopt(start, folder)
    if processes > 1:
        command = [sys.executable, "-m", "torch.distributed.run", f"--nproc-per-node={processes}"]
        command += ["--standalone", "-m", "export.miniature.cli", "train", f"--config={config}"]
        command += [f"--folder={folder}", f"--out={out}", f"--threads={threads}"]
        raise typer.Exit(subprocess.run(command, check=False).returncode)
    from export.miniature.training import training

    if snapshot:
        training.snapshot(settings, folder, out)
    else:
        training.run(settings, folder, out, threads=threads)


@app.command(epilog="Example: diffuscope miniature evaluate --only tasks,sweep")
def evaluate(
    weights: Weights = WEIGHTS,
    judge: Annotated[Path, typer.Option(help="The folder of the judge.")] = WEIGHTS / "judge",
    count: Annotated[int, typer.Option(min=1, help="Held-out captions to paint.")] = 600,
    sweep: Annotated[int, typer.Option(min=1, help="Captions for each setting of the sweep.")] = 96,
    quick: Annotated[bool, typer.Option("--quick", help="A first look, on few scenes.")] = False,
    only: Annotated[str, typer.Option(help="Parts to measure, with commas between; else all.")] = "",
    pool: Annotated[Path, typer.Option(help="The training scenes; drawn if not there.")] = RUN / "pool",
    work: Annotated[Path, typer.Option(help="Keeps pictures; a run there goes on.")] = WORK,
    processes: Annotated[int, typer.Option(min=1, help="Processes that paint together.")] = 2,
) -> None:
    """Measure weights; writes evaluation.json and sheets of pictures beside them."""
    from rich.console import Console
    from rich.table import Table

    from export.miniature.card.evaluate import QUICK, Sizes
    from export.miniature.card.evaluate import evaluate as measure

    sizes = QUICK if quick else Sizes(count, sweep)
    parts = [part.strip() for part in only.split(",") if part.strip()]
    results = measure(weights, judge, pool, work, sizes=sizes, only=parts, processes=processes)
    if "tasks" in results:
        itself = {task: {"score": share} for task, share in results.get("judge", {}).items()}
        columns = results["tasks"] | {"judge itself": itself}
        table = Table("task", *columns, title="Pictures that show what was asked for")
        for task in results["tasks"]["int8"]:
            shares = (f"{column[task]['score']:.3f}" if task in column else "" for column in columns.values())
            table.add_row(task, *shares)
        Console().print(table)
    typer.echo(f"wrote {weights / 'evaluation.json'}")


@app.command(epilog="Example: diffuscope miniature judge --count 900")
def judge(
    weights: Weights = WEIGHTS,
    config: Config = HERE / "configs" / "miniature.toml",
    folder: Folder = RUN,
    count: Annotated[int, typer.Option(min=1, help="Drawn scenes to measure on.")] = 900,
    threads: Threads = 1,
) -> None:
    """Train the judge that says what pictures show; writes judge/ into the weights."""
    from rich.console import Console
    from rich.table import Table

    from export.miniature.judging.judging import run

    measured = run(_read(config), weights, folder, count, threads)
    table = Table("task", "right", "by chance", "scenes", title="The judge on drawn scenes")
    for task, share in measured["accuracy"].items():
        table.add_row(task, f"{share:.3f}", f"{measured['control'][task]:.3f}", str(measured["counts"][task]))
    Console().print(table)


@app.command(epilog="Example: diffuscope miniature small-decoder --weights export/miniature/weights")
def small_decoder(
    weights: Weights = WEIGHTS,
    config: Config = HERE / "configs" / "miniature.toml",
    folder: Folder = RUN,
    count: Annotated[int, typer.Option(min=1, help="Fresh scenes to measure on.")] = 200,
    threads: Threads = 1,
) -> None:
    """Train the small decoder that draws the steps on the way; writes preview_decoder/ into the weights."""
    from export.miniature.training.small_decoder import run

    measured = run(_read(config), weights, folder, count, threads)
    said = ", ".join(f"{kind} {psnr:.1f} dB" for kind, psnr in measured.items())
    typer.echo(f"PSNR to the full decoder: {said}")


@app.command(epilog="Example: diffuscope miniature curve --logs .cache/miniature --out curve.png")
def curve(
    logs: Annotated[Path, typer.Option(help="A folder with training logs (*.jsonl).")] = RUN,
    out: Annotated[Path, typer.Option(help="The picture to write.")] = Path("curve.png"),
) -> None:
    """Draw the curves of a training, while it goes on or afterwards."""
    from export.miniature.training.curve import draw

    draw(sorted(logs.glob("*.jsonl")), out)
    typer.echo(f"wrote {out}")


@app.command(epilog="Example: diffuscope miniature card")
def card(weights: Weights = WEIGHTS) -> None:
    """Write the weights' model card from their evaluation."""
    from export.miniature.card.card import write

    typer.echo(f"wrote {write(weights)}")


def _read(config: Path) -> "Settings":
    from export.miniature.training.config import read

    if not config.is_file():
        raise UserError(f"There is no settings file {config}.")
    return read(config)


if __name__ == "__main__":
    app()
