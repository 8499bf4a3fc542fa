"""What an export is to make: the precision of each graph, and which graphs the UNet becomes."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from export.errors import UserError
from export.precision import PRECISIONS

FAMILIES = ("text_encoder", "unet", "vae_decoder", "vae_encoder", "preview_decoder")
# What the UNet's graph gives beside its prediction: one map a resolution, one a layer, or none.
ATTENTION = {"pooled": "unet", "layers": "unet_layers", "bare": "unet_bare"}
SELF_ATTENTION = ("plain", "fused", "both")

# Graphics cards bind 128 MiB at once unless asked for more; larger scores are worth the fused operator.
LARGEST_SCORES = 128 * 2**20
MANY_WEIGHTS = 200_000_000
STEPS, STEPS_OF_MANY = 10, 2


@dataclass(frozen=True)
class Recipe:
    """The choices of one export.

    Args:
        precision: of all graphs, one of ``PRECISIONS``. ``int8+w4`` is for the UNet, where most weights are; an
            error in the text or in the picture's last touch would cost more than it saves, so the other graphs
            are int8 then.
        exceptions: precisions of single graphs, by name.
        attention: which of ``ATTENTION`` the UNet becomes; ``pooled``, which the page needs, is always made.
        self_attention: ``plain``, ``fused`` or ``both``; None makes both where the scores are large.
        verify_steps: of the loop that is compared with diffusers; None chooses by size.
    """

    precision: str = "int8"
    exceptions: Mapping[str, str] = field(default_factory=dict)
    attention: tuple[str, ...] = ("pooled",)
    self_attention: str | None = None
    verify_steps: int | None = None

    def __post_init__(self) -> None:
        for precision in (self.precision, *self.exceptions.values()):
            _check("precision", precision, PRECISIONS)
        for name in self.exceptions:
            _check("graph with weights", name, FAMILIES)
        for name in self.attention:
            _check("attention", name, ATTENTION)
        if self.self_attention is not None:
            _check("self-attention", self.self_attention, SELF_ATTENTION)

    def precision_of(self, family: str) -> str:
        """The precision of a family of graphs; those without weights of their own are float."""
        if family not in FAMILIES:
            return "fp32"
        usual = "int8" if self.precision == "int8+w4" and family != "unet" else self.precision
        return self.exceptions.get(family, usual)

    def unet_graphs(self, pipeline: Any) -> list[str]:
        """The names of the UNet's graphs, the one that every page can run first."""
        kind = self.self_attention or ("both" if scores_bytes(pipeline) > LARGEST_SCORES else "plain")
        names = [ATTENTION[each] for each in ATTENTION if each == "pooled" or each in self.attention]
        # A page that finds the fused operator wrong needs the plain graph, so that one is always there.
        return [each for name in names for each in ([name] if kind == "plain" else [name, f"{name}_fused"])]

    def loop_steps(self, pipeline: Any) -> int:
        """Steps of the loop that is compared with diffusers."""
        return self.verify_steps or (STEPS_OF_MANY if pipeline.parameters > MANY_WEIGHTS else STEPS)


def scores_bytes(pipeline: Any) -> int:
    """Bytes of the largest self-attention's scores, float32, in a graph that computes them in the open."""
    _, height, width = pipeline.latent_shape
    heads = pipeline.unet.config.attention_head_dim
    heads = heads if isinstance(heads, int) else heads[0]
    return 4 * pipeline.batch * heads * (height * width) ** 2


def parse_precisions(words: Iterable[str]) -> tuple[str, dict[str, str]]:
    """``["int8+w4", "vae_decoder=fp16"]`` → the precision of all graphs, and those of single ones."""
    general, single = "int8", {}
    for word in words:
        graph, _, precision = word.rpartition("=")
        if graph:
            single[graph] = precision
        else:
            general = precision
    return general, single


def _check(what: str, name: str, known: Iterable[str]) -> None:
    if name not in known:
        raise UserError(f"There is no {what} {name}; choose one of {', '.join(known)}.")
