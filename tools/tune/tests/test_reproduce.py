"""Chains of models train in order, plans are judged and raced once, choices are made by validation texts, the document
says what is unfinished or missing, figures are drawn from it."""
import json
import re
import shutil
from importlib.machinery import SourceFileLoader
from importlib.util import module_from_spec, spec_from_loader
from pathlib import Path

import numpy
import pytest

from taper_tune import document, reproduce, table
from taper_tune.metrics import Answers, Metric
from taper_tune.rows import MODELS, TFIDF, Dataset, plans
from taper_tune.texts import load_texts, load_tokenizer, sampled_lines

FIGURES = Path(__file__).resolve().parents[2] / "figures"


@pytest.fixture
def matrix(base, data, tmp_path, monkeypatch):
    folder = tmp_path / "words"
    folder.mkdir()
    shutil.copy(data, folder / "train.jsonl")
    first, *others = data.read_text().splitlines(keepends=True)
    row = json.loads(first)
    row["text"] += "\u2028one"  # a line's end to Python, not to JSON lines
    (folder / "test.jsonl").write_text(json.dumps(row, ensure_ascii=False) + "\n" + "".join(others))
    program = tmp_path / "taper"
    shutil.copy(Path(__file__).parent / "stand_in.py", program)
    program.chmod(0o755)
    log = tmp_path / "log"
    monkeypatch.setenv("STAND_IN_LOG", str(log))

    def run(*options):
        log.write_text("")
        reproduce.main(["-o", str(tmp_path / "results"), "--model", str(base), "--datasets", str(folder), "--seeds", "1",
                        "--max-length", "24", "--limit", "40", "--threads", "1", "--epochs", "1", "--taper", str(program), *options])
        lines = (tmp_path / "results/results.jsonl").read_text().splitlines()
        return ([json.loads(line) for line in lines], (tmp_path / "results/results.md").read_text(),
                [line.split() for line in log.read_text().splitlines()])
    return run


def kept(records, kind):
    return [(r["model"], r["plan"]) for r in records if r["kind"] == kind]


def test_a_model_trains_what_it_starts_from_and_nothing_twice(matrix):
    records, _, verbs = matrix("--rows", "acc-2", "--stages", "train,document")
    assert kept(records, "training") == [("dense", None), ("acc-2", None)] and verbs == []
    again, _, _ = matrix("--rows", "acc-2,depth-1", "--stages", "train,document")
    assert kept(again, "training") == [("dense", None), ("acc-2", None), ("depth-1", None)]


def test_what_a_time_box_cut_short_is_neither_judged_nor_trained_further(matrix):
    rows = ["--rows", "frozen,acc-2"]
    records, _, _ = matrix(*rows, "--time-box", "0")
    assert kept(records, "training") == [("dense", None)] and not records[0]["result"]["finished"]
    assert {r["model"] for r in records if r["kind"] == "accuracy"} == {"frozen"}
    records, _, _ = matrix(*rows)
    assert kept(records, "training") == [("dense", None), ("dense", None), ("acc-2", None)]
    assert all(r["result"]["finished"] for r in records if r["kind"] == "training" and r is not records[0])
    assert {r["model"] for r in records if r["kind"] == "accuracy"} == {"frozen", "acc-2"}


def test_other_options_are_other_models(matrix, monkeypatch):
    first, _, _ = matrix("--rows", "frozen", "--plans", "dense", "--stages", "judge,document")
    again, _, verbs = matrix("--rows", "frozen", "--plans", "dense", "--stages", "judge,document", "--max-length", "16")
    assert [v[0] for v in verbs].count("fit-head") == 1, "not the head of longer texts"
    assert [r["tokens"] for r in again] == [24] * len(first) + [16] * len(first)

    matrix("--rows", "depth-1", "--stages", "train")
    monkeypatch.setitem(MODELS, "depth-1", ("dense", "depth", ["--depth", "2", "--fine-tune"]))
    records, _, _ = matrix("--rows", "depth-1", "--stages", "train")
    assert kept(records, "training") == [("dense", None), ("depth-1", None), ("depth-1", None)]


