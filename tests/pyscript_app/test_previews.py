"""What draws the steps before the last: the decoder, something cheaper, or nothing."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from pyscript_app.model import PREVIEWS, Model
from tests.pyscript_app.fake import SETTINGS, SHAPE, FakeRuntime, collect

FULL, TINY, LINEAR = PREVIEWS.values()


@pytest.mark.parametrize(
    ("wishes", "painters"),
    [
        ({}, [FULL] * 5),
        ({"preview": "tiny"}, [TINY] * 4 + [FULL]),
        ({"preview": "linear"}, [LINEAR] * 4 + [FULL]),
        ({"preview": "tiny", "every": 2}, [TINY] * 4 + [FULL]),
        ({"every": 2}, [LINEAR, FULL, LINEAR, FULL, FULL]),
        ({"every": 9}, [LINEAR] * 4 + [FULL]),
        ({"every": 2, "steps": 1}, [FULL]),
        ({"preview": "linear", "steps": 1}, [FULL]),
    ],
    ids=str,
)
def test_previews_draw_what_comes_before_the_result(
    model: Model, wishes: dict[str, Any], painters: list[str]
) -> None:
    runtime = FakeRuntime()
    frames = collect(replace(SETTINGS, **{"steps": 5} | wishes), model, runtime)
    assert [frame.drawn_by for frame in frames] == painters
    assert [graph for graph, _ in runtime.feeds if graph in PREVIEWS.values()] == painters
    for frame in frames:
        shown = frame.latent if frame is frames[-1] else frame.x0
        drawn = getattr(FakeRuntime, frame.drawn_by)(np.reshape(shown, (1, *SHAPE)))["picture"]
        np.testing.assert_allclose(frame.picture, drawn.ravel(), rtol=1e-5)


def test_previews_change_the_pictures_alone(model: Model) -> None:
    whole, quick = (collect(replace(SETTINGS, preview=preview), model) for preview in ("full", "linear"))
    for one, other in zip(whole, quick, strict=True):
        assert (one.latent, one.x0, one.maps) == (other.latent, other.x0, other.maps)
    assert (whole[-1].picture, whole[0].picture != quick[0].picture) == (quick[-1].picture, True)


def test_between_full_pictures_stands_the_cheapest_that_there_is(models: Callable[..., Model]) -> None:
    frames = collect(replace(SETTINGS, every=2), models(graphs=[FULL, TINY]))
    assert [frame.drawn_by for frame in frames] == [TINY, FULL, FULL]


@pytest.mark.parametrize(
    ("wishes", "graphs", "sentence"),
    [
        (
            {"preview": "tiny"},
            [FULL, LINEAR],
            "exported without the preview 'tiny'; choose one of full, linear.$",
        ),
        ({"preview": "linear"}, [FULL], "exported without the preview 'linear'; choose one of full.$"),
        ({"every": 2}, [FULL], "without a cheaper preview for the steps between; draw every step in full.$"),
    ],
    ids=str,
)
def test_a_preview_that_the_model_lacks_is_refused(
    models: Callable[..., Model], wishes: dict[str, Any], graphs: list[str], sentence: str
) -> None:
    runtime = FakeRuntime()
    with pytest.raises(ValueError, match=f"^The model was .*{sentence}"):
        collect(replace(SETTINGS, **wishes), models(graphs=graphs), runtime)
    assert not runtime.feeds
