"""What a user adds to a checkpoint: LoRAs, learned embeddings and a decoder for previews."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from export.checkpoint.tensorfile import read_header, read_tensors
from export.checkpoint.weightfiles import fill, folder_tensors, read_json
from export.format.errors import UserError

if TYPE_CHECKING:
    from torch import Tensor, nn

# What each of a LoRA layer's tensors is called after the layer's name: by kohya's scripts, PEFT and diffusers.
SUFFIXES = {
    ".lora_down.weight": "down",
    ".lora_up.weight": "up",
    ".alpha": "alpha",
    ".lora_A.weight": "down",
    ".lora_B.weight": "up",
    ".lora.down.weight": "down",
    ".lora.up.weight": "up",
    ".lora_linear_layer.down.weight": "down",
    ".lora_linear_layer.up.weight": "up",
    "_lora.down.weight": "down",  # diffusers before 0.22, behind "….processor.to_q"
    "_lora.up.weight": "up",
}
# How the parts' layers are addressed: by diffusers and PEFT (with dots), and by kohya's scripts (with underscores).
DOTTED = {"unet": "unet.", "text_encoder": "text_encoder."}
KOHYA = {"unet": "lora_unet_", "text_encoder": "lora_te_"}
FOR_SDXL = ("lora_te1_", "lora_te2_", "text_encoder_2.")


@dataclass(frozen=True)
class FewSteps:
    """A kind of LoRA that makes few steps enough, known by its file's name, and how its authors draw with it.

    ``name`` is a pattern, whose group ``steps`` wins over ``steps``; ``spacing`` is the scheduler's
    ``timestep_spacing`` where it matters.
    """

    name: str
    sampler: str
    steps: int = 4
    guidance: float = 1.0
    spacing: str | None = None


# The first that fits. Hyper-SD: https://huggingface.co/ByteDance/Hyper-SD; LCM: https://arxiv.org/abs/2311.05556;
# TCD: https://arxiv.org/abs/2402.19159.
FEW_STEPS = (
    FewSteps(r"hyper-?sd.*?(?P<steps>\d+)-?steps?-cfg", "ddim", guidance=5.0, spacing="trailing"),
    FewSteps(r"hyper-?sd.*?(?P<steps>1)-?step(?!s)", "tcd"),
    FewSteps(r"hyper-?sd.*?(?P<steps>\d+)-?steps?", "ddim", spacing="trailing"),
    FewSteps(r"(?<![a-z])lcm(?![a-z])", "lcm"),
    FewSteps(r"(?<![a-z])tcd(?![a-z])", "tcd"),
)
ANONYMOUS = "pytorch_lora_weights"  # what diffusers calls every LoRA; its folder then says which


def few_steps_of(path: Path) -> tuple[dict[str, Any], dict[str, Any]]:
    """The default settings and the scheduler's fields that a LoRA's name asks for; empty for an ordinary one."""
    name = (path.parent.name if path.stem == ANONYMOUS else path.stem).lower().replace("_", "-")
    for row in FEW_STEPS:
        if found := re.search(row.name, name):
            steps = int(found.groupdict().get("steps") or row.steps)
            settings = {"steps": steps, "guidance": row.guidance, "sampler": row.sampler}
            return settings, {"timestep_spacing": row.spacing} if row.spacing else {}
    return {}, {}


def fuse_lora(parts: Mapping[str, nn.Module], path: Path, scale: float, allow_pickle: bool = False) -> None:
    """Add a low-rank adaptation to the weights: ``W += scale · alpha / rank · up @ down``.

    Hu et al., https://arxiv.org/abs/2106.09685. A convolution's kernel ``[out, in, k, k]`` is taken as a matrix
    ``[out, in·k·k]``.

    Args:
        parts: ``unet`` and ``text_encoder``, in float32.
        path: a file in kohya's, PEFT's or diffusers' naming.
        scale: how strongly.
        allow_pickle: whether the file may be a pickle.

    Raises:
        UserError: the file is no LoRA of this kind, or one of its layers does not fit.
    """
    found = read_tensors(path, allow_pickle)
    layers = _lora_layers(path, found)
    addresses = _addresses(parts)
    said = _metadata(path)
    changes: list[tuple[Any, Tensor, Tensor, float]] = []
    for name, tensors in layers.items():
        layer = addresses.get(name)
        if layer is None:
            other = " (it was made for Stable Diffusion XL)" if name.startswith(FOR_SDXL) else ""
            raise UserError(
                f"The LoRA {path.name} changes a layer {name}, which this checkpoint does not have{other}."
            )
        if not {"up", "down"} <= set(tensors):
            raise UserError(f"The LoRA {path.name} has only half of the layer {name}; download it again.")
        up, down = tensors["up"].float(), tensors["down"].float()
        rank, shape = down.shape[0], layer.weight.shape
        if up.shape[:2] != (shape[0], rank) or down[0].numel() != shape[1:].numel() or up[0, 0].numel() != 1:
            raise UserError(
                f"The LoRA {path.name} does not fit: its layer {name} is {list(up.shape)} times {list(down.shape)} "
                f"where the checkpoint has {list(shape)}."
            )
        factor = float(tensors["alpha"]) / rank if "alpha" in tensors else _factor(name, rank, said)
        changes.append((layer, up, down, scale * factor))
    for layer, up, down, strength in changes:  # only now that all fit; one full matrix at a time
        matrix = up.flatten(1) @ down.flatten(1)  # [out, in·k·k]
        layer.weight.data = layer.weight.data + strength * matrix.reshape(layer.weight.shape)


def _lora_layers(path: Path, found: Mapping[str, Tensor]) -> dict[str, dict[str, Tensor]]:
    """``{layer: {"up", "down", "alpha"}}`` with layers named as ``_addresses`` does."""
    layers: dict[str, dict[str, Tensor]] = {}
    for name, value in found.items():
        suffix = next((suffix for suffix in SUFFIXES if name.endswith(suffix)), None)
        if suffix is None:
            raise UserError(
                f"{path.name} has a tensor {name}, which no LoRA of the common kind has (up and down matrices); "
                "other kinds, such as LoHa, LoKr or DoRA, are not supported."
            )
        layer = name.removesuffix(suffix).removeprefix("base_model.model.").replace(".processor.", ".")
        layer = re.sub(r"\.to_out$", ".to_out.0", layer)
        layers.setdefault(layer, {})[SUFFIXES[suffix]] = value
    return layers


def _addresses(parts: Mapping[str, nn.Module]) -> dict[str, Any]:
    """Every layer with a matrix or a kernel, by each name that a LoRA may call it."""
    addresses = {}
    for part, network in parts.items():
        for name, layer in network.named_modules():
            if getattr(layer, "weight", None) is not None and layer.weight.ndim > 1:
                addresses[DOTTED[part] + name] = layer
                addresses[KOHYA[part] + name.replace(".", "_")] = layer
                if part == "unet":
                    addresses[name] = layer  # diffusers once saved a UNet's LoRA without a prefix
    return addresses


def _metadata(path: Path) -> dict[str, Any]:
    """What diffusers (since 0.34) notes of a LoRA beside its tensors."""
    if path.suffix != ".safetensors":
        return {}
    said: dict[str, Any] = json.loads(
        read_header(path).get("__metadata__", {}).get("lora_adapter_metadata", "{}")
    )
    return said


def _factor(layer: str, rank: int, said: Mapping[str, Any]) -> float:
    """Alpha over rank from that metadata, as PEFT has it; 1 where nothing is said."""
    prefix = next((prefix for prefix in DOTTED.values() if layer.startswith(prefix)), "")
    patterns = said.get(f"{prefix}alpha_pattern") or {}
    fitting = (alpha for name, alpha in patterns.items() if re.fullmatch(rf"(.*\.)?{name}", layer))
    alpha = next(fitting, said.get(f"{prefix}lora_alpha", rank))
    return alpha / (rank**0.5 if said.get(f"{prefix}use_rslora") else rank)


def read_embedding(path: Path, width: int, allow_pickle: bool = False) -> tuple[str, Tensor]:
    """A learned embedding (textual inversion: Gal et al., https://arxiv.org/abs/2208.01618).

    Args:
        path: a file as diffusers or the AUTOMATIC1111 web UI saves it.
        width: of the text encoder.
        allow_pickle: whether the file may be a pickle.

    Returns:
        The word that stands for it, always in angle brackets, and its vectors ``[n, width]``.

    Raises:
        UserError: the file holds something else, or was made for another text encoder.
    """
    found: Mapping[str, Any] = read_tensors(path, allow_pickle)
    if {"clip_l", "clip_g"} & set(found):
        raise UserError(
            f"The embedding {path.name} was made for Stable Diffusion XL, not for this checkpoint."
        )
    found = found.get("string_to_param", found)
    if len(found) != 1:
        raise UserError(
            f"{path.name} holds {len(found)} tensors, where an embedding is one; give another file."
        )
    ((key, value),) = found.items()
    vectors = value.detach().float().reshape(-1, value.shape[-1])
    if vectors.shape[1] != width:
        raise UserError(
            f"The embedding {path.name} is {vectors.shape[1]} wide, but this checkpoint's text encoder is {width} "
            "wide: it was made for another one."
        )
    named = re.fullmatch(r"<[^\s<>]+>", key) is not None
    return key if named else f"<{re.sub(r'[^a-z0-9_.-]+', '-', path.stem.lower())}>", vectors


def own_preview_decoder(source: Path) -> Path | None:
    """The folder of the preview decoder that came with a checkpoint, beside its parts."""
    folder = source / "preview_decoder"
    return folder if folder.is_dir() else None


def load_preview_decoder(folder: Path, latent_channels: int, factor: int, allow_pickle: bool = False) -> Any:
    """Load an AutoencoderTiny (TAESD, https://github.com/madebyollin/taesd), which draws quick previews.

    Args:
        folder: with its ``config.json`` and weights.
        latent_channels: of the checkpoint.
        factor: pixels to a side of a latent's cell.
        allow_pickle: whether the weights may be pickled.

    Raises:
        UserError: it is something else, or decodes other latents.
    """
    from accelerate import init_empty_weights
    from diffusers import AutoencoderTiny

    config = read_json(folder / "config.json")
    if config.get("_class_name") != "AutoencoderTiny":
        raise UserError(
            f"{folder} holds {config.get('_class_name', 'something unnamed')}, but a preview decoder is an "
            "AutoencoderTiny, such as TAESD."
        )
    with init_empty_weights():
        decoder = AutoencoderTiny.from_config(config)
    channels, enlarges = (
        decoder.config.latent_channels,
        2 ** (len(decoder.config.decoder_block_out_channels) - 1),
    )
    if (channels, enlarges) != (latent_channels, factor):
        raise UserError(
            f"The preview decoder {folder} makes {enlarges} pixels of each cell of {channels} channels, but this "
            f"checkpoint has {factor} pixels and {latent_channels} channels; it was made for another one."
        )
    fill(decoder, folder_tensors(folder, "diffusion_pytorch_model", allow_pickle), str(folder))
    return decoder
