"""Shares of groups of ops in the time of a run, from `taper audit --json` (tools/bench/shares)."""
import json
import pathlib
import sys

GROUPS = {
    "products": lambda op: op["group"] == "products",
    "attention": lambda op: op["group"] == "attention",
    "norms": lambda op: op["op"] in ("layerNorm", "normEncode", "add"),
    "encodings": lambda op: op["op"] == "encode",
    "embedding": lambda op: op["op"] in ("embed", "embedEncode"),
    "rest": lambda op: True,
}


def shares(audit):
    """µs of each group, by its name."""
    times = dict.fromkeys(GROUPS, 0.0)
    for op in audit["ops"]:
        times[next(name for name, holds in GROUPS.items() if holds(op))] += op["measured_p50_ns"] / 1000
    return times


def main():
    work = pathlib.Path(sys.argv[1])
    print("| | tokens | ms | " + " | ".join(GROUPS) + " |")
    print("|---" * (3 + len(GROUPS)) + "|")
    for precision in ("f32", "bf16", "int8"):
        for length in (16, 128, 256):
            audit = json.loads((work / f"{precision}-{length}.json").read_text())
            times = shares(audit)
            total = sum(times.values())
            run = next(row for row in audit["lengths"] if row["tokens"] == length)
            cells = [f"{100 * time / total:.1f}%" for time in times.values()]
            print(f"| {precision} | {length} | {run['measured_p50_ns'] / 1e6:.2f} | " + " | ".join(cells) + " |")


if __name__ == "__main__":
    main()
