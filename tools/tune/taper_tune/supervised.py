"""`tune dense`, `tune head`, `tune depth`: cross-entropy on labels; the head alone; a shallower encoder."""
from __future__ import annotations

import copy

import torch
from torch.nn import functional as F

from .checkpoint import Checkpoint
from .encoder import Rows, take_rows
from .job import Job, whole_part
from .model import Model, Reduction, reduction_of
from .trainer import Group, Task, train

#: Members of `taper` in config.json that say what a model drops or where it halts.
REDUCED = {"elimination", "selector", "halting", "lexical"}


def encoder_groups(model: Model, rate: float, head_rate: float) -> list[Group]:
    """Parameter groups of encoder (with pooler) and head; biases and norms have no weight decay. `head_rate`: of no
    effect without a head."""
    head = list(model.head.parameters()) if model.head is not None else []
    body = [p for p in model.parameters() if all(p is not h for h in head)]
    groups = [Group([p for p in body if p.dim() > 1], rate), Group([p for p in body if p.dim() < 2], rate, 0.0)]
    return [*groups, Group(head, head_rate, 0.0)] if head else groups


def teaching(logits: torch.Tensor, taught: torch.Tensor, temperature: float) -> torch.Tensor:
    """Soft cross-entropy to a teacher's logits [B], scaled so that the gradient does not depend on the temperature."""
    target = (taught / temperature).softmax(dim=1)
    return F.cross_entropy(logits / temperature, target, reduction="none") * temperature**2


def rising_options(parser) -> None:
    """Of a schedule that rises to its target."""
    parser.add_argument("--speedup", type=float, default=3.0,
                        help="work speedup by the published form at --max-length tokens (default %(default)s)")
    parser.add_argument("--ramp", type=float, default=0.5,
                        help="share of the steps in which the speedup rises (default %(default)s)")


def distill_options(parser, temperature: float = 2.0) -> None:
    parser.add_argument("--distill", type=float, default=0.0, metavar="WEIGHT",
                        help="share of the loss that is the given model's logits (default %(default)s: none)")
    parser.add_argument("--distill-states", type=float, default=0.0, metavar="WEIGHT",
                        help="weight of the distance to its last states, token by token (default %(default)s: none)")
    parser.add_argument("--temperature", type=float, default=temperature, help="of its logits (default %(default)s)")


def teacher_of(job: Job) -> Model | None:
    """The model as given, where the options ask for one to learn from. Call it before the model is cut."""
    a = job.arguments
    if a.distill == 0 and a.distill_states == 0:
        return None
    if job.needs_head:
        raise SystemExit("error: --distill: the model has no head of its own to learn from; give a fine-tuned one "
                         "(tune dense)")
    return job.frozen_copy()


class Held:
    """One reduction, from the first step to the last."""

    def __init__(self, reduction: Reduction):
        self.reduction = reduction

    def at(self, step: int) -> Reduction:
        return self.reduction

    def figures(self) -> dict[str, float]:
        """For the progress bar."""
        return {}

    def state(self) -> dict:
        return {}

    def load(self, state: dict) -> None:
        pass


class Supervised(Task):
    """Cross-entropy under a schedule of reductions (`Held`, or what has its methods). With a teacher, (1 − w)·hard +
    w·soft, and the distance of the last states."""

    def __init__(self, model: Model, schedule, steps: int, job: Job, teacher: Model | None = None):
        a = job.arguments
        self.model, self.schedule, self.steps, self.teacher = model, schedule, steps, teacher
        self.groups = encoder_groups(model, a.rate, a.head_rate)
        self.modules = {"model": model}
        if teacher is not None:
            self.weight, self.states_weight, self.temperature = a.distill, a.distill_states, a.temperature

    def prepare(self, step):
        self.reduction = self.schedule.at(step)

    def loss(self, step, batch):
        *_, last = self.model.walk(batch, self.reduction)
        logits = self.model.head(self.model.features(last, batch.lengths))
        loss = F.cross_entropy(logits, batch.labels)
        if self.teacher is not None:
            with torch.no_grad():
                *_, whole = self.teacher.walk(batch, Reduction())
                taught = self.teacher.head(self.teacher.features(whole, batch.lengths))
            loss = (1 - self.weight) * loss + self.weight * teaching(logits, taught, self.temperature).mean()
            if self.states_weight > 0:
                loss = loss + self.states_weight * states_distance(last.rows, whole.rows)
        return loss, {"loss": loss.item(), **self.schedule.figures()}

    def state(self):
        return self.schedule.state()

    def load(self, state):
        self.schedule.load(state)


