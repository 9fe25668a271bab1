#!/usr/bin/env python3
"""Writes Tests/TaperAuditorTests/Fixtures/metrics.json: seeded answers, and what scikit-learn's matthews_corrcoef and
f1_score and scipy's spearmanr and bootstrap say of them.

    make-metric-fixtures.py

Needs numpy, scikit-learn 1.9 and scipy 1.17. Running it again with the same versions gives the same file.
"""
import json
import pathlib
import warnings

import numpy
from scipy import stats
from sklearn.metrics import f1_score, matthews_corrcoef

ROOT = pathlib.Path(__file__).resolve().parents[2]


def labels(name, right, answered, classes):
    right, answered = numpy.array(right), numpy.array(answered)

    def bounds(statistic):
        found = stats.bootstrap(
            (right, answered), statistic, paired=True, vectorized=False, n_resamples=2000, method="percentile", rng=1)
        return [found.confidence_interval.low, found.confidence_interval.high]

    def f1(label, right, answered):
        return f1_score(right, answered, labels=[label], average=None, zero_division=0)[0]

    return {"name": name, "classes": classes, "right": right.tolist(), "answered": answered.tolist(),
            "matthews": float(matthews_corrcoef(right, answered)),
            "matthews_interval": [float(x) for x in bounds(matthews_corrcoef)],
            "f1": [float(f1(label, right, answered)) for label in range(classes)],
            "f1_interval": [float(x) for x in bounds(lambda a, b: f1(1, a, b))]}


def numbers(name, right, answered):
    return {"name": name, "right": [float(x) for x in right], "answered": [float(x) for x in answered],
            "spearman": float(stats.spearmanr(right, answered).statistic)}


def main():
    warnings.simplefilter("ignore")
    draw = numpy.random.default_rng(20261130)
    two = draw.integers(0, 2, 200)
    three = draw.choice(3, 150, p=[0.6, 0.3, 0.1])
    rates = draw.normal(size=120)
    fixture = {
        "labels": [
            labels("two classes", two, numpy.where(draw.random(200) < 0.8, two, 1 - two), 2),
            labels("three classes, unlike in number", three,
                   numpy.where(draw.random(150) < 0.7, three, draw.integers(0, 3, 150)), 3),
            labels("one answer to all", two[:40], numpy.zeros(40, int), 2),
            labels("all right", two[:40], two[:40], 2),
            labels("all wrong", two[:40], 1 - two[:40], 2)],
        "numbers": [
            numbers("no two alike", rates, rates + draw.normal(size=120)),
            numbers("many alike", rates.round(), (rates + draw.normal(size=120)).round()),
            numbers("opposite", [1, 2, 3, 4], [9, 7, 5, 1])]}
    folder = ROOT / "Tests/TaperAuditorTests/Fixtures"
    folder.mkdir(exist_ok=True)
    groups = ",\n".join(
        f"  {json.dumps(name)}: [\n" + ",\n".join("    " + json.dumps(row) for row in rows) + "\n  ]"
        for name, rows in fixture.items())
    (folder / "metrics.json").write_text("{\n" + groups + "\n}\n", encoding="utf-8")


if __name__ == "__main__":
    main()
