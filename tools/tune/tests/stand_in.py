#!/usr/bin/env python3
"""Replaces the taper program in tests: writes each verb's output and answers every text but the first with its true
label.

It notes its verbs in the file STAND_IN_LOG names, so that a test can tell what was run again.
"""
import json
import os
import sys
from pathlib import Path

verb, arguments = sys.argv[1], sys.argv[2:]
with open(os.environ["STAND_IN_LOG"], "a") as log:
    log.write(" ".join([verb, *arguments]) + "\n")


def option(name, default=None):
    return arguments[arguments.index(name) + 1] if name in arguments else default


def rows(path):
    return [json.loads(line) for line in Path(path).read_text().split("\n") if line]


if verb in ("fit-head", "calibrate"):
    Path(option("-o")).mkdir()
elif verb == "profile":
    Path(option("-o")).write_text(json.dumps({"fingerprint": {"cpu": "stand-in", "tier": "none"}}))
elif verb == "plan":
    if option("--speedup") == "10x":
        sys.exit(2)
    faster = float(option("--speedup", "1x")[:-1]) * 4 / int(option("--depth", "4"))
    Path(option("-o")).write_text(json.dumps({"faster": faster, "method": option("--method", "acc")}))
elif verb == "explain":
    method = json.loads(Path(arguments[0]).read_text())["method"]
    print(json.dumps({"method": method, "halting": {"rule": "tight"} if "halting" in method else None, "lengths": [{"keep_counts": [4, 4]}, {"keep_counts": [9, 9]}]}))
elif verb == "run":
    for number, row in enumerate(rows(option("--input"))):
        print(json.dumps({"label": row["label"] if number else "none"}))
elif verb == "audit":
    count = len(rows(option("--data")))
    print(json.dumps({"accuracy": {"planned": (count - 1) / count, "count": count},
                      "halting": {"measured": {"mean_depth": 2.5, "histogram": [0, count, 0, 0]}, "changed_labels": 0}}))
    sys.exit(69)
elif verb == "race":
    plans = [json.loads(Path(a).read_text())["faster"] for a in arguments if a.endswith(".plan")]
    times = lambda faster: [int(1000 * n / faster) for n in (10, 20)]
    print(json.dumps({"rounds": 3, "tokens": [10, 24], "plans": [
        {"time": {"mean_ns": 1500, "p99_ns": 2000}, "times_ns": times(f), "predicted_ns": times(f),
         "work_flops": int(1000 / f), "mean_depth": 4} for f in plans]}))
    sys.exit(69)
