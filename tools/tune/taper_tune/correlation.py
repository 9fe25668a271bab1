"""Spearman's correlation, as taper measures it (specs/planning.md, "Metrics")."""
from __future__ import annotations

import numpy


def spearman(found: numpy.ndarray, right: numpy.ndarray) -> float:
    """Pearson's correlation of the ranks, ties at their mean rank; 0 where either does not vary."""
    one, other = (_ranks(values) for values in (found, right))
    one, other = one - one.mean(), other - other.mean()
    under = float(numpy.sqrt((one * one).sum() * (other * other).sum()))
    return float((one * other).sum()) / under if under > 0 else 0.0


def _ranks(values: numpy.ndarray) -> numpy.ndarray:
    _, places, counts = numpy.unique(values, return_inverse=True, return_counts=True)
    last = counts.cumsum()
    return ((last - counts + 1 + last) / 2)[places]
