"""Trains, plans and measures data sets × models × plans × seeds, for the tables of docs/results-tables.md.

Every model is a chain of tune commands: one that starts from another's directory trains that one first. Every plan of
it is made by Taper, answers the test texts and is raced against the dense plan. Results are appended to results.jsonl
as they come; what it has is not run again. The document is written from it at the end of every run, whole or not.
"""
from __future__ import annotations

import argparse
import hashlib
import json
import os
import sys
import time
from dataclasses import replace
from pathlib import Path

from .document import write_document
from .files import last_line
from .measuring import Measuring, Taper
from .rows import DATASETS, MODELS, TFIDF, Dataset, chain, needs_training, plans
from .texts import Split

STAGES = ("train", "judge", "race", "document")


class Results:
    """results.jsonl: one record per line, of kind training, accuracy or race."""

    def __init__(self, path: Path):
        self.path = path

    def records(self) -> list[dict]:
        if not self.path.exists():
            return []
        whole, _, rest = self.path.read_text(encoding="utf-8").rpartition("\n")
        if rest:  # a line that was cut short
            self.path.write_text(whole + "\n", encoding="utf-8")
        return [json.loads(line) for line in whole.split("\n") if line]

    def find(self, kind: str, key: dict, model: str, plan: str | None = None) -> dict | None:
        """The newest matching result: a time-boxed training has several, the finished one last."""
        wanted = {**key, "kind": kind, "model": model, "plan": plan}
        found = [r for r in self.records() if all(r.get(k) == v for k, v in wanted.items())]
        return found[-1]["result"] if found else None

    def has(self, kind: str, key: dict, model: str, plan: str | None = None) -> bool:
        return self.find(kind, key, model, plan) is not None

    def add(self, kind: str, key: dict, model: str, plan: str | None, result: dict) -> None:
        with open(self.path, "a", encoding="utf-8") as file:
            file.write(json.dumps({"kind": kind, **key, "model": model, "plan": plan, "result": result}) + "\n")


