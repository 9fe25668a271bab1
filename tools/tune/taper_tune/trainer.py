"""The training loop of every method: resumes bit for bit, can be time-boxed, shows a progress bar.

A run's state lives in `<output>.partial/state.pt`, written atomically. A resumed run gives the weights an uninterrupted
one gives: batches are a function of seed and step, and everything else that a step reads is in the state.
"""
from __future__ import annotations

import hashlib
import json
import shutil
import sys
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import ClassVar

import torch
from torch import nn
from tqdm import tqdm

from .files import write_atomically
from .texts import Batch, Texts, epoch_batches, make_batch, parts

SAVE_EVERY_SECONDS = 120
GRADIENT_NORM = 1.0


@dataclass
class Group:
    """Parameters with one learning rate."""
    parameters: list[nn.Parameter]
    rate: float
    decay: float = 0.01


class Task:
    """What a method provides to the loop."""
    steps: int = 0
    groups: list[Group]
    modules: dict[str, nn.Module]

    def prepare(self, step: int) -> None:
        """Called before the batch of a step."""

    def loss(self, step: int, batch: Batch) -> tuple[torch.Tensor, dict[str, float]]:
        """The loss to minimise, and figures for the progress bar."""
        raise NotImplementedError

    def factors(self, step: int) -> list[float]:
        """The factor of each group's learning rate: warm-up over a tenth of the steps, then linear to 0."""
        return [ramp_and_decay(step, self.steps)] * len(self.groups)

    def state(self) -> dict:
        """State besides the parameters that a step reads and changes."""
        return {}

    def load(self, state: dict) -> None:
        """Restores what `state` returned."""


def ramp_and_decay(step: int, steps: int, warm: float = 0.1) -> float:
    """Linear to 1 over the first `warm` of the steps, then linear to 0."""
    rising = max(1, int(steps * warm))
    return min((step + 1) / rising, (steps - step) / max(1, steps - rising))


@dataclass
class Outcome:
    step: int
    steps: int
    seconds: float
    figures: dict[str, float] = field(default_factory=dict)

    def note(self, figures: dict[str, float], share: float) -> None:
        """Averages figures over about 30 steps; `share` is the share of a step that these are from."""
        for key, value in figures.items():
            before = self.figures.get(key, value)
            self.figures[key] = before + share / 30 * (value - before)

    def rounded(self) -> dict[str, float]:
        return {key: round(value, 4) for key, value in self.figures.items()}

    @property
    def finished(self) -> bool:
        return self.step == self.steps


@dataclass
class Run:
    """Where and how a task runs. `settings` is everything its result depends on; a resumed run must have the same."""
    output: Path
    settings: dict
    seed: int
    batch_size: int
    device: torch.device
    time_box: float | None  # minutes
    products: str = "f32"
    #: For tests: stop as if the time box had ended after this many steps.
    stop_after: ClassVar[int | None] = None

    @property
    def folder(self) -> Path:
        return self.output.with_name(self.output.name + ".partial")

    @property
    def digest(self) -> str:
        return hashlib.sha256(json.dumps(self.settings, sort_keys=True).encode()).hexdigest()

    def saved(self) -> dict | None:
        path = self.folder / "state.pt"
        if not path.exists():
            return None
        state = torch.load(path, map_location="cpu", weights_only=True)
        if state["digest"] != self.digest:
            raise SystemExit(f"error: {self.folder} is a run with other settings; remove it or give another output")
        return state

    def forget(self) -> None:
        shutil.rmtree(self.folder, ignore_errors=True)


def train(run: Run, task: Task, texts: Texts) -> Outcome:
    """Runs the task to its end, or until the time box ends, and then saves the state."""
    optimizer = torch.optim.AdamW([{"params": g.parameters, "lr": g.rate, "weight_decay": g.decay}
                                   for g in task.groups], fused=True)
    per_epoch = -(-len(texts) // run.batch_size)
    saved, start, spent = run.saved(), 0, 0.0
    if saved:
        start, spent = saved["step"], saved["seconds"]
        for name, module in task.modules.items():
            module.load_state_dict(saved["modules"][name])
        optimizer.load_state_dict(saved["optimizer"])
        task.load(saved["task"])
        torch.set_rng_state(saved["random"])
        if run.device.type == "cuda" and saved["random_cuda"] is not None:
            torch.cuda.set_rng_state(saved["random_cuda"], run.device)
        print(f"going on from step {start} of {task.steps}", file=sys.stderr)
    else:
        torch.manual_seed(run.seed)
    begun = last_save = time.monotonic()
    parameters = [p for g in task.groups for p in g.parameters]
    outcome = Outcome(start, task.steps, spent)
    batches, batches_epoch = [], -1
    # Computes f32 matrix products on bf16 units with f32 sums; other ops are unchanged.
    torch.set_float32_matmul_precision("medium" if run.products == "bf16" else "highest")

    def save(step: int) -> None:
        state = {"digest": run.digest, "step": step, "seconds": spent + time.monotonic() - begun,
                 "modules": {name: module.state_dict() for name, module in task.modules.items()},
                 "optimizer": optimizer.state_dict(), "task": task.state(), "random": torch.get_rng_state(),
                 "random_cuda": torch.cuda.get_rng_state(run.device) if run.device.type == "cuda" else None}
        write_atomically(run.folder / "state.pt", lambda temporary: torch.save(state, temporary))

    with tqdm(total=task.steps, initial=start, unit="step", disable=not sys.stderr.isatty()) as bar:
        for step in range(start, task.steps):
            epoch, place = divmod(step, per_epoch)
            if epoch != batches_epoch:
                batches, batches_epoch = epoch_batches(texts, run.batch_size, run.seed, epoch), epoch
            task.prepare(step)
            for module in task.modules.values():
                module.train()
            for group, base, factor in zip(optimizer.param_groups, task.groups, task.factors(step)):
                group["lr"] = base.rate * factor
            optimizer.zero_grad(set_to_none=True)
            batch = batches[place]
            for part in parts(texts, batch):
                loss, figures = task.loss(step, make_batch(texts, part, run.device))
                (loss * (len(part) / len(batch))).backward()
                outcome.note(figures, len(part) / len(batch))
            nn.utils.clip_grad_norm_(parameters, GRADIENT_NORM)
            optimizer.step()
            outcome.step = step + 1
            bar.set_postfix(outcome.rounded(), refresh=False)
            bar.update()
            elapsed = time.monotonic() - begun
            if (run.time_box is not None and elapsed > run.time_box * 60) or outcome.step == run.stop_after:
                break
            if time.monotonic() - last_save > SAVE_EVERY_SECONDS:
                save(outcome.step)
                last_save = time.monotonic()
    outcome.seconds = spent + time.monotonic() - begun
    save(outcome.step)
    torch.set_float32_matmul_precision("highest")
    for module in task.modules.values():
        module.eval()
    return outcome
