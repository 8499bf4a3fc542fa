"""One step of a run, as numbers: what the network is called with, and the sums that follow from its answer.

A step's *update* says the next latent as a sum of named terms, for instance DDIM's
``{"x0": sqrt(abar_next), "eps": sqrt(1 - abar_next)}``. All arithmetic on arrays is left to one matrix product, the
step graph's, so that everything here is scalar (``coefficients``).

Terms: ``x`` the latent, ``x0`` and ``eps`` the picture and the noise that the model sees in it (after guidance),
``output`` what the network said (after guidance), ``noise`` fresh random numbers, ``h0 h1 h2`` three slots that a
sampler fills (``remember``) and finds again at the next step.
"""

from __future__ import annotations

import math
from array import array
from dataclasses import dataclass, field

from pyscript_app.refusal import RefusalError
from pyscript_app.schedule import sigma_of

COLUMNS = ("x", "uncond", "cond", "noise", "h0", "h1", "h2", "spare")
ROWS = ("latent", "latents", "x0", "eps_uncond", "eps_cond", "eps", "h0", "h1", "h2", "spare")
SLOTS = ("h0", "h1", "h2")


@dataclass(frozen=True)
class Step:
    """One call of the network and what follows from it.

    ``scale`` times the latent is the network's input; ``abar`` belongs to that scaled latent, ``sigma`` =
    sqrt((1 - abar) / abar). ``update`` maps terms to their factors; ``remember`` maps slots to terms.
    """

    timestep: float
    abar: float
    update: dict[str, float]
    scale: float = 1.0
    remember: dict[str, str] = field(default_factory=dict)

    @property
    def sigma(self) -> float:
        """Noise level; infinite at a terminal SNR of zero."""
        return sigma_of(self.abar)

    @property
    def noise_share(self) -> float:
        """sqrt(1 - abar), 0 to 1."""
        return math.sqrt(1 - self.abar)


@dataclass(frozen=True)
class Plan:
    """A run's steps; ``noise_scale`` times standard normal numbers is the first latent."""

    steps: list[Step]
    noise_scale: float = 1.0


def coefficients(step: Step, next_scale: float, guidance: float, prediction_type: str) -> array[float]:
    """The step graph's matrix [10, 8] in C order: one row for each of ROWS, over COLUMNS.

    Guidance (Ho and Salimans, https://arxiv.org/abs/2207.12598) mixes the network's two outputs as
    ``(1 - guidance) uncond + guidance cond``.

    Args:
        step: The step to take.
        next_scale: What the next step multiplies its latent by.
        guidance: Strength; 0 leaves the unconditional output, 1 the conditional one.
        prediction_type: "epsilon" or "v_prediction" (Salimans and Ho, https://arxiv.org/abs/2202.00512).
    """
    terms = {name: _unit(name) for name in ("x", "noise", *SLOTS)}
    uncond, cond = _unit("uncond"), _unit("cond")
    terms["output"] = _sum((1 - guidance, uncond), (guidance, cond))
    eps_uncond, _ = _noise_and_picture(step, prediction_type, uncond)
    eps_cond, _ = _noise_and_picture(step, prediction_type, cond)
    terms["eps"], terms["x0"] = _noise_and_picture(step, prediction_type, terms["output"])
    latent = _sum(*((factor, terms[name]) for name, factor in step.update.items()))
    rows = {
        "latent": latent,
        "latents": _sum((next_scale, latent)),
        "x0": terms["x0"],
        "eps_uncond": eps_uncond,
        "eps_cond": eps_cond,
        "eps": terms["eps"],
        **{slot: terms[term] for slot, term in step.remember.items()},
    }
    return array("f", [value for name in ROWS for value in rows.get(name, _sum())])


def _noise_and_picture(
    step: Step, prediction_type: str, output: list[float]
) -> tuple[list[float], list[float]]:
    """Eps and x0 as rows over COLUMNS, from the network's output and its input ``scale * x``."""
    signal, noise = math.sqrt(step.abar), math.sqrt(1 - step.abar)
    x = _unit("x")
    if prediction_type == "v_prediction":
        eps = _sum((noise * step.scale, x), (signal, output))
        return eps, _sum((signal * step.scale, x), (-noise, output))
    if not signal:
        raise RefusalError("pure-noise")
    return output, _sum((step.scale / signal, x), (-noise / signal, output))


def _unit(column: str) -> list[float]:
    return [float(name == column) for name in COLUMNS]


def _sum(*parts: tuple[float, list[float]]) -> list[float]:
    """Weighted sum of rows."""
    return [sum(factor * row[i] for factor, row in parts) for i in range(len(COLUMNS))]
