"""Chains of models train in order, plans are judged and raced once, the document says what is unfinished or missing."""
import json
import shutil
from pathlib import Path

import pytest

from taper_tune import document, reproduce, table
from taper_tune.evaluation import packed
from taper_tune.rows import MODELS, Dataset, plans
from taper_tune.texts import load_texts, load_tokenizer, sampled_lines


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
    wanted = [("frozen", p.name) for p in plans("frozen", Dataset(24))]
    assert kept(records, "accuracy") == wanted and sorted(set(kept(records, "race"))) == sorted(wanted)
    assert [v[0] for v in verbs].count("fit-head") == 1 and [v[0] for v in verbs].count("calibrate") == 1
    refitted = [v for v in verbs if "--refit-head" in v]
    assert len(refitted) == len(wanted) - 3, "all but the dense plans of three precisions"
    result = records[0]["result"]
    assert result["count"] == 96 and result["accuracy"] == round(95 / 96, 5) and result["keep_counts"] == [9, 9]
    assert "| frozen | acc 2x | 99.0 | 94.3 to 99.8 | 1 | 2.00x | 2.00x | 2.00x | 2.00x | 4.00 |" in text
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


def judged(dataset, plan, digits):
    return record("accuracy", dataset, plan, {"feasible": True, "accuracy": 0.5, "count": 4, "right": digits, "plan_seconds": 1, "judge_seconds": 1})


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
        answers = [place < right for place in range(100)]
        judged = {"feasible": True, "accuracy": right / 100, "count": 100, "right": packed(answers)}
        return table.Row(model, plan, {1: judged}, {1: {"measured": speed}})
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
        judged = {"feasible": True, "accuracy": right / 100, "count": 100, "right": packed([place < right for place in range(100)])}
        return table.Row("depth-2", f"{speed}", {1: judged}, {1: {"measured": speed}})
    slow, mine, fast = row(2.0, 90), row(3.2, 80), row(8.0, 70)
    best = table.Mix.best(mine, [fast, slow])
    assert best.parts == [(0.5, fast), (0.5, slow)] and best.accuracy == pytest.approx(0.8)
    assert table.difference(mine, best)[0] == pytest.approx(0)
    assert table.Mix.best(mine, [slow]) is None
    assert table.Mix.best(mine, [fast, row(2.0, 60)]).parts == [(1.0, fast)]


def test_a_goal_is_judged_over_the_seeds_both_have():
    row = lambda model, speed, **seeds: table.Row(model, "dense", {int(seed[1:]): judged("one", "", digits)["result"] | {
        "accuracy": bin(int(digits, 16)).count("1") / 4} for seed, digits in seeds.items()}, {1: {"measured": speed}})
    said = document._goals("20newsgroups", [row("dense", 1.0, s1="f", s2="1"), row("acc-2", 5.0, s1="7")])
    assert any(line.endswith("25.0 ± 42.4 points lost, not reached.") for line in said), said


def test_every_model_starts_from_one_before_it():
    for place, (before, _, _) in enumerate(MODELS.values()):
        assert before is None or before in list(MODELS)[:place]