class Matrix:
    def __init__(self, arguments: argparse.Namespace):
        self.a = arguments
        self.results = Results(arguments.output / "results.jsonl")
        self.tools = Path(os.environ.get("TAPER_TOOLS", Path(__file__).resolve().parents[2]))
        self.deadline = time.monotonic() + 60 * arguments.minutes if arguments.minutes else None
        self.fetched: dict[tuple[str, str], str] = {}

    def fetch(self, what: str, name: str) -> str:
        """The folder of a model or data set: fetched by name, or a directory as given."""
        if os.path.isdir(name):
            return name
        if (what, name) not in self.fetched:
            command = [str(self.tools / f"fetch-{what}"), name]
            if self.a.origin and what == "data" and self.dataset(name).is_local:
                command += ["--from", self.a.origin]
            self.fetched[what, name] = last_line(command)
        return self.fetched[what, name]

    def dataset(self, name: str) -> Dataset:
        found = DATASETS.get(name, Dataset(128))
        asked = {"tokens": self.a.max_length, "limit": self.a.limit, "judged": self.a.test_limit}
        return replace(found, **{option: value for option, value in asked.items() if value is not None})

    def rows(self, name: str) -> list[str]:
        return self.a.rows or list(self.dataset(name).models)

    def key(self, name: str, seed: int) -> dict:
        """The fields by which a record is found again."""
        # A directory counts by its path: others of the same name are other models and data sets.
        of = self.dataset(name)
        return {"base": self.a.model, "dataset": name, "seed": seed, "tokens": of.tokens,
                "limit": of.limit, "judged": of.judged, "epochs": self.a.epochs, "products": self.a.products}

    def recipe(self, name: str, model: str) -> str:
        """Digest of all options a model is made with, from the base on; it names the model's directory."""
        made = {**self.key(name, 0), "judged": None, "steps": [[MODELS[m][1], *MODELS[m][2]] for m in chain(model)]}
        return hashlib.sha256(json.dumps(made, sort_keys=True).encode()).hexdigest()[:8]

    def key_of(self, name: str, model: str, seed: int) -> dict:
        """The key of a model's record."""
        return {**self.key(name, seed), "recipe": self.recipe(name, model)}

    def directory(self, name: str, model: str, seed: int) -> Path:
        return self._directory(name, model, seed, self.recipe(name, model))

    def _directory(self, name: str, what: str, seed: int, *made: str) -> Path:
        return self.a.output / "-".join([Path(self.a.model).name, Path(name).name, what, f"seed{seed}", *made])

    @property
    def is_over(self) -> bool:
        return self.deadline is not None and time.monotonic() > self.deadline

    def train(self, name: str, model: str, seed: int) -> bool:
        """Trains a model, after the one it starts from, unless done already. Returns whether it is finished."""
        before, verb, options = MODELS[model]
        key = self.key_of(name, model, seed)
        if verb is None or self.is_trained(name, model, seed):
            return True
        if (before and not self.train(name, before, seed)) or self.is_over:
            return False
        start = str(self.directory(name, before, seed)) if before else self.fetch("model", self.a.model)
        split = Split(Path(self.fetch("data", name)), key["limit"])
        command = [sys.executable, "-m", "taper_tune", verb, start, "--data", str(split.train),
                   "-o", str(self.directory(name, model, seed)), "--seed", str(seed), "--max-length", str(key["tokens"]),
                   "--epochs", str(self.a.epochs), "--products", self.a.products, *options]
        for option, value in (("--limit", split.limit), ("--time-box", self.a.time_box), ("--threads", self.a.threads)):
            if value is not None:
                command += [option, str(value)]
        print(f"==> {name} {model} seed {seed}", file=sys.stderr)
        self.results.add("training", key, model, None, json.loads(last_line(command)))
        return self.is_trained(name, model, seed)

    def is_trained(self, name: str, model: str, seed: int) -> bool:
        """Whether training has finished. A model cut short by a time box is not judged, and no other model starts from
        it."""
        found = self.results.find("training", self.key_of(name, model, seed), model)
        return found is not None and found["finished"]

    def measure(self, name: str, seed: int) -> None:
        """Judges and races the plans of every trained model."""
        key, dataset, rows = self.key(name, seed), self.dataset(name), self.rows(name)
        there = {model: directory for model in rows
                 if self.is_trained(name, model, seed) and (directory := self.directory(name, model, seed)).is_dir()}
        base, data = Path(self.fetch("model", self.a.model)), Path(self.fetch("data", name))
        config = json.loads((base / "config.json").read_text(encoding="utf-8"))
        # Not by Family, which refuses what tune cannot train: frozen rows need no training.
        layers = config.get("num_hidden_layers") or config["n_layers"]  # DistilBERT's name
        wanted = [p for model in rows if not needs_training(model) or model in there
                  for p in plans(model, dataset, layers)
                  if self.a.plans is None or {p.name, p.name.split()[0]} & set(self.a.plans)]
        search = self.a.search_minutes or dataset.search
        folder = self._directory(name, "plans", seed, self.recipe(name, "frozen"), f"{dataset.judged or 'all'}")
        taper = Taper(self.a.taper, self.a.work_prefix, self.a.timing_prefix)
        measuring = Measuring(taper, folder, base, data, dataset, key, self.results, search,
                              lambda model: self.recipe(name, model))
        if "judge" in self.a.stages:
            measuring.judge(there, wanted)
        if "race" in self.a.stages:
            measuring.race(there, wanted)


