"""Embedding plans against their baselines: Spearman's correlation on STS 2014 to 2016, and measured time.

Every row is a plan of an encoder of vectors, as it is or after `tune embed`, or a baseline. Nothing is chosen by the
pairs: they are answered once. Texts to learn from and to calibrate on are those of other tasks, without their labels.
"""
from __future__ import annotations

import argparse
import json
import os
import sys
from dataclasses import dataclass
from functools import cache, cached_property
from pathlib import Path
from statistics import fmean

import numpy

from .correlation import spearman
from .files import last_line, write_atomically
from .measuring import NOISY, RACED, ROUNDS, TOGETHER, Taper
from .reproduce import Results, known_name
from .texts import read_scored, read_texts, sampled

#: What texts come from, and the pairs.
SOURCES, PAIRS = ("sick", "mrpc", "qnli", "sst2"), "sts14-16"
TOKENS, CALIBRATED, DRAWS = 64, 512, 300
BEGIN, END = "<!-- table by tools/tune/embeddings -->", "<!-- end of table -->"
STAGES = ("train", "judge", "race")


@dataclass(frozen=True)
class Row:
    name: str
    #: A name of tools/fetch-model, or of TRAINED; none: tf-idf.
    model: str | None
    #: Of taper plan.
    options: tuple[str, ...] = ("--dense",)
    words: str = ""

    @property
    def calibrated(self) -> bool:
        return "--speedup" in self.options


#: Name → options of `tune embed`, which starts from minilm.
TRAINED = {
    "embed-depth-2": ("--method", "depth", "--depth", "2"),
    "embed-depth-3": ("--method", "depth", "--depth", "3"),
    "embed-lexical-2": ("--method", "lexical", "--speedup", "2"),
    "embed-lexical-3": ("--method", "lexical", "--speedup", "3"),
    "embed-acc-2": ("--method", "acc", "--speedup", "2"),
}
INT8 = ("--precision", "int8")


def _with_int8(row: Row) -> list[Row]:
    return [row, Row(f"{row.name}, int8", row.model, (*row.options, *INT8), f"{row.words}, int8")]


def _reduced(name: str, model: str, method: str, speedup: str, words: str) -> list[Row]:
    return _with_int8(Row(name, model, ("--method", method, "--speedup", f"{speedup}x"), words))


ROWS = [
    Row("tf-idf", None, (), "cosine of tf-idf vectors (1-2 grams), no encoder"),
    Row("depth 0", "minilm", ("--dense", "--depth", "0"), "mean of the word rows"),
    *_with_int8(Row("dense", "minilm", words="MiniLM-L6")),
    *_with_int8(Row("l3", "paraphrase-l3", words="paraphrase-MiniLM-L3, trained by its authors")),
    Row("depth 3", "minilm", ("--method", "depth", "--dense", "--depth", "3"), "three layers, untrained"),
    *_with_int8(Row("embed-depth-3", "embed-depth-3", words="three layers, `tune embed`")),
    *_with_int8(Row("embed-depth-2", "embed-depth-2", words="two layers, `tune embed`")),
    *_reduced("lexical 2x", "minilm", "lexical", "2", "words, 2x, untrained"),
    *_reduced("lexical 3x", "minilm", "lexical", "3", "words, 3x, untrained"),
    *_reduced("embed-lexical 2x", "embed-lexical-2", "lexical", "2", "words, 2x, `tune embed`"),
    *_reduced("embed-lexical 3x", "embed-lexical-3", "lexical", "3", "words, 3x, `tune embed`"),
    *_reduced("acc 2x", "minilm", "acc", "2", "attention, 2x, untrained"),
    *_reduced("embed-acc 2x", "embed-acc-2", "acc", "2", "attention, 2x, `tune embed`"),
]


