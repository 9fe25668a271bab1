"""`tune acc`: LAT's fine-tuning with elimination in the loop (Kachuee & Sharifkhani, arXiv 2201.03327).

The profile comes from the layers' contributions ACC_l, measured with the dense model on a sample of the training texts.
While the target speedup rises from 1 to --speedup they are measured again at intervals; after that profile and speedup
stay fixed.
"""
from __future__ import annotations

from .elimination import Elimination, alpha_for, decay_of
from .evaluation import contributions
from .job import Job, whole_part
from .model import Eliminating, Reduction
from .supervised import Supervised
from .trainer import train


def options(parser) -> None:
    parser.add_argument("--speedup", type=float, default=3.0,
                        help="work speedup by the published form at --max-length tokens (default %(default)s)")
    parser.add_argument("--ramp", type=float, default=0.5,
                        help="share of the steps in which the speedup rises (default %(default)s)")
    parser.add_argument("--refresh", type=int, default=100,
                        help="steps between measurements of the contributions (default %(default)s)")
    parser.add_argument("--profile-texts", type=int, default=128)
    parser.add_argument("--distill", type=float, default=0.0, metavar="WEIGHT",
                        help="share of the loss that is the dense model's logits (default %(default)s: none)")
    parser.add_argument("--temperature", type=float, default=2.0)


class Acc(Supervised):
    def __init__(self, model, steps: int, job: Job):
        super().__init__(model, Reduction(), steps, job)
        a = job.arguments
        self.job, self.wanted, self.tokens, self.refresh = job, a.speedup, a.max_length, a.refresh
        self.sample = job.sample(a.profile_texts)
        self.rising = max(1, int(steps * a.ramp))
        self.contributions: list[float] = []
        if self.weight > 0:
            self.teacher = job.frozen_copy()

    def prepare(self, step: int) -> None:
        if step < self.rising and step % self.refresh == 0:
            self.contributions = contributions(self.model, self.sample, self.job.device)
        # After the rise the profile is fixed, but a resumed run has none yet.
        if step <= self.rising or not isinstance(self.reduction, Eliminating):
            self.reduction = Eliminating(self.elimination(min(1.0, step / self.rising)))

    def elimination(self, progress: float) -> Elimination:
        """The reduction at `progress` (0 to 1) from dense to the target speedup."""
        shape, decay = self.model.shape, decay_of(self.contributions)
        alpha = alpha_for(1 + (self.wanted - 1) * progress, decay, shape, self.tokens)
        return Elimination(decay, alpha, shape.layers)

    def loss(self, step, batch):
        loss, figures = super().loss(step, batch)
        return loss, {**figures, "alpha": self.reduction.elimination.alpha}

    def state(self):
        return {"contributions": self.contributions}

    def load(self, state):
        self.contributions = state["contributions"]


def run(job: Job) -> None:
    if job.checkpoint.taper.keys() & {"selector", "halting"}:
        raise SystemExit("error: tune acc: give a dense model; selectors and halting are trained after elimination")
    if job.needs_head and job.arguments.distill > 0:
        raise SystemExit("error: tune acc --distill: the model has no head of its own to learn from; give a fine-tuned one (tune dense)")
    job.checkpoint.taper.pop("elimination", None)
    model = job.model()
    if job.needs_head and job.run.saved() is None:
        job.refit_head(model, Reduction(), job.arguments.head_texts)
    task = Acc(model, whole_part(job.arguments.epochs, job.batches), job)
    outcome = train(job.run, task, job.texts)
    elimination = task.elimination(1.0)
    a = job.arguments
    job.write(model, "acc", outcome, {"elimination": {
        "decay": elimination.decay, "alpha": elimination.alpha, "tokens": a.max_length, "speedup": a.speedup,
        "keep_counts": elimination.keep_counts(a.max_length), "contributions": task.contributions}}, {})
