"""The baseline without an encoder."""
import random

from taper_tune import tfidf
from taper_tune.metrics import Answers, Metric
from taper_tune.tfidf import WordModel

WORDS = [f"w{number}" for number in range(60)]


def texts(count, seed):
    """Texts that one of two words gives away."""
    draw = random.Random(seed)
    rows = []
    for _ in range(count):
        label = draw.choice(["good", "bad"])
        words = draw.choices(WORDS, k=8)
        rows.append((" ".join([*words, label] if draw.random() < 0.9 else words), None, label))
    return rows


def pairs(count, seed):
    """Pairs of the same words in another order, and of others: no word tells them apart, only that it is in both."""
    draw = random.Random(seed)
    rows = []
    for _ in range(count):
        words, label = draw.sample(WORDS, 8), draw.choice(["same", "other"])
        second = draw.sample(words, 8) if label == "same" else draw.sample(WORDS, 8)
        rows.append((" ".join(words), " ".join(second), label))
    return rows


def worth(model, rows):
    return Metric().value(Answers.of([label for *_, label in rows], model.answers(rows)))


def test_words_and_common_words_are_learnt():
    for kind in (texts, pairs):
        model = WordModel.fit(kind(200, 1), Metric(), seed=1)
        assert worth(model, kind(200, 2)) > 0.9, kind.__name__


def test_strength_is_chosen_by_the_metric_on_texts_held_out(monkeypatch):
    rows, fitted = texts(100, 1), []
    original = WordModel.__init__

    def noted(self, used, strength):
        fitted.append((len(used), strength))
        original(self, used, strength)
    monkeypatch.setattr(WordModel, "__init__", noted)
    model = WordModel.fit(rows, Metric("f1", "good"), seed=1)
    assert [count for count, _ in fitted] == [80] * len(tfidf.STRENGTHS) + [100]
    assert model.strength == fitted[-1][1]
    held = {}
    monkeypatch.setattr(Metric, "value", lambda self, answers: held.setdefault(len(held), len(held) == 2))
    assert WordModel.fit(rows, Metric("f1", "good"), seed=1).strength == tfidf.STRENGTHS[2]


def test_answers_are_scikit_learn_s():
    of_three = [(text, None, label if number % 3 else "neither")
                for number, (text, _, label) in enumerate(texts(150, 1))]
    for rows in (texts(100, 1), pairs(100, 1), of_three):
        model = WordModel(rows, 10.0)
        again = [(text.upper(), pair and f"{pair} {pair}", label) for text, pair, label in rows]
        unseen = [("what is this", pair and "", label) for _, pair, label in rows[:1]]
        for asked in (rows, again, unseen):
            assert model.answers(asked) == model.head.predict(model.features(asked)).tolist()


def test_a_time_is_of_one_text():
    rows = texts(12, 1)
    times = WordModel(texts(50, 2), 1.0).times(rows, rounds=3)
    assert len(times) == 12 and min(times) > 0
