"""The loop that both trainings share: budget, schedule, averaging of processes, EMA, checkpoints, log.

Several processes (`accelerate launch` or `torchrun`) each take their own steps on their own samples and
average their parameters every few steps (local SGD, Stich 2019, https://arxiv.org/abs/1805.09767): on a
shared CPU two one-thread processes outrun one with two threads.
"""

import json
import math
import time
from collections.abc import Callable
from pathlib import Path
from typing import Self

import torch
import torch.distributed as dist
from accelerate import PartialState
from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn, TimeRemainingColumn
from torch import Tensor, nn

from export.format.errors import UserError
from export.miniature.training import checkpoints
from export.miniature.training.config import (
    Budget,
    DenoiserSettings,
    JudgeSettings,
    Settings,
    SmallDecoderSettings,
    VaeSettings,
)
from export.miniature.training.muon import optimizers


def state(cpu: bool = False) -> PartialState:
    """Return this process's device, rank and number of processes."""
    return PartialState(cpu=cpu or not torch.cuda.is_available())


class Trainer:
    """Trains `modules` with `step(progress, generator) -> (loss, samples, numbers)`."""

    def __init__(
        self,
        name: str,
        modules: dict[str, nn.Module],
        optimizers: list[torch.optim.Optimizer],
        budget: Budget,
        folder: Path,
        *,
        seed: int = 0,
        average_every: int = 30,
        save_every: float = 120,
        ema: float = 0.9985,
    ) -> None:
        """Set up a run, going on from its checkpoint in `folder` if there is one."""
        self.name, self.modules, self.optimizers = name, modules, optimizers
        self.budget, self.folder, self.ema_rate = budget, folder, ema
        self.average_every, self.save_every = average_every, save_every
        self.processes = state()
        self.rates = [[group["lr"] for group in o.param_groups] for o in optimizers]
        self.generator = torch.Generator().manual_seed(seed * 1000 + self.processes.process_index)
        self.ema = {key: [p.detach().clone() for p in m.parameters()] for key, m in modules.items()}
        self.steps, self.samples, self.seconds = 0, 0, 0.0
        self.path = folder / f"{name}-{self.processes.process_index}.pt"
        self._resume()

    @classmethod
    def of(
        cls,
        name: str,
        modules: dict[str, nn.Module],
        settings: Settings,
        options: VaeSettings | DenoiserSettings | JudgeSettings | SmallDecoderSettings,
        folder: Path,
        average_every: int = 30,
    ) -> Self:
        """Set up a run by its settings; `options` are those of this training among them."""
        return cls(
            name,
            modules,
            optimizers([nn.ModuleDict(modules)], options.muon_rate, options.adam_rate),
            options.budget,
            folder,
            seed=settings.seed,
            average_every=average_every,
            save_every=settings.save_every,
            ema=options.ema,
        )

    @property
    def progress(self) -> float:
        """Return how much of the budget is used, 0 to 1."""
        return min(1.0, max(self.seconds / 60 / self.budget.minutes, self.samples / self.budget.samples))

    def _resume(self) -> None:
        saved = checkpoints.load(self.path)
        if saved is None:
            return
        for key, module in self.modules.items():
            module.load_state_dict(saved["modules"][key])
            self.ema[key] = [
                e.to(p.device) for e, p in zip(saved["ema"][key], module.parameters(), strict=True)
            ]
        for optimizer, kept in zip(self.optimizers, saved["optimizers"], strict=True):
            optimizer.load_state_dict(kept)
        self.generator.set_state(saved["generator"])
        self.steps, self.samples, self.seconds = saved["counters"]

    def save(self) -> None:
        """Write this process's checkpoint."""
        checkpoints.save(
            self.path,
            {
                "modules": {key: module.state_dict() for key, module in self.modules.items()},
                "ema": self.ema,
                "optimizers": [optimizer.state_dict() for optimizer in self.optimizers],
                "generator": self.generator.get_state(),
                "counters": [self.steps, self.samples, self.seconds],
            },
        )

    def weights(self) -> list[Tensor]:
        """Return every parameter of every module."""
        return [p for module in self.modules.values() for p in module.parameters()]

    @torch.no_grad()
    def _average(self) -> None:
        """Replace parameters by their mean over the processes, and take the first one's counters."""
        if self.processes.num_processes == 1:
            return
        flat = torch.cat([p.flatten() for p in self.weights()])
        dist.all_reduce(flat)
        flat /= self.processes.num_processes
        for p, mean in zip(self.weights(), flat.split([p.numel() for p in self.weights()]), strict=True):
            p.copy_(mean.reshape(p.shape))
        counters = torch.tensor([self.samples, self.seconds], dtype=torch.float64, device=flat.device)
        dist.broadcast(counters, 0)
        self.samples, self.seconds = int(counters[0]), float(counters[1])

    @torch.no_grad()
    def _follow(self) -> None:
        """Move the averaged weights (EMA) after the trained ones."""
        rate = min(self.ema_rate, (1 + self.steps) / (10 + self.steps))
        for key, module in self.modules.items():
            torch._foreach_lerp_(self.ema[key], list(module.parameters()), 1 - rate)

    def _schedule(self) -> None:
        p, budget = self.progress, self.budget
        factor = min(1.0, (p + 1e-4) / budget.warmup, (1 - p) / (1 - budget.decay_from))
        for optimizer, rates in zip(self.optimizers, self.rates, strict=True):
            for group, rate in zip(optimizer.param_groups, rates, strict=True):
                group["lr"] = rate * factor

    def with_ema(self, use: Callable[[], dict[str, float]]) -> dict[str, float]:
        """Call `use` while the modules hold their averaged weights."""
        kept = [p.detach().clone() for p in self.weights()]
        averaged = [p for key in self.modules for p in self.ema[key]]
        with torch.no_grad():
            torch._foreach_copy_(self.weights(), averaged)
            try:
                return use()
            finally:
                torch._foreach_copy_(self.weights(), kept)

    def use_ema(self) -> None:
        """Put the averaged weights into the modules, for good."""
        with torch.no_grad():
            torch._foreach_copy_(self.weights(), [p for key in self.modules for p in self.ema[key]])

    def log(self, **numbers: float) -> None:
        """Append a line to `<name>.jsonl` (first process only)."""
        if self.processes.is_main_process:
            line = {"step": self.steps, "samples": self.samples, "minutes": round(self.seconds / 60, 2)}
            with (self.folder / f"{self.name}.jsonl").open("a") as file:
                file.write(json.dumps(line | {key: round(float(v), 5) for key, v in numbers.items()}) + "\n")

    def run(
        self,
        step: Callable[[float, torch.Generator], tuple[Tensor, int, dict[str, float]]],
        report: Callable[[], dict[str, float]] | None = None,
        stop_at: float = 1.0,
    ) -> None:
        """Train until `stop_at` of the budget; `report` measures (on the averaged weights) at each save."""
        columns = (TextColumn("{task.description}"), BarColumn(), TimeElapsedColumn(), TimeRemainingColumn())
        saved, began, first = self.seconds, time.monotonic() - self.seconds, self.samples
        sums: dict[str, float] = {}
        started, count = self.seconds, 0
        with Progress(*columns, disable=not self.processes.is_main_process) as bar:
            task = bar.add_task(self.name, total=1.0)
            while self.progress < stop_at:
                self._schedule()
                loss, taken, numbers = step(self.progress, self.generator)
                loss.backward()
                nn.utils.clip_grad_norm_(self.weights(), 1.0)
                for optimizer in self.optimizers:
                    optimizer.step()
                    optimizer.zero_grad(set_to_none=True)
                self.steps, self.samples = self.steps + 1, self.samples + taken * self.processes.num_processes
                count += 1
                for key, value in numbers.items():
                    sums[key] = sums.get(key, 0.0) + value
                if self.processes.num_processes == 1 or self.steps % self.average_every == 0:
                    self.seconds = time.monotonic() - began
                    self._average()
                self._follow()
                speed = (self.samples - first) / max(1e-6, self.seconds - started)
                bar.update(task, completed=self.progress, description=f"{self.name} {speed:.1f} samples/s")
                due = self.seconds - saved >= self.save_every and self.steps % self.average_every == 0
                if due or self.progress >= stop_at:
                    saved = self.seconds
                    means = {key: value / count for key, value in sums.items()}
                    if not all(math.isfinite(mean) for mean in means.values()):
                        raise UserError(
                            f"The training of the {self.name} diverged before step {self.steps}. Its last "
                            "checkpoint is sound: lower the learning rates and go on from there."
                        )
                    self.save()
                    measured = self.with_ema(report) if report and self.processes.is_main_process else {}
                    self.log(speed=speed, **means, **measured)
                    sums, count = {}, 0
