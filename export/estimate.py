"""What an export would make, and how large it would be, from the headers of the checkpoint's files alone."""

from __future__ import annotations

import math
import re
import shutil
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
from rich.table import Table

from export.additions import own_preview_decoder
from export.architectures import architecture_named, recognise
from export.checkpoint import SUPPORTED, WEIGHTS, check_parts, read_index, read_json, weight_files
from export.errors import UserError
from export.precision import Shape, Use, form_of
from export.recipe import Recipe
from export.shards import ALIGNMENT, INLINE
from export.tensorfile import PICKLED, read_header

Shapes = dict[str, Shape]

# What diffusers takes where a configuration is silent, as far as kinds differ in it.
UNET = {
    "use_linear_projection": False,
    "mid_block_type": "UNetMidBlock2DCrossAttn",
    "layers_per_block": 2,
    "time_cond_proj_dim": None,
    "cross_attention_dim": 1280,
}
SCHEDULER = {"prediction_type": "epsilon"}

# Which graphs a tensor belongs to, by the beginning of its name: in a diffusers folder, where the part's name is
# put before it, or in a single file with the names of the original code (LDM).
FAMILIES = {
    "text_encoder": r"(text_encoder|cond_stage_model)\.",
    "unet": r"(unet|model\.diffusion_model)\.",
    "vae_decoder": r"(vae|first_stage_model)\.(decoder|post_quant_conv)\.",
    "vae_encoder": r"(vae|first_stage_model)\.(encoder|quant_conv)\.",
    "preview_decoder": r"preview_decoder\.decoder\.",
}
# No part of any graph; Stable Diffusion 2 does without its text encoder's last layer.
UNUSED = r"position_ids$|text_projection|logit_scale|resblocks\.23\."
# Looked up before the graph is written, positions are a constant and no table.
POSITIONS = r"position_embedding|positional_embedding"
# Layers that see one vector a picture are traced as Gemm, all other linear ones as MatMul.
OF_TIME = r"time_emb|emb_layers"
# Bytes that a graph says of a weight and the nodes around it, and of a further array that stands for it; measured.
STRUCTURE, FURTHER = 260, 120
TOKENS, SIDE = 77, 64  # of every text, and of a latent where the checkpoint doesn't say


def estimate_bytes(shapes: Mapping[str, Shape], precision: str) -> int:
    """Bytes of weights stored by the rules of `compress`.

    Args:
        shapes: of a network's tensors, by their names in torch.
        precision: one of ``export.precision.PRECISIONS``.
    """
    sizes = [size for name, shape in shapes.items() for size in _sizes(name, shape, precision)]
    return sum(size + (-size % ALIGNMENT if size >= INLINE else 0) for size in sizes)


def _sizes(name: str, shape: Shape, precision: str) -> list[int]:
    """Bytes of the arrays that stand for one tensor."""
    use: Use | None = None
    if len(shape) == 4:
        use = Use("Conv", 0)
    elif len(shape) == 2 and "token_embedding" in name:
        use = Use("Gather", 0)
    elif len(shape) == 2 and re.search(OF_TIME, name):
        use = Use("Gemm", 0)
    elif len(shape) == 2:
        use, shape = Use("MatMul", 1), (shape[1], shape[0])
    form = None if re.search(POSITIONS, name) else form_of(name, use, shape, precision)
    layout = form.layout(shape) if form else {"": (np.float32, shape)}
    return [math.prod(part) * np.dtype(kind).itemsize for kind, part in layout.values()]


@dataclass(frozen=True)
class Row:
    """Graphs over the same weights."""

    graphs: list[str]
    precision: str
    parameters: int
    bytes: int


@dataclass(frozen=True)
class Estimate:
    """What an export would make of a checkpoint of this kind.

    ``needed`` bytes of disk space are taken while it is made: the model in float32, which is verified against torch
    and removed before the weights are rounded. ``free`` bytes are left on the disk.
    """

    kind: str
    rows: list[Row]
    needed: int
    free: int

    @property
    def bytes(self) -> int:
        """Size of the exported model."""
        return sum(row.bytes for row in self.rows)

    def check_space(self) -> None:
        """Refuse a disk that is too small.

        Raises:
            UserError: less is free than is needed.
        """
        if self.free < self.needed:
            raise UserError(
                f"The export takes {_megabytes(self.needed)} of disk space while it is made, but only "
                f"{_megabytes(self.free)} are free: make room, or choose a folder on another disk."
            )

    def __rich__(self) -> Table:
        """A table, for `rich.print`."""
        table = Table(title=f"What would be made: {self.kind}", show_footer=True)
        table.add_column("graphs", footer="together")
        table.add_column("precision")
        table.add_column("parameters", justify="right")
        table.add_column("size, about", justify="right", footer=_megabytes(self.bytes))
        for row in self.rows:
            parameters = f"{row.parameters / 1e6:.2f} M" if row.parameters else ""
            table.add_row(", ".join(row.graphs), row.precision, parameters, _megabytes(row.bytes))
        verdict = "" if self.free >= self.needed else ", which is not enough"
        table.caption = (
            f"Takes {_megabytes(self.needed)} of disk space while it is made; "
            f"{_megabytes(self.free)} are free{verdict}."
        )
        return table