def test_folders_of_one_name_are_different_data_sets(matrix, tmp_path):
    matrix("--rows", "frozen", "--plans", "dense", "--stages", "judge,document")
    (tmp_path / "other").mkdir()
    other = shutil.copytree(tmp_path / "words", tmp_path / "other/words")
    records, _, _ = matrix(
        "--rows", "frozen", "--plans", "dense", "--stages", "judge,document", "--datasets", str(other))
    assert {r["dataset"] for r in records} == {str(tmp_path / "words"), str(other)}


def test_a_record_cut_short_is_made_again(matrix, tmp_path):
    records, _, _ = matrix("--rows", "frozen", "--stages", "judge,document")
    path = tmp_path / "results/results.jsonl"
    path.write_text(path.read_text()[:-40])
    assert matrix("--rows", "frozen", "--stages", "judge,document")[0][:-1] == records[:-1]


def test_plans_are_judged_and_raced_once(matrix):
    records, text, verbs = matrix("--rows", "frozen")
    wanted = [("frozen", p.name) for p in plans("frozen", Dataset(24), layers=4) if p.method != "lexical"]
    assert kept(records, "accuracy") == wanted and sorted(set(kept(records, "race"))) == sorted(wanted)
    assert [v[0] for v in verbs].count("fit-head") == 1 and [v[0] for v in verbs].count("calibrate") == 1
    assert all(("--calibration" in v) == ("--beyond-calibration" in v) for v in verbs)
    refitted = [v for v in verbs if "--refit-head" in v]
    assert len(refitted) == len(wanted) - 3, "all but the dense plans of three precisions"
    result = records[0]["result"]
    assert result["count"] == 96 and result["value"] == round(95 / 96, 5) and result["keep_counts"] == [9, 9]
    assert result["validation"]["count"] == 19 and result["validation"]["value"] == round(18 / 19, 5)
    assert ("| frozen | acc 2x | 99.0 | 94.3 to 99.8 | 94.7 | 1 | 2.00x | 2.00x | 2.00x | 0.00150 | 2.00x | 4.00 |"
            in text)
    assert "Texts used: train 40 of 96 (SHA-256 " in text
    assert "Validation: training texts that the seed was not given." in text
    kept_in = lambda name: (Path(verbs[0][-1]).parent / f"{name}.jsonl").read_text().splitlines()
    assert len(kept_in("validation")) == 19 and not set(kept_in("train")) & set(kept_in("validation"))
    left = [path.name for path in Path(verbs[0][-1]).parent.glob("*.plan")]
    assert len(left) == 1 and left[0].endswith("-dense.plan"), "the others are removed after the race"

    again, same, verbs = matrix("--rows", "frozen")
    assert again == records and same == text and verbs == []


def test_halting_is_audited_by_both_rules(matrix):
    records, text, _ = matrix("--rows", "frozen,halting", "--epochs", "0.4")
    found = [r["result"] for r in records if r["kind"] == "accuracy" and r["model"] == "halting"]
    assert len(found) == 6 and all(r["changed_labels"] == 0 and r["mean_depth"] == 2.5 for r in found)
    assert "authors: 0 in 96 runs; tight: 0 in 480 runs" in text
    assert "level, +0.0 ± 0.0 (frozen, dense: 99.0 at 1.00x)" in text


def test_baselines_are_rows_and_frozen_ones_need_no_training(matrix):
    records, text, verbs = matrix("--rows", "frozen,baselines", "--plans", "dense,depth,tf-idf")
    assert not kept(records, "training")
    assert ("baselines", TFIDF) in kept(records, "accuracy") and ("baselines", "depth 0") in kept(records, "race")
    cut, = (v for v in verbs if v[0] == "plan" and "0" in v)
    assert " ".join(cut).find("--dense --depth 0 ") > 0 and "--refit-head" in cut and "--calibration" not in cut
    row = next(line for line in text.splitlines() if line.startswith("| baselines | tf-idf |")).split(" | ")
    assert row[9].startswith("~") and row[8].startswith("~"), "not measured in turns"
    assert row[6] == row[7] == "", "no plan predicts it"
    assert "~: baselines, tf-idf was timed alone" in text
    found = {r["plan"]: r["result"] for r in records if r["kind"] == "race" and r["model"] == "baselines"}
    assert found["depth 0"]["work"] is None
    assert found[TFIDF]["measured"] == pytest.approx(1500 / found[TFIDF]["mean_ns"], rel=1e-3)
    again, _, _ = matrix("--rows", "frozen,baselines", "--plans", "dense,depth,tf-idf")
    assert again == records


