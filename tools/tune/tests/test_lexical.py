"""Words chosen before layer 1: which, what the mean reads, and what a word is worth."""
import math

import numpy as np
import pytest
import tiny
import torch
from naive import NaiveEncoder
from test_encoder import single
from torch.nn import functional as F

from taper_tune.elimination import dense_work, kept_words, share_for
from taper_tune.family import Shape
from taper_tune.lexical import PENALTIES, SPECIAL_SCORE, fit_scores, importance
from taper_tune.model import Choosing, Model, Reduction
from taper_tune.texts import Texts, make_batch


def chosen_by_definition(ids, scores, count):
    """Numbers of the tokens that stay, ascending."""
    worth, seen = [], {}
    for i in ids:
        worth.append(scores[i] - math.log1p(seen.get(i, 0)))
        seen[i] = seen.get(i, 0) + 1
    rest = sorted(range(1, len(ids)), key=lambda j: (-worth[j], j))
    return sorted([0, *rest[:count - 1]])


def test_the_largest_scores_stay_and_repeats_count_less(base):
    checkpoint = tiny.load(base)
    model = Model(checkpoint).eval()
    generator = torch.Generator().manual_seed(8)
    scores = torch.randn(len(tiny.VOCABULARY), generator=generator)
    scores[[2, 3]] = SPECIAL_SCORE
    tensors = {role: checkpoint.tensors[name] for role, name in checkpoint.names.items()}
    reference = NaiveEncoder(tensors, checkpoint.config)
    for ids, types in tiny.inputs((5, 12, 20)):
        ids[4:] = ids[2:3]  # a word that is repeated
        ids[-1] = 3
        batch, reduction = single(ids, types), Choosing(scores, PENALTIES, 0.5)
        kept = chosen_by_definition(ids.tolist(), scores.tolist(), kept_words(len(ids), 0.5))
        assert model.embed(batch, reduction).positions[0].tolist() == kept
        # From layer 1 on it is a plain encoder over the kept rows.
        x = reference.embed(ids.numpy(), types.numpy())[kept]
        reference.embed, embed = lambda *_: x, reference.embed
        states = reference.run(np.array(kept), None)[0][-1][0]
        reference.embed = embed
        *_, last = model.walk(batch, reduction)
        np.testing.assert_allclose(last.rows.states[0].detach(), states, atol=1e-5)
        mean = torch.tensor(states.mean(axis=0)).float()
        np.testing.assert_allclose(model.features(last, batch.lengths)[0].detach(), F.normalize(mean, dim=0), atol=1e-5)


def test_texts_of_a_batch_do_not_touch_each_other(base):
    model = Model(tiny.load(base)).eval()
    scores = torch.randn(len(tiny.VOCABULARY), generator=torch.Generator().manual_seed(1))
    reduction = Choosing(scores, PENALTIES, 0.4)
    texts = list(tiny.inputs((3, 9, 20)))
    whole = make_batch(Texts([i.tolist() for i, _ in texts], [t.tolist() for _, t in texts], [0] * 3, ""), [0, 1, 2],
                       torch.device("cpu"))
    together, _ = model(whole, reduction)
    for number, (ids, types) in enumerate(texts):
        torch.testing.assert_close(model(single(ids, types), reduction)[0][0], together[number])


@pytest.mark.parametrize("speedup", [1.0, 1.5, 3.0])
def test_the_share_is_the_largest_that_meets_the_target(speedup):
    shape = Shape(16, 4, 2, 24)
    count = round(share_for(speedup, shape, 100) * 100)
    assert dense_work(shape, 100) >= speedup * dense_work(shape, count)
    assert count == 100 or dense_work(shape, 100) < speedup * dense_work(shape, count + 1)


def test_a_word_is_worth_what_the_loss_changes_without_it(base):
    checkpoint = tiny.load(base)
    model = Model(checkpoint).eval()
    texts = [(ids, types) for ids, types in tiny.inputs(tuple(range(6, 21)) * 4)]
    many = Texts([ids.tolist() for ids, _ in texts], [types.tolist() for _, types in texts], [0] * len(texts), "")

    def loss(model, step, batch):
        """What only the word 7 moves: its share of the mean of the rows that enter."""
        return (step.rows.states[:, :, 0] * (batch.ids == 7)).sum()
    flat = importance(model, many, torch.device("cpu"), loss)
    assert len(flat) == sum(len(ids) for ids, _ in texts) and (flat >= 0).all()
    scores = fit_scores(model, many, {2, 3}, torch.device("cpu"), loss)
    assert scores[[2, 3]].tolist() == [SPECIAL_SCORE] * 2
    words = scores[5:]
    assert int(words.argmax()) + 5 == 7 and abs(float(words.mean())) < 1.5


def test_reduction_of_everything_is_no_reduction(base):
    model = Model(tiny.load(base)).eval()
    scores = torch.zeros(len(tiny.VOCABULARY))
    for ids, types in tiny.inputs((4, 17)):
        batch = single(ids, types)
        torch.testing.assert_close(model(batch, Choosing(scores, PENALTIES, 1.0))[0], model(batch, Reduction())[0])
