"""The matrix: chains train in order, finished rows are not run again, the table says what was cut short."""
import json
import shutil

import pytest

from taper_tune import reproduce


@pytest.fixture
def matrix(base, data, tmp_path, capsys):
    folder = tmp_path / "words"
    folder.mkdir()
    shutil.copy(data, folder / "train.jsonl")
    shutil.copy(data, folder / "test.jsonl")

    def run(*options):
        reproduce.main(["-o", str(tmp_path / "results"), "--model", str(base), "--datasets", str(folder),
                        "--seeds", "1", "--max-length", "24", "--limit", "40", "--threads", "1", *options])
        lines = (tmp_path / "results/results.jsonl").read_text().splitlines()
        return [json.loads(line) for line in lines], capsys.readouterr().out
    return run


def test_a_row_trains_what_it_starts_from_and_nothing_twice(matrix):
    records, text = matrix("--rows", "acc-2")
    assert [r["row"] for r in records] == ["dense", "acc-2"]
    assert records[1]["report"]["test"]["work_speedup"] > 1.3
    again, _ = matrix("--rows", "acc-2,depth-1-frozen")
    assert [r["row"] for r in again] == ["dense", "acc-2", "depth-1-frozen"]
    assert "| base | words, 24 tokens | acc-2 |" in text and "time box" not in text


def test_a_row_cut_short_says_so_and_goes_on(matrix):
    records, text = matrix("--rows", "dense", "--time-box", "0")
    assert records[0]["report"]["steps"][0] == 1 and "1 of" in text and "(time box)" in text
    records, text = matrix("--rows", "dense")
    assert records[-1]["report"]["finished"] and "(time box)" not in text
