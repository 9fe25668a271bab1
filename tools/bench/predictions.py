"""Plans, times and tabulates predicted against measured latencies; started by tools/bench/predictions.

plan     makes one plan per cell (model, precision, threads, speedup, length), but where the speedup is infeasible
measure  times cells in turns for some seconds; exits 1 while any is left
report   writes the table, its summary and a scatter plot
"""
import argparse
import collections
import concurrent.futures
import itertools
import json
import pathlib
import random
import resource
import subprocess
import sys
import time

import predictions_plot
from stats import median, percentile

# A chunk of runs counts if the reference kernels before and after it took within this factor of their time in the
# profile.
STEADY = {"compute": 1.1, "bandwidth": 1.25}
SECONDS_A_TURN = 0.6


def taper(arguments, accepted=(0,)):
    done = subprocess.run(arguments, capture_output=True, text=True)
    if done.returncode not in accepted:
        sys.exit(f"{' '.join(arguments)} failed: {done.stderr}")
    return done


def plan(arguments):
    # Models in parallel: each has its own weights files.
    with concurrent.futures.ThreadPoolExecutor() as pool:
        cells = [cell for of_model in pool.map(lambda named: plan_model(arguments, named), arguments.models) for cell in of_model]
    print(file=sys.stderr)
    (arguments.work / "cells.json").write_text(json.dumps(cells, indent=1))


def plan_model(arguments, named):
    model, folder = named.split("=", 1)
    model, _, reduced = model.partition(":")
    reduced = [int(length) for length in reduced.split(",") if length] or arguments.lengths
    calibration = arguments.work / f"{model}.calibration"
    if not calibration.exists() and any(speedup > 1 for speedup in arguments.speedups):
        taper([arguments.taper, "calibrate", folder, "--data", arguments.texts, "--limit", "200", "-o", str(calibration)])
    cells = []
    for precision, threads, speedup, length in itertools.product(arguments.precisions, arguments.threads, arguments.speedups,
                                                                 arguments.lengths):
        if speedup > 1 and length not in reduced:
            continue
        found = cell(arguments, model, folder, calibration, precision, threads, speedup, length)
        if found:
            cells.append(found)
            print(".", end="", flush=True, file=sys.stderr)
    return cells


def cell(arguments, model, folder, calibration, precision, threads, speedup, length):
    """The plan's file and what it predicts; None if the speedup is infeasible. One dense plan serves every length."""
    dense = speedup == 1
    longest = max(arguments.lengths) if dense else length
    path = arguments.work / f"{model}-{precision}-{threads}-{speedup:g}x-{longest}.plan"
    target = ["--dense"] if dense else ["--speedup", f"{speedup}x", "--calibration", str(calibration)]
    if not path.exists():
        done = taper([arguments.taper, "plan", folder, "--device", str(arguments.work / "device.json"), *target,
                      "--max-length", str(longest), "--precision", precision, "--threads", str(threads),
                      "--share-weights", "-o", str(path)], (0, 2))
        if done.returncode == 2:
            return None
    device = str(arguments.work / "device.json")
    explained = json.loads(taper([arguments.taper, "explain", str(path), "--device", device, "--json"]).stdout)
    told, memory = (next(each for each in lengths if each["tokens"] == length)
                    for lengths in (explained["lengths"], explained["limits"]["memory"]))
    prediction = told["prediction"]
    return dict(model=model, precision=precision, threads=threads, speedup=speedup, length=length, plan=str(path),
                predicted=prediction["predicted_ns"], low=prediction["low_ns"], high=prediction["high_ns"],
                provenance=prediction["provenance"], time_speedup=told["time_speedup"], work_speedup=told["published_work_speedup"],
                memory_share=memory["share"])


def measure(arguments):
    cells = json.loads((arguments.work / "cells.json").read_text())
    results = arguments.work / "results.jsonl"
    lines = results.read_text().splitlines() if results.exists() else []
    had = collections.Counter(json.loads(line)["cell"] for line in lines)
    turns = []
    for turn in range(arguments.passes):
        order = [number for number in range(len(cells)) if had[number] <= turn]
        random.Random(turn).shuffle(order)
        turns += order
    end = time.monotonic() + arguments.seconds
    with open(results, "a") as file:
        for number, turn in enumerate(turns):
            if time.monotonic() > end:
                print(f"{len(turns) - number} turns left", file=sys.stderr)
                sys.exit(1)
            cell = cells[turn]
            runs = min(200, max(5, round(SECONDS_A_TURN * 1e9 / cell["predicted"])))
            before = resource.getrusage(resource.RUSAGE_CHILDREN).ru_nivcsw
            told = json.loads(taper([arguments.taper, "bench", cell["plan"], "--lengths", str(cell["length"]), "--runs", str(runs),
                                     "--threads", str(cell["threads"]), "--prefault", "--noise", "100000%", "--samples", "--json"]).stdout)
            preemptions = resource.getrusage(resource.RUSAGE_CHILDREN).ru_nivcsw - before
            file.write(json.dumps(dict(cell=turn, preemptions=preemptions, chunks=told["chunks"], samples=told["lengths"][0]["samples_ns"])) + "\n")
            file.flush()


