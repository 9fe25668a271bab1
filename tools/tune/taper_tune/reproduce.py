"""tools/tune/reproduce: a matrix of data sets × rows × seeds, one training after another, and their table.

Every row is a chain of tune commands: a row that starts from another row's directory trains that one first. Results are
appended to results.jsonl as they come; results.md is written from it at the end of every run, whole or not.
"""
from __future__ import annotations

import argparse
import json
import os
import platform
import subprocess
import sys
import time
from pathlib import Path

import torch

from .evaluation import wilson
from .files import write_atomically

#: Data set → longest input.
DATASETS = {"r8": 128, "20newsgroups": 256, "rotten-tomatoes": 64}
#: Row → (row it starts from, or none for the base model; verb; options).
ROWS = {
    "frozen": (None, "head", []),
    "dense": (None, "dense", []),
    "depth-1-frozen": (None, "depth", ["--depth", "1"]),
    "depth-3-frozen": (None, "depth", ["--depth", "3"]),
    "depth-1": ("dense", "depth", ["--depth", "1", "--fine-tune"]),
    "depth-2": ("dense", "depth", ["--depth", "2", "--fine-tune"]),
    "depth-3": ("dense", "depth", ["--depth", "3", "--fine-tune"]),
    "acc-2": ("dense", "acc", ["--speedup", "2", "--distill", "0.5"]),
    "acc-3": ("dense", "acc", ["--speedup", "3", "--distill", "0.5"]),
    "acc-3+head": ("acc-3", "head", []),
    "acc-4.8": ("dense", "acc", ["--speedup", "4.8", "--distill", "0.5"]),
    "selector-2": ("dense", "selector", ["--speedup", "2"]),
    "selector-3": ("dense", "selector", ["--speedup", "3"]),
    "halting": ("dense", "halting", []),
    "acc-3+halting": ("acc-3", "halting", []),
    "selector-2+halting": ("selector-2", "halting", []),
}


class Matrix:
    def __init__(self, arguments: argparse.Namespace):
        self.a = arguments
        self.results = arguments.output / "results.jsonl"
        self.tools = Path(os.environ.get("TAPER_TOOLS", Path(__file__).resolve().parents[2]))
        self.deadline = time.monotonic() + 60 * arguments.minutes if arguments.minutes else None
        self.fetched: dict[tuple[str, str], str] = {}

    def fetch(self, what: str, name: str) -> str:
        """The folder of a model or data set; a path is taken as it is."""
        if os.path.isdir(name):
            return name
        if (what, name) not in self.fetched:
            command = [str(self.tools / f"fetch-{what}"), name]
            done = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True)
            self.fetched[what, name] = done.stdout.splitlines()[-1]
        return self.fetched[what, name]

    def records(self) -> list[dict]:
        if not self.results.exists():
            return []
        return [json.loads(line) for line in self.results.read_text().splitlines() if line]

    def key(self, dataset: str, row: str, seed: int) -> dict:
        """What makes a record the one that is wanted."""
        return {"model": self.a.model, "dataset": dataset, "row": row, "seed": seed, "limit": self.a.limit,
                "test_limit": self.a.test_limit, "max_length": self.a.max_length or DATASETS.get(dataset, 128)}

    def record(self, dataset: str, row: str, seed: int) -> dict | None:
        """The newest record of a row: a finished one follows those of its time boxes."""
        wanted = self.key(dataset, row, seed)
        found = [r for r in self.records() if all(r[k] == v for k, v in wanted.items())]
        return found[-1] if found else None

    def directory(self, dataset: str, row: str, seed: int) -> Path:
        limit = f"-{self.a.limit}" if self.a.limit else ""
        return self.a.output / f"{Path(self.a.model).name}-{Path(dataset).name}{limit}-{row}-seed{seed}"

    def run(self, dataset: str, row: str, seed: int) -> None:
        """Trains a row, and before it the row it starts from, unless they are done."""
        record = self.record(dataset, row, seed)
        if record and (record["report"]["finished"] or self.a.once):
            return
        before, verb, options = ROWS[row]
        if before:
            self.run(dataset, before, seed)
        if self.deadline and time.monotonic() > self.deadline:
            return
        start = str(self.directory(dataset, before, seed)) if before else self.fetch("model", self.a.model)
        texts = self.fetch("data", dataset)
        command = [sys.executable, "-m", "taper_tune", verb, start, "--data", f"{texts}/train.jsonl",
                   "--test", f"{texts}/test.jsonl", "-o", str(self.directory(dataset, row, seed)), "--seed", str(seed),
                   "--max-length", str(self.key(dataset, row, seed)["max_length"]), *options]
        for option, value in (("--limit", self.a.limit), ("--test-limit", self.a.test_limit),
                              ("--time-box", self.a.time_box), ("--threads", self.a.threads)):
            if value is not None:
                command += [option, str(value)]
        print(f"==> {dataset} {row} seed {seed}", file=sys.stderr)
        done = subprocess.run(command, stdout=subprocess.PIPE, text=True)
        if done.returncode != 0:
            raise SystemExit(f"error: {' '.join(command)} ended with {done.returncode}")
        record = {**self.key(dataset, row, seed), "hardware": hardware(),
                  "report": json.loads(done.stdout.splitlines()[-1])}
        with open(self.results, "a", encoding="utf-8") as file:
            file.write(json.dumps(record) + "\n")


