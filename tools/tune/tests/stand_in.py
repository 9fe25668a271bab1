#!/usr/bin/env python3
"""Replaces the taper program in tests: writes each verb's output and answers every text but the first with its true
label.

It notes its verbs in the file STAND_IN_LOG names, so that a test can tell what was run again. STAND_IN_METHODS are
values of --method that it knows besides the old ones.
"""
import json
import os
import sys
from pathlib import Path

verb, arguments = sys.argv[1], sys.argv[2:]
if arguments == ["--help"]:
    print("  --method <method>       What is given up to meet the target. (values: acc,\n"
          "                          selector, depth, halting, "
          f"acc+halting,\n                          search{os.environ.get('STAND_IN_METHODS', '')}; default: acc)")
    sys.exit()
with open(os.environ["STAND_IN_LOG"], "a") as log:
    log.write(" ".join([verb, *arguments]) + "\n")


def option(name, default=None):
    return arguments[arguments.index(name) + 1] if name in arguments else default


def rows(path):
    return [json.loads(line) for line in Path(path).read_text().split("\n") if line]


def answers(path):
    """(right, given) label of every text."""
    right = [row["label"] for row in rows(path)]
    return [(label, label if number else next(other for other in right if other != label))
            for number, label in enumerate(right)]


if verb in ("fit-head", "calibrate"):
    Path(option("-o")).mkdir()
elif verb == "profile":
    Path(option("-o")).write_text(json.dumps({"fingerprint": {"cpu": "stand-in", "tier": "none"}}))
elif verb == "plan":
    if option("--speedup") == "10x":
        sys.exit(2)
    faster = float(option("--speedup", "1x")[:-1]) * 4 / (int(option("--depth", "4")) or 0.001)
    Path(option("-o")).write_text(json.dumps({"faster": faster, "method": option("--method", "acc")}))
elif verb == "explain":
    method = json.loads(Path(arguments[0]).read_text())["method"]
    print(json.dumps({"method": method, "halting": {"rule": "tight"} if "halting" in method else None, "lengths": [{"keep_counts": [4, 4]}, {"keep_counts": [9, 9]}]}))
elif verb == "run":
    for _, given in answers(option("--input")):
        print(json.dumps({"label": given}))
elif verb == "audit":
    found = answers(option("--data"))
    count, of = len(found), option("--positive")
    hits, either = [right for right, given in found if right == given], [label for both in found for label in both]
    planned = 2 * hits.count(of) / either.count(of) if of else len(hits) / count
    print(json.dumps({"accuracy": {"planned": planned, "count": count},
                      "halting": {"measured": {"mean_depth": 2.5, "histogram": [0, count, 0, 0]}, "changed_labels": 0}}))
    sys.exit(69)
elif verb == "race":
    plans = [json.loads(Path(a).read_text())["faster"] for a in arguments if a.endswith(".plan")]
    times = lambda faster: [int(1000 * n / faster) for n in (10, 20)]
    print(json.dumps({"rounds": 3, "tokens": [10, 24], "plans": [
        {"time": {"mean_ns": 1500, "p99_ns": 2000}, "times_ns": times(f), "predicted_ns": times(f),
         "work_flops": int(1000 / f) if f < 1000 else 0, "mean_depth": 4} for f in plans]}))
    sys.exit(69)
