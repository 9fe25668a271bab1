"""The encoder against transformers (through Taper's committed fixtures) and against the NumPy definition."""
import json
from pathlib import Path

import numpy as np
import pytest
import tiny
import torch
from naive import NaiveEncoder
from safetensors.torch import load_file

from taper_tune.encoder import largest, relative_buckets
from taper_tune.elimination import Elimination
from taper_tune.model import Eliminating, Model, Reduction, Selecting, Selectors
from taper_tune.texts import Batch

FIXTURES = Path(__file__).resolve().parents[3] / "Tests/TaperModelSpecTests/Fixtures"
LENGTHS = (1, 2, 5, 9, 20)


class Counts(Reduction):
    """Given keep counts, a list a text."""

    def __init__(self, counts):
        self.all = counts

    def counts(self, layer, lengths):
        return torch.tensor([counts[layer - 1] for counts in self.all])


def single(ids, types):
    return Batch(ids[None], types[None], torch.tensor([len(ids)]), torch.zeros(1, dtype=torch.long))


def together(texts):
    width = max(len(ids) for ids, _ in texts)
    pad = lambda values: torch.stack([torch.cat([v, v.new_zeros(width - len(v))]) for v in values])
    return Batch(pad([i for i, _ in texts]), pad([t for _, t in texts]), torch.tensor([len(i) for i, _ in texts]),
                 torch.zeros(len(texts), dtype=torch.long))


def naive(checkpoint):
    return NaiveEncoder({role: checkpoint.tensors[name] for role, name in checkpoint.names.items()}, checkpoint.config)


@pytest.mark.parametrize("name", ["tiny-bert-classifier", "tiny-bert-old-names", "tiny-mpnet", "tiny-mpnet-regression"])
def test_dense_states_are_transformers(name):
    checkpoint = tiny.load(FIXTURES / name)
    expected = load_file(FIXTURES / name / "expected.safetensors")
    model = Model(checkpoint).eval()
    for k in range(4):
        batch = single(expected[f"{k}.ids"].long(), expected[f"{k}.types"].long())
        for step in model.walk(batch, Reduction()):
            difference = (step.rows.states[0] - expected[f"{k}.hidden"][step.layer]).abs().max()
            assert difference < 1e-5


def test_classifier_with_pooler_is_transformers():
    expected = load_file(FIXTURES / "tiny-bert-classifier" / "expected.safetensors")
    model = Model(tiny.load(FIXTURES / "tiny-bert-classifier")).eval()
    for k in range(4):
        logits, _ = model(single(expected[f"{k}.ids"].long(), expected[f"{k}.types"].long()), Reduction())
        assert torch.allclose(logits[0], expected[f"{k}.logits"], atol=1e-5)


def test_relative_buckets_are_transformers():
    expected = json.loads((FIXTURES / "relative-buckets.json").read_text())
    assert relative_buckets(-expected["first"], 32, 128).tolist() == expected["buckets"]


def counts_of(length):
    """Dense, gradual, abrupt, and down to one token."""
    steps = lambda *shares: [max(1, round(length * share)) for share in shares]
    return [steps(1, 1, 1, 1), steps(0.8, 0.6, 0.4, 0.2), steps(1, 0.3, 0.3, 0.3), steps(0, 0, 0, 0)]


def test_eliminated_states_are_the_definition(base):
    checkpoint = tiny.load(base)
    model, reference = Model(checkpoint).eval(), naive(checkpoint)
    for ids, types in tiny.inputs(LENGTHS):
        for counts in counts_of(len(ids)):
            expected, last = reference.run(ids.numpy(), types.numpy(), counts)
            batch = single(ids, types)
            for step, (states, positions, scores) in zip(
                    model.walk(batch, Counts([counts]), want_scores=True), expected, strict=True):
                assert step.rows.positions[0].tolist() == positions.tolist()
                np.testing.assert_allclose(step.rows.states[0].detach(), states, atol=2e-5)
                np.testing.assert_allclose(step.scores[0], scores, atol=2e-5)
            np.testing.assert_allclose(model.pooled(step, batch.lengths)[0].detach(), last.mean(axis=0), atol=2e-5)


def test_padding_changes_nothing(base):
    """Texts of unlike length together give what each gives alone, dropped tokens restored."""
    checkpoint = tiny.load(base)
    model = Model(checkpoint).eval()
    texts = list(tiny.inputs(LENGTHS))
    for variant in range(4):
        counts = [counts_of(len(ids))[variant] for ids, _ in texts]
        logits, work = model(together(texts), Counts(counts))
        for b, (ids, types) in enumerate(texts):
            alone, alone_work = model(single(ids, types), Counts([counts[b]]))
            assert torch.allclose(logits[b], alone[0], atol=1e-5)
            assert work[b] == alone_work[0]


def test_selected_states_are_the_definition(base):
    checkpoint = tiny.load(base)
    model, reference = Model(checkpoint).eval(), naive(checkpoint)
    selectors = Selectors(checkpoint.shape.hidden, [1, 3])
    for layer in (1, 3):  # about half of the tokens
        torch.nn.init.normal_(selectors.second[str(layer)].weight)
        torch.nn.init.zeros_(selectors.second[str(layer)].bias)

    def select(layer, states):
        if layer not in (1, 3):
            return list(range(len(states)))
        pi = selectors.logits(layer, torch.tensor(states, dtype=torch.float32)[None])[0].sigmoid()
        return [i for i in range(len(states)) if i == 0 or pi[i] >= 0.5]

    texts = list(tiny.inputs(LENGTHS))
    batch = together(texts)
    steps = list(model.walk(batch, Selecting(selectors)))
    pooled = model.pooled(steps[-1], batch.lengths)
    dropped = 0
    for b, (ids, types) in enumerate(texts):
        expected, last = reference.run(ids.numpy(), types.numpy(), select=select)
        for step, (states, positions, _) in zip(steps, expected, strict=True):
            rows = step.rows
            assert rows.positions[b][rows.valid[b]].tolist() == positions.tolist()
            np.testing.assert_allclose(rows.states[b][rows.valid[b]].detach(), states, atol=2e-5)
            dropped += len(ids) - len(positions)
        np.testing.assert_allclose(pooled[b].detach(), last.mean(axis=0), atol=2e-5)
    assert dropped > 10


def test_ties_keep_the_lower_row_and_row_0_always():
    scores = torch.tensor([[0.0, 2.0, 1.0, 2.0, 2.0], [9.0, 1.0, 1.0, 1.0, 7.0]])
    valid = torch.tensor([[True] * 5, [True] * 4 + [False]])
    mask = largest(scores, valid, torch.tensor([3, 2]))
    assert mask.tolist() == [[True, True, False, True, False], [True, True, False, False, False]]


def test_gradients_reach_dropped_tokens_through_the_restored_mean(base):
    checkpoint = tiny.load(base)
    model = Model(checkpoint).eval()
    ids, types = next(iter(tiny.inputs([9])))
    *_, step = model.walk(single(ids, types), Counts([[1, 1, 1, 1]]))
    model.pooled(step, torch.tensor([9])).pow(2).sum().backward()
    for token in set(ids.tolist()):
        assert model.encoder.words.weight.grad[token].abs().sum() > 0


def test_profile_reduction_counts_each_text_by_its_own_length():
    elimination = Elimination(decay=0.3, alpha=1.1, layers=4)
    reduction = Eliminating(elimination)
    lengths = torch.tensor([3, 20, 7])
    for layer in range(1, 5):
        assert reduction.counts(layer, lengths).tolist() == [
            elimination.keep_counts(n)[layer - 1] for n in lengths.tolist()]
