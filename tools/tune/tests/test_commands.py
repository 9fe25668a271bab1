"""Every verb: its report agrees with the directory it writes; an interrupted and resumed run gives the same bytes."""
import json
import os
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file

from taper_tune.__main__ import main
from taper_tune.checkpoint import Checkpoint
from taper_tune.trainer import Run

TRAINED = {"dense": [], "acc": ["--speedup", "2", "--refresh", "3", "--profile-texts", "20", "--distill", "0.5"],
           "lexical": ["--speedup", "1.5", "--score-texts", "30", "--distill-states", "0.5"],
           "selector": ["--speedup", "1.3", "--samples", "4"], "halting": ["--tau", "0.1"],
           "depth": ["--depth", "2", "--fine-tune", "--distill", "0.5"]}
#: The authors' choices, beside ours.
PRESETS = {"selector": ["--preset", "authors"], "halting": ["--preset", "authors"]}
EXTRAS = {"dense": set(), "depth": set(), "acc": set(),
          "lexical": {"taper.lexical.scores"},
          "selector": {f"taper.selector.{l}.{w}.{x}" for l in (1, 2) for w in ("w1", "w2") for x in ("weight", "bias")},
          "halting": {f"taper.halting.{l}.classifier.{x}" for l in (1, 2, 3, 4) for x in ("weight", "bias")}
          | {f"taper.halting.{l}.unit.{x}" for l in (1, 2, 3) for x in ("weight", "bias")}}


@pytest.fixture
def tune(data, capsys):
    def run(verb, model, output, *options):
        arguments = [verb, str(model), "--data", str(data), "--threads", "1", "--max-length", "24"]
        if verb != "test":
            arguments += ["--test", str(data), "-o", str(output), "--batch-size", "8", "--device", "cpu"]
        main([*arguments, *options])
        return json.loads(capsys.readouterr().out.splitlines()[-1])
    return run


@pytest.fixture
def dense(base, tmp_path, tune):
    tune("dense", base, tmp_path / "dense", "--epochs", "16", "--rate", "3e-3", "--dropout", "0")
    return tmp_path / "dense"


def source(verb, base, dense):
    return base if verb == "dense" else dense


@pytest.mark.parametrize("verb", TRAINED)
def test_directory_answers_as_reported(verb, base, dense, tmp_path, tune):
    report = tune(verb, source(verb, base, dense), tmp_path / "out", *TRAINED[verb])
    assert report["finished"] and not (tmp_path / "out.partial").exists()
    assert tune("test", tmp_path / "out", None) == report["test"]
    tensors = load_file(tmp_path / "out/model.safetensors")
    assert {name for name in tensors if name.startswith("taper.")} == EXTRAS[verb]
    described = json.loads((tmp_path / "out/config.json").read_text())["taper"]
    assert described["methods"][-1] == verb and described["training"][-1]["seed"] == 1
    assert json.loads((tmp_path / "out/tune_report.json").read_text()) == report


@pytest.mark.parametrize("verb", TRAINED)
def test_resumed_run_gives_the_same_bytes(verb, base, dense, tmp_path, tune, monkeypatch):
    model = source(verb, base, dense)
    tune(verb, model, tmp_path / "whole", *TRAINED[verb])
    for steps in (5, 13):
        monkeypatch.setattr(Run, "stop_after", steps)
        assert not tune(verb, model, tmp_path / "cut", *TRAINED[verb])["finished"]
    monkeypatch.setattr(Run, "stop_after", None)
    assert tune(verb, model, tmp_path / "cut", *TRAINED[verb])["finished"]
    for name in ("model.safetensors", "taper_head.safetensors", "config.json"):
        assert (tmp_path / "whole" / name).read_bytes() == (tmp_path / "cut" / name).read_bytes(), name


@pytest.mark.parametrize("verb", PRESETS)
def test_presets_train_otherwise(verb, dense, tmp_path, tune):
    options = [*TRAINED[verb], "--epochs", "0.5"]
    ours = tune(verb, dense, tmp_path / "ours", *options)
    theirs = tune(verb, dense, tmp_path / "theirs", *options, *PRESETS[verb])
    assert theirs["finished"] and theirs["figures"] != ours["figures"]
    tensors = load_file(tmp_path / "theirs/model.safetensors")
    units = {name: value for name, value in tensors.items() if ".unit." in name}
    if verb == "halting":
        first = lambda name: units[f"taper.halting.1.unit.{name.split('.')[-1]}"]
        assert all(torch.equal(value, first(name)) for name, value in units.items())
        assert theirs["figures"]["ponder"] < ours["figures"]["ponder"], "texts halt earlier from the start"


def test_resuming_with_other_settings_is_refused(base, tmp_path, tune, monkeypatch):
    monkeypatch.setattr(Run, "stop_after", 2)
    tune("dense", base, tmp_path / "out")
    with pytest.raises(SystemExit, match="other settings"):
        tune("dense", base, tmp_path / "out", "--seed", "2")