def states_distance(rows: Rows, whole: Rows) -> torch.Tensor:
    """The mean squared difference of the rows' states from those of the same tokens in `whole`, which has all; 1 is the
    mean square of the latter."""
    theirs = take_rows(whole.states, rows.positions.clamp(max=rows.width - 1))[rows.valid]
    return (rows.states[rows.valid] - theirs).square().mean() / theirs.square().mean()


def dense_options(parser) -> None:
    pass


def dense(job: Job) -> None:
    if reduced := job.checkpoint.taper.keys() & REDUCED:
        raise SystemExit(f"error: tune dense: the model was trained for {' and '.join(sorted(reduced))}; give a dense one")
    _fine_tune(job, job.model(), None, "dense", {})


def head_options(parser) -> None:
    parser.set_defaults(head_texts=4000)


def head(job: Job) -> None:
    """Refits the linear head on the frozen encoder, with the model's token reduction."""
    if "halting" in job.checkpoint.taper:
        raise SystemExit("error: tune head: a halting model answers by its units, not by the head")
    model = job.model()
    job.refit_head(model, reduction_of(job.checkpoint, job.device), job.arguments.head_texts)
    job.write(model, "head", None, {}, {})


def depth_options(parser) -> None:
    parser.add_argument("--depth", type=int, required=True, help="layers to keep")
    parser.add_argument("--fine-tune", action="store_true",
                        help="fine-tune encoder and head (default: refit the head only)")
    distill_options(parser)
    parser.set_defaults(head_texts=4000)


def depth(job: Job) -> None:
    before, wanted = job.checkpoint.shape.layers, job.arguments.depth
    if not 1 <= wanted < before:
        raise SystemExit(f"error: --depth {wanted}: expected 1…{before - 1}")
    if "selector" in job.checkpoint.taper:
        raise SystemExit("error: tune depth: cut first, then train selectors")
    teacher = teacher_of(job)
    if teacher is not None and not job.arguments.fine_tune:
        raise SystemExit("error: tune depth --distill: only with --fine-tune; a head alone is fitted to labels")
    cut(job.checkpoint, wanted)
    job.needs_head = True
    description = {"depth": {"layers": wanted, "of": before}}
    model = job.model()
    if job.arguments.fine_tune:
        return _fine_tune(job, model, teacher, "depth", description)
    job.refit_head(model, reduction_of(job.checkpoint, job.device), job.arguments.head_texts)
    job.write(model, "depth", None, description, {})


def cut(checkpoint: Checkpoint, layers: int) -> None:
    """Keeps the first `layers` layers; removes halting units, which are for the whole depth."""
    for number in range(layers + 1, checkpoint.shape.layers + 1):
        for role in [role for role in checkpoint.names if role.startswith(f"layer.{number}.")]:
            checkpoint.tensors.pop(checkpoint.names.pop(role))
    checkpoint.config = copy.deepcopy(checkpoint.config)
    checkpoint.config[checkpoint.family.layers_key()] = layers
    checkpoint.taper.pop("halting", None)
    checkpoint.extras = {name: value for name, value in checkpoint.extras.items() if not name.startswith("halting.")}


def _fine_tune(job: Job, model: Model, teacher: Model | None, method: str, description: dict) -> None:
    reduction = reduction_of(job.checkpoint, job.device)
    if job.needs_head and job.run.saved() is None:
        job.refit_head(model, reduction, job.arguments.head_texts)
    task = Supervised(model, Held(reduction), whole_part(job.arguments.epochs, job.batches), job, teacher)
    job.write(model, method, train(job.run, task, job.texts), description, {})
