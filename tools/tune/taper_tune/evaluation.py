"""Running a model over texts: answers, features, accuracy with its interval, work."""
from __future__ import annotations

import math
import sys

import torch
from tqdm import tqdm

from .elimination import dense_work
from .model import Model, Reduction
from .texts import Texts, make_batch, sorted_batches

BATCH = 32


def wilson(successes: int, trials: int) -> tuple[float, float]:
    """The 95% interval of a proportion by Wilson's score method."""
    z, p = 1.959963984540054, successes / trials
    centre = (p + z * z / (2 * trials)) / (1 + z * z / trials)
    half = z / (1 + z * z / trials) * math.sqrt(p * (1 - p) / trials + z * z / (4 * trials * trials))
    return max(0.0, centre - half), min(1.0, centre + half)


def accuracy(correct: int, count: int) -> dict:
    low, high = wilson(correct, count)
    return {"accuracy": round(correct / count, 5), "interval": [round(low, 5), round(high, 5)], "count": count}


def packed(answers: list[bool]) -> str:
    """Which answers are right, as hexadecimal: four answers per digit, the first in the lowest bit."""
    return f"{sum(right << place for place, right in enumerate(answers)):x}"


def unpacked(digits: str, count: int) -> list[bool]:
    """The inverse of `packed`."""
    bits = int(digits, 16)
    return [bool(bits >> place & 1) for place in range(count)]


def over_texts(texts: Texts, device: torch.device, visit, what: str) -> None:
    """Calls visit(indices, batch) for batches of similar lengths, without gradients."""
    with torch.no_grad(), tqdm(total=len(texts), desc=what, unit="text", disable=not sys.stderr.isatty()) as bar:
        for indices in sorted_batches(texts, BATCH):
            visit(indices, make_batch(texts, indices, device))
            bar.update(len(indices))


def evaluate(model: Model, reduction: Reduction, texts: Texts, device: torch.device, dense_layers: int) -> dict:
    """Accuracy, and work relative to a dense encoder of `dense_layers` layers (more than the model's if it was cut)."""
    model.eval()
    labels = torch.tensor(texts.labels)
    correct = done = dense = 0

    def visit(indices, batch):
        nonlocal correct, done, dense
        logits, work = model(batch, reduction)
        correct += int((logits.argmax(dim=1).cpu() == labels[indices]).sum())
        done += int(work.sum())
        dense += sum(dense_work(model.shape, n) for n in batch.lengths.tolist()) * dense_layers // model.shape.layers
    over_texts(texts, device, visit, "test")
    return {**accuracy(correct, len(texts)), "work_speedup": round(dense / done, 4)}


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