def test_resuming_from_other_weights_is_refused(dense, base, tmp_path, tune, monkeypatch):
    monkeypatch.setattr(Run, "stop_after", 2)
    tune("depth", dense, tmp_path / "out", *TRAINED["depth"])
    monkeypatch.setattr(Run, "stop_after", None)
    tune("dense", base, dense, "--epochs", "1")
    with pytest.raises(SystemExit, match="other settings"):
        tune("depth", dense, tmp_path / "out", *TRAINED["depth"])


def test_answers_are_worth_what_the_metric_says(base, tmp_path, tune):
    for metric in (["matthews"], ["f1", "--positive", "red"]):
        report = tune("head", base, tmp_path / metric[0], "--head-texts", "20", "--metric", *metric)["test"]
        assert report == tune("test", tmp_path / metric[0], None, "--metric", *metric)
        assert report["metric"] == metric[0] and report["positive"] == (metric[-1] if len(metric) > 1 else None)
        low, high = report["interval"]
        assert -1 < low < report["value"] < high < 1 and report["value"] != report["accuracy"]
    by_default = tune("test", tmp_path / "f1", None, "--metric", "f1")
    assert by_default["positive"] == "green", "the second of the head's labels"


def test_caps_of_halting_are_worth_what_the_metric_says(base, tmp_path, tune):
    tune("head", base, tmp_path / "head", "--head-texts", "20")
    report = tune("halting", tmp_path / "head", tmp_path / "halting", "--epochs", "0.1", "--head-texts", "20",
                  "--metric", "f1", "--positive", "red")["test"]
    assert report["caps"][-1] == report["value"] != report["accuracy"]


@pytest.mark.parametrize("options, message", [
    (["--metric", "f1", "--positive", "mauve"], "expected one of blue, green, red; found mauve"),
    (["--metric", "matthews", "--positive", "red"], "expected --metric f1; found matthews")])
def test_a_positive_label_is_one_of_the_head_s_and_for_f1(options, message, dense, tune):
    with pytest.raises(SystemExit, match=message):
        tune("test", dense, None, *options)


def test_training_learns(dense, tmp_path, tune):
    assert tune("test", dense, None)["value"] > 0.8


def test_selectors_find_the_wanted_work_and_keep_the_answers(dense, tmp_path, tune):
    report = tune("selector", dense, tmp_path / "out", "--speedup", "2", "--selector-rate", "1e-2", "--rate", "1e-3",
                  "--policy-epochs", "20", "--epochs", "20", "--joint-samples", "4")
    assert report["test"]["value"] > 0.9
    assert 1.5 < report["test"]["work_speedup"] < 3.5


def test_frozen_halting_leaves_the_encoder_alone(dense, tmp_path, tune):
    tune("halting", dense, tmp_path / "out", "--frozen")
    before, after = load_file(dense / "model.safetensors"), load_file(tmp_path / "out/model.safetensors")
    assert all(torch.equal(value, after[name]) for name, value in before.items())


def test_halting_changes_no_label_and_goes_with_elimination_and_selectors(dense, tmp_path, tune):
    tune("acc", dense, tmp_path / "acc", *TRAINED["acc"])
    tune("selector", dense, tmp_path / "selector", *TRAINED["selector"])
    for before, member in (("acc", "elimination"), ("selector", "selector"), ("dense", None)):
        report = tune("halting", tmp_path / before, tmp_path / f"{before}+halting", "--tau", "1")
        for rule in ("authors", "tighter"):
            assert report["test"][rule]["label_changes"] == 0
        assert report["test"]["tighter"]["mean_depth"] < 4
        described = Checkpoint.load(tmp_path / f"{before}+halting").taper
        assert "halting" in described and (member is None or member in described)


def test_depth_cut_keeps_the_first_layers(dense, tmp_path, tune):
    tune("depth", dense, tmp_path / "out", "--depth", "2")
    checkpoint = Checkpoint.load(tmp_path / "out")
    assert checkpoint.shape.layers == 2 and checkpoint.taper["depth"] == {"layers": 2, "of": 4}
    before, after = load_file(dense / "model.safetensors"), load_file(tmp_path / "out/model.safetensors")
    assert set(after) == {name for name in before if ".layer.2." not in name and ".layer.3." not in name}
    assert all(torch.equal(before[name], value) for name, value in after.items())


def test_work_after_a_cut_is_over_the_whole_depth(dense, tmp_path, tune):
    tune("depth", dense, tmp_path / "cut", "--depth", "2")
    report = tune("halting", tmp_path / "cut", tmp_path / "out", "--epochs", "0.1")
    assert report["test"]["work_speedup"] >= 2


