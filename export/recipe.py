"""What an export is to make: the precision of each graph, and which graphs the UNet becomes."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from export.format.errors import UserError
from export.weights.precision import PRECISIONS

FAMILIES = ("text_encoder", "unet", "vae_decoder", "vae_encoder", "preview_decoder")
# What the UNet's graph gives beside its prediction: one map a resolution, one a layer, or none.
ATTENTION = {"pooled": "unet", "layers": "unet_layers", "bare": "unet_bare"}
SELF_ATTENTION = ("plain", "both")

# What is verified: random inputs of so many seeds, and so many steps of the loop; less of a model of many weights.
SEEDS = (1, 2, 3)
STEPS = 10
MANY_WEIGHTS = 200_000_000
STEPS_OF_MANY = 2
# On which the axes of the map are fitted; of many weights none, since each would take minutes.
RUNS = 12
# How far words leak is measured on so many prompts, so many words of each, in so many steps.
LEAK, LEAK_OF_MANY = (3, 3, 4), (1, 1, 2)


@dataclass(frozen=True)
class Recipe:
    """The choices of one export.

    Args:
        precision: of all graphs, one of ``PRECISIONS``. ``int8+w4`` is for the UNet, where most weights are; an
            error in the text or in the picture's last touch would cost more than it saves, so the other graphs
            are int8 then.
        exceptions: precisions of single graphs, by name.
        attention: which of ``ATTENTION`` the UNet becomes; what its architecture's row says where empty.
        self_attention: ``plain``, or ``both`` plain and fused; what the row says where None.
        verify_steps: of the loop that is compared with diffusers; None chooses by size.
    """

    precision: str = "int8"
    exceptions: Mapping[str, str] = field(default_factory=dict)
    attention: tuple[str, ...] = ()
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

    def unet_graphs(self, architecture: Any) -> list[str]:
        """The names of the UNet's graphs; the pooled plain one, which every page can run, comes first."""
        chosen = [ATTENTION[each] for each in self.attention] or architecture.graphs
        names = [name for name in ATTENTION.values() if name == "unet" or name in chosen]
        both = self.self_attention == "both" or (
            not self.self_attention and "unet_fused" in architecture.graphs
        )
        return [each for name in names for each in ([name, f"{name}_fused"] if both else [name])]

    def seeds(self, pipeline: Any) -> tuple[int, ...]:
        """Of the random inputs on which each graph is compared with torch."""
        return SEEDS[:1] if pipeline.parameters > MANY_WEIGHTS else SEEDS

    def loop_steps(self, pipeline: Any) -> int:
        """Steps of the loop that is compared with diffusers."""
        return self.verify_steps or (STEPS_OF_MANY if pipeline.parameters > MANY_WEIGHTS else STEPS)

    def axes_runs(self, pipeline: Any) -> int:
        """Runs on which the axes of the map are fitted: one for each prompt that the checkpoint brings, or a few."""
        if pipeline.parameters > MANY_WEIGHTS:
            return 0
        return len(pipeline.about.prompts) or RUNS

    def leak_trials(self, pipeline: Any) -> tuple[list[str], int, int]:
        """Prompts on which the leak of words is measured, of those that the checkpoint brings; words of each; steps."""
        count, words, steps = LEAK_OF_MANY if pipeline.parameters > MANY_WEIGHTS else LEAK
        return spread(pipeline.about.prompts or [pipeline.about.defaults.prompt], count), words, steps


def spread(items: Sequence[str], count: int) -> list[str]:
    """So many of the items, or all, at even distances from one another and from either end."""
    count = min(count, len(items))
    return [items[(2 * k + 1) * len(items) // (2 * count)] for k in range(count)]


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