class Study:
    def __init__(self, arguments: argparse.Namespace):
        self.a, self.folder = arguments, arguments.output
        self.tools = Path(os.environ.get("TAPER_TOOLS", Path(__file__).resolve().parents[2]))
        self.results = Results(self.folder / "embeddings.jsonl")
        self.key = {name: getattr(arguments, name) for name in ("texts", "epochs", "seed", "pairs")}

    @cache
    def fetch(self, what: str, name: str) -> Path:
        origin = ["--from", self.a.origin] if what == "data" else []
        return Path(last_line([str(self.tools / f"fetch-{what}"), name, *origin]))

    def made(self, name: str) -> Path:
        """A path of what depends on the options of training."""
        return self.folder / "-".join([name, *map(str, (self.a.texts, self.a.epochs, self.a.seed))])

    def model(self, name: str) -> Path:
        return self.made(name) if name in TRAINED else self.fetch("model", name)

    @cached_property
    def pairs(self) -> list[tuple[str, str, float]]:
        return sampled(read_scored(self.fetch("data", PAIRS) / "test.jsonl"), self.a.pairs, 1)

    @cached_property
    def texts(self) -> Path:
        """Each once, and none that a pair has."""
        path = self.folder / f"texts-{self.a.texts}-{self.a.seed}.jsonl"
        if not path.exists():
            known = {text for one, other, _ in self.pairs for text in (one, other)}
            rows = [row for name in SOURCES for row in read_texts(self.fetch("data", name) / "train.jsonl")]
            singles = dict.fromkeys(text for row in rows for text in row if text is not None and text not in known)
            self._write(path, sampled(list(singles), self.a.texts, self.a.seed))
        return path

    def _write(self, path: Path, texts: list[str]) -> Path:
        lines = "".join(json.dumps({"text": text}, ensure_ascii=False) + "\n" for text in texts)
        write_atomically(path, lambda temporary: temporary.write_text(lines, encoding="utf-8"))
        return path

    def train(self, rows: list[Row]) -> None:
        for name in dict.fromkeys(row.model for row in rows if row.model in TRAINED):
            if self.results.has("training", self.key, name):
                continue
            command = [sys.executable, "-m", "taper_tune", "embed", str(self.model("minilm")), "--data",
                       str(self.texts), "-o", str(self.model(name)), "--max-length", str(TOKENS), "--epochs",
                       str(self.a.epochs), "--seed", str(self.a.seed), "--rate", "1e-4", *TRAINED[name]]
            command += ["--threads", str(self.a.threads)] if self.a.threads else []
            print(f"==> {name}", file=sys.stderr)
            self.results.add("training", self.key, name, None, json.loads(last_line(command)))

    @cached_property
    def taper(self) -> Taper:
        return Taper(self.a.taper)

    @cached_property
    def sides(self) -> list[Path]:
        of = lambda side: [pair[side] for pair in self.pairs]
        return [self._write(self.folder / f"pairs-{side}.jsonl", of(side)) for side in (0, 1)]

    @property
    def device(self) -> Path:
        return self.folder / "device.json"

    @cached_property
    def machine(self) -> dict:
        """This machine, profiled on first use."""
        return self.taper.device(self.device, self.model("minilm"))

    def plan(self, row: Row) -> Path:
        path = self.made("plans") / f"{row.name.replace(' ', '-').replace(',', '')}.plan"
        if path.exists():
            return path
        path.parent.mkdir(exist_ok=True)
        _ = self.machine
        model, options = self.model(row.model), [*row.options]
        if row.calibrated:
            calibration = path.parent / f"{row.model}.calibration"
            if not calibration.exists():
                self.taper("calibrate", model, "--data", self.texts, "--no-labels", "--limit", CALIBRATED,
                           "--max-length", TOKENS, "--threads", 1, "-o", calibration)
            options += ["--calibration", calibration, "--beyond-calibration"]
        self.taper("plan", model, "--device", self.device, "--threads", 1, "--max-length", TOKENS, *options, "-o", path)
        return path

    def judge(self, rows: list[Row]) -> None:
        right = numpy.array([score for *_, score in self.pairs])
        for row in rows:
            if self.results.has("quality", self.key, row.name):
                continue
            print(f"==> {row.name}", file=sys.stderr)
            found = self._words() if row.model is None else self._cosines(self.plan(row))
            generator = numpy.random.default_rng(1)
            drawn = sorted(spearman(found[places], right[places])
                           for places in generator.integers(0, len(right), (DRAWS, len(right))))
            self.results.add("quality", self.key, row.name, None, {
                "value": spearman(found, right), "count": len(right),
                "interval": [drawn[round(0.025 * DRAWS)], drawn[round(0.975 * DRAWS) - 1]]})

    def _cosines(self, plan: Path) -> numpy.ndarray:
        one, other = (numpy.array([json.loads(line)["embedding"] for line in self.taper(
            "run", plan, "--input", side, "--threads", 1)[1].splitlines()]) for side in self.sides)
        return (one * other).sum(axis=1) / (numpy.linalg.norm(one, axis=1) * numpy.linalg.norm(other, axis=1))

    def _words(self) -> numpy.ndarray:
        from sklearn.feature_extraction.text import TfidfVectorizer  # takes seconds to import
        words = TfidfVectorizer(ngram_range=(1, 2), sublinear_tf=True)
        words.fit([text for text, _ in read_texts(self.texts)])
        one, other = (words.transform([pair[side] for pair in self.pairs]) for side in (0, 1))
        return numpy.asarray(one.multiply(other).sum(axis=1)).ravel()

    def race(self, rows: list[Row]) -> None:
        raced = self._write(self.folder / "raced.jsonl", sampled([pair[0] for pair in self.pairs], RACED, 1))
        missing = lambda row: not self.results.has("race", self.key, row.name)
        rest = [row for row in rows if row.model and row.name != "dense" and missing(row)]
        dense = next(row for row in ROWS if row.name == "dense")
        for start in range(0, len(rest), TOGETHER):
            together = [dense, *rest[start:start + TOGETHER]]
            race = json.loads(self.taper("race", *map(self.plan, together), "--data", raced, "--rounds", ROUNDS,
                                         "--threads", 1, "--json", timed=True, allowed=(NOISY,))[1])
            times = [runner["time"]["mean_ns"] for runner in race["plans"]]
            for row, time in zip(together, times):
                self.results.add("race", self.key, row.name, None,
                                 {"measured": times[0] / time, "mean_ns": time, "tokens": fmean(race["tokens"]),
                                  "machine": self.machine})

    def table(self) -> list[str]:
        lines = ["| row | Spearman | 95% interval | measured | ms a text |", "|---|---|---|---|---|"]
        for row in ROWS:
            quality, race = (self.results.find(kind, self.key, row.name) for kind in ("quality", "race"))
            if quality is None:
                continue
            low, high = quality["interval"]
            timed = f"{race['measured']:.2f}x | {race['mean_ns'] / 1e6:#.3g}" if race else " | "
            lines.append(f"| {row.words} | {quality['value']:.3f} | {low:.3f} to {high:.3f} | {timed} |")
        return lines


