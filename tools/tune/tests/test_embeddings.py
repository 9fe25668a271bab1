"""tools/tune/embeddings: texts that no pair has, rows judged and raced once, the table in the document."""
import json

import pytest
import tiny

from taper_tune import embeddings


def lines(rows):
    return "".join(json.dumps(row) + "\n" for row in rows)


@pytest.fixture
def study(tmp_path, monkeypatch):
    """Runs the command on tiny data, with a model of tune's and a program that plans nothing: vectors count letters."""
    for name in embeddings.SOURCES:
        (tmp_path / name).mkdir()
        rows = [{"text": f"{word} {name}", "text_pair": f"{word} two"} for word in tiny.WORDS]
        (tmp_path / name / "train.jsonl").write_text(lines(rows))
    (tmp_path / "sts14-16").mkdir()
    pairs = [{"text": f"{word} two", "text_pair": other, "score": abs(len(word) - len(other))}
             for word, other in zip(tiny.WORDS, tiny.WORDS[3:])]
    (tmp_path / "sts14-16/test.jsonl").write_text(lines(pairs))
    tiny.write_model(tmp_path / "minilm", seed=1)
    monkeypatch.setattr(embeddings.Study, "fetch", lambda self, what, name: tmp_path / name)
    monkeypatch.setattr(embeddings, "TOKENS", 24)
    calls = []

    class Program:
        def device(self, path, model):
            return {"cpu": "none"}

        def __call__(self, verb, *arguments, **options):
            calls.append((verb, *map(str, arguments)))
            if verb == "plan":
                arguments[-1].write_text("plan")
            if verb == "run":
                texts = [json.loads(line)["text"] for line in arguments[2].read_text().splitlines()]
                return 0, lines({"embedding": [text.count(letter) + 0.01 for letter in "aeiortw "]} for text in texts)
            plans = [a for a in arguments if str(a).endswith(".plan")]
            runners = [{"time": {"mean_ns": 1000 * (place + 1)}} for place in range(len(plans))]
            return 0, json.dumps({"plans": runners, "tokens": [5, 7]})
    monkeypatch.setattr(embeddings.Study, "taper", Program())

    def run(*options):
        calls.clear()
        document = tmp_path / "document.md"
        document.write_text(f"before\n{embeddings.BEGIN}\nold\n{embeddings.END}\nafter\n")
        embeddings.main(["--from", str(tmp_path), "-o", str(tmp_path / "out"), "--document", str(document),
                         "--threads", "1", "--texts", "40", "--epochs", "0.1", *options])
        return calls[:], document.read_text()
    return run


def test_rows_are_judged_once_and_written(study, tmp_path):
    calls, document = study("--rows", "tf-idf,minilm")
    assert document.startswith("before\n") and document.endswith("after\n") and "old" not in document
    rows = [line for line in document.splitlines() if line.startswith("|")][2:]
    assert len(rows) == 11 and rows[0].startswith("| cosine of tf-idf vectors")
    dense, static = (next(row for row in rows if name in row) for name in ("MiniLM-L6 |", "mean of the word rows"))
    assert "1.00x" in dense and "x |" in static
    assert [c for c in calls if c[0] == "race"], "plans are raced"
    again, same = study("--rows", "tf-idf,minilm")
    assert again == [] and same == document


def test_texts_to_learn_from_are_in_no_pair(study, tmp_path):
    study("--rows", "embed-depth-2", "--stages", "train")
    texts = {json.loads(line)["text"] for line in (tmp_path / "out/texts-40-1.jsonl").read_text().splitlines()}
    pairs = {row[side] for row in map(json.loads, (tmp_path / "sts14-16/test.jsonl").read_text().splitlines())
             for side in ("text", "text_pair")}
    assert len(texts) == 40 and not texts & pairs
    described = json.loads((tmp_path / "out/embed-depth-2-40-0.1-1/config.json").read_text())
    assert described["num_hidden_layers"] == 2 and described["taper"]["methods"] == ["depth", "embed"]


def test_a_row_that_is_not_there_is_refused(study):
    with pytest.raises(SystemExit, match="expected some of tf-idf, minilm"):
        study("--rows", "embed-depth-9")
