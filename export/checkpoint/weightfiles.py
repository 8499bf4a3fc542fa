"""The files that hold a part's weights, their tensors or only their shapes, and a network that is given them."""

from __future__ import annotations

import json
import re
from pathlib import Path, PureWindowsPath
from typing import TYPE_CHECKING, Any

from export.checkpoint.tensorfile import PICKLED, read_header, read_tensors
from export.format.errors import UserError

if TYPE_CHECKING:
    from torch import Tensor, nn

SHARD = re.compile(r"-\d{5}-of-\d{5}\.")
# What CLIP's text encoders are often saved with, and what Stable Diffusion does not use.
UNUSED = ("text_model.embeddings.position_ids", "text_projection.", "logit_scale", "vision_model.")
Shapes = dict[str, tuple[int, ...]]


def read_json(path: Path) -> Any:
    """Read a JSON file of a checkpoint."""
    try:
        return json.loads(path.read_text("utf-8"))
    except (OSError, ValueError) as error:
        reason = "missing" if isinstance(error, FileNotFoundError) else f"not valid JSON ({error})"
        raise UserError(f"{path} is {reason}; download it again.") from None


def folder_tensors(part: Path, base: str, allow_pickle: bool = False) -> dict[str, Tensor]:
    """All tensors of a part's folder, whose files are called ``base``.

    Raises:
        UserError: there are none, or not all, or they may not be read.
    """
    found: dict[str, Tensor] = {}
    for path in weight_files(part, base):
        found |= read_tensors(path, allow_pickle)
    if not found:
        raise UserError(f"{part} has no weights; download its {base}.safetensors too.")
    return found


def folder_shapes(part: Path, base: str) -> Shapes:
    """The shapes of a part's tensors, from the headers of its files.

    Raises:
        UserError: a file is not whole, or a pickle.
    """
    found: Shapes = {}
    for path in weight_files(part, base):
        if path.suffix in PICKLED:
            raise UserError(
                f"{path} is a pickle, whose sizes are known only once it is read: export without --dry-run, or "
                "take its .safetensors file."
            )
        header = read_header(path)
        found |= {name: tuple(said["shape"]) for name, said in header.items() if name != "__metadata__"}
    return found


def fill(skeleton: nn.Module, weights: dict[str, Tensor], where: str) -> None:
    """Give a network without numbers (on the "meta" device) its weights, in float32.

    Raises:
        UserError: a tensor is missing, unknown, or of another shape than the network's config says.
    """
    expected = skeleton.state_dict()
    for name, place in expected.items():
        if name not in weights:
            raise UserError(
                f"{where} has no tensor {name} {list(place.shape)}, which its config asks for: weights and config do "
                "not belong together, or the file is not whole."
            )
        if weights[name].shape != place.shape:
            raise UserError(
                f"{where} has a tensor {name} of {list(weights[name].shape)} where its config asks for "
                f"{list(place.shape)}: weights and config do not belong together."
            )
    if strange := sorted(name for name in set(weights) - set(expected) if not name.startswith(UNUSED)):
        raise UserError(
            f"{where} has a tensor {strange[0]}, of which its config says nothing: weights and config do not belong "
            "together."
        )
    skeleton.load_state_dict({name: weights[name].float() for name in expected}, assign=True)
    skeleton.eval().requires_grad_(False)


def weight_files(part: Path, base: str) -> list[Path]:
    """The files that together hold a part's weights, full precision before variants such as ``fp16``.

    Raises:
        UserError: of several shards, one or the index that lists them is missing, or the index lists what is no file
            beside it.
    """
    found = [*part.glob(f"{base}.*safetensors"), *part.glob(f"{base}.safetensors.index*.json")]
    full = (f"{base}.safetensors", f"{base}.safetensors.index.json")
    choices = sorted(
        (path for path in found if not SHARD.search(path.name)),
        key=lambda path: (path.name not in full, path.suffix, path.name),
    )
    if choices and choices[0].suffix == ".json":
        names = _listed(choices[0])
        for name in names:
            if not (part / name).is_file():
                raise UserError(f"{part / name} is missing, which {choices[0].name} lists; download it too.")
        return [part / name for name in names]
    if choices:
        return choices[:1]
    if shards := sorted(path for path in part.glob("*.safetensors") if SHARD.search(path.name)):
        index = f"{base}.safetensors.index.json"
        raise UserError(f"{part} has shards such as {shards[0].name}, but no {index}; download that too.")
    return sorted(path for path in part.iterdir() if path.suffix in PICKLED)[:1]


def _listed(index: Path) -> list[str]:
    """The names of the files that an index of shards lists; they lie beside it, never elsewhere on the disk."""
    try:
        names = sorted(set(read_json(index)["weight_map"].values()))
        # What Windows takes for a path is one anywhere: it knows both slashes, and drives.
        strange = next((name for name in names if PureWindowsPath(name).name != name or name == ".."), None)
    except (KeyError, TypeError, AttributeError):
        raise UserError(f"{index} does not say which file has which tensor; download it again.") from None
    if strange is not None:
        raise UserError(
            f"{index} lists {strange!r}, which is no file beside it, so nothing was read: do not trust this "
            "checkpoint; download it from its maker."
        )
    return names
