"""The bench that weights are measured on: opens them, exports them, paints with them and asks the judge."""

from collections.abc import Sequence
from dataclasses import asdict
from functools import cached_property
from hashlib import sha256
from pathlib import Path
from typing import Any

import numpy as np
from rich.progress import Progress

from export.checkpoint.about import read_about
from export.checkpoint.checkpoint import PARTS, read_index
from export.checkpoint.pipeline import Pipeline, load_pipeline
from export.exporter import export_pipeline
from export.format.manifest import FILE
from export.miniature.judging.judge import Judge
from export.miniature.judging.painting import paint
from export.miniature.training import config
from export.miniature.training.pool import build


def fingerprint(weights: Path) -> str:
    """Return 16 hex digits that stand for every file of a pipeline's parts."""
    digest = sha256()
    for path in sorted(path for part in PARTS for path in (weights / part).iterdir()):
        digest.update(f"{path.parent.name}/{path.name}".encode() + path.read_bytes())
    return digest.hexdigest()[:16]


class Bench:
    """Weights with all that measuring them needs, each made when it is first asked for.

    Args:
        weights: a diffusers folder.
        judge: a folder that `diffuscope miniature judge` wrote.
        pool: the folder of the drawn training scenes.
        work: where exports and pictures are kept, so that what was made once is not made again.
        progress: shows what is going on.
        processes: that paint side by side.

    Raises:
        UserError: `weights` is not a pipeline.
    """

    def __init__(
        self, weights: Path, judge: Path, pool: Path, work: Path, progress: Progress, processes: int = 2
    ) -> None:
        self.about = read_about(weights, read_index(weights))
        self.weights, self.judge_folder, self.pool_folder = weights, judge, pool
        self.fingerprint = fingerprint(weights)
        self.work = work / self.fingerprint
        self.progress, self.processes = progress, processes

    @property
    def settings(self) -> dict[str, Any]:
        """The `steps`, `guidance` and `sampler` that the page begins with."""
        return {name: asdict(self.about.defaults)[name] for name in ("steps", "guidance", "sampler")}

    @cached_property
    def pipeline(self) -> Pipeline:
        """The weights in torch."""
        return load_pipeline(self.weights)

    @cached_property
    def judge(self) -> Judge:
        """The judge."""
        return Judge(self.judge_folder)

    @cached_property
    def pool(self) -> np.ndarray:
        """The drawn training scenes, uint8 [N, 128, 128, 3], on disk; drawn if they are not there."""
        done = self.pool_folder / "complete"
        count = int(done.read_text()) if done.exists() else config.read().scenes
        return build(self.pool_folder, count, self.processes)["pictures"]

    def exported(self, precision: str) -> Path:
        """Return the folder of the weights exported as `int8` or `fp32`."""
        folder = self.work / precision
        if not (folder / FILE).exists():
            task = self.progress.add_task("exporting", total=None)
            export_pipeline(
                self.weights,
                folder,
                precision,
                report=lambda stage: self.progress.update(
                    task, description=stage.name, completed=stage.number, total=stage.of
                ),
            )
        return folder

    def paint(self, captions: Sequence[str], precision: str = "int8", **wishes: Any) -> np.ndarray:
        """Paint captions as visitors would, uint8 [N, 128, 128, 3], with the wishes of `painting.paint`."""
        folder, wishes = self.exported(precision), self.settings | wishes
        said = ", ".join(f"{name} {wishes[name]}" for name in ("steps", "guidance"))
        task = self.progress.add_task(f"painting {precision}, {said}", total=len(captions))
        return paint(
            folder,
            captions,
            album=self.work / f"{precision}-pictures",
            processes=self.processes,
            advance=lambda: self.progress.advance(task),
            **wishes,
        )
