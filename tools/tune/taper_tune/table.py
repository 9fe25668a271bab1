"""The rows of a table of docs/results-tables.md, and what each is compared with."""
from __future__ import annotations

import math
from dataclasses import dataclass, field
from statistics import fmean, pvariance

from .metrics import Answers, Metric
from .rows import DATASETS, MODELS, MOST_LAYERS, Dataset, chain, plans


@dataclass
class Row:
    """A plan of a model, over its seeds."""
    model: str
    plan: str
    judged: dict[int, dict] = field(default_factory=dict)
    raced: dict[int, dict] = field(default_factory=dict)
    #: Trainings of the model and of the models it starts from.
    trained: dict[int, list[dict]] = field(default_factory=dict)

    @property
    def feasible(self) -> dict[int, dict]:
        return {seed: r for seed, r in self.judged.items() if r["feasible"]}

    @property
    def _any(self) -> dict:
        return next(iter(self.feasible.values()))

    @property
    def metric(self) -> Metric:
        return Metric(self._any["metric"], self._any["positive"])

    @property
    def value(self) -> float:
        """By the data set's metric, on test texts."""
        return fmean(r["value"] for r in self.feasible.values())

    @property
    def accuracy(self) -> float:
        return fmean(r["accuracy"] for r in self.feasible.values())

    @property
    def validation(self) -> float:
        """By the data set's metric, on validation texts: what choices are made by."""
        return fmean(r["validation"]["value"] for r in self.feasible.values())

    @property
    def count(self) -> int:
        return self._any["count"]

    def answers(self, seeds: set[int]) -> list[Answers]:
        """On the test texts, the same for all rows of a table."""
        return [Answers.unpacked(r["answers"]) for seed, r in self.feasible.items() if seed in seeds]

    @property
    def interval(self) -> tuple[float, float]:
        """Of `value`, over texts."""
        return self.metric.interval(self.answers(set(self.feasible)))

    def rightness(self, seeds: set[int]) -> list[float]:
        """For each test text the share of `seeds` that answer it right."""
        return [float(fmean(of_a_text)) for of_a_text in zip(*(run.hits.tolist() for run in self.answers(seeds)))]

    def raced_mean(self, figure: str) -> float | None:
        found = [r[figure] for r in self.raced.values() if r[figure] is not None]
        return fmean(found) if found else None

    @property
    def time(self) -> float | None:
        """Measured time relative to the dense plan's."""
        speed = self.raced_mean("measured")
        return 1 / speed if speed else None

    @property
    def method(self) -> str:
        return self.model.partition("-")[0]

    @property
    def depth(self) -> float | None:
        """Mean layers per text: over all test texts if the plan halts, over the raced ones otherwise."""
        seen = [self.judged[seed].get("mean_depth", self.raced.get(seed, {}).get("mean_depth")) for seed in self.feasible]
        known = [depth for depth in seen if depth is not None]
        return fmean(known) if known else None

    @property
    def label(self) -> str:
        return f"{self.model}, {self.plan}"

    @property
    def is_baseline(self) -> bool:
        """Whether it answers without any of the encoder's layers."""
        return self.model == "baselines"

    @property
    def is_timed_alone(self) -> bool:
        """Whether its times were not measured in turns with the dense plan's."""
        return any(r.get("alone") for r in self.raced.values())

    @property
    def is_free(self) -> bool:
        return self.model == "frozen"

    @property
    def is_cut_dense(self) -> bool:
        """Whether the fine-tuned encoder was cut without further training."""
        return self.model == "dense"

    @property
    def is_one_method(self) -> bool:
        """Whether it was trained for one method and planned with that method alone."""
        return not (self.is_free or self.is_baseline or self.model.startswith("dense") or "+" in self.model + self.plan)

    @property
    def precision(self) -> str:
        last = self.plan.split()[-1]
        return last if last in ("bf16", "int8") else "f32"

    @property
    def is_only_fewer_bits(self) -> bool:
        return self.plan in ("dense bf16", "dense int8") and self.model.startswith("dense")

    @property
    def halting_seeds(self) -> list[dict]:
        return [r for r in self.feasible.values() if "changed_labels" in r]