def test_words_alone_are_timed_against_the_dense_plan(matrix):
    records, _, verbs = matrix("--rows", "baselines", "--plans", "tf-idf")
    assert sorted(set(kept(records, "race"))) == [("baselines", TFIDF), ("frozen", "dense")]
    assert [v[0] for v in verbs].count("race") == 1


def test_methods_that_taper_lacks_are_left_out(matrix, monkeypatch, capsys):
    records, _, verbs = matrix("--rows", "frozen")
    assert not any("lexical" in plan for _, plan in kept(records, "accuracy"))
    said = ("left out, as this taper has no --method lexical: frozen, lexical 2x; frozen, lexical 3x; frozen, lexical "
            "4.8x")
    assert said in capsys.readouterr().err
    monkeypatch.setenv("STAND_IN_METHODS", ", lexical")
    records, _, verbs = matrix("--rows", "frozen")
    found = [" ".join(v) for v in verbs if v[0] == "plan"]
    assert len(found) == 3 and all("--method lexical --speedup" in v and "--refit-head" in v for v in found)
    assert "left out" not in capsys.readouterr().err


def test_a_set_s_metric_goes_to_taper_and_into_the_table(matrix, monkeypatch, tmp_path):
    of = Dataset(24, limit=40, speedups=("2",), int8_speedups=(), metric=Metric("f1", "red"))
    monkeypatch.setitem(reproduce.DATASETS, str(tmp_path / "words"), of)
    records, text, verbs = matrix(
        "--rows", "baselines,frozen,halting", "--epochs", "0.4", "--plans", "tf-idf,dense,halting")
    for verb in ("fit-head", "plan", "audit"):
        # The frozen dense plan has no texts to be measured on.
        of_labels = [" ".join(v) for v in verbs
                     if v[0] == verb and (verb != "plan" or {"--calibration", "--refit-head"} & set(v))]
        assert of_labels and all("--metric f1 --positive red" in v for v in of_labels), verb
    assert any(v[0] == "plan" and "--metric" not in v for v in verbs)
    assert "| model | plan | F1 of red | 95% interval | accuracy | validation |" in text
    assert "Judged by F1 of red on 96 test texts, once." in text
    result = next(r["result"] for r in records if r["kind"] == "accuracy" and r["plan"] == "dense")
    answers = Answers.unpacked(result["answers"])
    assert result["value"] == round(Metric("f1", "red").value(answers), 5) and result["accuracy"] == round(95 / 96, 5)


def test_sets_that_no_package_holds_come_from_a_folder(matrix, monkeypatch, tmp_path):
    (tmp_path / "tools").mkdir()
    fetch = tmp_path / "tools/fetch-data"
    fetch.write_text(f'#!/bin/sh\necho "$@" >> {tmp_path}/fetched\n[ "$3" != broken ] && echo {tmp_path}/words\n')
    fetch.chmod(0o755)
    monkeypatch.setenv("TAPER_TOOLS", str(tmp_path / "tools"))
    options = ["--rows", "frozen", "--plans", "dense", "--stages", "judge,document", "--datasets", "mrpc,r8"]
    monkeypatch.setitem(reproduce.DATASETS, "mrpc", Dataset(24, metric=Metric("f1", "red"), is_local=True))
    records, _, _ = matrix(*options, "--from", "there")
    assert (tmp_path / "fetched").read_text().splitlines() == ["mrpc --from there", "r8"]
    assert {(r["dataset"], r["result"]["metric"]) for r in records} == {("mrpc", "f1"), ("r8", "accuracy")}
    with pytest.raises(SystemExit, match="fetch-data mrpc --from broken ended with 1"):
        matrix(*options, "--from", "broken")


