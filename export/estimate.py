"""What an export would make, and how large it would be, from the headers of the checkpoint's files alone."""

from __future__ import annotations

import math
import re
import shutil
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from rich.table import Table

from export.checkpoint.additions import own_preview_decoder
from export.checkpoint.checkpoint import SUPPORTED, WEIGHTS, Checkpoint
from export.checkpoint.weightfiles import Shapes, folder_shapes
from export.format.errors import UserError
from export.recipe import Recipe
from export.weights.precision import Shape, Use, form_of
from export.weights.shards import ALIGNMENT, INLINE

# Which graphs a tensor belongs to, by the beginnings of its name after its part's.
FAMILIES = {
    "text_encoder": ("text_encoder.",),
    "unet": ("unet.",),
    "vae_decoder": ("vae.decoder.", "vae.post_quant_conv."),
    "vae_encoder": ("vae.encoder.", "vae.quant_conv."),
    "preview_decoder": ("preview_decoder.decoder.",),
}
# No part of any graph; Stable Diffusion 2 does without its text encoder's last layer.
UNUSED = r"position_ids$|text_projection|logit_scale|resblocks\.23\."
# Looked up before the graph is written, positions are a constant and no table.
POSITIONS = r"position_embedding|positional_embedding"
# Layers that see one vector a picture are traced as Gemm, all other linear ones as MatMul.
OF_TIME = r"time_emb|emb_layers"
# Bytes that a graph says of a weight and the nodes around it, and of a further array that stands for it; measured.
STRUCTURE, FURTHER = 260, 120
TOKENS = 77  # of every text


def estimate_bytes(shapes: Mapping[str, Shape], precision: str) -> int:
    """Bytes of weights stored by the rules of `compress`.

    Args:
        shapes: of a network's tensors, by their names in torch.
        precision: one of ``export.weights.precision.PRECISIONS``.
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
    checkpoint: Checkpoint,
    out: Path,
    recipe: Recipe,
    preview_decoder: Path | str | None = None,
    size: int | None = None,
) -> Estimate:
    """Estimate an export without reading any weights; LoRAs and learned words hardly change it.

    Args:
        checkpoint: what would be exported.
        out: the folder that would be made.
        recipe: what is to be made.
        preview_decoder: folder of an AutoencoderTiny, in place of the one that came with the checkpoint.
        size: side of the pictures in pixels, where it differs from the checkpoint's.

    Raises:
        UserError: a file is missing, broken or without a header.
    """
    shapes = checkpoint.shapes()
    preview_decoder = preview_decoder or own_preview_decoder(checkpoint.path)
    if preview_decoder:
        preview = folder_shapes(Path(preview_decoder), WEIGHTS["vae"])
        shapes |= {f"preview_decoder.{name}": shape for name, shape in preview.items()}
    others = _others(checkpoint, size)
    mask = 4 * checkpoint.architecture.batch * TOKENS**2  # the text encoder's, its one large constant
    rows, in_float = [], others
    for family, beginnings in FAMILIES.items():
        found = {n: s for n, s in shapes.items() if n.startswith(beginnings) and not re.search(UNUSED, n)}
        if found:
            graphs = recipe.unet_graphs(checkpoint.architecture) if family == "unet" else [family]
            precision = recipe.precision_of(family)
            parameters = sum(math.prod(shape) for shape in found.values())
            both = [
                estimate_bytes(found, each)
                + len(graphs) * _structure(found, each)
                + (mask if family == "text_encoder" else 0)
                for each in (precision, "fp32")
            ]
            rows.append(Row(graphs, precision, parameters, both[0]))
            in_float += both[1]
        elif family != "preview_decoder":
            raise UserError(f"{checkpoint.path} has no weights of the {family}; supported is {SUPPORTED}.")
    rows.append(Row(["the tokenizer and a probe"], "", 0, others))
    return Estimate(checkpoint.architecture.title, rows, in_float, _free(out))


def _structure(shapes: Shapes, precision: str) -> int:
    """Bytes of a graph without its weights."""
    arrays = sum(len(_sizes(name, shape, precision)) for name, shape in shapes.items())
    return STRUCTURE * len(shapes) + FURTHER * (arrays - len(shapes))


def _others(checkpoint: Checkpoint, size: int | None) -> int:
    """Bytes of the tokenizer's files and of the probe, a call of the UNet with its answer."""
    files = [checkpoint.configs / "tokenizer" / name for name in ("vocab.json", "merges.txt")]
    unet, vae = checkpoint.config("unet"), checkpoint.config("vae")
    factor = 2 ** (len(vae["block_out_channels"]) - 1)
    side = (size // factor if size else unet.get("sample_size")) or checkpoint.architecture.size // factor
    latents = 2 * unet["in_channels"] * side**2
    text = 2 * TOKENS * checkpoint.config("text_encoder").get("hidden_size", 512)  # as transformers has it
    return sum(file.stat().st_size for file in files if file.exists()) + 4 * (2 * latents + text + TOKENS + 1)


def _free(folder: Path) -> int:
    """Bytes left on the disk that the folder is or will be on."""
    there = next(parent for parent in (folder.resolve(), *folder.resolve().parents) if parent.exists())
    return shutil.disk_usage(there).free


def _megabytes(count: int) -> str:
    return f"{count / 1e9:.2f} GB" if count >= 1e9 else f"{count / 1e6:.1f} MB"