def hardware() -> str:
    if torch.cuda.is_available():
        return torch.cuda.get_device_name()
    try:
        lines = Path("/proc/cpuinfo").read_text().splitlines()
        return next(line.split(":", 1)[1].strip() for line in lines if line.startswith("model name"))
    except (OSError, StopIteration):
        return platform.machine()


def table(records: list[dict]) -> str:
    """Markdown: one line a model, data set, limit and row, over its seeds; the newest record of each."""
    newest = {}
    for r in records:
        limits = (r["limit"] or 0, r["test_limit"] or 0)
        newest[r["model"], r["dataset"], r["max_length"], *limits, r["row"], r["seed"]] = r
    groups: dict[tuple, list[dict]] = {}
    for key, record in sorted(newest.items(), key=lambda item: (item[0][:5], list(ROWS).index(item[0][5]), item[0][6])):
        groups.setdefault(key[:6], []).append(record)
    lines = ["| model | data | row | accuracy, mean over seeds | 95% interval at one seed | seeds | work speedup "
             "| trained on |",
             "|---|---|---|---|---|---|---|---|"]
    for (model, dataset, tokens, *_, row), of in groups.items():
        tests = [r["report"]["test"] for r in of]
        mean = sum(t["accuracy"] for t in tests) / len(tests)
        count = tests[0]["count"]
        low, high = wilson(round(mean * count), count)
        speedup = sum(t["work_speedup"] for t in tests) / len(tests)
        lines.append(f"| {Path(model).name} | {Path(dataset).name}, {tokens} tokens | {row} | {100 * mean:.1f} "
                     f"| {100 * low:.1f}–{100 * high:.1f} of {count} | {', '.join(str(r['seed']) for r in of)} | {speedup:.2f}x | {_trained(of)} |")
    seconds = sum(r["report"]["seconds"] for r in newest.values())
    machines = ", ".join(sorted({f"{r['hardware']}, {r['report']['threads']} threads" for r in newest.values()}))
    return "\n".join(["# Tuned models: results", "", f"Made by tools/tune/reproduce on {machines}; {seconds / 60:.0f} "
                      "minutes of training, head fits and tests not counted. Work speedup: published form, over the test "
                      "texts, against the dense encoder; for halting by the tighter rule.", "", *lines, ""])


def _trained(records: list[dict]) -> str:
    reports = [r["report"] for r in records]
    texts = f"{reports[0]['training_texts']} texts"
    cut = [f"{r['steps'][0]} of {r['steps'][1]} steps (time box)" for r in reports if not r["finished"]]
    return "; ".join([texts, *cut])


def main(arguments: list[str] | None = None) -> None:
    names = lambda known: lambda text: [_known(name, known) for name in text.split(",")]
    parser = argparse.ArgumentParser(prog="reproduce", description=__doc__.splitlines()[0])
    cache = Path(os.environ.get("TAPER_CACHE", "cache"))
    parser.add_argument("-o", "--output", type=Path, default=cache / "tune/results")
    parser.add_argument("--model", default="minilm", help="a name of tools/fetch-model, or a directory")
    parser.add_argument("--datasets", type=lambda text: text.split(","), default=list(DATASETS))
    parser.add_argument("--rows", type=names(ROWS), default=list(ROWS))
    parser.add_argument("--seeds", type=lambda text: [int(seed) for seed in text.split(",")], default=[1, 2, 3])
    parser.add_argument("--limit", type=int, help="training texts a run")
    parser.add_argument("--test-limit", type=int)
    parser.add_argument("--max-length", type=int, help="tokens (default: the data set's)")
    parser.add_argument("--time-box", type=float, help="minutes a run; run again to go on")
    parser.add_argument("--once", action="store_true", help="do not go on with runs that a time box ended")
    parser.add_argument("--minutes", type=float, help="start no run after this long")
    parser.add_argument("--threads", type=int)
    parser.add_argument("--list", action="store_true", help="show the rows and leave")
    arguments = parser.parse_args(arguments)
    if arguments.list:
        for row, (before, verb, options) in ROWS.items():
            print(f"{row:20} tune {verb} {' '.join([before or arguments.model, *options])}")
        return
    arguments.output.mkdir(parents=True, exist_ok=True)
    matrix = Matrix(arguments)
    for seed in arguments.seeds:
        for dataset in arguments.datasets:
            for row in arguments.rows:
                matrix.run(dataset, row, seed)
    text = table(matrix.records())
    write_atomically(arguments.output / "results.md", lambda temporary: temporary.write_text(text, encoding="utf-8"))
    print(text)


def _known(name: str, known) -> str:
    if name not in known:
        raise argparse.ArgumentTypeError(f"expected one of {', '.join(known)}; found {name}")
    return name


if __name__ == "__main__":
    main()