def test_a_row_s_name_says_how_it_is_planned():
    def options(model):
        return {p.name: " ".join(p.options) for p in plans(model, Dataset(24, speedups=("2",), int8_speedups=()))}
    assert options("halting-0.016") == options("halting")
    assert options("halting")["halting tight"] == "--method halting --dense --halting-rule tight"
    assert options("halting")["acc+halting 2x"] == "--method acc+halting --speedup 2x"
    assert options("depth-3+halting") == options("halting")
    assert options("acc-3+halting")["acc+halting tight"] == "--method acc+halting --speedup 3x --halting-rule tight"


def test_an_infeasible_target_is_told(matrix, monkeypatch, tmp_path):
    monkeypatch.setitem(
        reproduce.DATASETS, str(tmp_path / "words"), Dataset(24, speedups=("10",), int8_speedups=("10",)))
    monkeypatch.setattr(reproduce.Matrix, "dataset", lambda self, name: Dataset(24, limit=40, speedups=("10",), int8_speedups=("10",)))
    records, text, _ = matrix("--rows", "frozen")
    assert [r["result"]["feasible"] for r in records if r["plan"] == "acc 10x"] == [False]
    assert "Infeasible, by the planner: frozen, acc 10x; frozen, search 10x; frozen, search 10x int8." in text


def record(kind, dataset, plan, result):
    return {"kind": kind, "base": "minilm", "dataset": dataset, "seed": 1, "tokens": 24, "limit": 40, "judged": None, "epochs": 1, "products": "f32",
            "model": "frozen", "plan": plan, "result": result}


def worth(hits, validation=None, metric=Metric()):
    """The result of a row that answers these texts right, of labels a and b in turns."""
    right = numpy.arange(len(hits)) % 2
    answers = Answers(("a", "b"), right, numpy.where(hits, right, 1 - right))
    report = metric.report(answers)
    return {"feasible": True, **report, "answers": answers.packed(),
            "validation": {"value": report["value"] if validation is None else validation},
            "sources": {"test": {"rows": 9, "used": len(hits), "sha256": "0" * 64}}, "plan_seconds": 1,
            "judge_seconds": 1}


def hits(digits):
    """Of four texts, the first in the lowest bit."""
    return [bool(int(digits, 16) >> place & 1) for place in range(4)]


def judged(dataset, plan, digits):
    return record("accuracy", dataset, plan, worth(hits(digits)))


def test_the_document_keeps_what_stands_around_its_tables_and_other_data_sets(tmp_path):
    path = tmp_path / "results.md"
    path.write_text(f"# Title\n\nby hand\n\n{document.BEGIN}\n{document.END}\n\nafter\n")
    document.write_document([judged("one", "dense", "3"), judged("two", "dense", "3")], path)
    first = path.read_text()
    assert first.startswith(f"# Title\n\nby hand\n\n{document.BEGIN}\n\n## one, at most 24 tokens, minilm\n\nMeasured on ")
    assert first.count("| frozen | dense | 50.0 |") == 2 and first.endswith(f"\n\n{document.END}\n\nafter\n")

    document.write_document([judged("two", "dense", "1"), judged("two", "dense bf16", "3")], path)
    again = path.read_text()
    assert again.split("## two")[0] == first.split("## two")[0] and again.count("| frozen | dense bf16 | 50.0 |") == 1

    with pytest.raises(SystemExit, match="lacks.*two, at most 24 tokens, minilm: frozen, dense bf16"):
        document.write_document([judged("two", "dense", "3")], path)
    assert path.read_text() == again
    path.write_text("no marks")
    with pytest.raises(SystemExit, match="expected the marks"):
        document.write_document([], path)


def test_taper_and_training_see_the_same_texts(base, data):
    tokenizer = load_tokenizer(base, 24)
    texts, labels = load_texts(data, tokenizer, (), 17, seed=5)
    rows = [json.loads(line) for line in sampled_lines(data, 17, seed=5)]
    assert [labels.index(row["label"]) for row in rows] == texts.labels
    assert [tokenizer.encode(row["text"]).ids for row in rows] == texts.ids


