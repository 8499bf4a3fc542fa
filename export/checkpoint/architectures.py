"""The kinds of Stable Diffusion that can be exported, one row each, and how a checkpoint's row is recognised.

The facts are those of the repositories that the titles name: Stable Diffusion (Rombach et al.,
https://arxiv.org/abs/2112.10752), SD-Turbo (Sauer et al., https://arxiv.org/abs/2311.17042), latent consistency
models (Luo et al., https://arxiv.org/abs/2310.04378) and BK-SDM (Kim et al., https://arxiv.org/abs/2305.15798).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from export.format.errors import UserError

GIVEN = object()  # in a row's ``when``: any value but none
# The graphs over the UNet's weights beside the plain one (docs/architecture.md): a big model needs a choice.
UNET_FAMILY = ("unet_fused", "unet_layers", "unet_layers_fused", "unet_bare", "unet_bare_fused")
FOUR_BLOCKS = ["CrossAttnDownBlock2D"] * 3 + ["DownBlock2D"]
THREE_BLOCKS = ["CrossAttnDownBlock2D"] * 3


@dataclass(frozen=True)
class Architecture:
    """One row.

    Args:
        name: what the manifest and ``--architecture`` call it.
        title: what people call it.
        when: the fields that tell it from the rows below, ``part.field`` to the value that it has.
        guidance: ``classifier-free`` (the network runs on two prompts), ``embedded`` (the guidance scale is an
            input of the network) or ``none`` (it was distilled away).
        defaults: settings that differ from those of every model (``export.checkpoint.about.Defaults``).
        size: side of its pictures in pixels, where the checkpoint does not say.
        graphs: the variants of the UNet that are exported beside the plain one.
    """

    name: str
    title: str
    when: Mapping[str, Any]
    guidance: str = "classifier-free"
    defaults: Mapping[str, Any] = field(default_factory=dict)
    size: int = 512
    graphs: tuple[str, ...] = UNET_FAMILY

    @property
    def batch(self) -> int:
        """Prompts that the network runs on: 2 where guidance compares with the unconditional one, else 1."""
        return 2 if self.guidance == "classifier-free" else 1

    def fits(self, configs: Mapping[str, Mapping[str, Any]]) -> bool:
        """Whether every field of ``when`` has its value."""
        for path, expected in self.when.items():
            part, name = path.split(".")
            found = configs[part].get(name)
            found = list(found) if isinstance(found, tuple) else found
            if (found is None) if expected is GIVEN else (found != expected):
                return False
        return True


# The first row that fits is taken, so the particular stand before the general.
ARCHITECTURES = (
    Architecture(
        "lcm",
        "Latent consistency model",
        {"unet.time_cond_proj_dim": GIVEN},
        guidance="embedded",
        defaults={"steps": 4, "guidance": 8.0, "sampler": "lcm"},
    ),
    # segmind/tiny-sd has the structure of BK-SDM-Tiny; what differs is how its makers draw with it.
    Architecture(
        "tiny-sd",
        "Segmind Tiny-SD",
        {
            "unet.mid_block_type": None,
            "unet.down_block_types": THREE_BLOCKS,
            "scheduler._class_name": "DPMSolverMultistepScheduler",
        },
        defaults={"steps": 25, "guidance": 7.0, "sampler": "dpm++2m"},
    ),
    Architecture(
        "bk-sdm-tiny",
        "BK-SDM-Tiny",
        {"unet.mid_block_type": None, "unet.down_block_types": THREE_BLOCKS},
        defaults={"steps": 25},
    ),
    Architecture(
        "bk-sdm-small",
        "BK-SDM-Small",
        {"unet.mid_block_type": None, "unet.down_block_types": FOUR_BLOCKS},
        defaults={"steps": 25},
    ),
    Architecture(
        "bk-sdm-base",
        "BK-SDM-Base",
        {"unet.layers_per_block": 1, "unet.down_block_types": FOUR_BLOCKS},
        defaults={"steps": 25},
    ),
    Architecture(
        "sd-turbo",
        "SD-Turbo",
        {
            "unet.use_linear_projection": True,
            "scheduler._class_name": "EulerDiscreteScheduler",
            "scheduler.timestep_spacing": "trailing",
        },
        guidance="none",
        defaults={"steps": 4, "guidance": 1.0, "sampler": "euler"},
    ),
    Architecture(
        "sd2-v",
        "Stable Diffusion 2.x, v-prediction",
        {"unet.use_linear_projection": True, "scheduler.prediction_type": "v_prediction"},
        size=768,
    ),
    Architecture("sd2", "Stable Diffusion 2.x base", {"unet.use_linear_projection": True}),
    # The miniature is one of these; it is small enough for one graph of its UNet.
    Architecture(
        "sd1-v",
        "Stable Diffusion 1.x, v-prediction",
        {"unet.use_linear_projection": False, "scheduler.prediction_type": "v_prediction"},
        graphs=(),
    ),
    Architecture("sd1", "Stable Diffusion 1.x", {"unet.use_linear_projection": False}),
)
# What diffusers takes where a file is silent, as far as rows differ in it.
SILENT: dict[str, dict[str, Any]] = {
    "unet": {
        "use_linear_projection": False,
        "mid_block_type": "UNetMidBlock2DCrossAttn",
        "layers_per_block": 2,
        "down_block_types": tuple(FOUR_BLOCKS),
        "time_cond_proj_dim": None,
    },
    "scheduler": {"prediction_type": "epsilon"},
}


def recognise(configs: Mapping[str, Mapping[str, Any]]) -> Architecture:
    """The first row that fits the configs of ``unet`` and ``scheduler`` as their files have them."""
    complete = {part: SILENT[part] | dict(config) for part, config in configs.items()}
    return next(row for row in ARCHITECTURES if row.fits(complete))


def architecture_named(name: str) -> Architecture:
    """The row of this name.

    Raises:
        UserError: there is none.
    """
    for row in ARCHITECTURES:
        if row.name == name:
            return row
    names = ", ".join(row.name for row in ARCHITECTURES)
    raise UserError(f"There is no architecture {name}; choose one of {names}.")
