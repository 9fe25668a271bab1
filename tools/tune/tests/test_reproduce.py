"""The matrix: chains train in order, plans are judged and raced once, the document says what was cut short or is missing."""
import json
import shutil
from pathlib import Path

import pytest

from taper_tune import document, reproduce
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


def test_a_training_cut_short_says_so_and_goes_on(matrix):
    rows = ["--rows", "frozen,acc-2"]
    records, text, _ = matrix(*rows, "--time-box", "0")
    assert records[-1]["kind"] == "race" and "1 of 6 steps" in text
    records, text, _ = matrix(*rows)
    assert [r["result"]["finished"] for r in records if r["kind"] == "training"] == [False, False, True, True]
    assert "of 6 steps" not in text


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
    assert left == ["frozen-dense.plan"], "the others are removed after the race"

    again, same, verbs = matrix("--rows", "frozen")
    assert again == records and same == text and verbs == []


def test_halting_is_audited_by_both_rules(matrix):
    records, text, _ = matrix("--rows", "frozen,halting", "--epochs", "0.4")
    found = [r["result"] for r in records if r["kind"] == "accuracy" and r["model"] == "halting"]
    assert len(found) == 6 and all(r["changed_labels"] == 0 and r["mean_depth"] == 2.5 for r in found)
    assert "authors: 0 labels changed in 96 runs; tight: 0 labels changed in 480 runs" in text
    assert "level, +1.0 ± 2.0 (frozen, dense: 99.0 at 1.00x)" in text


def test_a_row_s_name_says_how_it_is_planned():
    def options(model):
        return {p.name: " ".join(p.options) for p in plans(model, Dataset(24, speedups=("2",), int8_speedups=()))}
    assert options("halting-0.016") == options("halting")
    assert options("halting")["halting tight"] == "--method halting --dense --halting-rule tight"
    assert options("halting")["acc+halting 2x"] == "--method acc+halting --speedup 2x"
    assert options("depth-3+halting") == options("halting")
    assert options("acc-3+halting")["acc+halting tight"] == "--method acc+halting --speedup 3x --halting-rule tight"


def test_a_target_out_of_reach_is_told(matrix, monkeypatch):
    monkeypatch.setitem(reproduce.DATASETS, "words", Dataset(24, speedups=("10",), int8_speedups=("10",)))
    monkeypatch.setattr(reproduce.Matrix, "dataset", lambda self, name: Dataset(24, limit=40, speedups=("10",), int8_speedups=("10",)))
    records, text, _ = matrix("--rows", "frozen")
    assert [r["result"]["feasible"] for r in records if r["plan"] == "acc 10x"] == [False]
    assert "Out of reach, said the planner: frozen, acc 10x; frozen, search 10x; frozen, search 10x int8." in text


def test_the_document_keeps_what_stands_around_its_tables(tmp_path):
    path = tmp_path / "results.md"
    path.write_text(f"# Title\n\nby hand\n\n{document.BEGIN}\nold\n{document.END}\n\nafter\n")
    document.write_document([], path)
    assert path.read_text() == f"# Title\n\nby hand\n\n{document.BEGIN}\n\n\n{document.END}\n\nafter\n"
    path.write_text("no marks")
    with pytest.raises(SystemExit):
        document.write_document([], path)


def test_taper_and_training_see_the_same_texts(base, data):
    tokenizer = load_tokenizer(base, 24)
    texts, labels = load_texts(data, tokenizer, (), 17, seed=5)
    rows = [json.loads(line) for line in sampled_lines(data, 17, seed=5)]
    assert [labels.index(row["label"]) for row in rows] == texts.labels
    assert [tokenizer.encode(row["text"]).ids for row in rows] == texts.ids


def test_a_row_is_held_against_rows_of_its_precision():
    row = lambda model, plan, speed, share: document.Row(
        model, plan, {1: {"feasible": True, "accuracy": share, "count": 100}}, {1: {"measured": speed}})
    rows = [row("dense", "dense", 1.0, 0.9), row("dense", "dense int8", 2.5, 0.89), row("dense", "acc 2x", 2.0, 0.8),
            row("acc-3", "acc 2x", 2.0, 0.85), row("acc-3+halting", "search 2x", 2.0, 0.86),
            row("acc-3+halting", "search 2x int8", 5.0, 0.85)]
    said = {line.split(" |")[0]: line for line in document._comparisons(rows)}
    assert "+5.0 ± 10.5 (dense, acc 2x: 80.0 at 2.00x)" in said["| acc-3, acc 2x"]
    assert "-4.0 ± 9.3 (dense, dense int8: 89.0 at 2.50x)" in said["| acc-3, acc 2x"]
    assert "+1.0 ± 9.8 (acc-3, acc 2x: 85.0 at 2.00x)" in said["| acc-3+halting, search 2x"]
    assert said["| acc-3+halting, search 2x int8"].count("as fast") == 5
    goals = document._goals("20newsgroups", rows)
    assert "- from dense, dense (90.0), in f32: no row is as fast." in goals
    assert "- from dense, dense (90.0), any precision: acc-3+halting, search 2x int8, 5.00x, 85.0: 5.0 points lost, not reached." in goals


def test_every_model_starts_from_one_before_it():
    for place, (before, _, _) in enumerate(MODELS.values()):
        assert before is None or before in list(MODELS)[:place]
