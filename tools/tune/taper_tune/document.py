"""Writes the tables of docs/results-tables.md, between its two marks, from results.jsonl; the text around them is
written by hand."""
from __future__ import annotations

import textwrap
from pathlib import Path
from statistics import fmean

from .files import write_atomically
from .metrics import Metric
from .rows import MODELS
from .table import Mix, Row, difference, tables

BEGIN, END = "<!-- tables by tools/tune/reproduce -->", "<!-- end of tables -->"
#: Data set → (target speedup, percentage points that may be lost).
GOALS = {"20newsgroups": (4.8, 0.75), "r8": (10.0, 0.75)}
#: The first columns of a data set's table of rows, before the metric's.
FIRST = ["model", "plan"]


def columns(metric: Metric) -> list[str]:
    beside = [] if metric.name == "accuracy" else ["accuracy"]
    return [*FIRST, metric.words, "95% interval", *beside, "validation", "seeds (least to most)", "work", "predicted",
            "measured", "ms a text", "measured, longest", "layers", "labels changed", "wall time a seed"]


def heading(key: tuple) -> str:
    base, dataset, tokens, *_ = key
    return f"## {dataset}, at most {tokens} tokens, {base}"


def section(key: tuple, rows: list[Row]) -> list[str]:
    _, dataset, _, limit, _, epochs, products = key
    feasible = [row for row in rows if row.feasible]
    if not feasible:
        return []
    metric, head = feasible[0].metric, columns(feasible[0].metric)
    lines = [heading(key), "", f"Measured on {machines(feasible)}, plans of one thread.",
             f"Judged by {metric.words} on {feasible[0].count} test texts, once. {_dense_time(feasible)}".rstrip(),
             _texts(feasible),
             f"Labelled texts: {limit or 'all'} a seed, the same for fitting heads, calibrating, searching and "
             f"training (`dense` {epochs:g} epoch{'' if epochs == 1 else 's'},", f"the others two more, products in {products}).", "",
             "| " + " | ".join(head) + " |", "|" + "---|" * len(head)]
    lines += ["| " + " | ".join(_cells(row)) + " |" for row in feasible]
    unreached = [f"{row.label}" for row in rows if not row.feasible]
    if unreached:
        lines += ["", f"Infeasible, by the planner: {'; '.join(unreached)}."]
    missing = sorted({row.label for row in feasible if len(row.feasible) < max(len(r.feasible) for r in feasible)})
    if missing:
        lines += ["", f"Fewer seeds than other rows: {'; '.join(missing)}."]
    return (lines + [""] + _alone(feasible) + _baselines(feasible) + _comparisons(feasible) + _goals(dataset, feasible)
            + _halting(feasible))


def _texts(rows: list[Row]) -> str:
    """Files, and what choices were made by."""
    sources = next(iter(rows[0].feasible.values()))["sources"]
    files = ", ".join(f"{name} {of['used']} of {of['rows']} (SHA-256 {of['sha256'][:12]})"
                      for name, of in sources.items())
    chosen = "" if "validation" in sources else "\nValidation: training texts that the seed was not given."
    return textwrap.fill(f"Texts used: {files}.", 120, break_on_hyphens=False) + chosen


def _alone(rows: list[Row]) -> list[str]:
    found = [row.label for row in rows if row.is_timed_alone]
    return [f"~: {'; '.join(found)} was timed alone, in Python (scikit-learn), and set against the dense plan's time "
            "in a race.", ""] if found else []


def _baselines(rows: list[Row]) -> list[str]:
    """Each baseline and the fastest other row that is as good by the validation texts."""
    lines = []
    for row in rows:
        others = [r for r in rows if not r.is_baseline and r.time and r.validation >= row.validation]
        if not row.is_baseline or row.time is None:
            continue
        said = "no row is"
        if others:
            fastest = min(others, key=lambda r: r.time)
            gap, spread = difference(fastest, Mix([(1.0, row)]))
            times = row.time / fastest.time
            pace = f"{times:.2f}x as fast" if times >= 1 else f"takes {1 / times:.1f}x as long"
            said = f"{fastest.label}: {100 * gap:+.1f} ± {100 * spread:.1f}, {pace}"
        lines.append(f"- {row.label} ({100 * row.value:.1f}): {said}")
    return ["What answers without the encoder's layers, and the fastest row that is as good by validation texts:", "",
            *lines, ""] if lines else []


