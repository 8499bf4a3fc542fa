"""Levels: planted lessons have known scores, and a lesson finds the nouns that were said."""

import pytest
import torch
from diffusers import StableDiffusionPipeline

from export.miniature.judging.levels import LEVELS, Lesson, hits, levels, teach
from export.miniature.judging.tasks import held_out
from export.miniature.scenes import grammar


def planted() -> Lesson:
    """One scene: item 0 fills the left quarter, item 1 the right one; error 2 on objects, 0.5 elsewhere."""
    masks = torch.zeros(1, 2, 16, 16)
    masks[0, 0, :, :4] = masks[0, 1, :, 12:] = 1
    error = torch.full((1, 16, 16), 0.5).masked_fill(masks[:, :2].sum(1) > 0, 2.0)
    maps = {side: torch.zeros(1, side**2, 77) for side in (16, 8)}
    for side, found in maps.items():
        found[0, 0, [3, 5]] = 1  # both nouns look at the top left corner
        found[0, side - 1, 6] = 1
    return Lesson(500, error, masks, [(0, 0, 3), (0, 1, 5)], maps)


def test_nouns_hit_where_their_own_item_is() -> None:
    for side in (16, 8):
        assert hits(planted(), side) == (1, pytest.approx(0.5))
        assert hits(planted()._replace(nouns=[(0, 0, 3), (0, 1, 6)]), side) == (2, pytest.approx(0.5))


def test_sums_over_batches_are_ratios_of_areas(monkeypatch: pytest.MonkeyPatch) -> None:
    half = planted()._replace(masks=planted().masks / 2, level=700)
    lessons = [planted(), planted()._replace(error=planted().error * 3), half]
    monkeypatch.setattr("export.miniature.judging.levels.teach", lambda pipeline, scenes: iter(lessons))
    found = levels(None, [])
    assert list(found) == ["500", "700"]
    assert found["500"]["object_v_mse"] == pytest.approx(4)
    assert found["500"]["rest_v_mse"] == pytest.approx(1)
    assert found["500"]["hits_16"] == found["500"]["hits_8"] == 0.5
    assert found["500"]["chance_16"] == pytest.approx(0.25)
    assert found["700"]["rest_v_mse"] == pytest.approx((0.5 * 128 + 2 * 64) / (128 + 64))


def test_a_lesson_knows_every_noun(miniature_pipeline: StableDiffusionPipeline) -> None:
    scenes, tokenizer = held_out(6), miniature_pipeline.tokenizer
    before = miniature_pipeline.unet.attn_processors
    with torch.no_grad():
        lessons = list(teach(miniature_pipeline, scenes))
    assert miniature_pipeline.unet.attn_processors == before
    assert [lesson.level for lesson in lessons] == list(LEVELS)
    for lesson in lessons:
        assert lesson.error.shape == (6, 16, 16)
        assert lesson.maps[16].shape == (6, 256, 77)
        assert lesson.maps[8].shape == (6, 64, 77)
    said = {(b, item): token for b, item, token in lessons[0].nouns}
    assert set(said) == {(b, i) for b, scene in enumerate(scenes) for i in range(len(scene.items))}
    for (b, i), token in said.items():
        item = scenes[b].items[i]
        noun = item.name if item.count == 1 else grammar.OBJECTS[item.name]
        ids = tokenizer(grammar.caption(scenes[b])).input_ids[: token + 1]
        assert tokenizer.decode(ids).split()[-1].endswith(noun)
