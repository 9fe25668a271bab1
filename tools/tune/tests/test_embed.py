"""Vectors learnt from vectors: what is written, what is reported, and that training brings them nearer."""
import json

import numpy as np
import pytest
import torch
from safetensors.torch import load_file
from scipy.stats import spearmanr

from taper_tune.__main__ import main
from taper_tune.correlation import spearman
from taper_tune.trainer import Run


def write_pairs(path):
    generator = torch.Generator().manual_seed(4)
    words = "alpha beta gamma delta one two three four five six seven eight".split()
    some = lambda: " ".join(words[int(i)] for i in torch.randint(12, (12,), generator=generator))
    rows = [{"text": some(), "text_pair": some(), "score": k % 6} for k in range(30)]
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    return path


@pytest.fixture
def tune(data, base, tmp_path, capsys):
    def run(output, *options, test=data, model=base):
        main(["embed", str(model), "--data", str(data), "--test", str(test), "-o", str(tmp_path / output),
              "--threads", "1", "--max-length", "24", "--batch-size", "8", "--device", "cpu", "--dropout", "0", *options])
        return json.loads(capsys.readouterr().out.splitlines()[-1])
    return run


OPTIONS = {"lexical": ["--speedup", "1.5", "--score-texts", "30"], "acc": ["--speedup", "2", "--profile-texts", "20"],
           "depth": ["--depth", "2"]}


@pytest.mark.parametrize("method", OPTIONS)
def test_training_brings_vectors_nearer(method, tune, tmp_path):
    options = ["--method", method, *OPTIONS[method], "--ramp", "0.1"]
    before = tune("before", *options, "--epochs", "0.01", "--rate", "0")
    after = tune("after", *options, "--epochs", "8", "--rate", "1e-3")
    assert after["test"]["cosine"] > before["test"]["cosine"] + 0.01
    described = json.loads((tmp_path / "after/config.json").read_text())["taper"]
    assert described["methods"] == [method, "embed"]
    assert not (tmp_path / "after/taper_head.json").exists() and (tmp_path / "after/modules.json").exists()
    extras = {name for name in load_file(tmp_path / "after/model.safetensors") if name.startswith("taper.")}
    assert extras == ({"taper.lexical.scores"} if method == "lexical" else set())


def test_a_resumed_run_gives_the_same_bytes(tune, tmp_path, monkeypatch):
    options = ["--method", "lexical", *OPTIONS["lexical"], "--epochs", "2"]
    tune("whole", *options)
    monkeypatch.setattr(Run, "stop_after", 5)
    assert not tune("cut", *options)["finished"]
    monkeypatch.setattr(Run, "stop_after", None)
    assert tune("cut", *options)["finished"]
    for name in ("model.safetensors", "config.json"):
        assert (tmp_path / "whole" / name).read_bytes() == (tmp_path / "cut" / name).read_bytes(), name


def test_pairs_with_scores_are_reported_by_spearman(tune, tmp_path):
    found = tune("out", "--method", "depth", "--depth", "2", test=write_pairs(tmp_path / "pairs.jsonl"))["test"]
    assert found["metric"] == "spearman" and found["count"] == 30 and -1 <= found["value"] <= 1
    assert found["value"] != found["dense"]


def test_spearman_is_scipy_s():
    generator = np.random.default_rng(1)
    for _ in range(20):
        one, other = generator.integers(0, 6, 40).astype(float), generator.normal(size=40)
        assert spearman(one, other) == pytest.approx(spearmanr(one, other).statistic, abs=1e-12)
    assert spearman(np.ones(4), np.arange(4.0)) == 0


@pytest.mark.parametrize("options, message", [
    (["--method", "depth"], "with --method depth, and only with it"),
    (["--method", "acc", "--depth", "2"], "with --method depth, and only with it"),
    (["--method", "depth", "--depth", "4"], "expected 1…3")])
def test_a_depth_is_for_depth_cuts(options, message, tune):
    with pytest.raises(SystemExit, match=message):
        tune("out", *options)


def test_a_model_of_labels_is_refused(tune, base, data, tmp_path):
    main(["head", str(base), "--data", str(data), "-o", str(tmp_path / "head"), "--head-texts", "20",
          "--max-length", "24", "--device", "cpu"])
    with pytest.raises(SystemExit, match="answers with labels"):
        tune("out", "--method", "acc", model=tmp_path / "head")
