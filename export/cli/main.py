"""The commands: what each one asks for, and nothing of how it is done.

Heavy libraries are imported inside the commands that need them, so that ``--help`` is quick and everything
but the export runs without torch.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.markup import escape
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    SpinnerColumn,
    TextColumn,
    TimeElapsedColumn,
)
from rich.table import Table
from typer.core import TyperGroup

from export.cli.export import EPILOG, export
from export.cli.reading import Loading, reads_checkpoint
from export.format.errors import UserError
from export.miniature.cli import app as miniature
from export.site.site import WEB
from pyscript_app.samplers import SAMPLERS
from pyscript_app.slots import WAYS
from pyscript_app.spacing import NAMES as SPACINGS

# diffusers and transformers would remark on packages that are not of use here; a setting of the user's own wins.
for library in ("DIFFUSERS", "TRANSFORMERS"):
    os.environ.setdefault(f"{library}_VERBOSITY", "error")

console = Console()
STRENGTH = 0.6  # of a picture to start with, where none is said
MODELS = WEB / "models"
EXTRA = {"torch", "diffusers", "transformers", "onnx", "tokenizers", "safetensors", "accelerate"}


class Commands(TyperGroup):
    """Turns a user's mistake into one sentence and exit status 1."""

    def invoke(self, ctx: Any) -> Any:
        """Run the command."""
        try:
            return super().invoke(ctx)
        except UserError as error:
            sentence = str(error)
        except OSError as error:
            if error.strerror is None:
                raise
            sentence = f"{error.strerror}: {error.filename}" if error.filename else error.strerror
        except ModuleNotFoundError as error:
            if str(error.name).split(".")[0] not in EXTRA:
                raise
            sentence = f"This command needs {error.name}: run `pip install 'diffuscope[export]'` first."
        Console(stderr=True).print(f"[bold red]Error:[/] {escape(sentence)}", highlight=False, soft_wrap=True)
        raise typer.Exit(1)


app = typer.Typer(
    cls=Commands,
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode="rich",
    help="A live explainer of Stable Diffusion: draw pictures, export models, build and serve the page.",
)

app.add_typer(miniature, name="miniature")

Model = Annotated[str, typer.Option(help="A model's name (see [b]diffuscope models[/]) or its folder.")]


@app.command(
    epilog="Example: [b]diffuscope build --models miniature --out site[/]",
)
def build(
    models: Annotated[
        list[str] | None, typer.Option(help="A model to put in (repeatable); all by default.")
    ] = None,
    out: Annotated[Path, typer.Option(help="The folder to make.")] = Path("site"),
) -> None:
    """Put the page together as a folder of static files."""
    from export.site.site import build as build_site

    with console.status("building the page"):
        folder = build_site(out, models)
    console.print(f"The page is in [b]{escape(str(folder))}[/]; look at it with [b]diffuscope serve[/].")


@app.command(epilog="Example: [b]diffuscope serve --port 8000[/], then open http://localhost:8000")
def serve(
    folder: Annotated[Path, typer.Argument(help="What [b]diffuscope build[/] made.")] = Path("site"),
    port: Annotated[int, typer.Option(help="The port to listen on.", min=1, max=65535)] = 8000,
) -> None:
    """Serve the page on this machine."""
    from export.site.serving import serve as serve_site

    console.print(f"Serving {escape(str(folder))} at [b]http://localhost:{port}[/] (Ctrl+C ends it)")
    serve_site(folder, port)


@app.command()
def models() -> None:
    """List the exported models that the page offers."""
    from export.format.manifest import read_manifest

    table = Table("name", "title", "picture", "parameters", "size", "licence")
    for folder in model_folders():
        manifest = read_manifest(folder)
        size = sum(file["bytes"] for file in manifest["files"].values())
        picture = "{width}×{height}".format(**manifest["picture"])
        millions = f"{manifest['parameters'] / 1e6:.1f} M"
        table.add_row(
            folder.name,
            escape(manifest["title"]),
            picture,
            millions,
            f"{size / 1e6:.1f} MB",
            escape(manifest["licence"]),
        )
    if not table.row_count:
        raise UserError(
            f"There is no model in {MODELS}; make one with `diffuscope export PIPELINE {MODELS}/NAME`."
        )
    console.print(table)


