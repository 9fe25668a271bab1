"""LAT training: contributions by definition, the rise of the speedup, and when the profile is measured again."""
from types import SimpleNamespace

import numpy as np
import pytest
import tiny
import torch
from naive import NaiveEncoder

from taper_tune import acc
from taper_tune.evaluation import contributions
from taper_tune.model import Model
from taper_tune.texts import Texts


def test_contributions_are_the_definition(base):
    checkpoint = tiny.load(base)
    reference = NaiveEncoder({role: checkpoint.tensors[name] for role, name in checkpoint.names.items()}, checkpoint.config)
    inputs = list(tiny.inputs((1, 4, 9, 20)))
    texts = Texts([ids.tolist() for ids, _ in inputs], [types.tolist() for _, types in inputs], [0] * 4, "")
    expected = np.mean([[np.median(scores) for _, _, scores in reference.run(ids.numpy(), types.numpy())[0]] for ids, types in inputs], axis=0)
    np.testing.assert_allclose(contributions(Model(checkpoint), texts, torch.device("cpu")), expected, atol=1e-6)


def test_the_speedup_rises_and_the_profile_is_measured_anew(base, monkeypatch):
    measured = []

    def falling(model, sample, device):
        measured.append(step)
        return [1.0, 0.8, 0.6, 0.45]
    monkeypatch.setattr(acc, "contributions", falling)
    arguments = SimpleNamespace(speedup=3.0, max_length=20, refresh=3, profile_texts=5, ramp=0.5, decay=None)
    job = SimpleNamespace(arguments=arguments, sample=lambda count: count, device=None)
    schedule = acc.RisingElimination(Model(tiny.load(base)), 20, job)
    reached = []
    for step in range(20):
        reached.append(schedule.at(step).elimination)
    assert measured == [0, 3, 6, 9], "while it rises, in half of the steps"
    assert reached[0].keep_counts(20) == [20] * 4 and all(a.alpha >= b.alpha for a, b in zip(reached, reached[1:]))
    assert reached[10] == reached[19] == schedule.elimination(1.0) and reached[5].alpha > reached[10].alpha
    assert schedule.elimination(1.0).decay == pytest.approx(acc.decay_of([1.0, 0.8, 0.6, 0.45]))
    schedule.decay = 0.5
    assert schedule.elimination(1.0).decay == 0.5, "a decay that is given takes the contributions' place"
