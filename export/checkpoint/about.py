"""What a checkpoint says about itself, and what is guessed where it says nothing."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from types import MappingProxyType
from typing import Any

from export.checkpoint.checkpoint import Checkpoint
from export.checkpoint.licences import NOT_STATED, licence_of, terms_of
from export.checkpoint.tensorfile import read_header
from export.format.errors import UserError

# Diffusers' schedulers, and which of the loop's samplers is the same.
SAMPLERS = {
    "DDIMScheduler": "ddim",
    "EulerDiscreteScheduler": "euler",
    "EulerAncestralDiscreteScheduler": "euler-ancestral",
    "DPMSolverMultistepScheduler": "dpm++2m",
    "PNDMScheduler": "pndm",
    "LCMScheduler": "lcm",
    "TCDScheduler": "tcd",
}


@dataclass(frozen=True)
class Defaults:
    """The settings that the page starts with."""

    prompt: str = "a photograph of a red car on the beach at sunset"
    steps: int = 20
    guidance: float = 7.5
    sampler: str = "ddim"
    seed: int = 0
    spacing: str = "trained"


@dataclass(frozen=True)
class About:
    """What cannot be read from the weights; small optional files in the pipeline's folder say it."""

    name: str
    title: str
    licence: str = NOT_STATED
    known_words: tuple[str, ...] | None = None
    synonyms: Mapping[str, list[str]] = field(default_factory=dict)
    defaults: Defaults = field(default_factory=Defaults)
    prompts: tuple[str, ...] = ()

    @property
    def licence_terms(self) -> str:
        """What the licence restricts, as one sentence; empty if nothing."""
        return terms_of(self.licence)


def about_checkpoint(checkpoint: Checkpoint, defaults: Mapping[str, Any]) -> About:
    """What a checkpoint says about itself; a single file says only its name, and perhaps its licence."""
    if checkpoint.tensors is None:
        return read_about(checkpoint.path, checkpoint.index, defaults)
    path, licence = checkpoint.path, NOT_STATED
    if path.suffix == ".safetensors":  # its metadata's names: https://github.com/Stability-AI/ModelSpec
        licence = read_header(path).get("__metadata__", {}).get("modelspec.license", NOT_STATED)
    sampler = SAMPLERS.get(checkpoint.index["scheduler"][1], "ddim")
    return About(
        _name(path.stem), path.stem, licence, defaults=replace(Defaults(sampler=sampler), **defaults)
    )


def read_about(
    folder: Path, index: dict[str, Any], defaults: Mapping[str, Any] = MappingProxyType({})
) -> About:
    """Read what the folder says about itself, and guess the rest.

    ``diffuscope.json`` may hold ``name``, ``title``, ``licence`` and ``defaults`` with any of prompt, steps,
    guidance, sampler, seed and spacing, which win over ``defaults``, its architecture's; ``tokenizer/known_words.json``
    lists the words that the model has seen, ``tokenizer/synonyms.json`` those of them that mean the same as others;
    ``prompts.txt`` has, line by line, what the model can draw.
    """
    path, words = folder / "diffuscope.json", folder / "tokenizer" / "known_words.json"
    others, prompts = words.with_name("synonyms.json"), folder / "prompts.txt"
    try:
        said = json.loads(path.read_text("utf-8")) if path.exists() else {}
        known = tuple(json.loads(words.read_text("utf-8"))) if words.exists() else None
        near = json.loads(others.read_text("utf-8")) if others.exists() else {}
        lines = tuple(prompts.read_text("utf-8").splitlines()) if prompts.exists() else ()
        sampler = SAMPLERS.get(index["scheduler"][1], "ddim")
        settings = {"sampler": sampler, **defaults, **said.pop("defaults", {})}
        title = _title(folder)
        guessed = {"name": _name(title), "title": title, "licence": licence_of(folder)}
        own = replace(Defaults(), **settings)
        return About(**(guessed | said), known_words=known, synonyms=near, defaults=own, prompts=lines)
    except (ValueError, TypeError, AttributeError) as error:
        raise UserError(f"{path.name} or {words.name} in {folder} cannot be used ({error}).") from None


def _title(folder: Path) -> str:
    """The folder's name, or in the Hugging Face hub's cache (``models--ORG--NAME/snapshots/HASH``) the model's."""
    folder = folder.resolve()
    return folder.parent.parent.name.split("--")[-1] if folder.parent.name == "snapshots" else folder.name


def _name(title: str) -> str:
    return re.sub(r"[^a-z0-9._-]+", "-", title.lower()).strip("-._") or "model"
