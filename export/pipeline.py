"""Load a diffusers folder, and say in one sentence why another one cannot be exported."""

from __future__ import annotations

import json
import math
import re
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from export.errors import UserError
from pyscript_app.schedule import Schedule

SUPPORTED = "a diffusers folder of Stable Diffusion 1.x or 2.x (StableDiffusionPipeline, safetensors)"

# What other pipelines are called by people; anything else is named by its class.
OTHER_KINDS = {
    "StableDiffusionXL": "Stable Diffusion XL",
    "StableDiffusion3": "Stable Diffusion 3",
    "Flux": "Flux",
    "ControlNet": "a ControlNet pipeline",
    "Inpaint": "an inpainting pipeline",
    "PixArt": "PixArt",
    "Kandinsky": "Kandinsky",
    "Wuerstchen": "Würstchen",
}

# The class that each part must have, as model_index.json names it.
PARTS = {
    "unet": {"UNet2DConditionModel"},
    "vae": {"AutoencoderKL"},
    "text_encoder": {"CLIPTextModel"},
    "tokenizer": {"CLIPTokenizer", "CLIPTokenizerFast"},
    "scheduler": None,
}

SAMPLERS = {
    "DDIMScheduler": "ddim",
    "EulerDiscreteScheduler": "euler",
    "EulerAncestralDiscreteScheduler": "euler-ancestral",
    "DPMSolverMultistepScheduler": "dpm++2m",
    "PNDMScheduler": "pndm",
}


@dataclass(frozen=True)
class Defaults:
    """The settings that the page starts with."""

    prompt: str = "a photograph of a red car on the beach at sunset"
    steps: int = 20
    guidance: float = 7.5
    sampler: str = "ddim"
    seed: int = 0


@dataclass(frozen=True)
class About:
    """What cannot be read from the weights; small optional files in the pipeline's folder say it."""

    name: str
    title: str
    licence: str = "not stated"
    known_words: tuple[str, ...] | None = None
    defaults: Defaults = field(default_factory=Defaults)


@dataclass(frozen=True)
class Pipeline:
    """The parts of a Stable Diffusion pipeline, in float32 on the CPU."""

    folder: Path
    about: About
    unet: Any
    vae: Any
    text_encoder: Any
    tokenizer: Any
    scheduler: Any

    @property
    def latent_shape(self) -> tuple[int, int, int]:
        """``(C, h, w)``."""
        side = self.unet.config.sample_size
        return self.unet.config.in_channels, side, side

    @property
    def picture_size(self) -> tuple[int, int]:
        """``(H, W)`` in pixels."""
        factor = 2 ** (len(self.vae.config.block_out_channels) - 1)
        _, height, width = self.latent_shape
        return height * factor, width * factor

    @property
    def text_length(self) -> int:
        """Token slots T."""
        return self.text_encoder.config.max_position_embeddings

    @property
    def parameters(self) -> int:
        """Number of weights in all parts."""
        parts = (self.unet, self.vae, self.text_encoder)
        return sum(weight.numel() for part in parts for weight in part.parameters())

    @property
    def scheduler_fields(self) -> dict[str, Any]:
        """The scheduler's config as in its file; defaults of its class are left to each sampler."""
        config = self.scheduler.config
        left_out = set(config.get("_use_default_values", ()))
        said = {name: value for name, value in config.items() if name not in left_out and value is not None}
        # JSON has no infinity, which stands for "no bound" where diffusers uses it.
        fields = {
            name: value for name, value in said.items() if not name.startswith("_") and value != -math.inf
        }
        return {"_class_name": type(self.scheduler).__name__, **fields}

    def token_ids(self, prompt: str) -> list[int]:
        """The T ids of a prompt, as diffusers feeds them."""
        return self.tokenizer(
            prompt, padding="max_length", max_length=self.text_length, truncation=True
        ).input_ids


def load_pipeline(folder: Path | str) -> Pipeline:
    """Load and check a diffusers folder.

    Raises:
        UserError: there is no such folder, or it holds something that this exporter does not know.
    """
    folder = Path(folder)
    index = read_index(folder)
    check_parts(folder, index)

    import torch
    from diffusers import StableDiffusionPipeline
    from diffusers.utils import logging

    logging.disable_progress_bar()
    try:
        loaded = StableDiffusionPipeline.from_pretrained(
            folder,
            torch_dtype=torch.float32,
            safety_checker=None,
            feature_extractor=None,
            requires_safety_checker=False,
            use_safetensors=True,
            local_files_only=True,
        )
    except Exception as error:  # whatever diffusers, transformers or safetensors cannot read
        reason = str(error).strip().splitlines()[0] if str(error).strip() else type(error).__name__
        raise UserError(
            f"The weights in {folder} could not be loaded ({reason}); download the folder again."
        ) from error
    loaded.set_progress_bar_config(disable=True)
    for part in (loaded.unet, loaded.vae, loaded.text_encoder):
        part.eval().requires_grad_(False)
    pipeline = Pipeline(
        folder,
        read_about(folder, index),
        loaded.unet,
        loaded.vae,
        loaded.text_encoder,
        loaded.tokenizer,
        loaded.scheduler,
    )
    check_shapes(pipeline)
    return pipeline


