"""What lies on disk: a diffusers folder or a single file, its tensors, and in one sentence what is wrong with it.

Nothing here ever reaches the network.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from export.checkpoint.architectures import Architecture, architecture_named, recognise
from export.checkpoint.tensorfile import read_tensors
from export.checkpoint.weightfiles import Shapes, folder_shapes, folder_tensors, read_json
from export.format.errors import UserError

if TYPE_CHECKING:
    from torch import Tensor, nn

SUPPORTED = (
    "a diffusers folder of Stable Diffusion 1.x or 2.x, or a single .safetensors file of one with --config"
)
KINDS = {"StableDiffusionPipeline", "LatentConsistencyModelPipeline"}

# What other pipelines are called by people; anything else is named by its class.
OTHER_KINDS = {
    "StableDiffusionXL": "Stable Diffusion XL",
    "StableDiffusion3": "Stable Diffusion 3",
    "Flux": "Flux",
    "ControlNet": "a ControlNet pipeline",
    "Inpaint": "an inpainting pipeline",
    "Pix2Pix": "an image-editing pipeline",
    "Img2Img": "an image-to-image pipeline",
    "Upscale": "an upscaling pipeline",
    "PixArt": "PixArt",
    "Kandinsky": "Kandinsky",
    "Wuerstchen": "Würstchen",
    "StableCascade": "Stable Cascade",
}
# The same by a piece of the tensors' names, for single files; the first that is found.
LORA = "a LoRA: give it with --lora, beside the checkpoint that it changes"
EMBEDDING = "a learned embedding: give it with --embedding, beside a checkpoint"
OTHER_FILES = {
    "lora_unet_": LORA,
    ".lora_": LORA,
    ".lora.": LORA,
    "emb_params": EMBEDDING,
    "string_to_param": EMBEDDING,
    "conditioner.embedders.": "Stable Diffusion XL",
    "joint_blocks.": "Stable Diffusion 3",
    "double_blocks.": "Flux",
    "control_model.": "a ControlNet",
    "input_hint_block": "a ControlNet",
    "controlnet_cond_embedding": "a ControlNet",
}
OTHER_CHANNELS = {9: "an inpainting model", 8: "an image-editing model"}

# The class that each part must have, as model_index.json names it.
PARTS = {
    "unet": {"UNet2DConditionModel"},
    "vae": {"AutoencoderKL"},
    "text_encoder": {"CLIPTextModel"},
    "tokenizer": {"CLIPTokenizer", "CLIPTokenizerFast"},
    "scheduler": None,
}
# The parts that have weights: their file's name in a folder, and their tensors' prefixes in a single file.
WEIGHTS = {"unet": "diffusion_pytorch_model", "vae": "diffusion_pytorch_model", "text_encoder": "model"}
PREFIXES = {
    "unet": ("model.diffusion_model.",),
    "vae": ("first_stage_model.", "vae."),
    "text_encoder": ("cond_stage_model.transformer.", "cond_stage_model.model."),
}
# The autoencoder's attention, as diffusers named its layers before 0.14.
OLD_ATTENTION = {".query.": ".to_q.", ".key.": ".to_k.", ".value.": ".to_v.", ".proj_attn.": ".to_out.0."}


@dataclass(frozen=True)
class Checkpoint:
    """A checkpoint that was looked at and recognised.

    Args:
        path: the folder or the file.
        configs: the diffusers folder that describes it; ``path`` itself, or what ``--config`` says.
        index: that folder's ``model_index.json``.
        architecture: its row of the table of kinds.
        tensors: those of a single file, by their names; None for a folder.
        allow_pickle: whether pickled files may be read.
    """

    path: Path
    configs: Path
    index: dict[str, Any]
    architecture: Architecture
    tensors: dict[str, Tensor] | None = None
    allow_pickle: bool = False

    def config(self, part: str) -> dict[str, Any]:
        """What a part's configuration says."""
        return read_config(self.configs, part)

    def shapes(self) -> Shapes:
        """The shape of every tensor by ``part.name``, with no number read; a single file's names are its own."""
        found: Shapes = {}
        for part, base in WEIGHTS.items():
            if self.tensors is None:
                some = folder_shapes(self.path / part, base)
            else:
                some = {
                    name.removeprefix(prefix): tuple(value.shape)
                    for prefix in PREFIXES[part]
                    for name, value in self.tensors.items()
                    if name.startswith(prefix)
                }
            found |= {f"{part}.{name}": shape for name, shape in some.items()}
        return found

    def weights(self, part: str, skeleton: nn.Module) -> dict[str, Tensor]:
        """The tensors of a part, named as in ``skeleton``, in the precision of the file."""
        if self.tensors is not None:
            return _converted(self.tensors, part, skeleton)
        found = folder_tensors(self.path / part, WEIGHTS[part], self.allow_pickle)
        return {_renamed(name): value for name, value in found.items()} if part == "vae" else found


