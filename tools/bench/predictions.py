"""Plans, times and tabulates predicted against measured latencies; started by tools/bench/predictions.

plan     one plan a cell (model, precision, threads, speedup, length), as far as the speedup can be reached
measure  times cells in turns for some seconds; exit 1 while any is left
report   the table, its summary and a scatter plot
"""
import argparse
import collections
import json
import pathlib
import random
import subprocess
import sys
import time

import predictions_plot

# How far a reference kernel beside a chunk of runs may be from its time in the profile for the chunk to count.
STEADY = 1.1
SECONDS_A_TURN = 0.6


def taper(arguments, accepted=(0,)):
    done = subprocess.run(arguments, capture_output=True, text=True)
    if done.returncode not in accepted:
        sys.exit(f"{' '.join(arguments)} failed: {done.stderr}")
    return done


def plan(arguments):
    work = arguments.work
    cells = []
    for named in arguments.models:
        model, folder = named.split("=", 1)
        calibration = work / f"{model}.calibration"
        if not calibration.exists() and any(speedup > 1 for speedup in arguments.speedups):
            taper([arguments.taper, "calibrate", folder, "--data", arguments.texts, "--limit", "200", "-o", str(calibration)])
        for precision in arguments.precisions:
            for threads in arguments.threads:
                for speedup in arguments.speedups:
                    for length in arguments.lengths:
                        cells.append(cell(arguments, model, folder, calibration, precision, threads, speedup, length))
                        print(f"\r{len(cells)} plans", end="", file=sys.stderr)
    print(file=sys.stderr)
    (work / "cells.json").write_text(json.dumps([each for each in cells if each], indent=1))


def cell(arguments, model, folder, calibration, precision, threads, speedup, length):
    """The plan's file and what it predicts; None where the speedup is out of reach. A dense plan serves every length."""
    dense = speedup == 1
    longest = max(arguments.lengths) if dense else length
    path = arguments.work / f"{model}-{precision}-{threads}-{speedup:g}x-{longest}.plan"
    wish = ["--dense"] if dense else ["--speedup", f"{speedup}x", "--calibration", str(calibration)]
    if not path.exists():
        done = taper([arguments.taper, "plan", folder, "--device", str(arguments.work / "device.json"), *wish, "--max-length",
                      str(longest), "--precision", precision, "--threads", str(threads), "--share-weights", "-o", str(path)], (0, 2))
        if done.returncode == 2:
            return None
    explained = json.loads(taper([arguments.taper, "explain", str(path), "--json"]).stdout)
    told = next(each for each in explained["lengths"] if each["tokens"] == length)
    prediction = told["prediction"]
    return dict(model=model, precision=precision, threads=threads, speedup=speedup, length=length, plan=str(path),
                predicted=prediction["predicted_ns"], low=prediction["low_ns"], high=prediction["high_ns"],
                provenance=prediction["provenance"], time_speedup=told["time_speedup"], work_speedup=told["published_work_speedup"])


def measure(arguments):
    cells = json.loads((arguments.work / "cells.json").read_text())
    results = arguments.work / "results.jsonl"
    done = len(results.read_text().splitlines()) if results.exists() else 0
    turns = []
    for turn in range(arguments.passes):
        order = list(range(len(cells)))
        random.Random(turn).shuffle(order)
        turns += order
    end = time.monotonic() + arguments.seconds
    with open(results, "a") as file:
        for number in range(done, len(turns)):
            if time.monotonic() > end:
                print(f"{number} of {len(turns)} turns", file=sys.stderr)
                sys.exit(1)
            cell = cells[turns[number]]
            runs = min(200, max(5, round(SECONDS_A_TURN * 1e9 / cell["predicted"])))
            told = json.loads(taper([arguments.taper, "bench", cell["plan"], "--lengths", str(cell["length"]), "--runs", str(runs),
                                     "--threads", str(cell["threads"]), "--prefault", "--noise", "1000", "--samples", "--json"]).stdout)
            file.write(json.dumps(dict(cell=turns[number], chunks=told["chunks"], samples=told["lengths"][0]["samples_ns"])) + "\n")
            file.flush()


def is_steady(chunk, profiled):
    return all(1 / STEADY <= chunk[side][f"{part}_ns"] / profiled[f"reference_{part}_ns"] <= STEADY
               for side in ("before", "after") for part in ("compute", "bandwidth"))