def read_index(folder: Path) -> dict[str, Any]:
    """Read ``model_index.json``."""
    if folder.is_file():
        kind = "pickled checkpoint" if folder.suffix in {".ckpt", ".bin", ".pt", ".pth"} else "single file"
        raise UserError(
            f"{folder.name} is a {kind}, but the exporter reads {SUPPORTED}; convert it with diffusers' "
            "from_single_file(…).save_pretrained(…) first."
        )
    if not folder.is_dir():
        raise UserError(f"There is no folder {folder}; give the path of {SUPPORTED}.")
    try:
        index = json.loads((folder / "model_index.json").read_text("utf-8"))
    except FileNotFoundError:
        raise UserError(
            f"{folder} has no model_index.json, so it is not a diffusers folder; give {SUPPORTED}."
        ) from None
    except ValueError as error:
        raise UserError(
            f"{folder / 'model_index.json'} is not valid JSON ({error}); download it again."
        ) from None
    kind = str(index.get("_class_name")) if isinstance(index, dict) else "no pipeline"
    if kind != "StableDiffusionPipeline":
        known = next((name for part, name in OTHER_KINDS.items() if part in kind), "another kind of pipeline")
        raise UserError(f"{folder} holds {known} ({kind}); supported is {SUPPORTED}.")
    return index


def check_parts(folder: Path, index: dict[str, Any]) -> None:
    """Check that every part is there, of a known class, and not pickled."""
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
    for part in ("unet", "vae", "text_encoder"):
        if not any((folder / part).glob("*.safetensors")):
            pickled = any(f for end in ("bin", "ckpt", "pt", "pth") for f in (folder / part).glob(f"*.{end}"))
            found = "only pickled weights, which could run any program" if pickled else "no weights"
            raise UserError(f"The {part} of {folder} has {found}; the exporter reads .safetensors files.")


def check_shapes(pipeline: Pipeline) -> None:
    """Check that the UNet is one that the loop can drive."""
    config, vae = pipeline.unet.config, pipeline.vae.config
    where = f"The UNet of {pipeline.folder}"
    if config.in_channels != vae.latent_channels:
        kind = {9: " (an inpainting model)", 8: " (an image-editing model)"}.get(config.in_channels, "")
        raise UserError(
            f"{where} takes {config.in_channels} channels{kind} where the VAE has {vae.latent_channels}; "
            "supported are text-to-image models, where both are equal."
        )
    if config.time_cond_proj_dim or config.addition_embed_type or config.class_embed_type:
        raise UserError(f"{where} wants more than latents, timestep and text; supported is {SUPPORTED}.")
    width = pipeline.text_encoder.config.hidden_size
    if config.cross_attention_dim != width:
        raise UserError(
            f"{where} expects text of width {config.cross_attention_dim}, but the text encoder's is {width}; "
            "the two parts do not belong together."
        )
    if not isinstance(config.sample_size, int):
        raise UserError(f"{where} makes {config.sample_size} latents; supported are square ones.")
    try:
        Schedule.from_config(pipeline.scheduler_fields)
    except (ValueError, TypeError) as error:
        raise UserError(
            f"The scheduler of {pipeline.folder} cannot be rebuilt in the page. {error}"
        ) from None


def read_about(folder: Path, index: dict[str, Any]) -> About:
    """Read what the folder says about itself, and guess the rest.

    ``diffuscope.json`` may hold ``name``, ``title``, ``licence`` and ``defaults`` with any of prompt, steps,
    guidance, sampler and seed; ``tokenizer/known_words.json`` lists the words that the model has seen.
    """
    path, words = folder / "diffuscope.json", folder / "tokenizer" / "known_words.json"
    try:
        said = json.loads(path.read_text("utf-8")) if path.exists() else {}
        known = tuple(json.loads(words.read_text("utf-8"))) if words.exists() else None
        sampler = SAMPLERS.get(index["scheduler"][1], "ddim")
        defaults = replace(Defaults(sampler=sampler), **said.pop("defaults", {}))
        name = re.sub(r"[^a-z0-9._-]+", "-", folder.resolve().name.lower()).strip("-._") or "model"
        guessed = {"name": name, "title": folder.resolve().name, "licence": licence_of(folder)}
        return About(**(guessed | said), known_words=known, defaults=defaults)
    except (ValueError, TypeError, AttributeError) as error:
        raise UserError(f"{path.name} or {words.name} in {folder} cannot be used ({error}).") from None


def with_about(pipeline: Pipeline, **changes: Any) -> Pipeline:
    """The pipeline with other words about itself; None changes nothing."""
    said = {name: value for name, value in changes.items() if value is not None}
    settings = {name: said.pop(name) for name in list(said) if name in Defaults.__dataclass_fields__}
    about = replace(pipeline.about, defaults=replace(pipeline.about.defaults, **settings), **said)
    return replace(pipeline, about=about)


def licence_of(folder: Path) -> str:
    """The licence in the front matter of the model card, as on the Hugging Face hub."""
    card = folder / "README.md"
    lines = card.read_text("utf-8", errors="replace").splitlines() if card.exists() else []
    if lines and lines[0].strip() == "---":
        for line in lines[1:]:
            if line.strip() == "---":
                break
            key, _, value = line.partition(":")
            if key.strip() == "license" and value.strip():
                return value.strip().strip("\"'")
    return "not stated"
