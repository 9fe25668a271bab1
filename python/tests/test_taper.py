"""The package against taper-run's answers, and what it refuses. TAPER_PLANS is a folder of plans, of which
tools/check-python makes vectors.plan, classes.plan, tokens.plan, values.plan, and wanted.json, taper-run's answers."""
import copy
import json
import os
import pathlib
import pickle
import threading
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor

import numpy as np
import pytest
import taper

PLANS = pathlib.Path(os.environ["TAPER_PLANS"])
WANTED = json.loads((PLANS / "wanted.json").read_text())
TEXTS = WANTED["texts"]


@pytest.fixture(params=["vectors", "classes", "tokens", "values"])
def any_plan(request):
    with taper.load(PLANS / f"{request.param}.plan") as plan:
        yield plan


@pytest.fixture
def vectors():
    with taper.load(PLANS / "vectors.plan") as plan:
        yield plan


def wanted(name, key):
    return [answer[key] for answer in WANTED[name]]


def test_vectors_are_those_of_taper_run(vectors):
    found = vectors.encode(TEXTS)
    assert found.dtype == np.float32 and found.shape == (len(TEXTS), vectors.width)
    # taper-run prints the shortest decimals that give the same float
    assert np.array_equal(found, np.array(wanted("vectors", "embedding"), np.float32))
    assert np.array_equal(vectors.encode(TEXTS[0]), found[0])
    lengths = np.linalg.norm(vectors.encode(TEXTS, normalize_embeddings=True), axis=1)
    assert np.allclose(lengths, 1, atol=1e-6)
    assert vectors.encode([]).shape == (0, vectors.width)


@pytest.mark.parametrize("batch_size", [1, 2, 3, 1000])
@pytest.mark.parametrize("sessions", [1, 2, 5])
def test_bits_depend_on_nothing_but_the_text(sessions, batch_size):
    texts = TEXTS * 10
    with taper.load(PLANS / "vectors.plan", sessions=sessions) as plan:
        found = plan.encode(texts, batch_size=batch_size)
        assert np.array_equal(found, np.tile(plan.encode(TEXTS), (10, 1)))


def test_classes():
    with taper.load(PLANS / "classes.plan") as plan:
        assert plan.classify(TEXTS) == wanted("classes", "label")
        assert plan.classify(TEXTS[0]) == wanted("classes", "label")[0]
        scores = plan.predict(TEXTS)
        assert np.allclose(scores.sum(axis=1), 1, atol=1e-5)
        for row, answer in zip(scores, WANTED["classes"]):
            assert np.array_equal(row, np.array([answer["scores"][label] for label in plan.labels], np.float32))
        pairs = [(text, "another text") for text in TEXTS]
        assert plan.predict(pairs).shape == scores.shape
        assert np.array_equal(plan.predict(pairs[0]), plan.predict(pairs)[0])
        assert not np.array_equal(plan.predict(pairs), scores)


def test_values_rank_documents():
    with taper.load(PLANS / "values.plan") as plan:
        found = plan.rerank(TEXTS[0], TEXTS)
        assert [(entry.document, np.float32(entry.score)) for entry in found] == [
            (entry["document"], np.float32(entry["score"])) for entry in WANTED["ranking"]]
        assert plan.rerank(TEXTS[0], TEXTS, top_k=2) == found[:2] and plan.rerank(TEXTS[0], []) == []


def test_token_labels_and_tokens():
    with taper.load(PLANS / "tokens.plan") as plan:
        for text, answer in zip(TEXTS, WANTED["tokens"]):
            found = plan.token_labels(text)
            labels = [token for token in answer["token_labels"] if token["offsets"] != [0, 0]]
            assert [(token.begin, token.end) for token in found] == [tuple(token["offsets"]) for token in labels]
            assert [token.label for token in found] == [token["label"] for token in labels]
            assert all(token.word == text[token.begin:token.end] for token in found)
            tokens = plan.tokenize(text)
            assert len(tokens) == answer["tokens"] and tokens[0].text == tokens[-1].text == -1
        assert {token.text for token in plan.tokenize("a", "b")} == {-1, 0, 1}