def open_checkpoint(
    source: Path | str,
    config: Path | str | None = None,
    allow_pickle: bool = False,
    architecture: str | None = None,
) -> Checkpoint:
    """Look at a diffusers folder, or at a single file, and recognise it.

    Args:
        source: the folder or the file.
        config: for a single file, a diffusers folder of the same kind, of which configs and tokenizer are read.
        allow_pickle: read pickled files too, which may run any program.
        architecture: the row of the architecture table, where it is not to be recognised.

    Raises:
        UserError: it is not there, not whole, or not of a kind that can be exported.
    """
    path, tensors = Path(source), None
    if path.is_file():
        tensors = read_tensors(path, allow_pickle)
        _check_single_file(path, tensors)
        if config is None:
            raise UserError(
                f"{path.name} is a single file, which does not say how its parts are built: give with --config a "
                "diffusers folder of the same kind, of which the configs and the tokenizer are enough."
            )
    configs = path if tensors is None or config is None else Path(config)
    index = read_index(configs)
    check_parts(configs, index)
    if architecture:
        row = architecture_named(architecture)
    else:
        scheduler = read_config(configs, "scheduler") | {"_class_name": index["scheduler"][1]}
        row = recognise({"unet": read_config(configs, "unet"), "scheduler": scheduler})
    return Checkpoint(path, configs, index, row, tensors, allow_pickle)


def read_index(folder: Path) -> dict[str, Any]:
    """Read the ``model_index.json`` of a Stable Diffusion folder."""
    if not folder.is_dir():
        raise UserError(f"There is no folder {folder}; give the path of {SUPPORTED}.")
    if not (folder / "model_index.json").is_file():
        if any(folder.glob("pytorch_lora_weights.*")):
            raise UserError(f"{folder} holds {LORA}.")
        alone = folder / "config.json"
        part = f"holds only a {read_json(alone).get('_class_name')}" if alone.is_file() else "is no pipeline"
        raise UserError(f"{folder} {part} (it has no model_index.json); give {SUPPORTED}.")
    index = read_json(folder / "model_index.json")
    kind = str(index.get("_class_name")) if isinstance(index, dict) else "no pipeline"
    if kind not in KINDS:
        known = next((name for part, name in OTHER_KINDS.items() if part in kind), "another kind of pipeline")
        raise UserError(f"{folder} holds {known} ({kind}); supported is {SUPPORTED}.")
    return index


def read_config(folder: Path, part: str) -> dict[str, Any]:
    """Read the configuration of one of a folder's parts."""
    path = folder / part / ("scheduler_config.json" if part == "scheduler" else "config.json")
    found = read_json(path)
    if not isinstance(found, dict):
        raise UserError(f"{path} holds no fields; download it again.")
    return found


def check_parts(folder: Path, index: dict[str, Any]) -> None:
    """Check that every part is described and of a known class."""
    for part, classes in PARTS.items():
        found = (index.get(part) or [None, None])[1]
        if found is None or not (folder / part).is_dir():
            raise UserError(
                f"{folder} has no {part}; supported is {SUPPORTED} with all of {', '.join(PARTS)}."
            )
        if classes is not None and found not in classes:
            raise UserError(
                f"The {part} of {folder} is a {found}; supported is {' or '.join(sorted(classes))}."
            )


def _check_single_file(path: Path, tensors: dict[str, Tensor]) -> None:
    for piece, kind in OTHER_FILES.items():
        if any(piece in name for name in tensors):
            rest = "" if ":" in kind else f"; supported is {SUPPORTED}"
            raise UserError(f"{path.name} is {kind}{rest}.")
    for part, prefixes in PREFIXES.items():
        if not any(name.startswith(prefixes) for name in tensors):
            raise UserError(
                f"{path.name} has no {part} (no tensor named {prefixes[0]}…); supported are whole checkpoints."
            )
    first = tensors.get("model.diffusion_model.input_blocks.0.0.weight")
    if first is not None and first.shape[1] in OTHER_CHANNELS:
        raise UserError(
            f"{path.name} is {OTHER_CHANNELS[first.shape[1]]}, whose UNet takes {first.shape[1]} channels; "
            "supported are text-to-image models."
        )


def _converted(tensors: dict[str, Tensor], part: str, skeleton: Any) -> dict[str, Tensor]:
    """The tensors of a part of a single file under diffusers' names."""
    from diffusers.loaders import single_file_utils as ldm

    if part == "unet":
        return ldm.convert_ldm_unet_checkpoint(tensors, skeleton.config)
    if part == "vae":
        return ldm.convert_ldm_vae_checkpoint(tensors, skeleton.config)
    if ldm.is_open_clip_model(tensors):
        return ldm.convert_open_clip_checkpoint(skeleton, tensors)
    return ldm.convert_ldm_clip_checkpoint(tensors)


def _renamed(name: str) -> str:
    for old, new in OLD_ATTENTION.items():
        name = name.replace(old, new)
    return name
