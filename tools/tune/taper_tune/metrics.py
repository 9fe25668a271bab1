"""What labels are worth against the right ones, with 95% intervals, as taper measures it (specs/planning.md,
"Metrics")."""
from __future__ import annotations

import argparse
import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from statistics import fmean

import numpy

NAMES = ("accuracy", "matthews", "f1")
#: Draws of the bootstrap, and the places of the 2.5th and 97.5th percentile among them.
DRAWS, LOW, HIGH = 1000, 24, 974


def wilson(successes: int, trials: int) -> tuple[float, float]:
    """The 95% interval of a proportion by Wilson's score method."""
    z, p = 1.959963984540054, successes / trials
    centre = (p + z * z / (2 * trials)) / (1 + z * z / trials)
    half = z / (1 + z * z / trials) * math.sqrt(p * (1 - p) / trials + z * z / (4 * trials * trials))
    return max(0.0, centre - half), min(1.0, centre + half)


@dataclass(frozen=True)
class Answers:
    """The right and the given label of every text, as places in `labels`."""
    labels: tuple[str, ...]
    right: numpy.ndarray
    given: numpy.ndarray

    @staticmethod
    def of(right: Sequence[str], given: Sequence[str]) -> "Answers":
        """Of labels by name; all that occur are `labels`, sorted."""
        labels = tuple(sorted({*right, *given}))
        place = {label: i for i, label in enumerate(labels)}
        return Answers(labels, *(numpy.array([place[label] for label in found]) for found in (right, given)))

    @property
    def hits(self) -> numpy.ndarray:
        return self.right == self.given

    @property
    def accuracy(self) -> float:
        return float(self.hits.mean())

    def confusion(self, draws: numpy.ndarray | None = None) -> numpy.ndarray:
        """[C, C]: texts by right and given label. With `draws` [D, n], how often each draw has each text: [D, C, C]."""
        count = len(self.labels)
        kinds, kind = numpy.unique(self.right * count + self.given, return_inverse=True)
        # Only the pairs that occur: 20 labels have 400.
        texts = numpy.eye(len(kinds), dtype=numpy.float32)[kind]
        found = texts.sum(axis=0) if draws is None else draws @ texts
        out = numpy.zeros((*found.shape[:-1], count * count))
        out[..., kinds] = found
        return out.reshape(*found.shape[:-1], count, count)

    def packed(self) -> dict:
        """As JSON: places in `labels` in hexadecimal, as many digits a text as the last place takes."""
        digits = len(f"{len(self.labels) - 1:x}")
        written = lambda places: "".join(f"{place:0{digits}x}" for place in places.tolist())
        return {"labels": list(self.labels), "right": written(self.right), "given": written(self.given)}

    @staticmethod
    def unpacked(value: dict) -> "Answers":
        """The inverse of `packed`."""
        return _unpacked(tuple(value["labels"]), value["right"], value["given"])


@lru_cache(maxsize=1024)
def _unpacked(labels: tuple[str, ...], right: str, given: str) -> Answers:
    digits = len(f"{len(labels) - 1:x}")
    read = lambda text: numpy.array([int(text[i:i + digits], 16) for i in range(0, len(text), digits)])
    return Answers(labels, read(right), read(given))


@lru_cache(maxsize=4)
def draws(count: int) -> numpy.ndarray:
    """[DRAWS, count] how often each draw of `count` texts with replacement has each text; the same in every run."""
    generator = numpy.random.default_rng(1)
    found = [numpy.bincount(generator.integers(count, size=count), minlength=count) for _ in range(DRAWS)]
    return numpy.array(found, dtype=numpy.float32)


@dataclass(frozen=True)
class Metric:
    """`positive` is the label that F1 is of; None: the second of the model's."""
    name: str = "accuracy"
    positive: str | None = None

    @staticmethod
    def of(arguments: argparse.Namespace, labels: Sequence[str]) -> "Metric":
        """What the options ask for, of a head with these labels."""
        name, positive = arguments.metric, arguments.positive
        if name != "f1":
            if positive is not None:
                raise SystemExit(f"error: --positive: expected --metric f1; found {name}")
            return Metric(name)
        if positive is None and len(labels) > 1:
            positive = labels[1]
        if positive not in labels:
            raise SystemExit(f"error: --positive: expected one of {', '.join(labels)}; found {positive}")
        return Metric(name, positive)

    @property
    def words(self) -> str:
        return {"accuracy": "accuracy", "matthews": "Matthews", "f1": f"F1 of {self.positive}"}[self.name]

    @property
    def options(self) -> list[str]:
        """The options of taper's commands and of tune's."""
        return ["--metric", self.name, *(["--positive", self.positive] if self.positive else [])]

    def value(self, answers: Answers) -> float:
        return float(self._of(answers.confusion(), answers.labels))

    def drawn(self, seeds: Sequence[Answers]) -> numpy.ndarray:
        """[DRAWS] the mean of several runs on the same texts, for each draw of texts."""
        again = draws(len(seeds[0].right))
        return numpy.mean([self._of(run.confusion(again), run.labels) for run in seeds], axis=0)

    def interval(self, seeds: Sequence[Answers]) -> tuple[float, float]:
        """The 95% interval, over texts, of the mean of several runs on the same texts: Wilson's for accuracy, else the
        percentile bootstrap's, widened to contain the figure."""
        count = len(seeds[0].right)
        if self.name == "accuracy":
            return wilson(round(fmean(run.accuracy for run in seeds) * count), count)
        figure, found = fmean(self.value(run) for run in seeds), numpy.sort(self.drawn(seeds))
        # Where every answer is right no draw differs.
        certain = all(run.hits.all() for run in seeds)
        low = wilson(count, count)[0] if certain else float(found[LOW])
        return min(figure, low), max(figure, float(found[HIGH]))

    def report(self, answers: Answers) -> dict:
        low, high = self.interval([answers])
        return {"metric": self.name, "positive": self.positive, "value": round(self.value(answers), 5),
                "interval": [round(low, 5), round(high, 5)], "accuracy": round(answers.accuracy, 5),
                "count": len(answers.right)}

    def _of(self, confusion: numpy.ndarray, labels: Sequence[str]) -> numpy.ndarray:
        """[..., C, C] → [...]. A correlation or F1 whose denominator is 0 is 0."""
        hits = numpy.diagonal(confusion, axis1=-2, axis2=-1)
        right, given = confusion.sum(axis=-1), confusion.sum(axis=-2)
        total = right.sum(axis=-1)
        if self.name == "f1":
            if self.positive not in labels:  # no text has it, none got it
                return numpy.zeros(total.shape)
            place = labels.index(self.positive)
            return _ratio(2 * hits[..., place], right[..., place] + given[..., place])
        if self.name == "matthews":
            spread = lambda counts: numpy.maximum(0, total**2 - (counts**2).sum(axis=-1))
            return _ratio(hits.sum(axis=-1) * total - (right * given).sum(axis=-1),
                          numpy.sqrt(spread(right) * spread(given)))
        return hits.sum(axis=-1) / total


def _ratio(over: numpy.ndarray, under: numpy.ndarray) -> numpy.ndarray:
    over, under = numpy.asarray(over, dtype=float), numpy.asarray(under, dtype=float)
    return numpy.divide(over, under, out=numpy.zeros(over.shape), where=under > 0)


def add_options(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--metric", choices=NAMES, default="accuracy",
                        help="what answers to test texts are worth (default %(default)s); accuracy is reported too")
    parser.add_argument("--positive", metavar="LABEL", help="the label that F1 is of (default: the head's second)")