@dataclass
class Mix:
    """What a row is compared with: another row, or two of one method, each for a share of the texts, that together take
    as long. It is worth the mean of the two by their shares (of F1 and Matthews correlation: about that)."""
    parts: list[tuple[float, Row]]

    @property
    def value(self) -> float:
        return sum(share * row.value for share, row in self.parts)

    @property
    def validation(self) -> float:
        return sum(share * row.validation for share, row in self.parts)

    @property
    def label(self) -> str:
        said = lambda row: f"{row.label}: {100 * row.value:.1f} at {row.raced_mean('measured'):.2f}x"
        if len(self.parts) == 1:
            return said(self.parts[0][1])
        (_, fast), (share, slow) = self.parts
        return f"{said(fast)}; for {100 * share:.0f}% of texts {said(slow)}"

    @staticmethod
    def best(row: Row, others: list[Row]) -> "Mix | None":
        """The best one in `row`'s time, by validation texts; None if none of `others` is as fast."""
        fast = [r for r in others if r.time <= row.time]
        slow = [r for r in others if r.time > row.time]
        share = lambda f, s: (row.time - f.time) / (s.time - f.time)
        mixes = [Mix([(1.0, f)]) for f in fast] + [
            Mix([(1 - share(f, s), f), (share(f, s), s)]) for f in fast for s in slow if f.method == s.method]
        return max(mixes, key=lambda mix: mix.validation, default=None)


def difference(row: Row, mix: Mix) -> tuple[float, float]:
    """Difference of the values and half its 95% interval, on the same test texts, each row's the mean over the seeds:
    of accuracy from the differences text by text, else from those of the bootstrap's draws."""
    seeds = set(row.feasible).intersection(*(r.feasible for _, r in mix.parts))
    of = lambda r: r.answers(seeds or set(r.feasible))
    if row.metric.name != "accuracy":
        worth = lambda r: fmean(row.metric.value(run) for run in of(r))
        drawn = row.metric.drawn(of(row)) - sum(share * row.metric.drawn(of(r)) for share, r in mix.parts)
        return worth(row) - sum(share * worth(r) for share, r in mix.parts), 1.96 * float(drawn.std())
    of = lambda r: r.rightness(seeds or set(r.feasible))
    theirs = [sum(share * right for (share, _), right in zip(mix.parts, rights)) for rights in zip(*(of(r) for _, r in mix.parts))]
    gaps = [mine - its for mine, its in zip(of(row), theirs)]
    return fmean(gaps), 1.96 * math.sqrt(pvariance(gaps) / len(gaps))


def tables(records: list[dict]) -> dict[tuple, list[Row]]:
    """(base, data set, tokens, limit, judged, epochs, products) → its rows, in the order of rows.py."""
    groups: dict[tuple, dict[tuple, Row]] = {}
    trainings: dict[tuple, dict] = {}
    for r in records:
        key = (r["base"], r["dataset"], r["tokens"], r["limit"], r["judged"], r["epochs"], r["products"])
        if r["kind"] == "training":
            trainings[*key, r["model"], r["seed"]] = r["result"]
            continue
        row = groups.setdefault(key, {}).setdefault((r["model"], r["plan"]), Row(r["model"], r["plan"]))
        (row.judged if r["kind"] == "accuracy" else row.raced)[r["seed"]] = r["result"]
    for key, rows in groups.items():
        for row in rows.values():
            of = lambda seed: [trainings[*key, m, seed] for m in chain(row.model) if (*key, m, seed) in trainings]
            row.trained = {seed: found for seed in row.judged if (found := of(seed))}
    order = lambda key: list(DATASETS).index(key[1]) if key[1] in DATASETS else len(DATASETS)
    return {key: [rows[place] for place in _order(key[1]) if place in rows and rows[place].judged]
            for key, rows in sorted(groups.items(), key=lambda item: (order(item[0]), str(item[0])))}


def _order(dataset: str) -> list[tuple[str, str]]:
    known = DATASETS.get(dataset, Dataset(128))
    return [(p.model, p.name) for model in MODELS for p in plans(model, known, MOST_LAYERS)]
