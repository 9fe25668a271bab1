"""Prints the tables of what peers.py measured, one per model, thread count and precision. usage: peer_report.py
RESULTS.jsonl..."""
import collections
import json
import platform
import sys

import peer_contenders
from stats import median, percentile

PRECISIONS = ("f32", "bf16", "int8")
SLOW = 1.15  # a chunk counts if the probes before and after it took less than this many times the full-speed time
ENOUGH = 30  # cells of fewer runs are marked


def column_of(contender):
    """Both graphs of onnxruntime share a column; each cell shows the faster one and names it."""
    return contender.removesuffix(" plain").removesuffix(" fused")


def kept_chunks(chunks):
    """The chunks that ran at full speed. Full speed is the 20th percentile of the probes with the same thread count."""
    usual = {}
    for threads in {chunk["threads"] for chunk in chunks}:
        usual[threads] = percentile([p for c in chunks if c["threads"] == threads for p in c["probe_ms"]], 0.2)
    return [c for c in chunks if max(c["probe_ms"]) < SLOW * usual[c["threads"]]]


def table(samples, lengths, threads, precision):
    """samples: (contender, precision, threads, length) to ns. Only contenders of the same precision are compared."""
    names = sorted({n for n, p, t, _ in samples if p == precision and t == threads and n != "Taper"})
    columns = list(dict.fromkeys(column_of(n) for n in names))
    lines = [f"| tokens | Taper | {' | '.join(columns)} | best peer / Taper |", "|---" * (len(columns) + 3) + "|"]

    def p50(name, length):
        return median(samples[name, precision, threads, length]) / 1e6

    def cell(name, length, variant=""):
        p99 = percentile(samples[name, precision, threads, length], 0.99) / 1e6
        few = "*" if len(samples[name, precision, threads, length]) < ENOUGH else ""
        return f"{p50(name, length):.2f} ({p99:.2f}){few}{variant}"

    for length in lengths:
        if any(not samples[n, precision, threads, length] for n in ["Taper", *names]):
            continue  # no chunk ran at full speed
        cells, best = [cell("Taper", length)], []
        for column in columns:
            name = min((n for n in names if column_of(n) == column), key=lambda n: p50(n, length))
            cells.append(cell(name, length, name.removeprefix(column)))
            best.append(p50(name, length))
        lines.append(f"| {length} | {' | '.join(cells)} | **{min(best) / p50('Taper', length):.2f}** |")
    return "\n".join(lines)


def report(model, records):
    chunks = [r for r in records if r["kind"] == "chunk" and r["model"] == model]
    kept = kept_chunks(chunks)
    samples = collections.defaultdict(list)
    for chunk in kept:
        samples[chunk["contender"], chunk["precision"], chunk["threads"], chunk["length"]] += chunk["samples_ns"]
    lengths = sorted({c["length"] for c in chunks})
    every = {(c["contender"], c["precision"], c["threads"], c["length"]) for c in chunks}
    fewest = min((len(samples[key]) for key in every), default=0)
    print(f"## {model}\n\n{len(chunks) - len(kept)} of {len(chunks)} chunks left out because a probe was slow; "
          f"\\* marks fewer than {ENOUGH} runs (fewest: {fewest}).\n")
    for threads in sorted({c["threads"] for c in chunks}):
        for precision in PRECISIONS:
            print(f"{precision}, {threads} thread{'s' if threads > 1 else ''}: p50 (p99) in ms\n")
            print(table(samples, lengths, threads, precision) + "\n")
    errors = {(r["contender"], r["precision"]): r for r in records if r["kind"] == "error" and r["model"] == model}
    if errors:
        print(f"Distance from fp32 (onnxruntime's plain graph), {next(iter(errors.values()))['texts']} texts, embeddings of "
              "length one\n\n| contender | largest difference of an element | mean of 1 - cosine |\n|---|---|---|")
        for precision in PRECISIONS:
            for (contender, of), r in errors.items():
                if of == precision:
                    print(f"| {contender} {precision} | {r['largest']:.1e} | {max(r['distance'], 0):.1e} |")
        print()


def main():
    records = [json.loads(line) for path in sys.argv[1:] for line in open(path)]
    cpu = next((line.split(":")[1].strip() for line in open("/proc/cpuinfo") if line.startswith("model name")), "?")
    print(f"{cpu}, {platform.system()} {platform.release()}; {peer_contenders.VERSIONS}; batch 1, interleaved\n")
    for model in dict.fromkeys(r["model"] for r in records):
        report(model, records)


if __name__ == "__main__":
    main()
