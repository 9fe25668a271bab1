"""docs/results.md: the tables between its two marks, from results.jsonl; what stands around them is written by hand."""
from __future__ import annotations

import math
from dataclasses import dataclass, field
from pathlib import Path

from .evaluation import wilson
from .files import write_atomically
from .rows import DATASETS, MODELS, Dataset, plans

BEGIN, END = "<!-- tables by tools/tune/reproduce -->", "<!-- end of tables -->"
#: A row may be this much slower than the one it is held against and still count as equally fast.
SLACK = 0.97
#: Data set → (speedup wanted, points that may be lost).
GOALS = {"20newsgroups": (4.8, 0.75), "r8": (10.0, 0.75)}
COLUMNS = ("model", "plan", "accuracy", "95% interval", "seeds (least to most)", "work", "predicted", "measured",
           "measured, longest", "layers", "labels changed", "wall time a seed")


@dataclass
class Row:
    """A plan of a model over its seeds."""
    model: str
    plan: str
    judged: dict[int, dict] = field(default_factory=dict)
    raced: dict[int, dict] = field(default_factory=dict)
    trained: dict[int, dict] = field(default_factory=dict)

    @property
    def feasible(self) -> dict[int, dict]:
        return {seed: r for seed, r in self.judged.items() if r["feasible"]}

    @property
    def accuracy(self) -> float:
        return mean(r["accuracy"] for r in self.feasible.values())

    @property
    def count(self) -> int:
        return next(iter(self.feasible.values()))["count"]

    def raced_mean(self, figure: str) -> float | None:
        found = [r[figure] for r in self.raced.values() if r[figure] is not None]
        return mean(found) if found else None

    @property
    def label(self) -> str:
        return f"{self.model}, {self.plan}"

    @property
    def is_free(self) -> bool:
        return self.model == "frozen"

    @property
    def is_cut_dense(self) -> bool:
        """Of the fine-tuned encoder: cut without further training of the encoder."""
        return self.model == "dense"

    @property
    def is_one_method(self) -> bool:
        """Trained for one way of saving, and planned with that one alone."""
        return not self.is_free and not self.model.startswith("dense") and "+" not in self.model + self.plan

    @property
    def precision(self) -> str:
        last = self.plan.split()[-1]
        return last if last in ("bf16", "int8") else "f32"

    @property
    def is_only_fewer_bits(self) -> bool:
        return self.plan in ("dense bf16", "dense int8") and self.model.startswith("dense")

    @property
    def halting_seeds(self) -> list[dict]:
        return [r for r in self.feasible.values() if "changed_labels" in r]


def mean(values) -> float:
    values = list(values)
    return sum(values) / len(values)


def tables(records: list[dict]) -> dict[tuple, list[Row]]:
    """(base, data set, tokens, limit, judged, epochs) → its rows, in the order of rows.py."""
    groups: dict[tuple, dict[tuple, Row]] = {}
    trainings: dict[tuple, dict] = {}
    for r in records:
        key = (r["base"], r["dataset"], r["tokens"], r["limit"], r["judged"], r["epochs"])
        if r["kind"] == "training":
            trainings[*key, r["model"], r["seed"]] = r["result"]
            continue
        row = groups.setdefault(key, {}).setdefault((r["model"], r["plan"]), Row(r["model"], r["plan"]))
        (row.judged if r["kind"] == "accuracy" else row.raced)[r["seed"]] = r["result"]
    for key, rows in groups.items():
        for row in rows.values():
            row.trained = {seed: trainings[*key, row.model, seed] for seed in row.judged
                           if (*key, row.model, seed) in trainings}
    order = lambda key: list(DATASETS).index(key[1]) if key[1] in DATASETS else len(DATASETS)
    return {key: [rows[place] for place in _order(key[1]) if place in rows and rows[place].judged]
            for key, rows in sorted(groups.items(), key=lambda item: (order(item[0]), str(item[0])))}


def _order(dataset: str) -> list[tuple[str, str]]:
    return [(p.model, p.name) for model in MODELS for p in plans(model, DATASETS.get(dataset, Dataset(128)))]