def test_other_pooling_gets_another_head(dense, tmp_path, tune):
    def features(name):
        return load_file(tmp_path / name / "taper_head.safetensors")["head.weight"]
    tune("head", dense, tmp_path / "mean")
    tune("dense", dense, tmp_path / "cls", "--pooling", "cls", "--epochs", "0.01", "--rate", "0", "--head-rate", "0")
    assert not torch.equal(features("cls"), features("dense")) and Checkpoint.load(tmp_path / "cls").head.pooling == "cls"
    assert torch.equal(Checkpoint.load(dense).head_weight, features("dense"))


def test_head_alone_is_fitted_under_the_elimination(base, tmp_path, tune):
    before = tune("acc", base, tmp_path / "acc", "--speedup", "2.5", "--head-texts", "10")
    after = tune("head", tmp_path / "acc", tmp_path / "out")
    assert after["test"]["value"] > before["test"]["value"]
    assert after["test"]["work_speedup"] == before["test"]["work_speedup"]
    assert tune("test", tmp_path / "out", None) == after["test"]
    encoders = [load_file(tmp_path / name / "model.safetensors") for name in ("acc", "out")]
    assert all(torch.equal(value, encoders[1][name]) for name, value in encoders[0].items())


def test_acc_records_the_counts_it_ended_with(base, tmp_path, tune):
    report = tune("acc", base, tmp_path / "out", "--speedup", "2.5")
    described = Checkpoint.load(tmp_path / "out").taper
    assert described["restores_dropped_tokens"] is True
    counts = described["elimination"]["keep_counts"]
    assert counts == sorted(counts, reverse=True) and counts[-1] < 24
    assert report["test"]["work_speedup"] > 1.5


def test_a_failing_rename_brings_the_old_directory_back(dense, monkeypatch):
    before, rename = (dense / "config.json").read_bytes(), os.rename

    def failing(source, target):
        if ".tmp-" in str(source):
            raise OSError("full")
        rename(source, target)
    monkeypatch.setattr("taper_tune.files.os.rename", failing)
    with pytest.raises(OSError):
        Checkpoint.load(dense).write(dense, {})
    assert (dense / "config.json").read_bytes() == before


def test_a_failing_write_leaves_the_old_directory(dense, monkeypatch):
    before = (dense / "config.json").read_bytes()
    checkpoint = Checkpoint.load(dense)
    monkeypatch.setattr("taper_tune.checkpoint._save", lambda *_: (_ for _ in ()).throw(OSError("full")))
    with pytest.raises(OSError):
        checkpoint.write(dense, {})
    assert (dense / "config.json").read_bytes() == before
    assert sorted(os.listdir(dense.parent)) == sorted({Path(dense).name, "base", "train.jsonl"})


@pytest.mark.parametrize("options,message", [
    (["--max-length", "99"], "at most 24"), (["--selectors", "3"], "ascending layers in 1…2"), (["--pooling", "cls"], "dense fine-tuned")])
def test_refusals(options, message, dense, tmp_path, tune):
    with pytest.raises(SystemExit, match=message):
        tune("selector", dense, tmp_path / "out", *options)


def test_nothing_teaches_that_has_not_learnt(base, tmp_path, tune):
    with pytest.raises(SystemExit, match="no head of its own to learn from"):
        tune("acc", base, tmp_path / "out", *TRAINED["acc"])


def test_a_directory_of_others_is_not_replaced(dense, tmp_path, tune):
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine/thesis.txt").write_text("years")
    with pytest.raises(SystemExit, match="not of tune's making"):
        tune("head", dense, tmp_path / "mine")
    assert (tmp_path / "mine/thesis.txt").read_text() == "years"


def test_models_too_shallow_and_halting_ones_are_refused(dense, tmp_path, tune):
    for layers in (1, 2):
        tune("depth", dense, tmp_path / f"of-{layers}", "--depth", str(layers))
    with pytest.raises(SystemExit, match="nowhere to stop"):
        tune("halting", tmp_path / "of-1", tmp_path / "out")
    with pytest.raises(SystemExit, match="three layers or more, found 2"):
        tune("selector", tmp_path / "of-2", tmp_path / "out")
    tune("halting", dense, tmp_path / "halting", "--epochs", "0.1")
    with pytest.raises(SystemExit, match="trained for halting"):
        tune("dense", tmp_path / "halting", tmp_path / "out")


@pytest.mark.parametrize("path,change,message", [
    ("modules.json", lambda modules: [*modules, {"idx": 3, "name": "3", "path": "3_Dense", "type": "sentence_transformers.models.Dense"}],
     "found Transformer, Pooling, Normalize, Dense"),
    ("1_Pooling/config.json", lambda pooling: {**pooling, "pooling_mode_mean_tokens": False, "pooling_mode_max_tokens": True}, "found max")])
def test_sentence_modules_that_are_not_known_are_refused(path, change, message, base):
    file = base / path
    file.write_text(json.dumps(change(json.loads(file.read_text()))))
    with pytest.raises(SystemExit, match=message):
        Checkpoint.load(base)