def estimate(
    source: Path,
    out: Path,
    recipe: Recipe,
    *,
    config: Path | None = None,
    preview_decoder: Path | None = None,
    architecture: str | None = None,
    size: int | None = None,
    **_: Any,
) -> Estimate:
    """Estimate an export without reading any weights.

    Args:
        source: a diffusers folder, or a single .safetensors file with ``config``.
        out: the folder that would be made.
        recipe: what is to be made.
        config: a diffusers folder whose configurations belong to the single file.
        preview_decoder: folder of an AutoencoderTiny, in place of the one that came with the checkpoint.
        architecture: the row of the architecture table, where it is not to be recognised.
        size: side of the pictures in pixels, where it differs from the checkpoint's.
        _: what else a pipeline is loaded with, such as LoRAs, which changes no size.

    Raises:
        UserError: a file is missing, broken or without a header.
    """
    folder = Path(config) if config and source.is_file() else source
    if source.is_file() and config is None:
        raise UserError(
            f"{source.name} is a single file: give with --config a diffusers folder of the same kind."
        )
    check_parts(folder, read_index(folder))
    shapes = _shapes([source]) if source.is_file() else {}
    if not source.is_file():
        for part, base in WEIGHTS.items():
            shapes |= _shapes(weight_files(source / part, base), f"{part}.")
    preview_decoder = preview_decoder or own_preview_decoder(source)
    if preview_decoder:
        shapes |= _shapes(weight_files(Path(preview_decoder), WEIGHTS["vae"]), "preview_decoder.")
    pipeline = _outline(folder, architecture, size)
    rows, in_float = [], _others(folder, pipeline)
    for family, beginning in FAMILIES.items():
        found = {n: s for n, s in shapes.items() if re.match(beginning, n) and not re.search(UNUSED, n)}
        if found:
            graphs = recipe.unet_graphs(pipeline.architecture) if family == "unet" else [family]
            precision = recipe.precision_of(family)
            parameters = sum(math.prod(shape) for shape in found.values())
            both = [
                estimate_bytes(found, each) + len(graphs) * _structure(found, each) + _mask(family, pipeline)
                for each in (precision, "fp32")
            ]
            rows.append(Row(graphs, precision, parameters, both[0]))
            in_float += both[1]
        elif family != "preview_decoder":
            raise UserError(f"{source} has no weights of the {family}; supported is {SUPPORTED}.")
    rows.append(Row(["the tokenizer and a probe"], "", 0, _others(folder, pipeline)))
    return Estimate(pipeline.architecture.title, rows, in_float, _free(out))


def _shapes(files: list[Path], prefix: str = "") -> Shapes:
    shapes: Shapes = {}
    for file in files:
        if file.suffix in PICKLED:
            raise UserError(
                f"{file} is a pickle, whose sizes are known only once it is read: export without --dry-run, or take "
                "its .safetensors file."
            )
        header = read_header(file)
        shapes |= {prefix + n: tuple(t["shape"]) for n, t in header.items() if n != "__metadata__"}
    return shapes


def _outline(folder: Path, architecture: str | None, size: int | None) -> Any:
    """The little of a `Pipeline` that sizes depend on, from the configurations."""
    unet, vae = (read_json(folder / part / "config.json") for part in ("unet", "vae"))
    scheduler = read_json(folder / "scheduler" / "scheduler_config.json")
    configs = {"unet": UNET | unet, "scheduler": SCHEDULER | scheduler}
    row = architecture_named(architecture) if architecture else recognise(configs)
    factor = 2 ** (len(vae["block_out_channels"]) - 1)
    side = size // factor if size else unet.get("sample_size") or SIDE
    return SimpleNamespace(
        architecture=row,
        latent_shape=(unet["in_channels"], side, side),
        batch=2 if row.guidance == "classifier-free" else 1,
        text_width=configs["unet"]["cross_attention_dim"],
    )


def _structure(shapes: Shapes, precision: str) -> int:
    """Bytes of a graph without its weights."""
    arrays = sum(len(_sizes(name, shape, precision)) for name, shape in shapes.items())
    return STRUCTURE * len(shapes) + FURTHER * (arrays - len(shapes))


def _mask(family: str, pipeline: Any) -> int:
    """Bytes of a text encoder's causal mask, the one large constant that is no weight."""
    return 4 * pipeline.batch * TOKENS**2 if family == "text_encoder" else 0


def _others(folder: Path, pipeline: Any) -> int:
    """Bytes of the tokenizer's files and of the probe, a call of the UNet with its answer."""
    files = [folder / "tokenizer" / name for name in ("vocab.json", "merges.txt")]
    latents = 2 * math.prod(pipeline.latent_shape)
    text = 2 * TOKENS * pipeline.text_width
    return sum(file.stat().st_size for file in files if file.exists()) + 4 * (2 * latents + text + TOKENS + 1)


def _free(folder: Path) -> int:
    """Bytes left on the disk that the folder is or will be on."""
    there = next(parent for parent in (folder.resolve(), *folder.resolve().parents) if parent.exists())
    return shutil.disk_usage(there).free


def _megabytes(count: int) -> str:
    return f"{count / 1e9:.2f} GB" if count >= 1e9 else f"{count / 1e6:.1f} MB"