def section(key: tuple, rows: list[Row]) -> list[str]:
    base, dataset, tokens, limit, _, epochs = key
    feasible = [row for row in rows if row.feasible]
    if not feasible:
        return []
    lines = [f"## {dataset}, at most {tokens} tokens, {base}", "",
             f"Labelled texts: {limit or 'all'} a seed, the same for fitting heads, calibrating, searching and training "
             f"(`dense` {epochs:g} epoch{'' if epochs == 1 else 's'}, the others two more). Judged on {feasible[0].count} test texts. "
             + _dense_time(feasible), "",
             "| " + " | ".join(COLUMNS) + " |", "|" + "---|" * len(COLUMNS)]
    lines += ["| " + " | ".join(_cells(row)) + " |" for row in feasible]
    unreached = [f"{row.label}" for row in rows if not row.feasible]
    if unreached:
        lines += ["", f"Out of reach, said the planner: {'; '.join(unreached)}."]
    missing = sorted({row.label for row in feasible if len(row.feasible) < max(len(r.feasible) for r in feasible)})
    if missing:
        lines += ["", f"Fewer seeds than other rows: {'; '.join(missing)}."]
    return lines + [""] + _comparisons(feasible) + _goals(dataset, feasible)


def _dense_time(rows: list[Row]) -> str:
    times = [r["dense_ns"] for row in rows for r in row.raced.values()]
    return f"Dense plan: {min(times) / 1e6:.2f} to {max(times) / 1e6:.2f} ms a text over the races." if times else ""


def _cells(row: Row) -> list[str]:
    low, high = wilson(round(row.accuracy * row.count), row.count)
    found = [r["accuracy"] for r in row.feasible.values()]
    seeds = ", ".join(str(seed) for seed in sorted(row.feasible))
    spread = f" ({100 * min(found):.1f} to {100 * max(found):.1f})" if len(found) > 1 else ""
    times = lambda figure: "" if (value := row.raced_mean(figure)) is None else f"{value:.2f}x"
    changed = row.halting_seeds
    depth = row.raced_mean("mean_depth")
    depth = mean(r["mean_depth"] for r in changed) if changed else depth
    wall = mean(r["plan_seconds"] + r["judge_seconds"] for r in row.feasible.values())
    training = [r["seconds"] for r in row.trained.values()]
    cut = [f"{r['steps'][0]} of {r['steps'][1]} steps" for r in row.trained.values() if not r["finished"]]
    wall = f"{wall:.0f} s" + (f" + {mean(training):.0f} s training" if training else "") + "".join(f"; {c}" for c in cut)
    return [row.model, row.plan, f"{100 * row.accuracy:.1f}", f"{100 * low:.1f} to {100 * high:.1f}", seeds + spread,
            times("work"), times("predicted"), times("measured"), times("measured_longest"),
            "" if depth is None else f"{depth:.2f}",
            f"{sum(r['changed_labels'] for r in changed)} of {sum(r['count'] for r in changed)}" if changed else "", wall]


def _comparisons(rows: list[Row]) -> list[str]:
    """Each trained row beside the best equally fast rows that need no training beyond the one they start from."""
    lines = []
    for row in rows:
        speed = row.raced_mean("measured")
        if row.is_free or row.model.startswith("dense") or speed is None:
            continue
        fast = [r for r in rows if r is not row and (r.raced_mean("measured") or 0) >= SLACK * speed]
        like = [r for r in fast if r.precision == row.precision]
        said = [_beside(row, [r for r in like if r.is_free], "frozen"),
                _beside(row, [r for r in like if r.is_cut_dense], "fine-tuned, cut without training"),
                _beside(row, [r for r in like if r.model.startswith("depth") and r.is_one_method], "fine-tuned at the cut"),
                _beside(row, [r for r in like if r.is_one_method and (r.model != row.model or not row.is_one_method)],
                        "trained for one other method"),
                _beside(row, [r for r in fast if r.is_only_fewer_bits], "of fewer bits alone")]
        lines.append(f"| {row.label} | {speed:.2f}x | {100 * row.accuracy:.1f} | " + " | ".join(said) + " |")
    if not lines:
        return []
    return ["Trained rows beside the best row of each kind that is at least as fast (measured, over the test texts' lengths) and of the same "
            "precision, last the dense plans of fewer bits; in points, with the 95% interval of a difference of two independent samples of that "
            "size:", "",
            "| row | measured | accuracy | against frozen | against fine-tuned, cut without training | against depth fine-tuned "
            "| against another method alone | against fewer bits alone |",
            "|---|---|---|---|---|---|---|---|", *lines, ""]