def _dense_time(rows: list[Row]) -> str:
    times = [r["dense_ns"] for row in rows for r in row.raced.values()]
    return f"Dense plan: {min(times) / 1e6:.2f} to {max(times) / 1e6:.2f} ms a text over the races." if times else ""


def _cells(row: Row) -> list[str]:
    low, high = row.interval
    found = [r["value"] for r in row.feasible.values()]
    alone = "~" if row.is_timed_alone else ""
    beside = [] if row.metric.name == "accuracy" else [f"{100 * row.accuracy:.1f}"]
    mean_ns = row.raced_mean("mean_ns")
    seeds = ", ".join(str(seed) for seed in sorted(row.feasible))
    spread = f" ({100 * min(found):.1f} to {100 * max(found):.1f})" if len(found) > 1 else ""
    times = lambda figure: "" if (value := row.raced_mean(figure)) is None else f"{alone}{value:.2f}x"
    changed = row.halting_seeds
    depth = row.depth
    wall = fmean(r["plan_seconds"] + r["judge_seconds"] for r in row.feasible.values())
    training = [sum(r["seconds"] for r in chain) for chain in row.trained.values()]
    wall = f"{wall:.0f} s" + (f" + {fmean(training):.0f} s training" if training else "")
    return [row.model, row.plan, f"{100 * row.value:.1f}", f"{100 * low:.1f} to {100 * high:.1f}", *beside,
            f"{100 * row.validation:.1f}", seeds + spread, times("work"), times("predicted"), times("measured"),
            "" if mean_ns is None else alone + _three_digits(mean_ns / 1e6), times("measured_longest"),
            "" if depth is None else f"{depth:.2f}",
            f"{sum(r['changed_labels'] for r in changed)} of {sum(r['count'] for r in changed)}" if changed else "", wall]


def _three_digits(value: float) -> str:
    return f"{value:.0f}" if value >= 100 else f"{value:#.3g}"


def _comparisons(rows: list[Row]) -> list[str]:
    """Each trained row compared with the best rows that are as fast, a kind of row at a time."""
    lines = []
    for row in rows:
        if row.is_free or row.is_baseline or row.model.startswith("dense") or row.time is None:
            continue
        others = [r for r in rows if r is not row and r.time]
        like = [r for r in others if r.precision == row.precision]
        alone = [r for r in like if r.is_one_method and not (row.is_one_method and r.method == row.method)]
        said = [_against(row, [r for r in like if r.is_free], "frozen"),
                _against(row, [r for r in like if r.is_cut_dense], "fine-tuned, cut without training"),
                _against(row, [r for r in like if r.model.startswith("depth") and r.is_one_method],
                         "fine-tuned at the cut"),
                _against(row, alone, "trained for one other method"),
                _against(row, [r for r in others if r.is_only_fewer_bits], "of fewer bits alone")]
        lines.append(f"| {row.label} | {1 / row.time:.2f}x | {100 * row.value:.1f} | " + " | ".join(said) + " |")
    if not lines:
        return []
    return ["Each trained row compared with the best of a kind in the same measured time and precision; the last "
            "column: with dense",
            "plans of fewer bits. The best, by validation texts, is a row at least as fast, or a mix: one row for some "
            "texts,",
            "another of the same method for the rest, so that the mean time is the same (a mix gives no bound for a "
            "single text).",
            "In points on test texts, with the 95% interval of the difference on the same texts, means over the seeds:",
            "",
            f"| row | measured | {rows[0].metric.words} | against frozen | against fine-tuned, cut without training "
            "| against depth fine-tuned | against another method alone | against fewer bits alone |",
            "|---|---|---|---|---|---|---|---|", *lines, ""]


def _against(row: Row, others: list[Row], what: str) -> str:
    best = Mix.best(row, others)
    if best is None:
        return f"none {what} is as fast"
    gap, spread = difference(row, best)
    verdict = "level" if abs(gap) <= spread else "ahead" if gap > 0 else "behind"
    return f"{verdict}, {100 * gap:+.1f} ± {100 * spread:.1f} ({best.label})"


