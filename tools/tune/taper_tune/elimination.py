"""LAT's speedup analysis: from layer contributions to a profile, from a profile and a factor α to keep counts, from
those to work.

Definitions: specs/planning.md section 1 and Taper's EliminationProfile; rounding to tiles is done by the planner, not
here.
"""
from __future__ import annotations

import math
from dataclasses import dataclass

from .family import Shape

#: Contributions below this share of the largest count as this share in the fit.
FLOOR = 1e-6
#: Tokens of a text that stay at least where words choose, as in Taper's planner.
LEAST_WORDS = 8


@dataclass(frozen=True)
class Elimination:
    """k_l = exp(−decay·l), and the factor α that sets the level; α·k_l ≥ 1 keeps every token."""
    decay: float
    alpha: float
    layers: int

    def keep_counts(self, tokens: int) -> list[int]:
        """T(1)…T(L) of a text of `tokens` tokens."""
        counts, before = [], tokens
        for layer in range(1, self.layers + 1):
            share = min(1.0, self.alpha * math.exp(-self.decay * layer))
            before = min(before, max(1, math.ceil(tokens * share - 1e-9)))
            counts.append(before)
        return counts


def decay_of(contributions: list[float]) -> float:
    """The least-squares slope of −log ACC_l over l, at least 0; contributions of zero count as FLOOR of the largest."""
    largest = max(contributions, default=0.0)
    if len(contributions) < 2 or largest <= 0:
        return 0.0
    logs = [math.log(max(value / largest, FLOOR)) for value in contributions]
    centre, mean = (len(logs) + 1) / 2, sum(logs) / len(logs)
    covariance = sum((l - centre) * (value - mean) for l, value in enumerate(logs, start=1))
    variance = sum((l - centre) ** 2 for l in range(1, len(logs) + 1))
    return max(0.0, -covariance / variance)


def layer_work(shape: Shape, entering, leaving):
    """Multiply-adds of one layer by the published form: 4d²T(l−1) + 2dT(l−1)² + 2dfT(l); ints or tensors."""
    d = shape.hidden
    return 4 * d * d * entering + 2 * d * entering * entering + 2 * d * shape.feed_forward * leaving


def work(shape: Shape, counts: list[int], tokens: int) -> int:
    """Multiply-adds of the layers in `counts`, T(1)…, for a text of `tokens` tokens."""
    return sum(layer_work(shape, before, after) for before, after in zip([tokens, *counts], counts))


def dense_work(shape: Shape, tokens: int) -> int:
    return work(shape, [tokens] * shape.layers, tokens)


def alpha_for(speedup: float, decay: float, shape: Shape, tokens: int) -> float:
    """The largest α at which a count changes whose published work speedup at `tokens` tokens is at least `speedup`.

    Work falls monotonically with α, so a bisection over the candidates is exact. If none reaches the speedup, the
    smallest candidate is returned: one token in every layer.
    """
    candidates = sorted({m / (tokens * math.exp(-decay * layer))
                         for layer in range(1, shape.layers + 1) for m in range(1, tokens + 1)})
    dense = dense_work(shape, tokens)

    def meets(alpha: float) -> bool:
        counts = Elimination(decay, alpha, shape.layers).keep_counts(tokens)
        return dense >= speedup * work(shape, counts, tokens)

    low, high = 0, len(candidates) - 1  # candidates[low] is the answer when nothing larger meets the speedup
    while low < high:
        middle = (low + high + 1) // 2
        if meets(candidates[middle]):
            low = middle
        else:
            high = middle - 1
    return candidates[low]


def share_for(speedup: float, shape: Shape, tokens: int) -> float:
    """The largest share of a text's tokens that may stay from layer 1 on, so that the published work at `tokens` tokens
    falls by `speedup`."""
    wanted = dense_work(shape, tokens) / speedup
    count = max((n for n in range(1, tokens + 1) if dense_work(shape, n) <= wanted), default=1)
    return count / tokens


def kept_words(tokens: int, share: float) -> int:
    return min(tokens, max(LEAST_WORDS, math.ceil(tokens * share - 1e-9)))
