"""DACT's accumulation and both halting rules: no label may change."""
import torch

from taper_tune.halting_units import RULES, accumulate, depths

TEXTS, LAYERS, CLASSES = 20_000, 12, 3


def sequences(seed):
    generator = torch.Generator().manual_seed(seed)
    classes = [(3 * torch.randn(TEXTS, CLASSES, generator=generator)).softmax(dim=1) for _ in range(LAYERS)]
    units = [(2 * torch.randn(TEXTS, generator=generator) - 1).sigmoid() for _ in range(LAYERS - 1)]
    return classes, units


def test_accumulation_is_the_definition():
    classes, units = sequences(1)
    answers, left = accumulate(classes, units)
    for text in range(5):
        p, a = 1.0, torch.zeros(CLASSES)
        for n in range(LAYERS):
            a = classes[n][text] * p + a * (1 - p)
            assert torch.allclose(answers[n][text], a, atol=1e-6)
            if n < LAYERS - 1:
                p = units[n][text].item() * p
                assert abs(left[n][text].item() - p) < 1e-6


def labels_at(answers, depth):
    stacked = torch.stack([answer.argmax(dim=1) for answer in answers])
    return stacked[depth - 1, torch.arange(stacked.shape[1])]


def test_rules_change_no_label_and_the_tighter_halts_earlier():
    for seed in (1, 2, 3):
        answers, left = accumulate(*sequences(seed))
        found = {name: depths(answers, left, rule) for name, rule in RULES.items()}
        for name, depth in found.items():
            assert (labels_at(answers, depth) != answers[-1].argmax(dim=1)).sum() == 0, name
        assert (found["tighter"] <= found["authors"]).all()
        assert found["tighter"].float().mean() < found["authors"].float().mean() < LAYERS


def test_an_unsound_rule_is_caught():
    """With p^d instead of p·d, as in third-party code, labels change: the check above can fail."""
    def unsound(answer, p, remaining):
        top = answer.topk(2, dim=-1).values
        return top[..., 0] * (1 - p) ** remaining >= top[..., 1] + p**remaining

    changed = 0
    for seed in (1, 2, 3):
        answers, left = accumulate(*sequences(seed))
        changed += int((labels_at(answers, depths(answers, left, unsound)) != answers[-1].argmax(dim=1)).sum())
    assert changed > 0


def test_depth_is_the_first_layer_that_may_halt():
    answers, left = accumulate(*sequences(4))
    rule = RULES["tighter"]
    depth = depths(answers, left, rule)
    for text in range(50):
        first = next((n for n in range(1, LAYERS)
                      if rule(answers[n - 1][text], left[n - 1][text], LAYERS - n)), LAYERS)
        assert depth[text] == first