def _goals(dataset: str, rows: list[Row]) -> list[str]:
    if dataset not in GOALS:
        return []
    wanted, allowed = GOALS[dataset]
    dense = [r for r in rows if r.plan == "dense" and r.model in ("frozen", "dense", "dense-long")]
    fast = [r for r in rows if not r.is_baseline and (r.raced_mean("measured") or 0) >= wanted]
    if not dense or not fast:
        return [f"Goal ({wanted:g}x measured at no more than {allowed} points lost): no row is as fast.", ""]
    lines = []
    for start in dense:
        for precisions in (("f32",), ("f32", "bf16", "int8")):
            kind = "in f32" if len(precisions) == 1 else "any precision"
            said = f"- from {start.label} ({100 * start.value:.1f}), {kind}: "
            like = [r for r in fast if r.is_free == start.is_free and r.precision in precisions]
            if not like:
                lines.append(said + "no row is as fast.")
                continue
            best = max(like, key=lambda r: r.validation)
            lost, spread = (100 * figure for figure in difference(start, Mix([(1.0, best)])))
            lines.append(said + f"{best.label}, {best.raced_mean('measured'):.2f}x, {100 * best.value:.1f}: "
                                f"{lost:.1f} ± {spread:.1f} points lost, "
                                f"{'reached' if lost <= allowed else 'not reached'}.")
    return [f"Goal, {wanted:g}x measured (over the dense plan in f32) at no more than {allowed} points lost;",
            "the best of the rows that are as fast, chosen by validation texts:", "", *lines, ""]


def _halting(rows: list[Row]) -> list[str]:
    found = [("authors" if row.plan.endswith("authors") else "tight", r) for row in rows for r in row.halting_seeds]
    if not found:
        return []
    said = [f"{rule}: {sum(r['changed_labels'] for kind, r in found if kind == rule)} in "
            f"{sum(r['count'] for kind, r in found if kind == rule)} runs" for rule in sorted({rule for rule, _ in found})]
    return ["Labels that halting changed, against running every layer, over all texts judged:", "; ".join(said) + ".", ""]


def machines(rows: list[Row]) -> str:
    found = {(m["cpu"], m["cores"], m["tier"]) for row in rows for r in (*row.feasible.values(), *row.raced.values()) if (m := r.get("machine"))}
    return "; ".join(f"{cpu}, {cores} cores, tier {tier}" for cpu, cores, tier in sorted(found))


def sections(records: list[dict]) -> dict[str, str]:
    """Heading → section."""
    found = {}
    for key, rows in tables(records).items():
        if lines := section(key, rows):
            found.setdefault(heading(key), []).extend(lines)
    return {title: "\n".join(lines).rstrip() for title, lines in found.items()}


def write_document(records: list[dict], path: Path) -> None:
    """Writes the sections of the data sets in `records` between the marks and keeps the other sections; creates a
    missing document.

    Never loses a row: a document with rows that `records` lack ends the program."""
    before, old, after = "# Results\n\n", {}, "\n"
    if path.exists():
        whole = path.read_text(encoding="utf-8")
        if whole.count(BEGIN) != 1 or whole.count(END) != 1:
            raise SystemExit(f"error: {path}: expected the marks {BEGIN} and {END}, once each")
        before, after = whole[:whole.index(BEGIN)], whole[whole.index(END) + len(END):]
        old = _split(whole[whole.index(BEGIN) + len(BEGIN):whole.index(END)])
    new = sections(records)
    lost = sorted(f"{title[3:]}: {', '.join(row)}" for title in old.keys() & new.keys() for row in set(_rows(old[title])) - set(_rows(new[title])))
    if lost:
        raise SystemExit(f"error: {path} has rows that results.jsonl lacks ({len(lost)}, such as {lost[0]}): measure them "
                         "here too, take them out of the document, or name another with --document")
    whole = f"{before}{BEGIN}\n\n" + "".join(f"{section}\n\n" for section in {**old, **new}.values()) + f"{END}{after}"
    write_atomically(path, lambda temporary: temporary.write_text(whole, encoding="utf-8"))


def _split(tables: str) -> dict[str, str]:
    """Heading → section, of the text between the marks."""
    found = ["## " + part.rstrip() for part in f"\n{tables}".split("\n## ")[1:]]
    return {part.splitlines()[0]: part for part in found}


def _rows(section: str) -> list[tuple[str, str]]:
    """Model and plan of the rows of the table that begins with FIRST."""
    lines = [[cell.strip() for cell in line.split("|")[1:-1]] for line in section.splitlines() if line.startswith("|")]
    wide = {len(cells) for cells in lines if cells[:2] == FIRST}
    return [(cells[0], cells[1]) for cells in lines if len(cells) in wide and cells[0] in MODELS]
