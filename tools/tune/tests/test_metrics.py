"""The metrics are scikit-learn's, their intervals are what planning.md says."""
import numpy
import pytest
from sklearn.metrics import accuracy_score, f1_score, matthews_corrcoef

from taper_tune.metrics import DRAWS, Answers, Metric, draws, wilson


def some(labels, count, seed, right=0.6):
    """Texts whose label is given rightly with that chance, else at random."""
    generator = numpy.random.default_rng(seed)
    truth = generator.integers(len(labels), size=count)
    given = numpy.where(generator.random(count) < right, truth, generator.integers(len(labels), size=count))
    return Answers(tuple(labels), truth, given)


@pytest.mark.parametrize("labels", ["ab", "abc", "abcdefghijklmnopqrst"])
def test_values_are_scikit_learn_s(labels):
    for seed in range(5):
        found = some(labels, 150, seed)
        assert Metric().value(found) == pytest.approx(accuracy_score(found.right, found.given), abs=1e-12)
        assert Metric("matthews").value(found) == pytest.approx(matthews_corrcoef(found.right, found.given), abs=1e-12)
        for place, label in enumerate(labels):
            wanted = f1_score(found.right == place, found.given == place)
            assert Metric("f1", label).value(found) == pytest.approx(wanted, abs=1e-12)


def test_what_has_no_value_is_zero():
    same = Answers.of(["a"] * 4, ["a"] * 4)
    assert Metric("matthews").value(same) == 0
    assert Metric("f1", "b").value(same) == 0 and Metric("f1", "a").value(same) == 1
    one_sided = Answers.of(["a", "b", "a"], ["a", "a", "a"])
    assert Metric("matthews").value(one_sided) == 0 and Metric("f1", "b").value(one_sided) == 0


def test_wilson_interval():
    low, high = wilson(8, 10)
    assert (low, high) == (pytest.approx(0.4902, abs=1e-4), pytest.approx(0.9433, abs=1e-4))


@pytest.mark.parametrize("metric", [Metric("matthews"), Metric("f1", "b")])
def test_bootstrap_draws_texts_with_replacement(metric):
    found = some("abc", 300, seed=3)
    again = draws(300)
    assert again.shape == (DRAWS, 300) and (again.sum(axis=1) == 300).all() and again.max() > 3
    values = metric.drawn([found])
    for place in (0, 7, 999):
        texts = numpy.repeat(numpy.arange(300), again[place].astype(int))
        drawn = Answers(found.labels, found.right[texts], found.given[texts])
        assert values[place] == pytest.approx(metric.value(drawn), abs=1e-9)
    low, high = metric.interval([found])
    assert (low, high) == (sorted(values)[24], sorted(values)[974]) and low < metric.value(found) < high
    wider = metric.interval([Answers(found.labels, found.right[:75], found.given[:75])])
    assert 1.5 < (wider[1] - wider[0]) / (high - low) < 2.7, "a quarter of the texts, twice the interval"


def test_intervals_are_over_texts_of_the_mean_over_runs():
    runs = [some("ab", 200, seed=1), some("ab", 200, seed=1, right=0.8)]
    for metric in (Metric(), Metric("f1", "a")):
        low, high = metric.interval(runs)
        assert low < sum(metric.value(run) for run in runs) / 2 < high
    right = [Answers(run.labels, run.right, run.right) for run in runs]
    assert Metric("f1", "a").interval(right) == (wilson(200, 200)[0], 1)


def test_answers_are_packed_and_unpacked():
    for labels in ("a", "ab", "abcdefghijklmnop", "abcdefghijklmnopq"):
        found = some(labels, 50, seed=2)
        packed = found.packed()
        assert len(packed["given"]) == (50 if len(labels) <= 16 else 100)
        again = Answers.unpacked(packed)
        assert again.labels == found.labels
        assert (again.right == found.right).all() and (again.given == found.given).all()


def test_labels_by_name_are_those_that_occur():
    found = Answers.of(["yes", "no", "no"], ["yes", "maybe", "no"])
    assert found.labels == ("maybe", "no", "yes") and found.hits.tolist() == [True, False, True]
    assert found.confusion().tolist() == [[0, 0, 0], [1, 1, 0], [0, 0, 1]]
    report = Metric("f1", "no").report(found)
    found = [report[name] for name in ("metric", "positive", "value", "accuracy", "count")]
    assert found == ["f1", "no", 0.66667, 0.66667, 3]
