"""The logistic head, the teacher's loss, batches, which texts are for training and which for choosing."""
import pytest
import torch
from torch.nn import functional as F

from taper_tune.family import Family
from taper_tune.logistic import fit
from taper_tune.supervised import teaching
from taper_tune.texts import Split, Texts, epoch_batches, parts, sampled_lines, sorted_batches
from taper_tune.trainer import ramp_and_decay


def test_logistic_head_separates_what_is_separable():
    generator = torch.Generator().manual_seed(1)
    labels = torch.randint(3, (300,), generator=generator)
    features = torch.randn(300, 8, generator=generator) * 0.2 + 5
    features[torch.arange(300), labels] += 3
    features[:, 6] = 1e-9 * labels  # a column of rounding, however telling, carries nothing
    features[:, 7] = 4.0  # nor does a constant one
    weight, bias = fit(features, labels, 3, seed=1)
    assert ((features @ weight.T + bias).argmax(dim=1) == labels).all()
    assert (weight[:, 6:] == 0).all() and weight.abs().max() < 100


def test_teaching_is_least_at_the_teacher():
    taught = torch.tensor([[2.0, 0.0, -1.0]])
    logits = taught.clone().requires_grad_()
    gradient, = torch.autograd.grad(teaching(logits, taught, 2.0).mean(), logits)
    assert gradient.abs().max() < 1e-6
    assert teaching(torch.zeros(1, 3), taught, 2.0) > teaching(taught, taught, 2.0)
    soft = F.cross_entropy(torch.zeros(1, 3), taught.softmax(dim=1))
    assert teaching(torch.zeros(1, 3), taught, 1.0).item() == pytest.approx(soft.item())


def test_an_epoch_has_every_text_once_and_parts_of_like_length():
    generator = torch.Generator().manual_seed(1)
    lengths = torch.randint(1, 100, (1000,), generator=generator).tolist()
    texts = Texts([[0] * n for n in lengths], [[0] * n for n in lengths], [0] * 1000, "")
    batches = epoch_batches(texts, 16, seed=3, epoch=1)
    cut = [part for batch in batches for part in parts(texts, batch)]
    for groups, waste in ((cut, 1.2), (sorted_batches(texts, 16), 1.05)):
        assert sorted(i for group in groups for i in group) == list(range(1000))
        assert sum(max(lengths[i] for i in group) * len(group) for group in groups) < waste * sum(lengths)
    assert [sorted(batch) for batch in batches] == [sorted(sum(parts(texts, batch), [])) for batch in batches]
    assert epoch_batches(texts, 16, 3, 1) == epoch_batches(texts, 16, 3, 1) != epoch_batches(texts, 16, 3, 2)


def test_rate_rises_then_falls_to_nothing():
    factors = [ramp_and_decay(step, 100) for step in range(100)]
    assert factors[0] == pytest.approx(0.1) and max(factors) == 1 and factors[-1] == pytest.approx(1 / 90)
    assert factors.index(1) in (9, 10)


@pytest.mark.parametrize("limit, trained, chosen", [(40, 40, 20), (90, 80, 20), (None, 80, 20)])
def test_a_set_without_validation_texts_holds_out_training_texts(limit, trained, chosen, tmp_path):
    (tmp_path / "train.jsonl").write_text("".join(f"{number}\n" for number in range(100)))
    split = Split(tmp_path, limit)
    found = {seed: (split.training_lines(seed), split.validation_lines(seed, None)) for seed in (1, 2)}
    for seed, (training, validation) in found.items():
        assert len(set(training)) == trained and len(set(validation)) == chosen and not set(training) & set(validation)
        # As tune draws them with --limit.
        assert training == sampled_lines(split.train, split.limit, seed)
    assert found[1] != found[2] and len(split.validation_lines(1, 5)) == 5


def test_validation_texts_of_its_own_are_used_and_none_held_out(tmp_path):
    (tmp_path / "train.jsonl").write_text("".join(f"{number}\n" for number in range(100)))
    (tmp_path / "validation.jsonl").write_text("".join(f"v{number}\n" for number in range(1200)))
    split = Split(tmp_path, None)
    assert split.limit is None and len(split.training_lines(1)) == 100
    chosen = split.validation_lines(1, None)
    assert chosen == split.validation_lines(2, None) and len(chosen) == 1000
    assert all(line.startswith("v") for line in chosen)
    assert len(split.validation_lines(1, 300)) == 300


@pytest.mark.parametrize("model_type, reason", [
    ("modernbert", "norms before attention"), ("nomic_bert", "rotary positions"), ("gte", "gated feed-forward"),
    ("electra", "projected embeddings"), ("albert", "share weights")])
def test_families_that_tune_cannot_train_are_refused_by_name(model_type, reason):
    with pytest.raises(SystemExit, match=f"does not train {model_type}.*{reason}"):
        Family.of({"model_type": model_type})


def test_families_of_berts_form_are_trained():
    for model_type in ("bert", "mpnet", "distilbert", "roberta", "camembert", "xlm-roberta"):
        assert Family.of({"model_type": model_type}).position_offset in (0, 2)
    distilbert = Family.of({"model_type": "distilbert"})
    assert distilbert.quantity({}, "layer_norm_epsilon") == 1e-12
    assert distilbert.pooler_activation({}) == "relu"