def main(arguments: list[str] | None = None) -> None:
    names = lambda known: lambda text: [known_name(name, known) for name in text.split(",")]
    parser = argparse.ArgumentParser(prog="reproduce", description=__doc__.splitlines()[0])
    cache = Path(os.environ.get("TAPER_CACHE", "cache"))
    parser.add_argument("-o", "--output", type=Path, default=cache / "tune/results")
    parser.add_argument("--document", type=Path, help="document to write the tables into (default: OUTPUT/results.md)")
    parser.add_argument("--stages", type=names(STAGES), default=list(STAGES), help="(default: all)")
    parser.add_argument("--model", default="minilm", help="a name of tools/fetch-model, or a directory")
    parser.add_argument("--from", dest="origin", metavar="FOLDER",
                        help="folder of the data sets that no package holds (tools/fetch-data)")
    parser.add_argument("--datasets", type=lambda text: text.split(","),
                        help="names, or folders (default: those that packages hold; with --from all)")
    parser.add_argument("--rows", type=names(MODELS), help="models (default: the document's)")
    parser.add_argument("--plans", type=lambda text: text.split(","),
                        help="plan names or their first words: dense,acc 3x (default: all)")
    parser.add_argument("--seeds", type=lambda text: [int(seed) for seed in text.split(",")], default=[1, 2, 3])
    parser.add_argument("--limit", type=int, help="labelled texts to train and fit on (default: the data set's)")
    parser.add_argument("--test-limit", type=int,
                        help="test texts to judge on, and validation texts to choose by (default: the data set's)")
    parser.add_argument("--max-length", type=int, help="tokens (default: the data set's)")
    parser.add_argument("--time-box", type=float, help="minutes per training; run again to continue")
    parser.add_argument("--minutes", type=float, help="start no training after this long")
    parser.add_argument("--search-minutes", type=float, help="longest search of a plan (default: the data set's)")
    parser.add_argument("--epochs", type=float, default=3,
                        help="of the dense model; the others set their own (default %(default)s)")
    parser.add_argument("--products", choices=("f32", "bf16"), default="f32", help="of training")
    parser.add_argument("--threads", type=int, help="of training; plans use one")
    parser.add_argument("--taper", default="taper", help="the program (default: on the PATH)")
    parser.add_argument("--work-prefix", default="", help="prefix of taper commands, such as: taskset -c 0")
    parser.add_argument("--timing-prefix", default="", help="prefix of the timed ones")
    parser.add_argument("--list", action="store_true", help="list data sets, models and plans")
    arguments = parser.parse_args(arguments)
    if arguments.list:
        return show_rows(arguments.model)
    arguments.output.mkdir(parents=True, exist_ok=True)
    if arguments.datasets is None:
        arguments.datasets = [name for name, of in DATASETS.items() if arguments.origin or not of.is_local]
    matrix = Matrix(arguments)
    for seed in arguments.seeds:
        for dataset in arguments.datasets:
            if "train" in arguments.stages:
                for model in matrix.rows(dataset):
                    matrix.train(dataset, model, seed)
            if {"judge", "race"} & set(arguments.stages):
                matrix.measure(dataset, seed)
    if "document" in arguments.stages:
        write_document(matrix.results.records(), arguments.document or arguments.output / "results.md")


def show_rows(base: str) -> None:
    for name, of in DATASETS.items():
        source = "--from" if of.is_local else "by package"
        print(f"{name:20} {source}, at most {of.tokens} tokens, {of.limit or 'all'} labelled texts, {of.metric.words}")
    for model, (before, verb, options) in MODELS.items():
        made = f"tune {verb}" if verb else "taper fit-head"
        print(f"{model:20} {made} {' '.join([before or base, *options])}")
        for planned in plans(model, DATASETS["r8"]):
            made = f"taper plan {' '.join(planned.options)}{' --refit-head' if planned.refits else ''}"
            print(f"{'':20} {'scikit-learn: tf-idf, logistic regression' if planned.name == TFIDF else made}")


def known_name(name: str, known) -> str:
    if name not in known:
        raise argparse.ArgumentTypeError(f"expected one of {', '.join(known)}; found {name}")
    return name


if __name__ == "__main__":
    main()
