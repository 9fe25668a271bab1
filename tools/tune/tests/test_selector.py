"""TR-BERT's parts: REINFORCE moves probability towards reward, the heuristic is the definition, λ finds the work."""
import pytest
import tiny
import torch
from test_encoder import single, together
from torch.nn import functional as F

from taper_tune.model import Model, Reduction, Selectors
from taper_tune.selector import Sampling, residual_gradient


def test_probability_of_a_rewarded_action_rises(base):
    """Reward: the token `red` kept and all others dropped, by the estimator the method uses."""
    checkpoint = tiny.load(base)
    model = Model(checkpoint).eval()
    selectors = Selectors(checkpoint.shape.hidden, [1])
    optimizer = torch.optim.Adam(selectors.parameters(), lr=0.02)
    red = tiny.VOCABULARY.index("red")
    texts = list(tiny.inputs([8, 10, 12], seed=4))
    for ids, _ in texts:
        ids[ids == red] = tiny.VOCABULARY.index("blue")
        ids[3] = red
    batch = together(texts)
    step = next(iter(model.walk(batch, Reduction())))
    is_red = batch.ids == red
    others = step.rows.valid & ~is_red
    others[:, 0] = False

    def probabilities():
        pi = selectors.logits(1, step.rows.states).sigmoid()
        return pi[is_red].mean().item(), pi[others].mean().item()

    before = probabilities()
    for _ in range(300):
        sampling = Sampling(selectors, len(texts), None)
        rows = step.rows.repeat(8)
        action = sampling.mask(1, rows)
        reward = ((action & is_red.repeat(8, 1)).sum(1) * 3.0 - (action & others.repeat(8, 1)).sum(1)).view(8, -1)
        advantage = reward - reward.mean(dim=0)
        loss = (advantage * sampling.surprise[0].view(8, -1)).mean()
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    after = probabilities()
    assert after[0] > 0.8 and after[1] < before[1] - 0.3


def test_surprise_is_the_mean_log_probability_and_row_0_is_not_an_action(base):
    checkpoint = tiny.load(base)
    model = Model(checkpoint).eval()
    selectors = Selectors(checkpoint.shape.hidden, [1])
    batch = together(list(tiny.inputs([1, 6, 9])))
    step = next(iter(model.walk(batch, Reduction())))
    sampling = Sampling(selectors, 3, None)
    action = sampling.mask(1, step.rows)
    pi = selectors.logits(1, step.rows.states).sigmoid()
    assert action[:, 0].all() and not (action & ~step.rows.valid).any()
    for b, length in enumerate([1, 6, 9]):
        taken = torch.where(action[b, 1:length], pi[b, 1:length], 1 - pi[b, 1:length])
        expected = -taken.log().mean() if length > 1 else torch.tensor(0.0)
        assert sampling.surprise[0][b].item() == pytest.approx(expected.item(), abs=1e-5)
        assert sampling.kept[0][b] == action[b].sum()


def test_heuristic_keeps_as_many_as_the_sum_of_probabilities(base):
    checkpoint = tiny.load(base)
    selectors = Selectors(checkpoint.shape.hidden, [1])
    model = Model(checkpoint).eval()
    batch = together(list(tiny.inputs([6, 9])))
    step = next(iter(model.walk(batch, Reduction())))
    scores = torch.rand(2, 9)
    action = Sampling(selectors, 2, {1: scores}).mask(1, step.rows)
    pi = selectors.logits(1, step.rows.states).sigmoid()
    for b, length in enumerate([6, 9]):
        count = round(pi[b, :length].sum().item())
        best = sorted(range(1, length), key=lambda i: -scores[b, i])[:count - 1]
        assert sorted([0, *best]) == action[b].nonzero().flatten().tolist()


def test_residual_gradient_is_the_definition(base):
    """By finite differences: the loss as a function of the reference layer's states (layer 3 of 4)."""
    checkpoint = tiny.load(base)
    model = Model(checkpoint).double().eval()
    ids, types = next(iter(tiny.inputs([7])))
    batch = single(ids, types)
    found = residual_gradient(model, batch, [1, 2, 4])
    states = {}
    for step in model.walk(batch, Reduction()):
        states[step.layer] = step.rows.states.detach()
        if step.layer == 3:
            at_three = step

    def loss(moved):
        at_three.rows.states = moved
        *_, last = model.walk(batch, Reduction(), first=at_three)
        return F.cross_entropy(model.head(model.features(last, batch.lengths)), batch.labels).item()

    for layer in (1, 2, 4):
        for token in range(7):
            direction = torch.zeros_like(states[3])
            direction[0, token] = states[3][0, token] - states[layer][0, token]
            slope = (loss(states[3] + 1e-5 * direction) - loss(states[3] - 1e-5 * direction)) / 2e-5
            assert found[layer][0, token].item() == pytest.approx(abs(slope), rel=1e-4, abs=1e-7)
