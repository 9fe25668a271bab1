"""Makes and measures plans with taper: fit a head, calibrate, plan, answer the validation and test texts, race against
the dense plan. The baseline that is no plan, TFIDF, is fitted and timed by scikit-learn.
"""
from __future__ import annotations

import json
import os
import re
import shlex
import shutil
import subprocess
import sys
import time
from functools import cached_property
from pathlib import Path
from statistics import fmean, quantiles

from .files import sha256, write_atomically
from .metrics import Answers, Metric
from .rows import TFIDF, Dataset, Planned
from .texts import Split, read_rows, sampled_lines, text_lines

#: Plans raced together against the dense one, texts of a race, and rounds: a race takes about 20 seconds.
TOGETHER, RACED, ROUNDS = 5, 200, 3
#: Texts to calibrate on.
CALIBRATED = 512
#: taper's exit codes: infeasible target, audit out of tolerance, too noisy to judge.
INFEASIBLE, FINDINGS, NOISY = 2, 1, 69


class Taper:
    """The taper program. `work` and `timing` are command prefixes, for commands that compute and for those that are
    timed."""

    def __init__(self, program: str, work: str = "", timing: str = ""):
        self.program = shutil.which(program)
        if self.program is None:
            raise SystemExit(f"error: {program}: not found; name the program with --taper")
        self.work, self.timing = shlex.split(work), shlex.split(timing)

    def __call__(self, verb: str, *arguments, timed: bool = False, allowed: tuple[int, ...] = ()) -> tuple[int, str]:
        """Exit status and standard output. A status other than 0 and `allowed` ends the program."""
        prefix = [] if verb == "explain" else self.timing if timed else self.work
        command = [*prefix, self.program, verb, *map(str, arguments)]
        # environment.sh sets malloc variables for training; taper is measured without them.
        environment = {name: value for name, value in os.environ.items() if not name.startswith("MALLOC_")}
        done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=environment)
        if done.returncode not in (0, *allowed):
            raise SystemExit(f"error: {shlex.join(command)} ended with {done.returncode}: {done.stderr[-2000:]}")
        return done.returncode, done.stdout

    @cached_property
    def methods(self) -> set[str]:
        """What --method of this taper's `plan` takes."""
        text = self("plan", "--help")[1]
        listed = re.search(r"--method <method>.*?\(values:([^;)]*)", text, re.DOTALL)
        if listed is None:
            raise SystemExit(f"error: {self.program} plan --help: expected the values of --method; found {text[:200]}")
        return {value.strip() for value in listed[1].split(",")}

    def device(self, path: Path, model: Path) -> dict:
        """Profiles this machine on first use; returns CPU, cores and tier."""
        if not path.exists():
            self("profile", "--model", model, "--threads", 1, "--budget", 35, "-o", path, timed=True)
        fingerprint = json.loads(path.read_text())["fingerprint"]
        return {"cpu": fingerprint["cpu"], "cores": os.cpu_count(), "tier": fingerprint["tier"]}


