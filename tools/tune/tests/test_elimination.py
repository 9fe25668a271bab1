"""The speedup analysis against its definition, brute force and the published figures."""
import math

import pytest

from taper_tune.elimination import Elimination, alpha_for, decay_of, dense_work, work
from taper_tune.family import Shape

BASE = Shape(hidden=768, layers=12, heads=12, feed_forward=3072)


def test_published_configuration():
    counts = [153, 125, 111, 105, 85, 80, 72, 48, 35, 27, 22, 5]
    assert dense_work(BASE, 256) / work(BASE, counts, 256) == pytest.approx(3.29, abs=0.005)


@pytest.mark.parametrize("tokens,ceiling", [(64, 23.0), (128, 27.3), (256, 29.2), (512, 28.5)])
def test_ceiling(tokens, ceiling):
    assert dense_work(BASE, tokens) / work(BASE, [1] * 12, tokens) == pytest.approx(ceiling, abs=0.06)


def test_decay_of_an_exact_exponential():
    assert decay_of([math.exp(-0.25 * layer) for layer in range(1, 7)]) == pytest.approx(0.25)


def test_decay_edge_cases():
    assert decay_of([1.0, 2.0, 3.0]) == 0  # rising
    assert decay_of([0.5]) == 0 and decay_of([0.0, 0.0]) == 0
    assert decay_of([1.0, 0.0]) == pytest.approx(-math.log(1e-6))


@pytest.mark.parametrize("decay", [0.0, 0.05, 0.4, 2.0])
@pytest.mark.parametrize("tokens", [1, 2, 17, 64])
def test_keep_counts_fall_with_depth_and_rise_with_alpha(decay, tokens):
    before = [0] * 6
    for alpha in (0.01, 0.2, 0.5, 1.0, 1.7, 30.0):
        counts = Elimination(decay, alpha, 6).keep_counts(tokens)
        assert all(1 <= later <= earlier <= tokens for earlier, later in zip([tokens, *counts], counts))
        assert all(count >= less for count, less in zip(counts, before))
        before = counts


def test_whole_products_are_not_rounded_up():
    # 20 · 0.3 · 1 is 6.000000000000001 in floating point: six tokens, not seven.
    assert Elimination(0.0, 20 * 0.3 / 20, 1).keep_counts(20) == [6]


@pytest.mark.parametrize("speedup", [1.0, 1.5, 2.0, 3.0, 4.8])
def test_alpha_is_the_largest_that_meets_the_speedup(speedup):
    shape, tokens, decay = Shape(32, 4, 2, 128), 24, 0.3
    chosen = alpha_for(speedup, decay, shape, tokens)
    k = lambda alpha: dense_work(shape, tokens) / work(
        shape, Elimination(decay, alpha, 4).keep_counts(tokens), tokens)
    assert k(chosen) >= speedup
    larger = [m / (tokens * math.exp(-decay * l)) for l in range(1, 5) for m in range(1, tokens + 1)]
    assert all(k(alpha) < speedup for alpha in larger if alpha > chosen)
