"""Tabulates the share of texts over a deadline by length; started by tools/bench/deadline."""
import argparse
import json
import pathlib

import predictions
from stats import median, percentile, wilson

BUCKETS = [(1, 32), (33, 64), (65, 128), (129, 192), (193, 255), (256, 256)]
UNITS = {"us": 1e3, "ms": 1e6, "s": 1e9}


def nanoseconds(text):
    unit = next(unit for unit in ("us", "ms", "s") if text.endswith(unit))
    return float(text[: -len(unit)]) * UNITS[unit]


def steady(race, profiled):
    """Of each text, whether the reference kernels before and after its chunk ran as they did in the profile."""
    probes, chunk = race["plans"][0]["probes"], race["chunk"]
    beside = [predictions.clock({"before": before, "after": after}, profiled, 0) is not None for before, after in zip(probes, probes[1:])]
    return [beside[text // chunk] for text in range(len(race["tokens"]))]


def row(name, runs, deadline):
    if not runs:
        return None
    times = [time for time, _ in runs]
    over = sum(time > deadline for time in times)
    low, high = wilson(over, len(times))
    return (f"| {name} | {len(times)} | {median([predicted for _, predicted in runs]) / 1e6:.2f} | "
            f"{median(times) / 1e6:.2f} | {percentile(times, .99) / 1e6:.2f} | {over} | {over / len(times):.2%} | "
            f"{low:.2%} to {high:.2%} |")


def table(race, deadline, chosen):
    plan = race["plans"][0]
    rows = list(zip(race["tokens"], zip(plan["times_ns"], plan["predicted_ns"]), chosen))
    lines = ["| tokens | texts | predicted p50, ms | p50, ms | p99, ms | over | share | 95% interval |", "|---|---|---|---|---|---|---|---|"]
    for first, last in BUCKETS:
        name = f"{first}" if first == last else f"{first} to {last}"
        lines.append(row(name, [run for tokens, run, taken in rows if taken and first <= tokens <= last], deadline))
    lines.append(row("all", [run for _, run, taken in rows if taken], deadline))
    return [line for line in lines if line]


def noise(race):
    said = race["noise"]
    return (f"{said['verdict']}: p90 less p10 of the reference kernels {said['compute']['spread']:.0%} (arithmetic) and "
            f"{said['bandwidth']['spread']:.0%} (memory) of their medians, {said['bound']:.0%} counts as steady")


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--work", type=pathlib.Path, required=True)
    parser.add_argument("--deadline", required=True)
    parser.add_argument("--output", type=pathlib.Path, required=True)
    arguments = parser.parse_args()
    deadline = nanoseconds(arguments.deadline)
    device = json.loads((arguments.work / "device.json").read_text())
    profiled = device["threads"][-1]
    races = {wish: json.loads((arguments.work / f"{wish}.json").read_text())
             for wish in (f"{arguments.deadline}@p99", arguments.deadline)}
    texts = len(next(iter(races.values()))["tokens"])
    lines = [
        f"# {texts:,} texts against a deadline of {arguments.deadline}", "",
        f"Command: `TIMING_WRAPPER=… tools/bench/deadline` (the wrapper holds other work off). {device['fingerprint']['cpu']}, tier "
        f"{device['fingerprint']['tier']}, shared virtual machine; {device['created']}. MiniLM-L6, f32, {profiled['threads']} "
        f"thread{'s' * (profiled['threads'] > 1)}; R8's test and training texts at their own length (cut at 256 tokens), each run once, "
        "batch 1, tokenizing not counted. Planned by method acc from a profile taken before; plans of embeddings, no head refitted.", "",
        f"The promise of `--latency {arguments.deadline}@p99`: of any length at most 1% of the runs are over, on a machine as unsteady as it "
        f"was when profiled (its p99 was then {profiled['tail']['p99']:.2f} times its median). Of `--latency {arguments.deadline}` it is the "
        "median: where such a plan takes all the time allowed, half of its runs are over even if the prediction is exact.", "",
    ]
    for wish, race in races.items():
        beside = steady(race, profiled)
        lines += [f"## `--latency {wish}`", "", *table(race, deadline, [True] * texts), "", f"Machine {noise(race)}."]
        lines += ["", f"{sum(beside):,} of the texts ran between reference kernels that were within "
                  f"{predictions.STEADY['compute'] - 1:.0%} (arithmetic) and {predictions.STEADY['bandwidth'] - 1:.0%} (memory) of the "
                  "profile's:", "", *table(race, deadline, beside), ""] if 0 < sum(beside) < texts else [""]
    arguments.output.write_text("\n".join(lines).rstrip() + "\n")
    print("\n".join(lines))


if __name__ == "__main__":
    main()