class Measuring:
    """The plans of one data set and seed. `folder` holds intermediate files; `recipe(model)` distinguishes models of
    one name."""

    def __init__(self, taper: Taper, folder: Path, base: Path, data: Path, dataset: Dataset, key: dict, results,
                 search: float, recipe):
        self.taper, self.folder, self.base, self.key, self.results, self.recipe = taper, folder, base, key, results, recipe
        self.data, self.dataset, self.metric = data, dataset, dataset.metric
        self.search = search  # minutes a plan
        folder.mkdir(parents=True, exist_ok=True)
        # Training and fitting use the same labelled texts, all plans answer the same validation and test texts.
        split, seed = Split(data, dataset.limit), key["seed"]
        self.texts = self._kept("train", lambda: split.training_lines(seed))
        self.validation = self._kept("validation", lambda: split.validation_lines(seed, dataset.judged))
        self.test = self._kept("test", lambda: sampled_lines(data / "test.jsonl", dataset.judged, 1))
        self.raced = self._kept("raced", lambda: sampled_lines(self.test, RACED, 1))
        self.device = folder.parent / "device.json"

    def _kept(self, name: str, lines) -> Path:
        target = self.folder / f"{name}.jsonl"
        if not target.exists():
            text = "".join(lines())
            write_atomically(target, lambda temporary: temporary.write_text(text, encoding="utf-8"))
        return target

    @cached_property
    def sources(self) -> dict:
        """Of each file of the data set: rows, how many of them are used, SHA-256."""
        used = {"train": self.texts, "validation": self.validation, "test": self.test}
        return {name: {"rows": len(text_lines(path)), "used": len(text_lines(used[name])), "sha256": sha256(path)}
                for name in used if (path := self.data / f"{name}.jsonl").exists()}

    def _of(self, planned: Planned) -> dict:
        return {**self.key, "recipe": self.recipe(planned.model)}

    def judge(self, directories: dict[str, Path], wanted: list[Planned]) -> None:
        """Makes the plans whose accuracy `results` lacks, and runs them on the test texts."""
        for planned in self._missing("accuracy", directories, wanted):
            print(f"==> {self.key['dataset']} seed {self.key['seed']}: {planned.label}", file=sys.stderr)
            (self._judge_words if planned.name == TFIDF else self._judge)(planned)

    def race(self, directories: dict[str, Path], wanted: list[Planned]) -> None:
        """Races the judged plans whose times `results` lacks, and removes all but the dense one: each takes about 90
        MB."""
        found = lambda p: self.results.find("accuracy", self._of(p), p.model, p.name)
        missing = self._missing("race", directories, [p for p in wanted if (found(p) or {}).get("feasible")])
        dense = Planned("frozen", "dense", ("--dense",), calibrated=False)
        others = [p for p in missing if p != dense and p.name != TFIDF]
        for start in range(0, len(others), TOGETHER):
            self._race(dense, others[start:start + TOGETHER])
        if missing and not others and not self.results.has("race", self._of(dense), dense.model, dense.name):
            self._race(dense, [])
        for planned in missing:
            if planned.name == TFIDF:
                self._time_words(planned, dense)

    def _missing(self, kind: str, directories: dict[str, Path], wanted: list[Planned]) -> list[Planned]:
        missing = [p for p in wanted if not self.results.has(kind, self._of(p), p.model, p.name)]
        unknown = [p for p in missing if p.method and p.method not in self.taper.methods]
        if unknown:
            print(f"left out, as this taper has no --method {', '.join(sorted({p.method for p in unknown}))}: "
                  f"{'; '.join(p.label for p in unknown)}", file=sys.stderr)
        missing = [p for p in missing if p not in unknown]
        if missing:
            frozen = self._made("frozen", "fit-head", self.base, *self.metric.options)
            self.directories = {"baselines": frozen, "frozen": frozen, **directories}
            self.machine = self.taper.device(self.device, frozen)
        return missing

    def _calibration(self, model: str) -> Path:
        return self._made(f"{model}-{self.recipe(model)}.calibration", "calibrate", self.directories[model], "--limit", CALIBRATED)

    def _made(self, name: str, verb: str, model: Path, *options) -> Path:
        """A directory that a taper command makes from the labelled texts; it exists complete or not at all."""
        directory = self.folder / name
        if not directory.exists():
            temporary = self.folder / f"{name}.unfinished"
            shutil.rmtree(temporary, ignore_errors=True)
            self.taper(verb, model, "--data", self.texts, "--max-length", self.key["tokens"], "--threads", 1, "--seed",
                       self.key["seed"], *options, "-o", temporary)
            os.rename(temporary, directory)
        return directory

    def _plan(self, planned: Planned) -> Path | None:
        """The plan's path; None if its target is infeasible."""
        path = self.folder / f"{planned.model}-{self.recipe(planned.model)}-{planned.name.replace(' ', '-')}.plan"
        if path.exists():
            return path
        options = [*planned.options]
        if planned.calibrated or planned.refits:  # there are labelled texts to measure on
            options += self.metric.options
        if planned.calibrated:
            # What dropping tokens from texts longer than the calibration's does is measured on the test texts.
            options += ["--calibration", self._calibration(planned.model), "--beyond-calibration"]
        if planned.refits:
            options += ["--refit-head", self.texts]
        if planned.searches:
            options += ["--search-cache", self.folder / "search.jsonl", "--search-minutes", self.search]
        status, _ = self.taper("plan", self.directories[planned.model], "--device", self.device, "--threads", 1, "--max-length",
                               self.key["tokens"], *options, "-o", path, allowed=(INFEASIBLE,))
        return None if status == INFEASIBLE else path

    def _judge(self, planned: Planned) -> None:
        begun = time.monotonic()
        path = self._plan(planned)
        record = {"feasible": path is not None, "plan_seconds": round(time.monotonic() - begun, 1)}
        if planned.searches:
            record["search_minutes"] = self.search
        if path:
            begun = time.monotonic()
            # A search may choose a plan that does not halt.
            explained = json.loads(self.taper("explain", path, "--json")[1])
            record |= self._answered(lambda texts: self._run(path, texts))
            if explained["halting"]:
                record |= self._audited(path, record)
            record["judge_seconds"] = round(time.monotonic() - begun, 1)
            record |= {"method": explained["method"], "keep_counts": explained["lengths"][-1]["keep_counts"]}
        self._add("accuracy", planned, record)

    def _judge_words(self, planned: Planned) -> None:
        begun = time.monotonic()
        words = self.words
        record = {"feasible": True, "plan_seconds": round(time.monotonic() - begun, 1), "strength": words.strength,
                  **self._answered(lambda texts: words.answers(read_rows(texts)))}
        self._add("accuracy", planned, {**record, "judge_seconds": 0, "method": TFIDF})

    @cached_property
    def words(self):
        """The model of TFIDF."""
        from .tfidf import WordModel  # scikit-learn takes seconds to import
        return WordModel.fit(read_rows(self.texts), self.metric, self.key["seed"])

    def _add(self, kind: str, planned: Planned, record: dict) -> None:
        self.results.add(kind, self._of(planned), planned.model, planned.name, {**record, "machine": self.machine})

    def _answered(self, answer) -> dict:
        """What `answer(texts)`, the labels given to a file's texts, is worth on the validation and test texts."""
        def judged(texts: Path) -> Answers:
            right, given = [label for _, _, label in read_rows(texts)], answer(texts)
            if len(given) != len(right):
                raise SystemExit(f"error: {texts}: expected {len(right)} answers, found {len(given)}")
            return Answers.of(right, given)
        test = judged(self.test)
        return {**self.metric.report(test), "answers": test.packed(), "sources": self.sources,
                "validation": self.metric.report(judged(self.validation))}

    def _run(self, path: Path, texts: Path) -> list[str]:
        lines = self.taper("run", path, "--input", texts, "--top-k", 1, "--threads", 1)[1].splitlines()
        return [json.loads(line)["label"] for line in lines]

    def _audited(self, path: Path, answered: dict) -> dict:
        """For a plan that halts: after which layers texts ended, and how many labels differ from full-depth runs."""
        report = json.loads(self.taper("audit", path, "--data", self.test, "--threads", 1, "--runs", 1, "--lengths", 16,
                                       *self.metric.options, "--json", allowed=(FINDINGS, NOISY))[1])
        found, halting = report["accuracy"], report["halting"]
        if abs(found["planned"] - answered["value"]) > 1e-5:
            raise SystemExit(f"error: {path}: {self.metric.words}: {answered['value']} by run, "
                             f"{found['planned']} by audit")
        return {"mean_depth": halting["measured"]["mean_depth"], "histogram": halting["measured"]["histogram"],
                "changed_labels": halting["changed_labels"]}

    def _race(self, dense: Planned, planned: list[Planned]) -> None:
        paths = [self._plan(p) for p in (dense, *planned)]
        race = json.loads(self.taper("race", *paths, "--data", self.raced, "--rounds", ROUNDS, "--threads", 1, "--json",
                                     timed=True, allowed=(NOISY,))[1])
        tokens, first = race["tokens"], race["plans"][0]
        longest = [place for place, count in enumerate(tokens) if count == self.key["tokens"]]
        for p, runner in zip((dense, *planned), race["plans"]):
            speedup = lambda figure, places: (sum(first[figure][i] for i in places)
                                              / sum(runner[figure][i] for i in places)) if places else None
            everywhere = range(len(tokens))
            self._add("race", p, {
                "texts": len(tokens), "rounds": race["rounds"], "mean_ns": runner["time"]["mean_ns"],
                "p99_ns": runner["time"]["p99_ns"], "dense_ns": first["time"]["mean_ns"],
                "measured": speedup("times_ns", everywhere), "predicted": speedup("predicted_ns", everywhere),
                "measured_longest": speedup("times_ns", longest), "longest_texts": len(longest),
                # Without layers there is no work by the published form.
                "work": first["work_flops"] / runner["work_flops"] if runner["work_flops"] else None,
                "mean_depth": runner["mean_depth"]})
        for path in paths[1:]:
            path.unlink()

    def _time_words(self, planned: Planned, dense: Planned) -> None:
        """Measured alone, in Python: no plan takes turns with it."""
        words, rows = self.words, read_rows(self.raced)
        times = words.times(rows, ROUNDS)
        theirs = self.results.find("race", self._of(dense), dense.model, dense.name)["mean_ns"]
        self._add("race", planned, {
            "texts": len(rows), "rounds": ROUNDS, "mean_ns": round(fmean(times)),
            "p99_ns": round(quantiles(times, n=100)[-1]), "dense_ns": theirs, "measured": theirs / fmean(times),
            "predicted": None, "measured_longest": None, "longest_texts": 0, "work": None, "mean_depth": None,
            "alone": True})