def test_facts(any_plan):
    assert any_plan.width > 0 and any_plan.maximum_tokens > 2 and any_plan.model
    assert any_plan.predicted_time(any_plan.maximum_tokens) > 0
    any_plan.verify()
    assert any_plan.kind in repr(any_plan)


def test_long_texts_are_truncated(vectors):
    assert np.isfinite(vectors.encode("a b c " * 100_000)).all()


@pytest.mark.parametrize("text", ["", " ", "\0", "\N{GRINNING FACE}", "e\u0301", "\u202e", "a" * 10_000])
def test_any_text_has_an_answer(vectors, text):
    assert np.isfinite(vectors.encode(text)).all()


def test_what_is_refused(vectors, tmp_path):
    with pytest.raises(taper.InputError, match="surrogate"):
        vectors.encode("\ud800")
    with pytest.raises(taper.InputError, match="text 1"):
        vectors.encode(["a", "\ud800"])
    for bad in (5, None, [5], [None], [("a",)], [("a", "b", "c")], [("a", 5)], b"bytes", [b"bytes"]):
        with pytest.raises(TypeError):
            vectors.encode(bad)
    with pytest.raises(taper.InputError):  # a pair has no one vector
        vectors.encode([("a", "b")])
    for call in (vectors.predict, vectors.classify, vectors.token_labels):
        with pytest.raises(taper.ArgumentError, match="expected a plan of"):
            call("a")
    with pytest.raises(taper.ArgumentError):
        vectors.rerank("a", ["b"])
    with pytest.raises(taper.ArgumentError):
        vectors.encode(["a"], batch_size=0)
    for tokens in (0, -1, vectors.maximum_tokens + 1):
        with pytest.raises(taper.ArgumentError):
            vectors.predicted_time(tokens)
    path = PLANS / "vectors.plan"
    with pytest.raises(taper.PlanFileError, match="nowhere.plan"):
        taper.load(tmp_path / "nowhere.plan")
    with pytest.raises(OSError):
        taper.load(tmp_path)
    (tmp_path / "cut.plan").write_bytes(path.read_bytes()[:5000])
    (tmp_path / "text.plan").write_text("not a plan")
    for name in ("cut.plan", "text.plan"):
        with pytest.raises(taper.PlanFileError):
            taper.load(tmp_path / name)
    with pytest.raises(taper.ArgumentError, match="prompt"):
        taper.load(path, prompt="no such prompt")
    with pytest.raises(taper.ArgumentError):
        taper.load(path, sessions=0)
    # nothing of it stays behind
    assert np.array_equal(vectors.encode(TEXTS[0]), np.array(wanted("vectors", "embedding")[0], np.float32))


def test_closing():
    plan = taper.load(PLANS / "vectors.plan")
    assert not plan.is_closed
    plan.close()
    plan.close()
    assert plan.is_closed and "closed" in repr(plan)
    for call in (lambda: plan.encode("a"), lambda: plan.tokenize("a"), lambda: plan.predicted_time(3), plan.verify):
        with pytest.raises(taper.ArgumentError, match="closed"):
            call()


def test_closing_while_others_work():
    plan = taper.load(PLANS / "vectors.plan", sessions=4)
    problems = []

    def work():
        try:
            for _ in range(2000):
                plan.encode("a text")
        except taper.ArgumentError as error:
            if "closed" not in str(error):
                problems.append(error)
        except BaseException as error:
            problems.append(error)

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    plan.close()
    for thread in threads:
        thread.join()
    assert not problems


def test_many_threads_on_one_plan(vectors):
    wanted_rows = vectors.encode(TEXTS)
    with ThreadPoolExecutor(8) as pool:
        for found in pool.map(lambda _: vectors.encode(TEXTS, batch_size=2), range(100)):
            assert np.array_equal(found, wanted_rows)


def encode_elsewhere(plan, texts):
    return plan.encode(texts)


def test_pickles_by_path(vectors):
    again = pickle.loads(pickle.dumps(vectors))
    assert np.array_equal(again.encode(TEXTS), vectors.encode(TEXTS)) and copy.copy(vectors).width == vectors.width
    with ProcessPoolExecutor(2) as pool:
        parts = [pool.submit(encode_elsewhere, vectors, [text]) for text in TEXTS]
        assert np.array_equal(np.concatenate([part.result() for part in parts]), vectors.encode(TEXTS))
