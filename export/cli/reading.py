"""How a checkpoint is read: the options of every command that reads one."""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable
from pathlib import Path
from typing import Annotated, Any

import typer

from export.format.errors import UserError

CHECKPOINT, MADE = "The checkpoint", "What is made of it"
Config = Annotated[
    Path | None,
    typer.Option(
        help="For a single file: a diffusers folder of the same kind, for its configurations and tokenizer.",
        rich_help_panel=CHECKPOINT,
    ),
]
Loras = Annotated[
    list[str] | None,
    typer.Option(
        metavar="FILE[:SCALE]",
        help="A LoRA to fuse into the weights (repeatable).",
        rich_help_panel=CHECKPOINT,
    ),
]
Embeddings = Annotated[
    list[Path] | None,
    typer.Option(
        metavar="FILE", help="A textual-inversion embedding (repeatable).", rich_help_panel=CHECKPOINT
    ),
]
PreviewDecoder = Annotated[
    Path | None,
    typer.Option(
        help="A folder with an AutoencoderTiny (TAESD): quick pictures of every step.",
        rich_help_panel=CHECKPOINT,
    ),
]
Architecture = Annotated[
    str | None,
    typer.Option(help="Its kind, if it is not recognised rightly.", rich_help_panel=CHECKPOINT),
]
AllowPickle = Annotated[
    bool,
    typer.Option(
        "--allow-pickle",
        help="Read .bin, .ckpt and .pt files, which can run any program: only those of people you trust.",
        rich_help_panel=CHECKPOINT,
    ),
]
AcceptLicence = Annotated[
    bool,
    typer.Option(
        "--accept-licence",
        help="Export although the licence found forbids changed copies: you have leave to.",
        rich_help_panel=CHECKPOINT,
    ),
]
Size = Annotated[int | None, typer.Option(help="Side of the pictures in pixels.", rich_help_panel=MADE)]
# The arguments of ``export.checkpoint.pipeline.load_pipeline``.
Loading = dict[str, Any]


def reads_checkpoint(command: Callable[..., None]) -> Callable[..., None]:
    """Give a command the options below in place of its argument ``loading``, which it gets made of them."""
    options = inspect.signature(_loading, eval_str=True).parameters

    @functools.wraps(command)
    def with_options(**given: Any) -> None:
        said = {name: given.pop(name) for name in options}
        command(**given, loading=_loading(**said))

    own = inspect.signature(command, eval_str=True)
    parameters = [
        each
        for name, parameter in own.parameters.items()
        for each in (options.values() if name == "loading" else [parameter])
    ]
    with_options.__signature__ = own.replace(parameters=parameters)  # type: ignore[attr-defined]
    with_options.__annotations__ = {each.name: each.annotation for each in parameters}
    return with_options


def _loading(
    config: Config = None,
    lora: Loras = None,
    embedding: Embeddings = None,
    preview_decoder: PreviewDecoder = None,
    architecture: Architecture = None,
    allow_pickle: AllowPickle = False,
    accept_licence: AcceptLicence = False,
    size: Size = None,
) -> Loading:
    return {
        "config": config,
        "loras": [_parse_lora(word) for word in lora or []],
        "embeddings": embedding or [],
        "preview_decoder": preview_decoder,
        "architecture": architecture,
        "allow_pickle": allow_pickle,
        "accept_licence": accept_licence,
        "size": size,
    }


def _parse_lora(words: str) -> tuple[Path, float]:
    """``lcm.safetensors:0.8`` → the file and its scale, 1 where none is said."""
    file, _, scale = words.rpartition(":")
    if not file or Path(words).exists():
        return Path(words), 1.0
    try:
        return Path(file), float(scale)
    except ValueError:
        raise UserError(
            f"--lora takes FILE or FILE:SCALE, for instance lcm.safetensors:0.8, not {words}."
        ) from None
