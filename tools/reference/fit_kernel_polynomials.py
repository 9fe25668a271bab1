#!/usr/bin/env python3
"""Fits the polynomials of Sources/CTaperKernels/vector_functions.h and prints their coefficients and errors.

Near-minimax fits by Lawson's method (reweighted least squares), then coefficients are rounded to float one by
one, highest degree first, refitting the rest each time. Needs numpy.
"""
import math

import numpy as np

POINTS = 3000


def chebyshev(low, high):
    nodes = np.cos(np.pi * (np.arange(POINTS) + 0.5) / POINTS)
    return (low + high) / 2 + (high - low) / 2 * nodes


def lawson(matrix, target, weight, rounds=300):
    """The coefficients that nearly minimise max |weight · (matrix · c − target)|, and that maximum."""
    scale = np.abs(matrix * weight[:, None]).max(0)
    emphasis = np.full(len(target), 1 / len(target))
    best = (math.inf, None)
    for _ in range(rounds):
        root = np.sqrt(emphasis) * weight
        c = np.linalg.lstsq(matrix * root[:, None] / scale, target * root, rcond=1e-17)[0] / scale
        error = np.abs((matrix @ c - target) * weight)
        if error.max() < best[0]:
            best = (error.max(), c)
        emphasis = emphasis * (error + 1e-30)
        emphasis /= emphasis.sum()
    return best


def fit(name, basis, target, weight):
    """basis: columns in ascending degree."""
    matrix, rounded = np.stack(basis, 1), {}
    while len(rounded) < matrix.shape[1]:
        free = matrix.shape[1] - len(rounded)
        rest = target - sum(matrix[:, k] * v for k, v in rounded.items())
        _, c = lawson(matrix[:, :free], rest, weight, 60)
        rounded[free - 1] = float(np.float32(c[-1]))
    values = [rounded[k] for k in range(matrix.shape[1])]
    error = np.abs((matrix @ np.array(values) - target) * weight).max()
    print(f"{name}: error {error:.2e}")
    for value in values:
        print(f"  {value!r}f")


def fit_gelu(name, tail, degree, power, end, relative=True):
    """GELU as max(x, 0) − t·P(t)^power with t = min(|x|, end): P is the tail's root of that order, P(end) = 0.

    P(t) = (end − t)·Q(t) is expanded before its coefficients are rounded, so the end is sought again, among floats.
    """
    t = chebyshev(0, end)
    root = tail(t) ** (1 / power)
    weight = t * power * root ** (power - 1) / (np.maximum(1, t) if relative else 1) + 1e-9
    _, q = lawson(np.stack([(end - t) * t**k for k in range(degree)], 1), root, weight)
    values = [float(np.float32(v)) for v in np.append(end * q, 0) - np.append(0, q)]

    def value(t):
        p = np.full_like(t, values[-1])
        for v in values[-2::-1]:
            p = (p.astype(np.float64) * t + v).astype(np.float32)
        return p

    ends = np.arange(*np.array([end - 0.01, end + 0.01], np.float32).view(np.int32)).astype(np.int32).view(np.float32)
    end = ends[np.argmin(np.abs(value(ends)))]
    x = np.linspace(-end - 1, end + 1, 100_000).astype(np.float32)
    t = np.minimum(np.abs(x), end)
    p = value(t)
    for _ in range(int(math.log2(power))):
        p = (p.astype(np.float64) * p).astype(np.float32)
    exact = np.maximum(x, 0) - np.abs(x.astype(np.float64)) * tail(np.abs(x.astype(np.float64)))
    error = np.abs((np.maximum(x, 0) - t.astype(np.float64) * p).astype(np.float32) - exact)
    scaled = (error / np.maximum(1, np.abs(x))).max()
    there = value(np.array([end]))[0]
    print(f"{name}: error {error.max():.2e}, {scaled:.2e} · max(1, |x|), end {float(end)!r}f, P there {there:.1e}")
    for v in values:
        print(f"  {v!r}f")


def main():
    r = chebyshev(-0.505 * math.log(2), 0.505 * math.log(2))
    fit("exp(r) = 1 + r + r²·P(r), relative", [r ** (k + 2) for k in range(5)], np.expm1(r) - r, np.exp(-r))

    r = chebyshev(-0.501, 0.501)
    fit("2^r = 1 + r·P(r), relative", [r ** (k + 1) for k in range(6)], np.expm1(r * math.log(2)), np.exp2(-r))

    x = chebyshev(1e-3, 0.63)
    fit("tanh(x) = x + x³·P(x²), relative", [x ** (2 * k + 3) for k in range(5)], np.tanh(x) - x, 1 / np.tanh(x))

    erfc = np.vectorize(math.erfc)

    def normal(t):
        return erfc(t / math.sqrt(2)) / 2

    def logistic(t):
        return 1 / (1 + np.exp(2 * math.sqrt(2 / math.pi) * (t + 0.044715 * t**3)))

    fit_gelu("gelu", normal, degree=8, power=8, end=7.1)
    fit_gelu("gelu, tanh", logistic, degree=9, power=8, end=6.3)
    fit_gelu("rough gelu", normal, degree=5, power=4, end=4.7, relative=False)


if __name__ == "__main__":
    main()
