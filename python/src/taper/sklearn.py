"""Vectors as features: ``make_pipeline(TaperVectorizer("dense.plan"), LogisticRegression())`` (needs scikit-learn)."""
from __future__ import annotations

import numpy as np
from sklearn.base import BaseEstimator, TransformerMixin
from sklearn.utils.validation import check_is_fitted

from ._plan import Plan


class TaperVectorizer(TransformerMixin, BaseEstimator):
    """scikit-learn's transformer of texts into a plan's vectors, float32 of shape [texts, width].

    path: a plan of vectors. prompt: the name of the model's prompt; None: its default one.
    """

    def __init__(self, path, *, prompt=None):
        self.path = path
        self.prompt = prompt

    def fit(self, texts=None, y=None):
        self.plan_ = Plan(self.path, prompt=self.prompt)
        return self

    def transform(self, texts) -> np.ndarray:
        check_is_fitted(self, "plan_")
        return self.plan_.encode([str(text) for text in texts])

    def get_feature_names_out(self, input_features=None) -> np.ndarray:
        check_is_fitted(self, "plan_")
        return np.array([f"taper{i}" for i in range(self.plan_.width)], dtype=object)
