"""What one denoising step computed: everything that the page shows of it, so that showing needs no arithmetic."""

from __future__ import annotations

from array import array
from collections.abc import Mapping
from dataclasses import dataclass

from pyscript_app.state import State


@dataclass(frozen=True)
class WordShare:
    """How much one word of the prompt is looked at in one step.

    ``tokens`` are its slots among the model's; ``share`` is the part of all cross-attention that they receive,
    mean over the picture, the layers and the heads.
    """

    text: str
    tokens: tuple[int, ...]
    share: float


@dataclass(frozen=True)
class Timings:
    """Milliseconds that each graph of a step took."""

    unet: float
    step: float
    attention: float
    decode: float


@dataclass(frozen=True)
class Frame:
    """One step of a run.

    Arrays hold float32 in C order; C, h, w is the latent's shape, H, W the picture's, T the number of token slots,
    S the largest side of the attention.
    """

    step: int
    """From 1."""
    steps: int
    timestep: float
    sigma: float
    """Noise level sqrt((1 - abar) / abar) before the step; infinite for pure noise."""
    noise_share: float
    """sqrt(1 - abar) before the step, 0 to 1."""
    scale: float
    """What the latent is multiplied by before the network sees it: sqrt(abar) x0 + sqrt(1 - abar) eps, whichever the
    sampler."""
    noise_left: float
    """The same after the step; 0 after the last, though some schedules leave a trace."""
    latent_scale: float
    """What the next step multiplies ``latent`` by: 1, but for samplers that count in noise levels, whose latents grow
    with the noise. Scaled so it can be decoded at any step."""
    latent_in: array[float]
    """[C, h, w] before the step."""
    latent: array[float]
    """[C, h, w] after the step."""
    x0: array[float]
    """[C, h, w] the clean latent that the model expects."""
    eps_uncond: array[float]
    """[C, h, w] the noise that the model sees without the prompt (with the negative prompt, if there is one)."""
    eps_cond: array[float]
    """[C, h, w] the noise that it sees with the prompt. A model without classifier-free guidance looks but once, and
    both are the same."""
    eps: array[float]
    """[C, h, w] after guidance."""
    attention: Mapping[int, array[float]]
    """For each side [T, side, side]: conditional half, mean over heads, sum over that side's layers."""
    words: tuple[WordShare, ...]
    maps: array[float]
    """[words, S, S] where in the picture each word is attended to, in this step."""
    mean_maps: array[float]
    """[words, S, S] the same over all steps so far."""
    picture: array[float]
    """[H, W, 4] x0 decoded (in the last step, ``latent``): red, green, blue, alpha, whole numbers from 0 to 255;
    empty where nothing was drawn."""
    drawn_by: str
    """The graph that drew ``picture``: the decoder, or a cheaper estimate of it; "" for none."""
    update: Mapping[str, float]
    """What the sampler added up to reach ``latent``: terms (see ``step``) and their factors."""
    ms: Timings
    answer: array[float] | None
    """[2, C, h, w] what the network said without and with the words, to take the step again with another guidance
    (``retake``); None where it was asked once, or if nobody asked."""
    state: State | None
    """Where the run stands after the step, to go on from later; None after the last, or if nobody asked."""
    way: tuple[tuple[float, float], tuple[float, float]] | None = None
    """From where to where the step leads on the map of latents (``axes``); None where the model has none."""
