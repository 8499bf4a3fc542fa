"""The export command: what may be asked of it, and how it tells what it does."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from time import perf_counter
from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Console
from rich.markup import escape
from rich.progress import (
    BarColumn,
    Progress,
    SpinnerColumn,
    TextColumn,
    TimeElapsedColumn,
    TimeRemainingColumn,
)

from export.cli.reading import MADE, Loading, reads_checkpoint

if TYPE_CHECKING:
    from export.exporter import Stage

PAGE = "What the page begins with"
EPILOG = (
    "Examples:\n\n"
    "[b]diffuscope export ~/models/stable-diffusion-v1-5 web/models/sd15 --dry-run[/]\n\n"
    "[b]diffuscope export ~/models/stable-diffusion-v1-5 web/models/sd15 --precision int8+w4 "
    "--lora lcm-lora-sdv1-5.safetensors --preview-decoder ~/models/taesd[/]\n\n"
    "[b]diffuscope export dreamy.safetensors web/models/dreamy --config ~/models/stable-diffusion-v1-5[/]\n\n"
    "An export that is interrupted goes on when the same command is given again."
)

console = Console()


@reads_checkpoint
def export(
    pipeline: Annotated[
        Path, typer.Argument(help="A diffusers folder, or a single .safetensors file with --config.")
    ],
    out: Annotated[Path, typer.Argument(help="The folder to make; an earlier export there is replaced.")],
    loading: Loading,
    precision: Annotated[
        list[str] | None,
        typer.Option(
            metavar="P | GRAPH=P",
            help="fp32, fp16, int8 (default) or int8+w4, of all graphs or of one (repeatable).",
            rich_help_panel=MADE,
        ),
    ] = None,
    attention: Annotated[
        list[str] | None,
        typer.Option(
            metavar="KIND",
            help="UNets to make beside the pooled one: with a map for each layer ([b]layers[/]), without maps "
            "([b]bare[/]), or none ([b]pooled[/]); they share all weights (repeatable).",
            rich_help_panel=MADE,
        ),
    ] = None,
    self_attention: Annotated[
        str | None,
        typer.Option(
            metavar="KIND",
            help="[b]plain[/], or [b]both[/] plain and fused, of which the page takes the one that computes rightly.",
            rich_help_panel=MADE,
        ),
    ] = None,
    verify_steps: Annotated[
        int | None,
        typer.Option(
            min=1,
            help="Steps of the loop that is compared with diffusers: 10, or 2 for big models.",
            rich_help_panel=MADE,
        ),
    ] = None,
    dry_run: Annotated[
        bool,
        typer.Option("--dry-run", help="Only say what would be made, and its size.", rich_help_panel=MADE),
    ] = False,
    name: Annotated[
        str | None, typer.Option(help="The model's name in addresses.", rich_help_panel=PAGE)
    ] = None,
    title: Annotated[
        str | None, typer.Option(help="The model's name for people.", rich_help_panel=PAGE)
    ] = None,
    licence: Annotated[
        str | None, typer.Option(help="The licence of the weights.", rich_help_panel=PAGE)
    ] = None,
    prompt: Annotated[str | None, typer.Option(help="The first prompt.", rich_help_panel=PAGE)] = None,
    steps: Annotated[int | None, typer.Option(help="Default steps.", rich_help_panel=PAGE)] = None,
    guidance: Annotated[float | None, typer.Option(help="Default guidance.", rich_help_panel=PAGE)] = None,
    sampler: Annotated[str | None, typer.Option(help="Default sampler.", rich_help_panel=PAGE)] = None,
) -> None:
    """Make a model that the page runs: graphs, compressed weights and a manifest, verified against torch.

    Stable Diffusion 1.x and 2.x and what is built like them: fine-tunes, SD-Turbo, LCM, BK-SDM, tiny-sd.
    """
    from export.recipe import Recipe, parse_precisions

    general, single = parse_precisions(precision or [])
    recipe = Recipe(general, single, tuple(attention or ()), self_attention, verify_steps)
    if dry_run:
        from export.checkpoint.checkpoint import open_checkpoint
        from export.estimate import estimate

        how = (loading[name] for name in ("config", "allow_pickle", "architecture"))
        opened = open_checkpoint(pipeline, *how)
        console.print(estimate(opened, out, recipe, loading["preview_decoder"], loading["size"]))
        return
    from export.exporter import export_pipeline
    from export.leak import leak_table
    from export.verify import error_table

    about = {"name": name, "title": title, "licence": licence}
    defaults = {"prompt": prompt, "steps": steps, "guidance": guidance, "sampler": sampler}
    with _told() as report:
        manifest = export_pipeline(pipeline, out, recipe, loading=loading, report=report, **about, **defaults)
    console.print(error_table(manifest["errors"], manifest["graphs"]))
    console.print(leak_table(manifest["slots"]))
    size = sum(file["bytes"] for file in manifest["files"].values())
    console.print(f"Exported to [b]{escape(str(out))}[/]: {size / 1e6:.1f} MB, {general}")
    console.print(f"Licence: {escape(manifest['licence'])}. {escape(manifest.get('licence_terms', ''))}")


@contextmanager
def _told() -> Iterator[Callable[[Stage], None]]:
    """Show the stages of an export: on a terminal as a moving line, elsewhere a line each."""
    columns = ("{task.fields[place]}", "{task.description}")
    bar = Progress(
        SpinnerColumn(),
        *(TextColumn(column) for column in columns),
        BarColumn(),
        TextColumn("{task.fields[moved]}"),
        TimeRemainingColumn(),
        TimeElapsedColumn(),
        console=console,
        transient=True,
    )
    task = bar.add_task("", total=None, place="", moved="")
    last, began = "", perf_counter()

    def end() -> None:
        if last and not console.is_terminal:
            console.print(f"{last} ({perf_counter() - began:.1f} s)", highlight=False)

    def report(stage: Stage) -> None:
        nonlocal last, began
        place = f"{stage.number}/{stage.of}"
        if f"{place} {stage.name}" != last:
            end()
            last, began = f"{place} {stage.name}", perf_counter()
            bar.reset(task, total=None, description=stage.name, place=place, moved="")
        if stage.total:
            moved = f"{stage.done / 1e6:.0f} of {stage.total / 1e6:.0f} MB"
            bar.update(task, completed=stage.done, total=stage.total, moved=moved)

    with bar:
        yield report
    end()
