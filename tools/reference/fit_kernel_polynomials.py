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


def main():
    r = chebyshev(-0.505 * math.log(2), 0.505 * math.log(2))
    fit("exp(r) = 1 + r + r²·P(r), relative", [r ** (k + 2) for k in range(5)], np.expm1(r) - r, np.exp(-r))

    x = chebyshev(1e-3, 0.63)
    fit("tanh(x) = x + x³·P(x²), relative", [x ** (2 * k + 3) for k in range(5)], np.tanh(x) - x, 1 / np.tanh(x))

    erf, erfc = np.vectorize(math.erf), np.vectorize(math.erfc)
    x = chebyshev(1e-3, 1.0)
    fit("erf(x) = x + x·P(x²), |x| < 1, relative", [x ** (2 * k + 1) for k in range(6)], erf(x) - x, 1 / erf(x))

    x = chebyshev(1e-3, 4.25)
    even = [x ** (2 * k + 2) for k in range(9)]
    fit("rough gelu(x) = x/2 + x²·P(x²), |x| ≤ 4.25, absolute", even, x / 2 * erf(x / math.sqrt(2)), np.ones_like(x))

    x = chebyshev(1.0, 4.0)
    root = erfc(x) ** (-1 / 16)
    fit("erfc(x) = P(x)^−16, 1 ≤ x ≤ 4, absolute", [x**k for k in range(7)], root, 16 * erfc(x) / root)


if __name__ == "__main__":
    main()