def _beside(row: Row, others: list[Row], what: str) -> str:
    if not others:
        return f"none {what} is as fast"
    best = max(others, key=lambda r: r.accuracy)
    gap = row.accuracy - best.accuracy
    spread = 1.96 * math.sqrt(sum(r.accuracy * (1 - r.accuracy) / r.count for r in (row, best)))
    verdict = "level" if abs(gap) <= spread else "ahead" if gap > 0 else "behind"
    return f"{verdict}, {100 * gap:+.1f} ± {100 * spread:.1f} ({best.label}: {100 * best.accuracy:.1f} at {best.raced_mean('measured'):.2f}x)"


def _goals(dataset: str, rows: list[Row]) -> list[str]:
    if dataset not in GOALS:
        return []
    wanted, allowed = GOALS[dataset]
    dense = [r for r in rows if r.plan == "dense" and r.model in ("frozen", "dense", "dense-long")]
    fast = [r for r in rows if (r.raced_mean("measured") or 0) >= wanted]
    if not dense or not fast:
        return [f"Goal ({wanted:g}x measured at no more than {allowed} points lost): no row is as fast.", ""]
    lines = []
    for start in dense:
        for precisions in (("f32",), ("f32", "bf16", "int8")):
            said = f"- from {start.label} ({100 * start.accuracy:.1f}), {'in f32' if len(precisions) == 1 else 'any precision'}: "
            like = [r for r in fast if r.is_free == start.is_free and r.precision in precisions]
            if not like:
                lines.append(said + "no row is as fast.")
                continue
            best = max(like, key=lambda r: r.accuracy)
            lost = 100 * (start.accuracy - best.accuracy)
            lines.append(said + f"{best.label}, {best.raced_mean('measured'):.2f}x, {100 * best.accuracy:.1f}: {lost:.1f} points lost, "
                                f"{'reached' if lost <= allowed else 'not reached'}.")
    return [f"Goal, {wanted:g}x measured (over the dense plan in f32) at no more than {allowed} points lost; the best of the rows that are "
            "as fast:", "", *lines, ""]


def _halting(groups: dict[tuple, list[Row]]) -> list[str]:
    found = [("authors" if row.plan.endswith("authors") else "tight", r) for rows in groups.values() for row in rows for r in row.halting_seeds]
    if not found:
        return []
    said = [f"{rule}: {sum(r['changed_labels'] for kind, r in found if kind == rule)} labels changed in "
            f"{sum(r['count'] for kind, r in found if kind == rule)} runs" for rule in sorted({rule for rule, _ in found})]
    return ["## Halting and labels", "", "Labels that halting changed, against running every layer, over all texts judged: "
            + "; ".join(said) + ".", ""]


def machines(records: list[dict]) -> str:
    found = {(m["cpu"], m["cores"], m["tier"]) for r in records if (m := r["result"].get("machine"))}
    return "; ".join(f"{cpu}, {cores} cores, tier {tier}" for cpu, cores, tier in sorted(found))


def text(records: list[dict]) -> str:
    groups = tables(records)
    lines = [f"Measured on {machines(records)}, plans of one thread.", ""] if groups else []
    for key, rows in groups.items():
        lines += section(key, rows)
    lines += _halting(groups)
    return "\n".join(lines)


def write_document(records: list[dict], path: Path) -> None:
    """Writes what is between the marks; a document that is not there yet consists of it."""
    before, after = "# Results\n\n", "\n"
    if path.exists():
        whole = path.read_text(encoding="utf-8")
        if whole.count(BEGIN) != 1 or whole.count(END) != 1:
            raise SystemExit(f"error: {path}: expected the marks {BEGIN} and {END}, once each")
        before, after = whole[:whole.index(BEGIN)], whole[whole.index(END) + len(END):]
    whole = f"{before}{BEGIN}\n\n{text(records)}\n{END}{after}"
    write_atomically(path, lambda temporary: temporary.write_text(whole, encoding="utf-8"))
