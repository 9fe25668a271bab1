"""Multinomial logistic regression on frozen features, as Taper's HeadFitting does it.

Features are standardised, the L2 strength has the least held-out loss, and the standardisation is folded into weight
and bias.
"""
from __future__ import annotations

import torch
from torch.nn import functional as F

#: L2 strengths for a loss averaged over the examples, strongest first.
STRENGTHS = [1e-1, 3e-2, 1e-2, 3e-3, 1e-3, 3e-4, 1e-4]
#: Columns whose standard deviation is below this share of the median column's get weight 0.
DEAD = 1e-3
HELD_OUT = 5  # one example in this many chooses the strength


def fit(features: torch.Tensor, labels: torch.Tensor, classes: int, seed: int) -> tuple[torch.Tensor, torch.Tensor]:
    """features [n, d], labels [n] → weight [classes, d], bias [classes]."""
    x = features.double()
    mean, deviation = x.mean(dim=0), x.std(dim=0, unbiased=False)
    # A column that hardly varies compared with the others is rounding noise, which standardising would amplify: some
    # checkpoints have dimensions that their last norm scales to 1e-9.
    scale = torch.where(deviation > DEAD * deviation.median(), 1 / deviation, 0.0)
    x = (x - mean) * scale
    order = torch.randperm(len(x), generator=torch.Generator().manual_seed(seed)).to(x.device)
    held, used = order[:len(x) // HELD_OUT], order[len(x) // HELD_OUT:]
    strength = STRENGTHS[len(STRENGTHS) // 2]
    if len(held) > 0:
        best, parameters = float("inf"), None
        for candidate in STRENGTHS:
            parameters = _minimize(x[used], labels[used], classes, candidate, parameters, tolerance=1e-4)
            loss = F.cross_entropy(_logits(x[held], parameters), labels[held]).item()
            if loss >= best:
                break
            best, strength = loss, candidate
    parameters = _minimize(x, labels, classes, strength, None, tolerance=1e-6)
    weight = parameters[:, :-1] * scale
    return weight.float(), (parameters[:, -1] - weight @ mean).float()


def _logits(x: torch.Tensor, parameters: torch.Tensor) -> torch.Tensor:
    return x @ parameters[:, :-1].T + parameters[:, -1]


def _minimize(x, labels, classes: int, strength: float, start, tolerance: float) -> torch.Tensor:
    parameters = torch.zeros(classes, x.shape[1] + 1, dtype=x.dtype, device=x.device) if start is None else start
    parameters = parameters.detach().clone().requires_grad_()
    optimizer = torch.optim.LBFGS([parameters], max_iter=500, tolerance_grad=tolerance, tolerance_change=1e-12,
                                  history_size=10, line_search_fn="strong_wolfe")

    def closure():
        optimizer.zero_grad()
        loss = F.cross_entropy(_logits(x, parameters), labels)
        loss = loss + strength / 2 * parameters[:, :-1].square().sum()
        loss.backward()
        return loss

    optimizer.step(closure)
    return parameters.detach()