def test_a_row_is_held_against_rows_of_its_precision():
    def row(model, plan, speed, right):
        return table.Row(model, plan, {1: worth([place < right for place in range(100)])}, {1: {"measured": speed}})
    rows = [row("dense", "dense", 1.0, 90), row("dense", "dense int8", 2.5, 89), row("dense", "acc 2x", 2.0, 80),
            row("acc-3", "acc 2x", 2.0, 85), row("acc-3+halting", "search 2x", 2.0, 86),
            row("acc-3+halting", "search 2x int8", 5.0, 85)]
    said = {line.split(" |")[0]: line for line in document._comparisons(rows)}
    assert "ahead, +5.0 ± 4.3 (dense, acc 2x: 80.0 at 2.00x)" in said["| acc-3, acc 2x"]
    assert "behind, -4.0 ± 3.8 (dense, dense int8: 89.0 at 2.50x)" in said["| acc-3, acc 2x"]
    assert "level, +1.0 ± 2.0 (acc-3, acc 2x: 85.0 at 2.00x)" in said["| acc-3+halting, search 2x"]
    assert said["| acc-3+halting, search 2x int8"].count("as fast") == 5
    goals = document._goals("20newsgroups", rows)
    assert "- from dense, dense (90.0), in f32: no row is as fast." in goals
    assert "- from dense, dense (90.0), any precision: acc-3+halting, search 2x int8, 5.00x, 85.0: 5.0 ± 4.3 points lost, not reached." in goals


def test_a_difference_is_of_the_same_texts_over_all_seeds():
    # Each text counts by the share of seeds that answer it right.
    row = lambda *digits: table.Row("acc-3", "acc 2x", {seed: judged("one", "", d)["result"] for seed, d in enumerate(digits)},
                                       {1: {"measured": 2.0}})
    assert row("3", "1").rightness({0, 1}) == [1, 0.5, 0, 0]
    assert document._against(row("3", "3"), [row("3", "3")], "").startswith("level, +0.0 ± 0.0")
    assert document._against(row("f", "7"), [row("3", "1")], "").startswith("ahead, +50.0 ± 34.6")


def test_a_row_is_held_against_two_that_together_take_its_time():
    def row(speed, right):
        judged = {1: worth([place < right for place in range(100)])}
        return table.Row("depth-2", f"{speed}", judged, {1: {"measured": speed}})
    slow, mine, fast = row(2.0, 90), row(3.2, 80), row(8.0, 70)
    best = table.Mix.best(mine, [fast, slow])
    assert best.parts == [(0.5, fast), (0.5, slow)] and best.value == pytest.approx(0.8)
    assert table.difference(mine, best)[0] == pytest.approx(0)
    assert table.Mix.best(mine, [slow]) is None
    assert table.Mix.best(mine, [fast, row(2.0, 60)]).parts == [(1.0, fast)]


def test_a_goal_is_judged_over_the_seeds_both_have():
    row = lambda model, speed, **seeds: table.Row(
        model, "dense", {int(seed[1:]): worth(hits(digits)) for seed, digits in seeds.items()},
        {1: {"measured": speed}})
    said = document._goals("20newsgroups", [row("dense", 1.0, s1="f", s2="1"), row("acc-2", 5.0, s1="7")])
    assert any(line.endswith("25.0 ± 42.4 points lost, not reached.") for line in said), said


def test_what_is_compared_with_is_chosen_by_validation_texts_and_judged_on_test_texts():
    def row(plan, test, validation, model="frozen", speed=5.0):
        judged = {1: worth([place < test for place in range(100)], validation)}
        return table.Row(model, plan, judged, {1: {"measured": speed}})
    chosen, lucky = row("acc 3x", 80, 0.9), row("acc 4.8x", 85, 0.7)
    mine = row("acc 2x", 82, 0.5, model="acc-2")
    assert document._against(mine, [chosen, lucky], "frozen").endswith("+2.0 ± 2.7 (frozen, acc 3x: 80.0 at 5.00x)")
    goals = document._goals("20newsgroups", [row("dense", 81, 0.95, speed=1.0), chosen, lucky])
    assert any("any precision: frozen, acc 3x, 5.00x, 80.0: 1.0" in line for line in goals), goals
    baseline = row(TFIDF, 60, 0.8, model="baselines", speed=20.0)
    said = document._baselines([baseline, chosen, lucky])
    assert "- baselines, tf-idf (60.0): frozen, acc 3x: +20.0 ± 7.8, takes 4.0x as long" in said
    assert not any("baselines" in line for line in document._goals("20newsgroups", [baseline, row("dense", 81, 0.9)]))
    assert document._comparisons([baseline, chosen]) == [], "neither is trained"


