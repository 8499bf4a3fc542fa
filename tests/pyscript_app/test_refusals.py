"""What cannot be drawn with: a code and its sentence, before anything runs."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from pyscript_app.model import Model
from tests.pyscript_app.fake import SETTINGS, FakeRuntime, collect


@pytest.mark.parametrize(
    ("wishes", "sentence"),
    [
        ({"prompt": None}, "^The prompt must be text of at most 10000 letters, not None.$"),
        (
            {"prompt": "car " * 4000},
            r"^The prompt must be text of at most 10000 letters, not 'car [car ]+…\.$",
        ),
        ({"negative": 3}, "^The negative prompt must be text of at most 10000 letters, not 3.$"),
        ({"guidance": math.nan}, "^The guidance must be a number from 0 to 100, not nan.$"),
        ({"guidance": math.inf}, "^The guidance must be a number from 0 to 100, not inf.$"),
        ({"guidance": -0.5}, "^The guidance must be a number from 0 to 100, not -0.5.$"),
        ({"guidance": "7"}, "^The guidance must be a number from 0 to 100, not '7'.$"),
        ({"guidance": True}, "^The guidance must be a number from 0 to 100, not True.$"),
        ({"gains": ["red"]}, r"^The gains must map at most 75 words .* to factors, not be \['red'\].$"),
        ({"gains": {"green": 2}}, "^The word 'green' is not in the prompt"),
        ({"gains": {"red": -1}}, "^The strength of 'red' must be a number from 0 to 10, not -1.$"),
        ({"gains": {"red": math.nan}}, "^The strength of 'red' must be a number from 0 to 10, not nan.$"),
        ({"seed": -1}, "^The seed must be a whole number from 0 to 9007199254740991, not -1.$"),
        ({"seed": 1.5}, "^The seed must be a whole number from 0 to "),
        ({"steps": 10**9}, "^The number of steps must be a whole number from 1 to 1000, not 1000000000.$"),
        ({"steps": 0}, "^The number of steps must be a whole number from 1 to 1000, not 0.$"),
        ({"steps": 2.5}, "^The number of steps must be a whole number from 1 to 1000, not 2.5.$"),
        ({"preview": "half"}, "^There is no preview 'half'; choose one of full, tiny, linear.$"),
        ({"every": 0}, "every must be a whole number from 1 to 1000, not 0.$"),
        ({"every": 1.5}, "every must be a whole number from 1 to 1000, not 1.5.$"),
        ({"every": True}, "every must be a whole number from 1 to 1000, not True.$"),
        ({"sampler": "magic"}, "^There is no sampler 'magic'; choose one of ddim, euler, "),
    ],
    ids=str,
)
def test_a_bad_setting_gives_a_sentence_before_anything_runs(
    model: Model, wishes: dict[str, Any], sentence: str
) -> None:
    runtime = FakeRuntime()
    with pytest.raises(ValueError, match=sentence):
        collect(replace(SETTINGS, **wishes), model, runtime)
    assert not runtime.feeds


@pytest.mark.parametrize("sampler", ["ddim", "lcm", "tcd"])
def test_pure_noise_shows_no_epsilon(models: Callable[..., Model], sampler: str) -> None:
    model, runtime = models(rescale_betas_zero_snr=True, timestep_spacing="trailing"), FakeRuntime()
    with pytest.raises(ValueError, match="predicts epsilon cannot start from pure noise"):
        collect(replace(SETTINGS, sampler=sampler), model, runtime)
    assert not runtime.feeds
