"""Every row of the table is recognised by its configs alone."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from pathlib import Path

import diffusers
import pytest
from diffusers import UNet2DConditionModel

from export.checkpoint.about import SAMPLERS, Defaults
from export.checkpoint.architectures import ARCHITECTURES, SILENT, Architecture, architecture_named, recognise
from export.checkpoint.pipeline import load_pipeline
from export.format.errors import UserError
from tests.export.checkpoints import RECIPES


def test_every_row_has_a_small_checkpoint() -> None:
    assert {row.name for row in ARCHITECTURES} == set(RECIPES)


@pytest.mark.parametrize("row", ARCHITECTURES, ids=lambda row: row.name)
def test_a_row_is_recognised(tiny_checkpoint: Callable[[str], Path], row: Architecture) -> None:
    pipeline = load_pipeline(tiny_checkpoint(row.name))
    assert pipeline.architecture is row
    assert pipeline.batch == (2 if row.guidance == "classifier-free" else 1)
    settings = vars(pipeline.about.defaults)
    assert settings == vars(Defaults()) | {"sampler": settings["sampler"]} | dict(row.defaults)
    assert settings["sampler"] in SAMPLERS.values()


@pytest.mark.parametrize("row", ARCHITECTURES, ids=lambda row: row.name)
def test_defaults_are_settings(row: Architecture) -> None:
    assert set(row.defaults) <= set(Defaults.__dataclass_fields__)
    assert row.size % 64 == 0


def test_what_old_configs_leave_out_is_diffusers_default() -> None:
    """Stable Diffusion 1.4's file says nothing of projections, the middle block or the guidance."""
    assert recognise({"unet": {}, "scheduler": {"_class_name": "PNDMScheduler"}}).name == "sd1"
    classes = {"unet": [UNet2DConditionModel], "scheduler": [getattr(diffusers, name) for name in SAMPLERS]}
    for part, fields in SILENT.items():
        for kind in classes[part]:
            defaults = inspect.signature(kind.__init__).parameters
            assert {name: defaults[name].default for name in fields} == fields, kind


def test_a_row_is_chosen_by_name(tiny_checkpoint: Callable[[str], Path]) -> None:
    assert load_pipeline(tiny_checkpoint("sd-turbo"), architecture="sd2").batch == 2
    with pytest.raises(UserError, match=r"no architecture sd9; choose one of lcm, .*sd1\."):
        architecture_named("sd9")
    with pytest.raises(UserError, match="its architecture is not lcm"):
        load_pipeline(tiny_checkpoint("sd1"), architecture="lcm")
    with pytest.raises(UserError, match="takes the guidance as an input, so its architecture is not sd1"):
        load_pipeline(tiny_checkpoint("lcm"), architecture="sd1")