@app.command(
    epilog="Examples:\n\n"
    '[b]diffuscope generate "a red car on the beach at sunset" --seed 7 --out car.png[/]\n\n'
    '[b]diffuscope generate "a cat and a dog" --gain dog=0.5 --steps 20 --sampler ddim --frames frames[/]\n\n'
    '[b]diffuscope generate "a red car at night" --start car.png --strength 0.7 --slots car=cut[/]'
)
def generate(
    prompt: Annotated[str, typer.Argument(help="What to draw; may be empty.")],
    model: Model = "miniature",
    negative: Annotated[str, typer.Option(help="What to steer away from.")] = "",
    seed: Annotated[
        int | None, typer.Option(help="A whole number; the same seed gives the same picture.")
    ] = None,
    steps: Annotated[int | None, typer.Option(help="Calls of the network.")] = None,
    guidance: Annotated[float | None, typer.Option(help="How strongly to follow the prompt.")] = None,
    sampler: Annotated[str | None, typer.Option(help=f"One of {', '.join(SAMPLERS)}.")] = None,
    spacing: Annotated[
        str | None, typer.Option(help=f"Where in time the steps lie: {', '.join(SPACINGS)}.")
    ] = None,
    gain: Annotated[list[str] | None, typer.Option(help="WORD=FACTOR of its attention (repeatable).")] = None,
    slots: Annotated[
        list[str] | None,
        typer.Option(help=f"WORD={'|'.join(WAYS)} of its slots among the text's vectors (repeatable)."),
    ] = None,
    start: Annotated[Path | None, typer.Option(help="A picture to begin with instead of noise.")] = None,
    strength: Annotated[
        float | None, typer.Option(help=f"With --start: how much of the way to go, 0 to 1 ({STRENGTH}).")
    ] = None,
    preview: Annotated[
        str | None,
        typer.Option(help="What draws the steps: full, tiny or linear, as far as the model has them."),
    ] = None,
    every: Annotated[
        int | None, typer.Option(help="With the full decoder: draw every Nth step by it, the others quickly.")
    ] = None,
    out: Annotated[Path, typer.Option(help="Where to save the picture; a .gif shows all steps.")] = Path(
        "picture.png"
    ),
    frames: Annotated[Path | None, typer.Option(help="A folder for the pictures of every step.")] = None,
    trace: Annotated[Path | None, typer.Option(help="An .npz file for the numbers of every step.")] = None,
) -> None:
    """Draw a picture with the page's own loop, on native onnxruntime.

    What is not said is taken from the model's defaults.
    """
    from export.native.generate import (
        Recorder,
        check_picture_path,
        draw,
        parse_gains,
        parse_slots,
        read_start,
        settings_for,
    )
    from export.native.runtime import NativeRuntime

    check_picture_path(out)
    runtime = NativeRuntime(find_model(model))
    wishes = {
        "seed": seed,
        "steps": steps,
        "guidance": guidance,
        "sampler": sampler,
        "spacing": spacing,
        "preview": preview,
        "every": every,
    }
    words = {"gains": parse_gains(gain or []), "slots": parse_slots(slots or [])}
    settings = settings_for(runtime.manifest, prompt=prompt, negative=negative, **words, **wishes)
    begun, said = None, None
    if start:
        begun = read_start(runtime.manifest, start, STRENGTH if strength is None else strength)
        said = {"picture": start.name, "strength": begun.strength}
    elif strength is not None:
        raise UserError("--strength says how far to go from a picture: name one with --start PICTURE.")
    recorder = Recorder(runtime.manifest, settings, frames, said)
    with _progress() as progress:
        task = progress.add_task("drawing", total=settings.steps)
        for frame in draw(runtime, settings, begun):
            recorder.add(frame)
            progress.update(task, advance=1, total=frame.steps)
    recorder.save_picture(out)
    if trace:
        recorder.save_trace(trace)
    console.print(
        f"Saved [b]{escape(str(out))}[/] ({frame.steps} steps of {settings.sampler}, seed {settings.seed})"
    )


app.command(epilog=EPILOG)(export)


@app.command(
    epilog="Examples:\n\n"
    "[b]diffuscope verify web/models/miniature[/]\n\n"
    "[b]diffuscope verify web/models/miniature --against export/miniature/weights[/]"
)
@reads_checkpoint
def verify(
    out: Annotated[Path, typer.Argument(help="An exported model.")],
    loading: Loading,
    against: Annotated[Path | None, typer.Option(help="The checkpoint that it was made of.")] = None,
) -> None:
    """Check every file's digest and the stored probe, and with a checkpoint compare number by number.

    The checkpoint is read with the same options as when it was exported.
    """
    from export.leak import leak_table
    from export.native.runtime import NativeRuntime
    from export.verify import error_table, problems_of, verify_against

    runtime = NativeRuntime(out)
    with console.status("checking the files and the probe"):
        problems = problems_of(runtime)
    if problems:
        raise UserError(f"{out} is damaged: {'; '.join(problems)}. Export it again.")
    console.print(
        f"All {len(runtime.manifest['files'])} files match, and the unet answers the probe rightly."
    )
    if slots := runtime.manifest.get("slots"):
        console.print(leak_table(slots))
    if against:
        with console.status("comparing with torch and diffusers"):
            errors = verify_against(runtime, against, **loading)
        console.print(error_table(errors, runtime.manifest["graphs"]))


@app.command(epilog="Example: [b]diffuscope recordings[/], whenever the model or the loop has changed")
def recordings(model: Model = "miniature") -> None:
    """Draw the runs that the page plays before its engine is ready."""
    from export.native.recordings import record

    with console.status("drawing the recorded runs"):
        written = record(find_model(model), WEB / "recordings")
    for path in written:
        console.print(f"{path.stat().st_size / 1e3:6.0f} kB  {path}", markup=False, highlight=False)


def find_model(name: str) -> Path:
    """The folder of a model that is named or whose path is given."""
    for folder in (Path(name), MODELS / name):
        if (folder / "manifest.json").is_file():
            return folder
    names = [folder.name for folder in model_folders()]
    there = f"there is {', '.join(names)}" if names else "there is none yet"
    raise UserError(f"There is no exported model {name} ({there}); make one with `diffuscope export`.")


def model_folders() -> list[Path]:
    """The exported models that the page offers."""
    return sorted(path.parent for path in MODELS.glob("*/manifest.json"))


def _progress() -> Progress:
    columns = (
        SpinnerColumn(),
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
    )
    return Progress(*columns, console=console, transient=True)
