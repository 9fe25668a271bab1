"""`tune dense`, `tune head`, `tune depth`: cross-entropy on labels; the head alone; a shallower encoder."""
from __future__ import annotations

import copy

import torch
from torch.nn import functional as F

from .checkpoint import Checkpoint
from .job import Job, whole_part
from .model import Model, Reduction, reduction_of
from .trainer import Group, Task, train


def encoder_groups(model: Model, rate: float, head_rate: float) -> list[Group]:
    """Parameter groups of encoder (with pooler) and head; biases and norms have no weight decay."""
    head = list(model.head.parameters())
    body = [p for p in model.parameters() if all(p is not h for h in head)]
    return [Group([p for p in body if p.dim() > 1], rate), Group([p for p in body if p.dim() < 2], rate, 0.0),
            Group(head, head_rate, 0.0)]


def teaching(logits: torch.Tensor, taught: torch.Tensor, temperature: float) -> torch.Tensor:
    """Soft cross-entropy to a teacher's logits, scaled so that the gradient does not depend on the temperature."""
    target = (taught / temperature).softmax(dim=1)
    return F.cross_entropy(logits / temperature, target) * temperature**2


class Supervised(Task):
    """Cross-entropy under a reduction; with a teacher, (1 − weight)·hard + weight·soft."""

    def __init__(self, model: Model, reduction: Reduction, steps: int, job: Job):
        a = job.arguments
        self.model, self.reduction, self.steps = model, reduction, steps
        self.groups = encoder_groups(model, a.rate, a.head_rate)
        self.modules = {"model": model}
        self.teacher: Model | None = None
        self.weight, self.temperature = getattr(a, "distill", 0.0), getattr(a, "temperature", 1.0)

    def loss(self, step, batch):
        logits, _ = self.model(batch, self.reduction)
        loss = F.cross_entropy(logits, batch.labels)
        if self.teacher is not None:
            with torch.no_grad():
                taught, _ = self.teacher(batch, Reduction())
            loss = (1 - self.weight) * loss + self.weight * teaching(logits, taught, self.temperature)
        return loss, {"loss": loss.item()}


def dense_options(parser) -> None:
    pass


def dense(job: Job) -> None:
    if reduced := job.checkpoint.taper.keys() & {"elimination", "selector", "halting"}:
        raise SystemExit(f"error: tune dense: the model was trained for {' and '.join(sorted(reduced))}; give a dense one")
    _fine_tune(job, job.model(), "dense", {})


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
    parser.set_defaults(head_texts=4000)


def depth(job: Job) -> None:
    before, wanted = job.checkpoint.shape.layers, job.arguments.depth
    if not 1 <= wanted < before:
        raise SystemExit(f"error: --depth {wanted}: expected 1…{before - 1}")
    if "selector" in job.checkpoint.taper:
        raise SystemExit("error: tune depth: cut first, then train selectors")
    cut(job.checkpoint, wanted)
    job.needs_head = True
    description = {"depth": {"layers": wanted, "of": before}}
    model = job.model()
    if job.arguments.fine_tune:
        return _fine_tune(job, model, "depth", description)
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


def _fine_tune(job: Job, model: Model, method: str, description: dict) -> None:
    reduction = reduction_of(job.checkpoint, job.device)
    if job.needs_head and job.run.saved() is None:
        job.refit_head(model, reduction, job.arguments.head_texts)
    task = Supervised(model, reduction, whole_part(job.arguments.epochs, job.batches), job)
    job.write(model, method, train(job.run, task, job.texts), description, {})
