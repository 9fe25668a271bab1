"""DACT-BERT's parts (Eyzaguirre et al., 2022): a classifier and a halting unit per layer, and the rules when to stop.

With y_n the layer's classes, h_n its halting unit, p_0 = 1, p_n = h_n·p_{n−1}, a_0 = 0:
a_n = y_n·p_{n−1} + a_{n−1}·(1 − p_{n−1}). The answer is a_L.
"""
from __future__ import annotations

import math

import torch
from torch import nn

from .checkpoint import Checkpoint
from .elimination import dense_work, layer_work
from .evaluation import answers as answers_of
from .evaluation import over_texts
from .metrics import Metric
from .model import Model, Reduction

#: h_n at the start of training, so that texts rarely halt then [ours]; the authors' is near 0.27.
RARELY, AUTHORS_START = 0.88, 0.27


def _two(answer: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
    top = answer.topk(2, dim=-1).values
    return top[..., 0], top[..., 1]


def authors_rule(answer: torch.Tensor, p: torch.Tensor, remaining: int) -> torch.Tensor:
    """[code] a_n(c*)·(1 − p_n)^d ≥ a_n(runner-up) + p_n·d."""
    leader, runner = _two(answer)
    return leader * (1 - p) ** remaining >= runner + p * remaining


def tighter_rule(answer: torch.Tensor, p: torch.Tensor, remaining: int) -> torch.Tensor:
    """[ours] (1 + a_n(c*) − a_n(runner-up))·(1 − p_n)^d ≥ 1."""
    leader, runner = _two(answer)
    return (1 + leader - runner) * (1 - p) ** remaining >= 1


#: Rules for when the final argmax can no longer change.
RULES = {"authors": authors_rule, "tighter": tighter_rule}


def accumulate(classes: list[torch.Tensor], units: list[torch.Tensor]) -> tuple[list, list]:
    """y_1…y_L [.., C] and h_1…h_{L−1} [..] → a_1…a_L and p_1…p_{L−1}."""
    answers, left = [classes[0]], []
    p = torch.ones_like(classes[0][..., 0])
    for h, y in zip(units, classes[1:]):
        p = h * p
        left.append(p)
        answers.append(y * p[..., None] + answers[-1] * (1 - p[..., None]))
    return answers, left


def depths(answers: list[torch.Tensor], left: list[torch.Tensor], rule) -> torch.Tensor:
    """[..] the layer after which a rule halts; L if it never does earlier."""
    layers = len(answers)
    depth = torch.full(left[0].shape if left else answers[0].shape[:-1], layers)
    for n in range(layers - 1, 0, -1):
        depth = torch.where(rule(answers[n - 1], left[n - 1], layers - n).cpu(), n, depth)
    return depth


class Halting(nn.Module):
    """Classifiers of layers 1…L and halting units of 1…L−1: the last layer's would never be used."""

    def __init__(self, hidden: int, layers: int, classes: int, start: float = RARELY, is_shared: bool = False):
        """`start`: h_n of every text before training. A shared unit is one for all layers."""
        super().__init__()
        self.classifiers = nn.ModuleList(nn.Linear(hidden, classes) for _ in range(layers))
        units = [nn.Linear(hidden, 1) for _ in range(1 if is_shared else layers - 1)]
        for unit in units:
            nn.init.zeros_(unit.weight)
            nn.init.constant_(unit.bias, math.log(start / (1 - start)))
        self.units = nn.ModuleList(units[0 if is_shared else n] for n in range(layers - 1))

    def forward(self, features: list[torch.Tensor]) -> tuple[list, list]:
        """Each layer's features [B, d] → a_1…a_L, p_1…p_{L−1}."""
        classes = [classifier(x).softmax(dim=1) for classifier, x in zip(self.classifiers, features)]
        return accumulate(classes, [unit(x).squeeze(1).sigmoid() for unit, x in zip(self.units, features)])

    @staticmethod
    def of(checkpoint: Checkpoint) -> "Halting":
        """The units stored in a checkpoint."""
        described = checkpoint.taper["halting"]
        halting = Halting(checkpoint.shape.hidden, described["layers"], described["classes"])
        with torch.no_grad():
            for name, parameter in halting.extras().items():
                parameter.copy_(checkpoint.extras[name])
        return halting

    def extras(self) -> dict[str, torch.Tensor]:
        out = {}
        for kind, linears in (("classifier", self.classifiers), ("unit", self.units)):
            for layer, linear in enumerate(linears, start=1):
                out[f"halting.{layer}.{kind}.weight"] = linear.weight
                out[f"halting.{layer}.{kind}.bias"] = linear.bias
        return out


def evaluate_halting(model: Model, halting: Halting, reduction: Reduction, texts, device, dense_layers: int,
                     metric: Metric) -> dict:
    """What a_L and every depth cap are worth; by rule the mean depth, the labels changed, and the work relative to a
    dense encoder of `dense_layers` layers (more than the model's if it was cut)."""
    layers = model.shape.layers
    chosen = torch.zeros(layers, len(texts), dtype=torch.long)
    depth = {name: torch.zeros(len(texts), dtype=torch.long) for name in RULES}
    spent = torch.zeros(layers, len(texts), dtype=torch.long)
    dense = 0

    def visit(indices, batch):
        nonlocal dense
        features = []
        for step in model.walk(batch, reduction):
            features.append(model.features(step, batch.lengths))
            spent[step.layer - 1, indices] = layer_work(model.shape, step.entering, step.leaving).cpu()
        answers, left = halting(features)
        for n, answer in enumerate(answers):
            chosen[n, indices] = answer.argmax(dim=1).cpu()
        for name, function in RULES.items():
            depth[name][indices] = depths(answers, left, function)
        dense += sum(dense_work(model.shape, n) for n in batch.lengths.tolist()) * dense_layers // layers
    over_texts(texts, device, visit, "test")
    upto = spent.cumsum(dim=0)
    everywhere = torch.arange(len(texts))
    report = metric.report(answers_of(model, texts, chosen[-1]))
    report["caps"] = [round(metric.value(answers_of(model, texts, given)), 5) for given in chosen]
    for name, found in depth.items():
        answer = chosen[found - 1, everywhere]
        report[name] = {"mean_depth": round(float(found.double().mean()), 4),
                        "histogram": torch.bincount(found, minlength=layers + 1)[1:].tolist(),
                        "label_changes": int((answer != chosen[-1]).sum()),
                        "work_speedup": round(dense / int(upto[found - 1, everywhere].sum()), 4)}
    report["work_speedup"] = report["tighter"]["work_speedup"]
    return report


