"""`tune selector`: TR-BERT (Ye et al., NAACL 2021): selectors of tokens, trained by REINFORCE.

For each of K samples of a text, Bernoulli(π) draws whether a token is kept; R_k = −loss_k − λ·mean_t |S_{t,k}|/N over
the selectors t, the baseline is the mean R, and the loss is the mean over k of (R_k − baseline)·Σ_t mean_i(−log Pr
a_t(i)). First the selectors are trained alone (policy stage; in its first half one of the samples is the
residual-gradient heuristic), then encoder, head and selectors together, with the dense model's logits as a second
target (joint stage).
"""
from __future__ import annotations

import math

import torch
from torch.nn import functional as F

from .elimination import dense_work, layer_work
from .encoder import Rows, largest
from .job import Job, whole_part
from .model import Model, Reduction, Selectors, Step
from .supervised import REDUCED, encoder_groups, teaching
from .texts import Batch
from .trainer import Group, Task, ramp_and_decay, train

#: Step size with which a searched λ follows the gap between actual and target work; its bounds.
SEARCH_RATE, LEAST, MOST = 0.05, 1e-4, 50.0


def options(parser) -> None:
    parser.add_argument("--selectors", type=lambda text: [int(x) for x in text.split(",")], metavar="LAYERS",
                        help="layers whose output is selected from (default: 1 and half the depth)")
    parser.add_argument("--width", type=int, default=32, help="of a selector's hidden layer (default %(default)s)")
    parser.add_argument("--lambda", dest="price", type=float,
                        help="price of a token (default: searched for --speedup)")
    parser.add_argument("--speedup", type=float, default=3.0,
                        help="target work speedup, published form, over the training texts (default %(default)s)")
    parser.add_argument("--policy-epochs", type=float, default=1.0, help="(default %(default)s)")
    parser.add_argument("--samples", type=int, default=8, help="K in the policy stage (default %(default)s)")
    parser.add_argument("--joint-samples", type=int, default=2, help="K in the joint stage (default %(default)s)")
    parser.add_argument("--selector-rate", type=float, default=3e-3)
    parser.add_argument("--joint-loss", choices=("both", "teacher"), default="both",
                        help="of the joint stage, and of its reward: labels and the dense model's logits, or these "
                             "alone")
    parser.add_argument("--policy-into-encoder", action="store_true",
                        help="the joint stage's policy gradient reaches the encoder too")
    parser.add_argument("--cost-over", choices=("text", "padded"), default="text",
                        help="what the share of kept tokens is of: the text's, or --max-length (default %(default)s)")
    parser.add_argument("--sample-with-dropout", action="store_true", help="in the policy stage")
    parser.add_argument("--preset", choices=("ours", "authors"), default="ours",
                        help="authors: all four, eight samples in both stages, one learning rate (default %(default)s)")
    parser.add_argument("--temperature", type=float, default=1.0, help="of the dense model's logits")
    parser.set_defaults(epochs=1.0)


