"""A planted copy is found; fresh drawings set the measure."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from export.miniature.judging import nearest
from export.miniature.scenes import grammar
from export.miniature.scenes.scenes import draw


@pytest.fixture(scope="module")
def pool() -> np.ndarray:
    return np.stack([draw(grammar.scene(i)).pixels for i in range(60)])


@pytest.fixture(scope="module")
def fresh() -> np.ndarray:
    return np.stack([draw(grammar.scene(10_000 + i)).pixels for i in range(30)])


def test_neighbours_are_those_of_a_plain_search(
    pool: np.ndarray, fresh: np.ndarray, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(nearest, "CHUNK", 7)
    found = nearest.neighbours(fresh, pool)
    small = pool.reshape(-1, 32, 4, 32, 4, 3).mean((2, 4))
    for i, picture in enumerate(fresh):
        own = picture.reshape(32, 4, 32, 4, 3).mean((1, 3))
        distances = np.sqrt(((small - own) ** 2).mean((1, 2, 3)))
        order = np.argsort(distances)
        assert found.scene[i] == order[0]
        assert [found.first[i], found.second[i]] == pytest.approx(distances[order[:2]], rel=1e-4)


def test_copies_are_found(pool: np.ndarray, fresh: np.ndarray) -> None:
    copies = np.clip(pool[[5, 17, 40]].astype(int) + 2, 0, 255).astype(np.uint8)
    result = nearest.nearest(np.concatenate([copies, fresh[:9]]), fresh, pool)
    assert json.loads(json.dumps(result)) == result
    assert {pair["scene"] for pair in result["closest"][:3]} == {5, 17, 40}
    assert {pair["picture"] for pair in result["closest"][:3]} == {0, 1, 2}
    assert all(pair["distance"] <= 2.001 for pair in result["closest"][:3])
    assert result["alone"] == {"pictures": 0.25, "fresh": 0.0}
    assert 0.25 <= result["nearer"] <= 0.34  # the copies, and at most one of the fresh ones
    assert result["count"] == {"pictures": 12, "fresh": 30, "pool": 60}


def test_fresh_drawings_copy_nothing(pool: np.ndarray, fresh: np.ndarray) -> None:
    result = nearest.nearest(fresh[:15], fresh[15:], pool)
    assert result["alone"] == {"pictures": 0.0, "fresh": 0.0}
    assert result["nearer"] < 0.2
    assert result["median"]["pictures"] == pytest.approx(result["median"]["fresh"], rel=0.3)


def test_the_strip_shows_pairs(pool: np.ndarray, fresh: np.ndarray, tmp_path: Path) -> None:
    closest = nearest.nearest(fresh, fresh, pool)["closest"][:3]
    nearest.strip(tmp_path / "nearest.png", fresh, ["a picture"] * len(fresh), pool, closest)
    shown = np.asarray(Image.open(tmp_path / "nearest.png"))
    for pair in closest:
        for picture in (fresh[pair["picture"]], pool[pair["scene"]]):
            row = picture[64].tobytes()
            assert any(row in line.tobytes() for line in shown)
