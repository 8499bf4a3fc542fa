"""One configuration file (TOML) says everything about a run: data, sizes, rates, budgets, seed."""

import math
import tomllib
from dataclasses import dataclass
from pathlib import Path
from typing import Any

SHIPPED = Path(__file__).parents[1] / "configs" / "miniature.toml"


@dataclass(frozen=True)
class Budget:
    """When to stop (the first limit reached) and how the learning rate goes over that stretch."""

    minutes: float = math.inf
    samples: float = math.inf
    warmup: float = 0.01  # share of the run
    decay_from: float = 0.45  # from here the rate falls in a straight line to zero


@dataclass(frozen=True)
class VaeSettings:
    """The autoencoder and its training."""

    budget: Budget
    channels: tuple[int, ...]
    latent_channels: int
    norm_groups: int
    crop: int  # pixels
    batch: int  # crops a step and process
    full_from: float  # share of the run after which whole pictures are shown
    muon_rate: float
    adam_rate: float
    kl: float
    ema: float
    average_every: int
    normalize_on: int  # pictures that latent means and deviations are taken from


@dataclass(frozen=True)
class DenoiserSettings:
    """Text encoder and UNet and their training."""

    budget: Budget
    channels: tuple[int, ...]
    norm_groups: int
    text_width: int
    text_layers: int
    batch: int  # samples a step and process
    muon_rate: float
    adam_rate: float
    ema: float
    average_every: int
    naming: float  # weight of naming each cell's object and colour
    looking: float  # weight of each word's attention inside what it names
    heeding: float  # weight of each cell's attention to the words that name it
    shuffled: float  # share of captions whose silent slots get each other's vectors
    swapped: dict[str, float]  # by role, the share of captions in which only its own slots know its words
    easy_until: float  # share of the run with more single objects
    pairs: float  # share of pairs drawn beyond those in the pool, from there on
    loose_from: float  # share of the run from which paraphrases are shown
    loose: float  # share of paraphrases, from there on


@dataclass(frozen=True)
class JudgeSettings:
    """The judge and its training."""

    budget: Budget
    channels: tuple[int, ...]
    scenes: int  # to learn from
    batch: int  # samples a step and process
    noise: float  # at most this much on the latents of those scenes that come through the autoencoder
    muon_rate: float
    adam_rate: float
    ema: float


@dataclass(frozen=True)
class SmallDecoderSettings:
    """The small decoder of previews and its training."""

    budget: Budget
    channels: int
    blocks: tuple[int, ...]  # at each resolution, the smallest first
    scenes: int  # to learn from
    batch: int  # samples a step and process
    noise: float  # at most this much on the latents that look foreseen
    muon_rate: float
    adam_rate: float
    ema: float


@dataclass(frozen=True)
class Settings:
    """A whole run."""

    seed: int
    side: int  # pixels
    scenes: int  # in the pool
    save_every: float  # seconds
    vae: VaeSettings
    denoiser: DenoiserSettings
    judge: JudgeSettings
    small_decoder: SmallDecoderSettings


def _section(kind: type, values: dict[str, Any]) -> Any:
    values = {key: tuple(v) if isinstance(v, list) else v for key, v in values.items()}
    return kind(**values | {"budget": Budget(**values["budget"])})


def read(path: Path = SHIPPED) -> Settings:
    """Read a configuration file."""
    values = tomllib.loads(path.read_text())
    parts = {
        "vae": VaeSettings,
        "denoiser": DenoiserSettings,
        "judge": JudgeSettings,
        "small_decoder": SmallDecoderSettings,
    }
    return Settings(**values | {name: _section(kind, values[name]) for name, kind in parts.items()})