class Sampling(Reduction):
    """Draws which tokens are kept and records what REINFORCE needs.

    `chosen` {layer: scores [B, N]} makes the first sample of every text the heuristic: the Σπ tokens of largest
    score. Texts are repeated K times, sample by sample, so rows 0…B−1 of a batch are the first samples.
    """

    def __init__(self, selectors: Selectors, texts: int, chosen: dict[int, torch.Tensor] | None,
                 reaches_encoder: bool = False):
        self.selectors, self.texts, self.chosen, self.reaches_encoder = selectors, texts, chosen, reaches_encoder
        #: Per selector: mean −log Pr of the actions, and the tokens kept; both [K·B].
        self.surprise: list[torch.Tensor] = []
        self.kept: list[torch.Tensor] = []

    def mask(self, layer: int, rows: Rows) -> torch.Tensor | None:
        if layer not in self.selectors.places:
            return None
        # The policy's gradient does not reach the encoder [ours], unless it is asked to [code].
        states = rows.states if self.reaches_encoder else rows.states.detach()
        with torch.enable_grad():
            logits = self.selectors.logits(layer, states)
        with torch.no_grad():
            pi = logits.sigmoid()
            action = torch.rand_like(pi) < pi
            if self.chosen is not None:
                action[:self.texts] = self._heuristic(layer, rows, pi)
        action = torch.cat([torch.ones_like(action[:, :1]), action[:, 1:]], dim=1) & rows.valid
        decided = rows.valid.clone()
        decided[:, 0] = False  # [CLS] stays whatever π says
        with torch.enable_grad():
            cost = F.binary_cross_entropy_with_logits(logits, action.to(logits), reduction="none")
            self.surprise.append((cost * decided).sum(dim=1) / decided.sum(dim=1).clamp(min=1))
        self.kept.append(action.sum(dim=1))
        return action

    def _heuristic(self, layer: int, rows: Rows, pi: torch.Tensor) -> torch.Tensor:
        n = self.texts
        valid = rows.valid[:n]
        counts = (pi[:n] * valid).sum(dim=1).round().long().clamp(min=1)
        places = rows.positions[:n].clamp(max=self.chosen[layer].shape[1] - 1)
        return largest(self.chosen[layer].gather(1, places), valid, counts)


