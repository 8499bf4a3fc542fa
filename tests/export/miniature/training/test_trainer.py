"""The training loop keeps a sound checkpoint whatever happens."""

from pathlib import Path

import pytest
import torch

from export.format.errors import UserError
from export.miniature.training import checkpoints
from export.miniature.training.config import Budget
from export.miniature.training.trainer import Trainer


def make(folder: Path) -> tuple[Trainer, torch.nn.Linear]:
    layer = torch.nn.Linear(2, 1)
    sgd = torch.optim.SGD(layer.parameters(), lr=0.01)
    return Trainer(
        "line", {"layer": layer}, [sgd], Budget(samples=8), folder, average_every=1, save_every=0
    ), layer


def test_a_run_that_diverges_keeps_its_last_sound_checkpoint(tmp_path: Path) -> None:
    trainer, layer = make(tmp_path)

    def step(progress: float, generator: torch.Generator) -> tuple[torch.Tensor, int, dict[str, float]]:
        loss = layer(torch.ones(1, 2)).square().sum() * (float("nan") if progress >= 0.5 else 1)
        return loss, 1, {"loss": loss.item()}

    with pytest.raises(UserError, match="line diverged before step 5"):
        trainer.run(step)
    saved = checkpoints.load(tmp_path / "line-0.pt")
    assert saved
    assert saved["counters"][:2] == [4, 4]
    assert all(torch.isfinite(value).all() for value in saved["modules"]["layer"].values())
    assert make(tmp_path)[0].samples == 4
