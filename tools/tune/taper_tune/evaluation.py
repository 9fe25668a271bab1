"""Running a model over texts: answers, features, work."""
from __future__ import annotations

import sys

import numpy
import torch
from tqdm import tqdm

from .elimination import dense_work
from .metrics import Answers, Metric
from .model import Model, Reduction
from .texts import Texts, make_batch, sorted_batches

BATCH = 32


def over_texts(texts: Texts, device: torch.device, visit, what: str) -> None:
    """Calls visit(indices, batch) for batches of similar lengths, without gradients."""
    with torch.no_grad(), tqdm(total=len(texts), desc=what, unit="text", disable=not sys.stderr.isatty()) as bar:
        for indices in sorted_batches(texts, BATCH):
            visit(indices, make_batch(texts, indices, device))
            bar.update(len(indices))


def evaluate(model: Model, reduction: Reduction, texts: Texts, device: torch.device, dense_layers: int,
             metric: Metric) -> dict:
    """What answers are worth, and work relative to a dense encoder of `dense_layers` layers (more than the model's if
    it was cut)."""
    model.eval()
    given = torch.zeros(len(texts), dtype=torch.long)
    done = dense = 0

    def visit(indices, batch):
        nonlocal done, dense
        logits, work = model(batch, reduction)
        given[indices] = logits.argmax(dim=1).cpu()
        done += int(work.sum())
        dense += sum(dense_work(model.shape, n) for n in batch.lengths.tolist()) * dense_layers // model.shape.layers
    over_texts(texts, device, visit, "test")
    return {**metric.report(answers(model, texts, given)), "work_speedup": round(dense / done, 4)}


def answers(model: Model, texts: Texts, given: torch.Tensor) -> Answers:
    """`given` [n]: places among the head's labels."""
    return Answers(model.spec.labels, numpy.array(texts.labels), given.numpy())


def layer_features(model: Model, reduction: Reduction, texts: Texts, layers: list[int], device: torch.device):
    """[n, d] features of each layer in `layers`."""
    model.eval()
    found = {layer: torch.zeros(len(texts), model.shape.hidden) for layer in layers}

    def visit(indices, batch):
        for step in model.walk(batch, reduction):
            if step.layer in found:
                found[step.layer][indices] = model.features(step, batch.lengths).cpu()
    over_texts(texts, device, visit, "features")
    return found


def contributions(model: Model, texts: Texts, device: torch.device) -> list[float]:
    """ACC_l: the median of S_l over a text's tokens, dense, averaged over the texts (Taper's LayerImportance)."""
    model.eval()
    sums = torch.zeros(model.shape.layers, dtype=torch.float64)

    def visit(indices, batch):
        for step in model.walk(batch, Reduction(), want_scores=True):
            for scores, length in zip(step.scores, batch.lengths.tolist()):
                sums[step.layer - 1] += scores[:length].double().quantile(0.5).item()
    over_texts(texts, device, visit, "contributions")
    return (sums / len(texts)).tolist()