def main(arguments: list[str] | None = None) -> None:
    listed = lambda known: lambda text: [known_name(name, known) for name in text.split(",")]
    parser = argparse.ArgumentParser(prog="embeddings", description=__doc__.splitlines()[0])
    parser.add_argument("--from", dest="origin", metavar="FOLDER", required=True,
                        help="folder of the data sets (tools/fetch-data)")
    parser.add_argument("-o", "--output", type=Path,
                        default=Path(os.environ.get("TAPER_CACHE", "cache")) / "tune/embeddings")
    parser.add_argument("--document", type=Path, help="document to write the table into")
    parser.add_argument("--rows", type=lambda text: text.split(","),
                        help="models of the rows, such as minilm,embed-depth-3 (default: all)")
    parser.add_argument("--stages", type=listed(STAGES), default=list(STAGES), help="(default: all)")
    parser.add_argument("--texts", type=int, default=20000, help="texts to learn from (default %(default)s)")
    parser.add_argument("--pairs", type=int, help="pairs to judge on (default: all)")
    parser.add_argument("--epochs", type=float, default=2, help="(default %(default)s)")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--threads", type=int, help="of training; plans use one")
    parser.add_argument("--taper", default="taper", help="the program (default: on the PATH)")
    a = parser.parse_args(arguments)
    a.output.mkdir(parents=True, exist_ok=True)
    study = Study(a)
    rows = [row for row in ROWS if a.rows is None or (row.model or "tf-idf") in a.rows]
    if not rows:
        raise SystemExit(f"error: --rows: expected some of tf-idf, minilm, paraphrase-l3, {', '.join(TRAINED)}")
    if "train" in a.stages:
        study.train(rows)
    ready = [row for row in rows if row.model not in TRAINED or study.results.has("training", study.key, row.model)]
    if "judge" in a.stages:
        study.judge(ready)
    if "race" in a.stages:
        study.race(ready)
    lines = study.table()
    print("\n".join(lines))
    if a.document:
        whole = a.document.read_text(encoding="utf-8")
        before, after = whole[:whole.index(BEGIN)], whole[whole.index(END):]
        text = f"{before}{BEGIN}\n\n" + "\n".join(lines) + f"\n\n{after}"
        write_atomically(a.document, lambda temporary: temporary.write_text(text, encoding="utf-8"))


if __name__ == "__main__":
    main()