def reference_layer(layers: int) -> int:
    """Layer 9 of 12 in the authors' code; in general ⌈3L/4⌉, below L [ours]."""
    return min(-(-3 * layers // 4), layers - 1)


def residual_gradient(model: Model, batch: Batch, layers: list[int]) -> dict[int, torch.Tensor]:
    """|⟨∂loss/∂h_i^(r), h_i^(r) − h_i^(l)⟩| of every token, for each l in `layers`; [B, W].

    r is `reference_layer`, above every l.
    """
    reference = reference_layer(model.shape.layers)
    states = {}
    with torch.no_grad():
        for step in model.walk(batch, Reduction()):
            states[step.layer] = step.rows.states
            if step.layer == reference:
                break
    # Only the layers above the reference layer are differentiated.
    states[reference].requires_grad_()
    with torch.enable_grad():
        for last in model.walk(batch, Reduction(), first=step):
            states[last.layer] = last.rows.states.detach()
        logits = model.head(model.features(last, batch.lengths))
        loss = F.cross_entropy(logits, batch.labels, reduction="sum")
        gradient, = torch.autograd.grad(loss, states[reference])
    return {l: (gradient * (states[reference] - states[l])).sum(dim=2).abs().detach() for l in layers}


class Reinforce(Task):
    def __init__(self, model: Model, selectors: Selectors, job: Job):
        a = job.arguments
        self.model, self.selectors, self.job = model, selectors, job
        self.policy_steps = whole_part(a.policy_epochs, job.batches)
        self.joint_steps = whole_part(a.epochs, job.batches) if a.epochs > 0 else 0
        self.steps = self.policy_steps + self.joint_steps
        self.modules = {"model": model, "selectors": selectors}
        self.groups = [*encoder_groups(model, a.rate, a.head_rate),
                       Group(list(selectors.parameters()), a.selector_rate, 0.0)]
        self.searching = a.price is None
        self.price = 0.02 if self.searching else a.price
        self.teacher = job.frozen_copy() if self.joint_steps else None

    def factors(self, step):
        if step < self.policy_steps:
            return [0.0] * (len(self.groups) - 1) + [1.0]
        joint = ramp_and_decay(step - self.policy_steps, self.joint_steps)
        return [joint] * len(self.groups)

    def loss(self, step, batch):
        a = self.job.arguments
        policy = step < self.policy_steps
        samples = a.samples if policy else a.joint_samples
        texts = len(batch.labels)
        imitates = policy and step < self.policy_steps // 2
        if policy and not a.sample_with_dropout:
            self.model.eval()  # dropout would be noise in the reward
        chosen = residual_gradient(self.model, batch, self.selectors.places) if imitates else None
        sampling = Sampling(self.selectors, texts, chosen, a.policy_into_encoder and not policy)
        with torch.set_grad_enabled(not policy):
            repeated, first, total = self._branch(batch, sampling, samples)
            for last in self.model.walk(repeated, sampling, first=first):
                total = total + layer_work(self.model.shape, last.entering, last.leaving)
            logits = self.model.head(self.model.features(last, repeated.lengths))
            losses = F.cross_entropy(logits, repeated.labels, reduction="none")
            if not policy:
                with torch.no_grad():
                    taught, _ = self.teacher(batch, Reduction())
                imitation = teaching(logits, taught.repeat(samples, 1), a.temperature)
                losses = imitation if a.joint_loss == "teacher" else losses
        whole = repeated.lengths if a.cost_over == "text" else a.max_length
        shares = torch.stack(sampling.kept).double().mean(dim=0) / whole
        reward = (-losses.detach() - self.price * shares).view(samples, texts)
        advantage = reward - reward.mean(dim=0)
        loss = (advantage.float() * sum(sampling.surprise).view(samples, texts)).mean(dim=0).mean()
        if not policy:
            loss = loss + losses.mean() + (imitation.mean() if a.joint_loss == "both" else 0)
        free = slice(texts, None) if imitates else slice(None)
        dense = sum(dense_work(self.model.shape, n) for n in repeated.lengths[free].tolist())
        share = int(total[free].sum()) / dense
        if self.searching:
            self._search(step, share, texts / a.batch_size)
        return loss, {"loss": losses.mean().item(), "work": share, "price": self.price}

    def _branch(self, batch: Batch, sampling: Sampling, samples: int) -> tuple[Batch, Step, torch.Tensor]:
        """The K samples of each text after the first selection, and the work so far. Before that selection they are one
        run."""
        repeated = Batch(*(value.repeat(samples, *[1] * (value.dim() - 1)) for value in
                           (batch.ids, batch.types, batch.lengths, batch.labels)))
        place, lengths = self.selectors.places[0], repeated.lengths
        step = next(s for s in self.model.walk(batch, Reduction()) if s.layer == place)
        rows, last = self.model.select(place, step.rows.repeat(samples), None, sampling)
        total = place * layer_work(self.model.shape, lengths, lengths)
        return repeated, Step(place, rows, last, None, lengths, lengths), total

    def _search(self, step: int, share: float, part: float) -> None:
        """Dual ascent [ours]: the price rises with the work above target; the target falls in stages."""
        a = self.job.arguments
        progress = min(1.0, 2 * (step + 1) / self.policy_steps)
        wanted = 1 + (1 / a.speedup - 1) * progress
        pull = SEARCH_RATE * part * (share / wanted - 1)
        self.price = min(MOST, max(LEAST, self.price * math.exp(pull)))

    def state(self):
        return {"price": self.price}

    def load(self, state):
        self.price = state["price"]


def run(job: Job) -> None:
    a, checkpoint = job.arguments, job.checkpoint
    if checkpoint.taper.keys() & REDUCED or job.needs_head:
        raise SystemExit("error: tune selector: give a dense fine-tuned model (tune dense)")
    layers = checkpoint.shape.layers
    highest = reference_layer(layers) - 1
    if highest < 1:
        raise SystemExit(f"error: tune selector: expected three layers or more, found {layers}")
    places = a.selectors or sorted({1, max(1, layers // 2)})
    if sorted(set(places)) != places or places[0] < 1 or places[-1] > highest:
        raise SystemExit(f"error: --selectors: expected ascending layers in 1…{highest}, below the one their heuristic looks back from")
    if a.preset == "authors":
        a.joint_loss, a.policy_into_encoder, a.cost_over, a.sample_with_dropout = "teacher", True, "padded", True
        a.joint_samples, a.selector_rate = a.samples, a.rate
    model = job.model()
    selectors = Selectors(checkpoint.shape.hidden, places, a.width).to(job.device)
    task = Reinforce(model, selectors, job)
    outcome = train(job.run, task, job.texts)
    job.write(model, "selector", outcome, {"selector": {
        "layers": places, "width": a.width, "activation": "gelu", "threshold": 0.5, "lambda": task.price,
        "lambda_searched": task.searching, "speedup": a.speedup if task.searching else None}},
        {"lambda": task.price}, selectors.extras())
