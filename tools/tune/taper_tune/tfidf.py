"""The baseline without an encoder: tf-idf of words and word pairs, and logistic regression (scikit-learn)."""
from __future__ import annotations

import math
import time
import warnings
from collections import Counter
from statistics import median

import numpy
from scipy.sparse import csr_matrix, hstack
from sklearn.exceptions import ConvergenceWarning
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import LogisticRegression

from .metrics import Answers, Metric

#: Inverse strengths of the L2 penalty (scikit-learn's C), strongest first.
STRENGTHS = (0.1, 1.0, 10.0, 100.0)
HELD_OUT = 5  # one text in this many chooses the strength
#: (text, second text or None, label)
Row = tuple[str, str | None, str]


class WordModel:
    def __init__(self, rows: list[Row], strength: float):
        self.strength = strength
        self.vectors = TfidfVectorizer(ngram_range=(1, 2), sublinear_tf=True, min_df=2)
        self.vectors.fit([text for row in rows for text in row[:2] if text is not None])
        self.head = LogisticRegression(C=strength, max_iter=1000)
        with warnings.catch_warnings():
            # The strongest head that 1,000 steps give is as good a baseline.
            warnings.simplefilter("ignore", ConvergenceWarning)
            self.head.fit(self.features(rows), [label for _, _, label in rows])
        self._grams, self._places = self.vectors.build_analyzer(), self.vectors.vocabulary_
        self._idf, self._labels = self.vectors.idf_.tolist(), self.head.classes_.tolist()
        self._weights, self._bias = numpy.ascontiguousarray(self.head.coef_.T), self.head.intercept_

    @staticmethod
    def fit(rows: list[Row], metric: Metric, seed: int) -> "WordModel":
        """The strength is the one whose head answers held-out texts best by the metric, the strongest of equals."""
        order = numpy.random.default_rng(seed).permutation(len(rows))
        held, used = ([rows[i] for i in sorted(part)] for part in numpy.split(order, [len(rows) // HELD_OUT]))
        if not held or len({label for _, _, label in used}) < 2:
            return WordModel(rows, STRENGTHS[1])
        right = [label for _, _, label in held]
        worth = lambda strength: metric.value(Answers.of(right, WordModel(used, strength).answers(held)))
        return WordModel(rows, max(STRENGTHS, key=worth))

    def features(self, rows: list[Row]) -> csr_matrix:
        """[n, f]. Of pairs: both texts' vectors, their difference and product, and their cosine, without which words
        that both texts have would not count."""
        first = self.vectors.transform([text for text, _, _ in rows])
        if rows[0][1] is None:
            return first
        second = self.vectors.transform([pair for _, pair, _ in rows])
        common = first.multiply(second)
        return hstack([first, second, abs(first - second), common, csr_matrix(common.sum(axis=1))], format="csr")

    def answers(self, rows: list[Row]) -> list[str]:
        return [self.answer(text, pair) for text, pair, _ in rows]

    def answer(self, text: str, pair: str | None) -> str:
        """scikit-learn's answer, without what its calls cost for one text (2 to 15 ms)."""
        first = self._vector(text)
        if pair is None:
            places, values = list(first), list(first.values())
        else:
            second, width = self._vector(pair), len(self._places)
            places, values, cosine = [], [], 0.0
            for gram in first.keys() | second.keys():
                one, other = first.get(gram, 0.0), second.get(gram, 0.0)
                places += (gram, gram + width, gram + 2 * width, gram + 3 * width)
                values += (one, other, abs(one - other), one * other)
                cosine += one * other
            places.append(4 * width)
            values.append(cosine)
        scores = self._bias + (numpy.array(values) @ self._weights[places] if places else 0)
        return self._labels[int(scores[0] > 0) if len(scores) == 1 else int(scores.argmax())]

    def _vector(self, text: str) -> dict[int, float]:
        """Column → tf-idf weight."""
        counts = Counter(place for gram in self._grams(text) if (place := self._places.get(gram)) is not None)
        found = {place: (1 + math.log(count)) * self._idf[place] for place, count in counts.items()}
        norm = math.sqrt(sum(value * value for value in found.values()))
        return {place: value / norm for place, value in found.items()}

    def times(self, rows: list[Row], rounds: int) -> list[int]:
        """Each text's median time over the rounds in nanoseconds, one text at a time."""
        def once(row: Row) -> int:
            begun = time.perf_counter_ns()
            self.answer(*row[:2])
            return time.perf_counter_ns() - begun
        for row in rows[:10]:  # the first calls are slower
            once(row)
        return [int(median(found)) for found in zip(*([once(row) for row in rows] for _ in range(rounds)))]
