"""Prints the demo's table from the JSON files that the demo wrote: dense and planned, accuracy, latency, memory."""
import json
import pathlib
import sys

LENGTHS = (128, 256)


def row(work: pathlib.Path, name: str) -> dict:
    audit = json.loads((work / f"{name}.audit.json").read_text())
    plan = json.loads((work / f"{name}.json").read_text())
    return {
        "accuracy": audit["accuracy"]["planned"],
        "lengths": {entry["tokens"]: entry for entry in audit["lengths"]},
        "arena": plan["arena_bytes"],
        "verdict": audit["verdict"],
    }


def main() -> None:
    work = pathlib.Path(sys.argv[1])
    rows = {name: row(work, name) for name in ("dense", "planned")}
    columns = ["plan", "accuracy"]
    for n in LENGTHS:
        columns += [f"predicted@{n}", f"p50@{n}", f"p99@{n}"]
    table = [columns + ["arena", "audit"]]
    for name, facts in rows.items():
        cells = [name, f"{facts['accuracy'] * 100:.2f}%"]
        for n in LENGTHS:
            entry = facts["lengths"][n]
            cells += [f"{entry[key] / 1e6:.2f} ms" for key in ("predicted_ns", "measured_p50_ns", "measured_p99_ns")]
        table.append(cells + [f"{facts['arena']:,} B", facts["verdict"]])
    widths = [max(len(line[i]) for line in table) for i in range(len(table[0]))]
    for line in table:
        print("  ".join(cell.rjust(width) if i else cell.ljust(width) for i, (cell, width) in enumerate(zip(line, widths))))
    dense, planned = rows["dense"], rows["planned"]
    lost = (dense["accuracy"] - planned["accuracy"]) * 100
    speedups = ", ".join(
        f"{dense['lengths'][n]['measured_p50_ns'] / planned['lengths'][n]['measured_p50_ns']:.2f}x at {n} tokens"
        for n in LENGTHS)
    print(f"\nmeasured speedup: {speedups}; accuracy lost on the test split: {lost:.2f} points")


if __name__ == "__main__":
    main()