def test_a_difference_in_f1_is_over_the_same_texts():
    metric, count = Metric("f1", "b"), 400
    judged = lambda right: {1: worth([place % 100 < right for place in range(count)], metric=metric)}
    row = lambda right: table.Row("frozen", "dense", judged(right), {1: {"measured": 2.0}})
    assert table.difference(row(80), table.Mix([(1.0, row(80))])) == (0, 0)
    gap, spread = table.difference(row(90), table.Mix([(1.0, row(80))]))
    assert gap == pytest.approx(0.1, abs=0.001) and 0.02 < spread < 0.05, "paired: apart they would be 0.05"
    assert document._against(row(90), [row(80)], "").startswith("ahead, +10.0 ± ")
    mixed = table.Mix([(0.5, row(90)), (0.5, row(80))])
    assert table.difference(row(90), mixed)[0] == pytest.approx(gap / 2)


def loaded(name, path):
    loader = SourceFileLoader(name, str(path))
    module = module_from_spec(spec_from_loader(name, loader))
    loader.exec_module(module)
    return module


def test_figures_are_drawn_from_the_document(tmp_path):
    figures, path = loaded("figures", FIGURES), tmp_path / "results.md"
    records, machine = [], {"machine": {"cpu": "stand-in", "cores": 2, "tier": "none"}}
    for model, plan, right, speed in (("baselines", TFIDF, 60, 90.0), ("frozen", "dense", 90, 1.0),
                                      ("frozen", "dense int8", 88, 3.0), ("frozen", "lexical 2x", 80, 2.0)):
        race = {"measured": speed, "predicted": speed, "work": speed, "mean_ns": 3e6 / speed, "dense_ns": 3e6,
                "measured_longest": None, "mean_depth": 6, "alone": plan == TFIDF}
        made = worth([place % 100 < right for place in range(400)], metric=Metric("f1", "b"))
        records += [record(kind, "/data/mrpc", plan, result | machine) | {"model": model}
                    for kind, result in (("accuracy", made), ("race", race))]
    records.append(record("accuracy", "unraced", "dense", worth([True, False]) | machine))
    document.write_document(records, path)
    assert list(figures.results(path)) == ["mrpc"]
    section = figures.results(path)["mrpc"]
    assert (section.tokens, section.base, section.metric, section.machine) == (24, "minilm", "F1 of b", "stand-in")
    found = {r["label"]: r for r in section.rows}
    assert {label: (r["kind"], r["bits"], r["speed"], r["value"]) for label, r in found.items()} == {
        "baselines, tf-idf": ("baseline", "f32", 90.0, 60.0), "frozen, dense": ("dense", "f32", 1.0, 90.0),
        "frozen, dense int8": ("dense", "int8", 3.0, 88.0), "frozen, lexical 2x": ("lexical", "f32", 2.0, 80.0)}
    assert found["frozen, dense"]["ms"] == 3.0 and found["baselines, tf-idf"]["ms"] == 0.0333
    low, high = found["frozen, dense"]["interval"]
    assert low < 90 < high
    drawn = figures.dataset_figure("mrpc", section)
    assert "MRPC: F1 of b against measured time" in drawn and drawn.count(' bar"') == 4
    assert "frozen, dense: 90.0 at 3.0 ms, 1.0x" in drawn and ">no layer at all<" in drawn and ">halting<" not in drawn
    tfidf, dense, lexical = (float(place) for place in re.findall('<circle cx="(.*?)"', drawn)[:3])
    assert dense < lexical < tfidf, "faster to the right"


def test_every_model_starts_from_one_before_it():
    for place, (before, _, _) in enumerate(MODELS.values()):
        assert before is None or before in list(MODELS)[:place]
