"""A tiny judge is trained, written and measured; its lessons are fair and fit their pictures."""

import json
from pathlib import Path

import numpy as np
import pytest
import torch
from typer.testing import CliRunner

from export.format.errors import UserError
from export.miniature.cli import app
from export.miniature.judging import judging
from export.miniature.judging.judge import CELL, COLOURS, OBJECTS, Judge
from export.miniature.judging.judging import Lessons
from export.miniature.judging.segmenter import JudgeGraph, Naming, Segmenter
from export.miniature.scenes import grammar
from export.miniature.scenes.grammar import Item, Scene
from export.miniature.scenes.scenes import draw
from export.miniature.training import config, vae

TINY = config.read(config.SHIPPED.with_name("tiny.toml"))


def test_a_tiny_run(tmp_path: Path) -> None:
    vae.build(TINY).save_pretrained(tmp_path / "weights" / "vae")
    measured = judging.run(TINY, tmp_path / "weights", tmp_path / "run", count=4)
    said = json.loads((tmp_path / "weights" / "judge" / "judge.json").read_text())
    assert said["accuracy"] == measured["accuracy"]
    assert said["objects"] == list(grammar.OBJECTS)
    assert '"samples": 24' in (tmp_path / "run" / "judge.jsonl").read_text()
    judge = Judge(tmp_path / "weights" / "judge")
    assert judge.accuracy == measured["accuracy"]
    assert len(judge.look(np.zeros((2, 128, 128, 3), np.uint8))) == 2


def test_weights_without_an_autoencoder(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="no autoencoder"):
        judging.run(TINY, tmp_path, tmp_path, count=1)


def test_the_written_graph_names_as_torch_does(tmp_path: Path) -> None:
    import onnxruntime

    torch.manual_seed(0)
    segmenter = Segmenter((16, 32, 64)).eval()
    judging.write(segmenter, tmp_path)
    feeds = JudgeGraph(segmenter).examples(torch.Generator().manual_seed(1))
    session = onnxruntime.InferenceSession(tmp_path / "judge.onnx")
    shares = session.run(None, {name: value.numpy() for name, value in feeds.items()})
    with torch.no_grad():
        truth = JudgeGraph(segmenter)(**feeds)
    assert [output.name for output in session.get_outputs()] == ["objects", "colours", "places", "times"]
    for share, expected in zip(shares, truth.values(), strict=True):
        assert share.shape == expected.shape
        assert np.allclose(share.sum(0), 1, atol=1e-5)
        assert np.abs(share - expected.numpy()).max() < 0.02  # weights of 8 bits


def test_every_combination_comes_equally_often() -> None:
    """A scene takes each look of its place equally often; a sixth of them are held out, at every place."""
    for place in grammar.PLACES:
        looks = [one for one in grammar.combinations() if one[2] == place]
        assert sum(grammar.held_out(*look) for look in looks) * judging.UNSEEN == len(looks)
    scenes = [judging.lesson(seed) for seed in range(600)]
    assert sum(grammar.held_out(s.items[0].name, s.items[0].colour, s.place) for s in scenes) == 100


def test_answers_fit_the_picture() -> None:
    scene = Scene((Item("cat", "red"), Item("boat")), "sea", "day", "left", seed=5)
    masks = draw(scene).masks
    objects, colours = judging.answers(scene, masks)
    cat, boat = (objects == 1 + OBJECTS.index(name) for name in ("cat", "boat"))
    for cells, mask in zip((cat, boat), masks, strict=True):
        assert cells.sum() * CELL**2 == pytest.approx((mask > 127).sum(), rel=0.05)
    assert np.nonzero(cat)[1].max() < np.nonzero(boat)[1].min()
    assert np.unique(colours[cat]) == COLOURS.index("red")
    assert np.unique(colours[boat]) == np.unique(colours[objects == 0]) == judging.UNTOLD


def test_pictures_turn_together_with_their_answers() -> None:
    objects = torch.randint(0, 13, (3, 64, 64), generator=torch.Generator().manual_seed(0)).byte()
    pictures = objects.repeat_interleave(2, 1).repeat_interleave(2, 2)[:, None].expand(-1, 3, -1, -1)
    numbers = torch.arange(3).byte()
    lessons = Lessons(pictures.clone(), objects, objects.clone(), numbers, numbers)
    batch = judging.draw_batch(lessons, 16, torch.Generator().manual_seed(0))
    assert torch.equal(batch.pictures[:, 0, ::2, ::2], batch.objects)
    assert torch.equal(batch.colours, batch.objects)
    turned = (batch.objects != objects[batch.places.long()]).flatten(1).any(1)
    assert 0 < sum(turned) < 16
    assert torch.equal(lessons.objects, objects)


def naming_of(truth: Lessons, certainty: float) -> Naming:
    """Return logits that give the right answers."""
    counts = {"objects": 13, "colours": 7, "places": 6, "times": 3}
    hot = {
        name: torch.nn.functional.one_hot(getattr(truth, name).long() % count, count).movedim(-1, 1)
        for name, count in counts.items()
    }
    return Naming(**{name: certainty * one.float() for name, one in hot.items()})


def test_the_loss_asks_for_what_is_told_alone() -> None:
    cells = torch.zeros(1, 64, 64).byte()
    cells[0, :8, :8] = 3
    untold = torch.full_like(cells, judging.UNTOLD)
    untold[0, :4] = 2
    truth = Lessons(torch.zeros(1), cells, untold, torch.tensor([1]).byte(), torch.tensor([2]).byte())
    right, parts = judging.loss(naming_of(truth, 20), truth)
    assert right < 1e-4
    assert set(parts) == {"objects", "colours", "places", "times"}
    naming = naming_of(truth, 20)
    naming.colours[0, :, 4:] = torch.randn(7, 60, 64)  # where no word says a colour, any will do
    assert torch.equal(judging.loss(naming, truth)[0], right)
    naming.colours[0, :, :4] = 0
    assert judging.loss(naming, truth)[0] > right + 1


def test_disturbed_pictures_stay_recognisable() -> None:
    pictures = np.stack([draw(grammar.scene(i)).pixels for i in range(16)])
    x = vae.to_tensor(pictures)
    y = judging.disturb(x, torch.Generator().manual_seed(0))
    both = [torch.corrcoef(torch.stack([a.flatten(), b.flatten()]))[0, 1] for a, b in zip(x, y, strict=True)]
    assert min(both) > 0.85
    assert (x - y).abs().mean((1, 2, 3)).min() > 0.01


@pytest.mark.parametrize("option", ["--config", "--weights"])
def test_a_mistake_at_the_command_is_said_in_one_sentence(option: str) -> None:
    result = CliRunner().invoke(app, ["judge", option, "none"])
    assert isinstance(result.exception, UserError)
    assert str(result.exception).count("\n") == 0
