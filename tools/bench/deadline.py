"""Writes the tables of docs/deadline.md: the share of runs over a deadline by input length. Started by
tools/bench/deadline."""
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
    """For each text, whether the reference kernels before and after its chunk ran as fast as in the profile."""
    probes, chunk = race["plans"][0]["probes"], race["chunk"]
    as_profiled = [predictions.clock({"before": before, "after": after}, profiled, 0) is not None
                   for before, after in zip(probes, probes[1:])]
    return [as_profiled[text // chunk] for text in range(len(race["tokens"]))]


def row(name, runs, deadline):
    if not runs:
        return None
    times = [time for time, _ in runs]
    over = sum(time > deadline for time in times)
    low, high = wilson(over, len(times))
    return (f"| {name} | {len(times)} | {median([predicted for _, predicted in runs]) / 1e6:.2f} | "
            f"{median(times) / 1e6:.2f} | {percentile(times, .99) / 1e6:.2f} | {over} | {over / len(times):.2%} | "
            f"{low:.2%} to {high:.2%} |")


def table(race, deadline, included):
    plan = race["plans"][0]
    rows = list(zip(race["tokens"], zip(plan["times_ns"], plan["predicted_ns"]), included))
    lines = ["| tokens | texts | predicted p50, ms | p50, ms | p99, ms | over | share | 95% interval |", "|---|---|---|---|---|---|---|---|"]
    for first, last in BUCKETS:
        name = f"{first}" if first == last else f"{first} to {last}"
        lines.append(row(name, [run for tokens, run, counts in rows if counts and first <= tokens <= last], deadline))
    lines.append(row("all", [run for _, run, counts in rows if counts], deadline))
    return [line for line in lines if line]


def late_share(race, deadline):
    times = race["plans"][0]["times_ns"]
    return sum(time > deadline for time in times) / len(times)


def noise(race):
    noise = race["noise"]
    compute, bandwidth = noise["compute"]["spread"], noise["bandwidth"]["spread"]
    return (f"{noise['verdict']}: p90 − p10 of the reference kernels is {compute:.0%} (arithmetic) and "
            f"{bandwidth:.0%} (memory) of their medians;\nup to {noise['bound']:.0%} counts as steady")


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--work", type=pathlib.Path, required=True)
    parser.add_argument("--deadline", required=True)
    parser.add_argument("--output", type=pathlib.Path, required=True)
    arguments = parser.parse_args()
    deadline = nanoseconds(arguments.deadline)
    device = json.loads((arguments.work / "device.json").read_text())
    profiled = device["threads"][-1]
    races = {target: json.loads((arguments.work / f"{target}.json").read_text())
             for target in (f"{arguments.deadline}@p99", arguments.deadline)}
    texts = len(next(iter(races.values()))["tokens"])
    late = {target: late_share(race, deadline) for target, race in races.items()}
    lines = [
        f"# {texts:,} texts against a deadline of {arguments.deadline}", "",
        "**Finding**: " + ";\n".join(f"planned with `--latency {target}`, {share:.2%} of the texts were late"
                                     for target, share in late.items()) + ".", "",
        f"`--latency {arguments.deadline}@p99` promises that at every length at most 1% of the runs are late, "
        "on a machine as noisy",
        f"as it was when profiled (p99 was then {profiled['tail']['p99']:.2f} times the median). "
        f"`--latency {arguments.deadline}` bounds the median only: a plan that",
        "uses all the time allowed is late in half of its runs even if the prediction is exact.", "",
        "MiniLM-L6, f32, "
        f"{profiled['threads']} thread{'s' * (profiled['threads'] > 1)}; R8's test and training texts at their own length "
        "(truncated at 256 tokens), each run",
        "once at batch 1, tokenization not counted. Planned by method acc from a profile measured before; embedding "
        "plans, no",
        f"head refitted. {device['fingerprint']['cpu']}, tier {device['fingerprint']['tier']}, shared virtual machine; "
        f"{device['created']}. "
        "Command:", "`TIMING_WRAPPER=… tools/bench/deadline` (the wrapper keeps other work away).", "",
    ]
    for target, race in races.items():
        quiet = steady(race, profiled)
        lines += [f"## `--latency {target}`", "", *table(race, deadline, [True] * texts), "", f"Machine {noise(race)}."]
        lines += ["", f"{sum(quiet):,} of the texts ran while the reference kernels were within "
                  f"{predictions.STEADY['compute'] - 1:.0%} (arithmetic) and {predictions.STEADY['bandwidth'] - 1:.0%} (memory) of the "
                  "profile's:", "", *table(race, deadline, quiet), ""] if 0 < sum(quiet) < texts else [""]
    arguments.output.write_text("\n".join(lines).rstrip() + "\n")
    print("\n".join(lines))


if __name__ == "__main__":
    main()
