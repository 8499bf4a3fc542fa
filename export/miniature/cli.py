"""`diffuscope miniature`: the commands that make the default model; heavy libraries load when needed."""

import subprocess
import sys
from pathlib import Path
from typing import Annotated

import typer

from export.errors import UserError

HERE = Path(__file__).parent
WEIGHTS = HERE / "weights"
RUN = Path(".cache/miniature")

app = typer.Typer(no_args_is_help=True, help="The miniature: scenes, training, measurement, model card.")
Weights = Annotated[Path, typer.Option(help="A diffusers folder.")]


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
    from export.miniature.grammar import scene
    from export.miniature.scenes import sheet

    sheet([scene(seed + i, unseen=unseen) for i in range(count)], columns=min(count, 8)).save(out)
    typer.echo(f"{count} scenes in {out}")


@app.command(epilog="Example: diffuscope miniature train --processes 2")
def train(
    config: Annotated[Path, typer.Option(help="Settings (TOML).")] = HERE / "configs" / "miniature.toml",
    folder: Annotated[Path, typer.Option(help="Checkpoints and logs; a run there goes on.")] = RUN,
    out: Annotated[Path, typer.Option(help="The diffusers folder to write at the end.")] = WEIGHTS,
    processes: Annotated[int, typer.Option(min=1, help="Processes that train together.")] = 1,
    threads: Annotated[int, typer.Option(min=1, help="Threads of each process.")] = 1,
    snapshot: Annotated[
        bool, typer.Option("--snapshot", help="Only write the last checkpoint to --out.")
    ] = False,
) -> None:
    """Train everything, or go on where a run stopped.

    On several GPUs: accelerate launch -m export.miniature.cli train
    """
    from export.miniature.config import read

    if not config.is_file():
        raise UserError(f"There is no settings file {config}.")
    if processes > 1:
        command = [sys.executable, "-m", "torch.distributed.run", f"--nproc-per-node={processes}"]
        command += ["--standalone", "-m", "export.miniature.cli", "train", f"--config={config}"]
        command += [f"--folder={folder}", f"--out={out}", f"--threads={threads}"]
        raise typer.Exit(subprocess.run(command, check=False).returncode)
    from export.miniature import training

    if snapshot:
        training.snapshot(read(config), folder, out)
    else:
        training.run(read(config), folder, out, threads=threads)


@app.command(epilog="Example: diffuscope miniature evaluate --steps 10 --guidance 2")
def evaluate(
    weights: Weights = WEIGHTS,
    count: Annotated[int, typer.Option(min=1, help="Scenes to measure on.")] = 128,
    pictures: Annotated[int, typer.Option(min=1, help="Pictures on the sheet.")] = 48,
    steps: Annotated[int, typer.Option(min=1)] = 10,
    guidance: Annotated[float, typer.Option(min=0.0)] = 2.0,
) -> None:
    """Measure weights; writes evaluation.json and held_out.png beside them."""
    from rich.console import Console
    from rich.table import Table

    from export.miniature.evaluate import evaluate as measure

    results = measure(weights, count=count, pictures=pictures, steps=steps, guidance=guidance)
    table = Table(title=f"Held-out scenes; autoencoder {results['vae_psnr']:.2f} dB")
    names = list(next(iter(results["levels"].values())))
    for name in ("t", *names):
        table.add_column(name.replace("_", " "), justify="right")
    for level, numbers in results["levels"].items():
        table.add_row(level, *(f"{numbers[name]:.3f}" for name in names))
    Console().print(table)
    wins = (f"{name} {share:.0%}" for name, share in results["true_caption_wins"].items())
    Console().print("The true caption wins:", ", ".join(wins))


@app.command(epilog="Example: diffuscope miniature card")
def card(weights: Weights = WEIGHTS) -> None:
    """Write the weights' model card from their evaluation."""
    from export.miniature.card import write

    typer.echo(f"wrote {write(weights)}")


if __name__ == "__main__":
    app()