def clock(chunk, profiled, memory):
    """How many times slower the machine ran around a chunk than while profiling; None if it was not within STEADY.

    Two factors: the first weighs the memory reference by memory's share of the predicted time and the arithmetic
    reference by the rest, the second is arithmetic alone."""
    def ratios(part):
        return [chunk[side][f"{part}_ns"] / profiled[f"reference_{part}_ns"] for side in ("before", "after")]
    if any(not 1 / most <= ratio <= most for part, most in STEADY.items() for ratio in ratios(part)):
        return None
    arithmetic, reading = (sum(ratios(part)) / 2 for part in ("compute", "bandwidth"))
    return (1 - memory) * arithmetic + memory * reading, arithmetic


def measured_cells(work):
    """Cells with the median of their steady runs, scaled to the profile's speed and raw; None where too few were
    steady. Also the number of runs left out."""
    cells = json.loads((work / "cells.json").read_text())
    figures = {figure["threads"]: figure for figure in json.loads((work / "device.json").read_text())["threads"]}
    kept, raw, plain, dropped = *(collections.defaultdict(list) for _ in range(3)), 0
    for line in (work / "results.jsonl").read_text().splitlines():
        turn = json.loads(line)
        profiled = figures[cells[turn["cell"]]["threads"]]
        first = 0
        for chunk in turn["chunks"]:
            samples = turn["samples"][first:first + chunk["runs"]]
            first += chunk["runs"]
            slower = clock(chunk, profiled, cells[turn["cell"]]["memory_share"])
            if slower:
                by_share, by_arithmetic = slower
                kept[turn["cell"]] += [sample / by_share for sample in samples]
                plain[turn["cell"]] += [sample / by_arithmetic for sample in samples]
                raw[turn["cell"]] += samples
            else:
                dropped += len(samples)
    for number, cell in enumerate(cells):
        cell["runs"] = len(kept[number])
        cell["measured"] = median(kept[number]) if len(kept[number]) >= 5 else None
        cell["raw"] = median(raw[number]) if raw[number] else None
        cell["plain"] = median(plain[number]) if plain[number] else None
    return cells, dropped


def key(cell):
    return cell["model"], cell["precision"], cell["threads"], cell["length"]


def error(cell, measured="measured"):
    return cell[measured] / cell["predicted"] - 1


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
    for field, name in (("model", "{}"), ("precision", "{}"), ("threads", "threads: {}"), ("speedup", "{:g}x"), ("length", "{} tokens"),
                        ("provenance", "{}")):
        for value in sorted({cell[field] for cell in judged}):
            groups.append((name.format(value), [cell for cell in judged if cell[field] == value]))
    for name, group in groups:
        s = summary(group)
        lines.append(f"| {name} | {s['plans']} | {percent(s['median'])} | {percent(s['p95'])} | {percent(s['worst'])} | "
                     f"{percent(s['bias'], True)} | {percent(s['covered'])} | {percent(s['ratio'])} |")
    lines += ["", f"![predicted against measured]({arguments.output.name}.svg)", "",
              "| model | precision | threads | tokens | asked | predicted ms | interval | measured ms | at the clock it had | off by | in interval | FLOPs | predicted | measured |",
              "|---|---|---|---|---|---|---|---|---|---|---|---|---|---|"]
    for cell in cells:
        head = (f"| {cell['model']} | {cell['precision']} | {cell['threads']} | {cell['length']} | "
                f"{'dense' if cell['speedup'] == 1 else format(cell['speedup'], 'g') + 'x'} | {cell['predicted'] / 1e6:.3f} | "
                f"{cell['low'] / 1e6:.3f} – {cell['high'] / 1e6:.3f} | ")
        if not cell["measured"]:
            lines.append(head + "noisy | | | | | | |")
            continue
        inside = "yes" if cell["low"] <= cell["measured"] <= cell["high"] else "no"
        ratio = f"{cell['measured_speedup']:.2f}x" if cell.get("measured_speedup") else ""
        speedups = f"{cell['work_speedup']:.2f}x | {cell['time_speedup']:.2f}x | {ratio}" if cell["speedup"] > 1 else "| | "
        lines.append(head + f"{cell['measured'] / 1e6:.3f} | {cell['raw'] / 1e6:.3f} | {percent(error(cell), True)} | {inside} | {speedups} |")
    whole = summary(judged)
    uncorrected, plain = ([abs(error(cell, kind)) for cell in judged] for kind in ("raw", "plain"))
    total = sum(cell["runs"] for cell in cells) + dropped
    text = predictions_plot.HEAD.format(
        title=", from a general profile" if arguments.general else "", option=" --general" if arguments.general else "",
        profile="\nof a grid of shapes, none of them the models'," if arguments.general else "",
        plans=len(judged), noisy=len(cells) - len(judged), cpu=device["fingerprint"]["cpu"], tier=device["fingerprint"]["tier"],
        created=device["created"], dropped=percent(dropped / max(1, total)), raw=percent(median(uncorrected)),
        raw95=percent(percentile(uncorrected, 0.95)), plain=percent(median(plain)), plain95=percent(percentile(plain, 0.95)),
        **{part: percent(most - 1) for part, most in STEADY.items()}, median=percent(whole["median"]),
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
    parser.add_argument("--general", action="store_true", help="the profile was measured without the models")
    arguments = parser.parse_args()
    {"plan": plan, "measure": measure, "report": report}[arguments.action](arguments)


if __name__ == "__main__":
    main()
