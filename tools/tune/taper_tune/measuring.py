"""Makes and measures plans with taper: fit a head, calibrate, plan, answer the test texts, race against the dense plan.
"""
from __future__ import annotations

import json
import os
import shlex
import shutil
import subprocess
import sys
import time
from pathlib import Path

from .evaluation import accuracy, packed
from .files import write_atomically
from .rows import Planned
from .texts import read_rows, sampled_lines

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

    def device(self, path: Path, model: Path) -> dict:
        """Profiles this machine on first use; returns CPU, cores and tier."""
        if not path.exists():
            self("profile", "--model", model, "--threads", 1, "--budget", 35, "-o", path, timed=True)
        fingerprint = json.loads(path.read_text())["fingerprint"]
        return {"cpu": fingerprint["cpu"], "cores": os.cpu_count(), "tier": fingerprint["tier"]}


class Measuring:
    """The plans of one data set and seed. `folder` holds intermediate files; `recipe(model)` distinguishes models of
    one name."""

    def __init__(self, taper: Taper, folder: Path, base: Path, data: Path, key: dict, results, search: float, recipe):
        self.taper, self.folder, self.base, self.key, self.results, self.recipe = taper, folder, base, key, results, recipe
        self.search = search  # minutes a plan
        folder.mkdir(parents=True, exist_ok=True)
        # Training and fitting use the same labelled texts, all plans answer the same test texts.
        self.texts = self._sample("train", data / "train.jsonl", key["limit"], key["seed"])
        self.test = self._sample("test", data / "test.jsonl", key["judged"], 1)
        self.device = folder.parent / "device.json"

    def _sample(self, name: str, path: Path, limit: int | None, seed: int) -> Path:
        target = self.folder / f"{name}.jsonl"
        if not target.exists():
            lines = sampled_lines(path, limit, seed)
            write_atomically(target, lambda temporary: temporary.write_text("".join(lines), encoding="utf-8"))
        return target

    def _of(self, planned: Planned) -> dict:
        return {**self.key, "recipe": self.recipe(planned.model)}

    def judge(self, directories: dict[str, Path], wanted: list[Planned]) -> None:
        """Makes the plans whose accuracy `results` lacks, and runs them on the test texts."""
        for planned in self._missing("accuracy", directories, wanted):
            self._judge(planned)

    def race(self, directories: dict[str, Path], wanted: list[Planned]) -> None:
        """Races the judged plans whose times `results` lacks, and removes all but the dense one: each takes about 90
        MB."""
        found = lambda p: self.results.find("accuracy", self._of(p), p.model, p.name)
        missing = self._missing("race", directories, [p for p in wanted if (found(p) or {}).get("feasible")])
        dense = Planned("frozen", "dense", ("--dense",), calibrated=False)
        others = [p for p in missing if p != dense]
        for start in range(0, len(others), TOGETHER):
            self._race(dense, others[start:start + TOGETHER])

    def _missing(self, kind: str, directories: dict[str, Path], wanted: list[Planned]) -> list[Planned]:
        missing = [p for p in wanted if not self.results.has(kind, self._of(p), p.model, p.name)]
        if missing:
            self.directories = {"frozen": self._frozen(), **directories}
            self.machine = self.taper.device(self.device, self.directories["frozen"])
        return missing

    def _frozen(self) -> Path:
        return self._made("frozen", "fit-head", self.base)

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
        if planned.calibrated:
            options += ["--calibration", self._calibration(planned.model)]
        if planned.refits:
            options += ["--refit-head", self.texts]
        if planned.searches:
            options += ["--search-cache", self.folder / "search.jsonl", "--search-minutes", self.search]
        status, _ = self.taper("plan", self.directories[planned.model], "--device", self.device, "--threads", 1, "--max-length",
                               self.key["tokens"], *options, "-o", path, allowed=(INFEASIBLE,))
        return None if status == INFEASIBLE else path

    def _judge(self, planned: Planned) -> None:
        print(f"==> {self.key['dataset']} seed {self.key['seed']}: {planned.model}, {planned.name}", file=sys.stderr)
        begun = time.monotonic()
        path = self._plan(planned)
        record = {"feasible": path is not None, "plan_seconds": round(time.monotonic() - begun, 1)}
        if planned.searches:
            record["search_minutes"] = self.search
        if path:
            begun = time.monotonic()
            # A search may choose a plan that does not halt.
            explained = json.loads(self.taper("explain", path, "--json")[1])
            record |= self._answered(path)
            if explained["halting"]:
                record |= self._audited(path, record)
            record["judge_seconds"] = round(time.monotonic() - begun, 1)
            record |= {"method": explained["method"], "keep_counts": explained["lengths"][-1]["keep_counts"]}
        self.results.add("accuracy", self._of(planned), planned.model, planned.name, {**record, "machine": self.machine})

    def _answered(self, path: Path) -> dict:
        answers = self.taper("run", path, "--input", self.test, "--top-k", 1, "--threads", 1)[1].splitlines()
        found = [json.loads(answer)["label"] for answer in answers]
        labels = [label for _, _, label in read_rows(self.test)]
        if len(found) != len(labels):
            raise SystemExit(f"error: {path}: expected {len(labels)} answers, found {len(found)}")
        right = [a == b for a, b in zip(labels, found)]
        return {**accuracy(sum(right), len(right)), "right": packed(right)}

    def _audited(self, path: Path, answered: dict) -> dict:
        """For a plan that halts: after which layers texts ended, and how many labels differ from full-depth runs."""
        report = json.loads(self.taper("audit", path, "--data", self.test, "--threads", 1, "--runs", 1, "--lengths", 16,
                                       "--json", allowed=(FINDINGS, NOISY))[1])
        found, halting = report["accuracy"], report["halting"]
        if round(found["planned"] * found["count"]) != round(answered["accuracy"] * answered["count"]):
            raise SystemExit(f"error: {path}: run has {answered['accuracy']} right, audit {found['planned']}")
        return {"mean_depth": halting["measured"]["mean_depth"], "histogram": halting["measured"]["histogram"],
                "changed_labels": halting["changed_labels"]}

    def _race(self, dense: Planned, planned: list[Planned]) -> None:
        paths = [self._plan(p) for p in (dense, *planned)]
        race = json.loads(self.taper("race", *paths, "--data", self.test, "--limit", RACED, "--rounds", ROUNDS, "--threads", 1,
                                     "--json", timed=True, allowed=(NOISY,))[1])
        tokens, first = race["tokens"], race["plans"][0]
        longest = [place for place, count in enumerate(tokens) if count == self.key["tokens"]]
        for p, runner in zip((dense, *planned), race["plans"]):
            speedup = lambda figure, places: (sum(first[figure][i] for i in places)
                                              / sum(runner[figure][i] for i in places)) if places else None
            everywhere = range(len(tokens))
            self.results.add("race", self._of(p), p.model, p.name, {
                "texts": len(tokens), "rounds": race["rounds"], "mean_ns": runner["time"]["mean_ns"],
                "p99_ns": runner["time"]["p99_ns"], "dense_ns": first["time"]["mean_ns"],
                "measured": speedup("times_ns", everywhere), "predicted": speedup("predicted_ns", everywhere),
                "measured_longest": speedup("times_ns", longest), "longest_texts": len(longest),
                "work": first["work_flops"] / runner["work_flops"], "mean_depth": runner["mean_depth"],
                "machine": self.machine})
        for path in paths[1:]:
            path.unlink()