def median(values):
    return sorted(values)[(len(values) - 1) // 2]


def percentile(values, share):
    values = sorted(values)
    return values[min(len(values) - 1, int(share * len(values)))]


def measured_cells(work):
    """Cells with the median of their steady runs; `measured` is None where too few were."""
    cells = json.loads((work / "cells.json").read_text())
    figures = {figure["threads"]: figure for figure in json.loads((work / "device.json").read_text())["threads"]}
    kept, dropped = collections.defaultdict(list), 0
    for line in (work / "results.jsonl").read_text().splitlines():
        turn = json.loads(line)
        first = 0
        for chunk in turn["chunks"]:
            samples = turn["samples"][first:first + chunk["runs"]]
            first += chunk["runs"]
            if is_steady(chunk, figures[cells[turn["cell"]]["threads"]]):
                kept[turn["cell"]] += samples
            else:
                dropped += len(samples)
    for number, cell in enumerate(cells):
        cell["runs"] = len(kept[number])
        cell["measured"] = median(kept[number]) if len(kept[number]) >= 5 else None
    return cells, dropped


def key(cell):
    return cell["model"], cell["precision"], cell["threads"], cell["length"]


def error(cell):
    return cell["measured"] / cell["predicted"] - 1


def summary(cells):
    errors = [abs(error(cell)) for cell in cells]
    inside = sum(cell["low"] <= cell["measured"] <= cell["high"] for cell in cells)
    ratios = [abs(cell["measured_speedup"] / cell["time_speedup"] - 1) for cell in cells if cell.get("measured_speedup")]
    return dict(plans=len(cells), median=median(errors), p95=percentile(errors, 0.95), worst=max(errors), covered=inside / len(cells),
                bias=median([error(cell) for cell in cells]), ratio=median(ratios) if ratios else None)


def percent(value, signed=False):
    return "" if value is None else f"{100 * value:{'+' if signed else ''}.1f}%"


def report(arguments):
    cells, dropped = measured_cells(arguments.work)
    device = json.loads((arguments.work / "device.json").read_text())
    judged = [cell for cell in cells if cell["measured"]]
    dense = {key(cell): cell["measured"] for cell in judged if cell["speedup"] == 1}
    for cell in judged:
        if cell["speedup"] > 1 and key(cell) in dense:
            cell["measured_speedup"] = dense[key(cell)] / cell["measured"]
    lines = ["| of | plans | median | p95 | worst | bias | in interval | speedup off by |", "|---|---|---|---|---|---|---|---|"]
    groups = [("all", judged)]
    for field, name in (("model", "{}"), ("precision", "{}"), ("threads", "{} threads"), ("speedup", "{:g}x"), ("length", "{} tokens"),
                        ("provenance", "{}")):
        for value in sorted({cell[field] for cell in judged}):
            groups.append((name.format(value), [cell for cell in judged if cell[field] == value]))
    for name, group in groups:
        s = summary(group)
        lines.append(f"| {name} | {s['plans']} | {percent(s['median'])} | {percent(s['p95'])} | {percent(s['worst'])} | "
                     f"{percent(s['bias'], True)} | {percent(s['covered'])} | {percent(s['ratio'])} |")
    lines += ["", f"![predicted against measured]({arguments.output.name}.svg)", "",
              "| model | precision | threads | tokens | asked | predicted ms | interval | measured ms | off by | in interval | FLOPs | predicted | measured |",
              "|---|---|---|---|---|---|---|---|---|---|---|---|---|"]
    for cell in cells:
        head = (f"| {cell['model']} | {cell['precision']} | {cell['threads']} | {cell['length']} | "
                f"{'dense' if cell['speedup'] == 1 else format(cell['speedup'], 'g') + 'x'} | {cell['predicted'] / 1e6:.3f} | "
                f"{cell['low'] / 1e6:.3f} – {cell['high'] / 1e6:.3f} | ")
        if not cell["measured"]:
            lines.append(head + "noisy | | | | | |")
            continue
        inside = "yes" if cell["low"] <= cell["measured"] <= cell["high"] else "no"
        ratio = f"{cell['measured_speedup']:.2f}x" if cell.get("measured_speedup") else ""
        speedups = f"{cell['work_speedup']:.2f}x | {cell['time_speedup']:.2f}x | {ratio}" if cell["speedup"] > 1 else "| | "
        lines.append(head + f"{cell['measured'] / 1e6:.3f} | {percent(error(cell), True)} | {inside} | {speedups} |")
    whole = summary(judged)
    total = sum(cell["runs"] for cell in cells) + dropped
    text = predictions_plot.HEAD.format(
        plans=len(judged), noisy=len(cells) - len(judged), cpu=device["fingerprint"]["cpu"], tier=device["fingerprint"]["tier"],
        created=device["created"], dropped=percent(dropped / max(1, total)), steady=percent(STEADY - 1), median=percent(whole["median"]),
        p95=percent(whole["p95"]), covered=percent(whole["covered"]), ratio=percent(whole["ratio"]))
    arguments.output.with_name(arguments.output.name + ".md").write_text(text + "\n".join(lines) + "\n")
    arguments.output.with_name(arguments.output.name + ".svg").write_text(predictions_plot.scatter(judged))
    print(f"{len(judged)} plans: median {percent(whole['median'])}, p95 {percent(whole['p95'])}, covered {percent(whole['covered'])}")


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("action", choices=["plan", "measure", "report"])
    parser.add_argument("--taper")
    parser.add_argument("--work", type=pathlib.Path, required=True)
    parser.add_argument("--texts")
    parser.add_argument("--models", nargs="+")
    parser.add_argument("--lengths", type=int, nargs="+")
    parser.add_argument("--speedups", type=float, nargs="+")
    parser.add_argument("--precisions", nargs="+")
    parser.add_argument("--threads", type=int, nargs="+")
    parser.add_argument("--passes", type=int)
    parser.add_argument("--seconds", type=float)
    parser.add_argument("--output", type=pathlib.Path)
    arguments = parser.parse_args()
    {"plan": plan, "measure": measure, "report": report}[arguments.action](arguments)


if __name__ == "__main__":
    main()
