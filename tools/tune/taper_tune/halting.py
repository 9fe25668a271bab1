"""`tune halting`: DACT-BERT's training: −log a_L(y) + τ Σ_{n<L} p_n, all layers run (see halting_units.py)."""
from __future__ import annotations

import torch

from .halting_units import AUTHORS_START, RARELY, Halting
from .job import Job, whole_part
from .model import Model, Reduction, reduction_of, set_linear
from .supervised import encoder_groups
from .trainer import Group, Task, train

#: Lower bound of a probability in the loss's logarithm.
FLOOR = 1e-9


def options(parser) -> None:
    parser.add_argument("--tau", type=float, default=0.01, help="weight of the ponder loss (default %(default)s)")
    parser.add_argument("--unit-rate", type=float, default=0.03,
                        help="learning rate of the halting units (default %(default)s)")
    parser.add_argument("--unit-start", type=float, default=RARELY, metavar="P",
                        help="a unit's output before training: near 1, texts halt late (default %(default)s)")
    parser.add_argument("--shared-unit", action="store_true", help="one halting unit for all layers")
    parser.add_argument("--preset", choices=("ours", "authors"), default="ours",
                        help=f"authors: --unit-start {AUTHORS_START} --shared-unit (default %(default)s)")
    parser.add_argument("--frozen", action="store_true", help="train classifiers and units only, not the encoder")


class Ponder(Task):
    def __init__(self, model: Model, halting: Halting, reduction: Reduction, steps: int, job: Job):
        a = job.arguments
        self.model, self.halting, self.reduction, self.steps, self.tau = model, halting, reduction, steps, a.tau
        self.modules = {"model": model, "halting": halting}
        self.frozen = a.frozen
        # The last group is the head; layer L's classifier replaces it here.
        body = [] if a.frozen else encoder_groups(model, a.rate, a.head_rate)[:-1]
        self.groups = [*body, Group(list(halting.classifiers.parameters()), a.head_rate, 0.0),
                       Group(list(halting.units.parameters()), a.unit_rate, 0.0)]

    def loss(self, step, batch):
        with torch.set_grad_enabled(not self.frozen):
            features = [self.model.features(s, batch.lengths) for s in self.model.walk(batch, self.reduction)]
        answers, left = self.halting(features)
        hit = answers[-1].gather(1, batch.labels[:, None]).clamp(min=FLOOR)
        ponder = sum(left).mean()
        loss = -hit.log().mean() + self.tau * ponder
        return loss, {"loss": loss.item(), "ponder": ponder.item()}


def run(job: Job) -> None:
    a, checkpoint = job.arguments, job.checkpoint
    start, is_shared = (AUTHORS_START, True) if a.preset == "authors" else (a.unit_start, a.shared_unit)
    if not 0 < start < 1:
        raise SystemExit(f"error: --unit-start {start}: expected a number between 0 and 1")
    if checkpoint.head.pooler:
        raise SystemExit("error: tune halting: heads with a pooler are not supported; give --pooling mean")
    if checkpoint.shape.layers < 2:
        raise SystemExit("error: tune halting: expected two layers or more, found one: there is nowhere to stop")
    model = job.model(dropout=0.0 if a.frozen else None)
    reduction = reduction_of(checkpoint, job.device)
    layers, classes = model.shape.layers, len(checkpoint.head.labels)
    halting = Halting(model.shape.hidden, layers, classes, start, is_shared).to(job.device)
    if job.run.saved() is None:
        for layer, (weight, bias) in job.fit_heads(model, reduction, list(range(1, layers + 1)), a.head_texts).items():
            set_linear(halting.classifiers[layer - 1], weight, bias)
    task = Ponder(model, halting, reduction, whole_part(a.epochs, job.batches), job)
    outcome = train(job.run, task, job.texts)
    # The directory's plain head is the last layer's classifier: a dense run answers y_L.
    set_linear(model.head, halting.classifiers[-1].weight, halting.classifiers[-1].bias)
    job.write(model, "halting", outcome, {"halting": {
        "layers": layers, "classes": classes, "tau": a.tau, "encoder_trained": not a.frozen,
        "pooling": checkpoint.head.pooling, "follows_normalization": checkpoint.head.normalized}}, {}, halting.extras())
