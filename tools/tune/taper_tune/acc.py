"""`tune acc`: LAT's fine-tuning with elimination in the loop (Kachuee & Sharifkhani, arXiv 2201.03327).

The profile comes from the layers' contributions ACC_l, measured with the dense model on a sample of the training texts.
While the target speedup rises from 1 to --speedup they are measured again at intervals; after that profile and speedup
stay fixed.
"""
from __future__ import annotations

from .elimination import Elimination, alpha_for, decay_of
from .evaluation import contributions
from .job import Job, whole_part
from .model import Eliminating, Model, Reduction
from .supervised import REDUCED, Supervised, distill_options, rising_options, teacher_of
from .trainer import train


def options(parser) -> None:
    rising_options(parser)
    parser.add_argument("--refresh", type=int, default=100,
                        help="steps between measurements of the contributions (default %(default)s)")
    parser.add_argument("--profile-texts", type=int, default=128)
    parser.add_argument("--decay", type=float,
                        help="of the keep counts over the layers, instead of the contributions'; 0: the same in all")
    distill_options(parser)


class RisingElimination:
    """The schedule of reductions while LAT trains."""

    def __init__(self, model: Model, steps: int, job: Job):
        a = job.arguments
        self.model, self.device, self.wanted, self.tokens = model, job.device, a.speedup, a.max_length
        self.refresh, self.decay = a.refresh, a.decay
        self.sample = job.sample(a.profile_texts)
        self.rising = max(1, int(steps * a.ramp))
        self.contributions: list[float] = []
        self.reduction: Eliminating | None = None

    def at(self, step: int) -> Eliminating:
        if step < self.rising and step % self.refresh == 0:
            self.contributions = contributions(self.model, self.sample, self.device)
        # After the rise the profile is fixed, but a resumed run has none yet.
        if step <= self.rising or self.reduction is None:
            self.reduction = Eliminating(self.elimination(min(1.0, step / self.rising)))
        return self.reduction

    def elimination(self, progress: float) -> Elimination:
        """The reduction at `progress` (0 to 1) from dense to the target speedup."""
        shape = self.model.shape
        decay = decay_of(self.contributions) if self.decay is None else self.decay
        alpha = alpha_for(1 + (self.wanted - 1) * progress, decay, shape, self.tokens)
        return Elimination(decay, alpha, shape.layers)

    def figures(self) -> dict[str, float]:
        return {"alpha": self.reduction.elimination.alpha}

    def state(self):
        return {"contributions": self.contributions}

    def load(self, state):
        self.contributions = state["contributions"]

    def described(self) -> dict:
        """`elimination` of config.json."""
        found = self.elimination(1.0)
        return {"decay": found.decay, "alpha": found.alpha, "tokens": self.tokens, "speedup": self.wanted,
                "keep_counts": found.keep_counts(self.tokens), "contributions": self.contributions}


def run(job: Job) -> None:
    if job.checkpoint.taper.keys() & (REDUCED - {"elimination"}):
        raise SystemExit("error: tune acc: give a dense model; selectors and halting are trained after elimination")
    job.checkpoint.taper.pop("elimination", None)
    teacher, model = teacher_of(job), job.model()
    if job.needs_head and job.run.saved() is None:
        job.refit_head(model, Reduction(), job.arguments.head_texts)
    steps = whole_part(job.arguments.epochs, job.batches)
    schedule = RisingElimination(model, steps, job)
    outcome = train(job.run, Supervised(model, schedule, steps, job, teacher), job.texts)
    job.write(model, "acc", outcome, {"elimination": schedule.described()}, {})
