"""Files of named tensors: safetensors, and pickles where the user allows them.

Tensors of safetensors files are mapped, not read, so that looking at gigabytes costs nothing before their numbers
are used.
"""

from __future__ import annotations

import json
import logging
import re
from pathlib import Path
from typing import TYPE_CHECKING, Any

from export.format.errors import UserError

if TYPE_CHECKING:
    from torch import Tensor

PICKLED = {".bin", ".ckpt", ".pt", ".pth"}
LONGEST_HEADER = 100_000_000  # bytes, as the format's own reader demands

log = logging.getLogger(__name__)  # unless told otherwise, Python writes its warnings to stderr as they are


def read_tensors(path: Path, allow_pickle: bool = False) -> dict[str, Tensor]:
    """All tensors of a file, mapped into memory.

    Raises:
        UserError: the file is missing, cut off, of another format, or a pickle that may not be read.
    """
    if not path.is_file():
        raise UserError(
            f"{path} is a folder; give the file in it." if path.is_dir() else f"There is no file {path}."
        )
    if path.suffix in PICKLED:
        return _read_pickle(path, allow_pickle)
    from safetensors.torch import load_file

    read_header(path)
    return load_file(path)


def read_header(path: Path) -> dict[str, Any]:
    """What a safetensors file says it holds: ``{name: {"dtype", "shape", "data_offsets"}}`` and ``__metadata__``.

    The format is eight bytes of length, JSON of that length, and the tensors' bytes
    (https://github.com/huggingface/safetensors).

    Raises:
        UserError: the file is not whole, or not of this format.
    """
    size = path.stat().st_size
    with path.open("rb") as file:
        start = file.read(8)
        length = int.from_bytes(start, "little")
        if start == b"version ":
            raise UserError(f"{path} is only a pointer of Git LFS; fetch the weights with `git lfs pull`.")
        text = file.read(length) if 8 + length <= size else b""
    if len(start) < 8 or (not text and length <= LONGEST_HEADER):
        raise UserError(f"{path} is cut off after {size:,} bytes; download it again.")
    try:
        header: dict[str, Any] = json.loads(text)
        ends = [tensor["data_offsets"][1] for name, tensor in header.items() if name != "__metadata__"]
    except (ValueError, KeyError, TypeError, AttributeError):
        raise UserError(f"{path} is not a safetensors file; download it again.") from None
    whole = 8 + length + max(ends, default=0)
    if size != whole:
        raise UserError(
            f"{path} is cut off: it has {size:,} bytes of {whole:,}; download it again."
            if size < whole
            else f"{path} has {size - whole:,} bytes more than it says; download it again."
        )
    return header


def _read_pickle(path: Path, allow_pickle: bool) -> dict[str, Tensor]:
    """Read a pickle: at first as nothing but tensors, and only if that fails as what may run a program."""
    if not allow_pickle:
        raise UserError(
            f"{path} is a pickle, which could run any program when it is read; take its .safetensors file, "
            "or export with --allow-pickle if you trust the source."
        )
    import pickle

    import torch

    try:
        try:
            found = torch.load(path, map_location="cpu", weights_only=True)
        except pickle.UnpicklingError as refused:
            calls = re.search(r"GLOBAL (\S+)", str(refused))
            log.warning(
                "%s holds more than tensors%s: it is now read as a program, which may do anything that you may, "
                "as --allow-pickle permits.",
                path,
                f" ({calls[1]})" if calls else "",
            )
            found = torch.load(path, map_location="cpu", weights_only=False)
    except Exception as error:  # whatever a foreign pickle raises
        reason = str(error).strip().splitlines()[0] if str(error).strip() else type(error).__name__
        raise UserError(f"{path} cannot be read ({reason}); download it again.") from error
    while isinstance(found, dict) and "state_dict" in found:
        found = found["state_dict"]
    if not isinstance(found, dict):
        raise UserError(f"{path} holds a {type(found).__name__} where tensors with names were expected.")
    return found
