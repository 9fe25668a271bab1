"""Prints the tables of what peers.py and sentences.py measured. usage: peer_report.py RESULTS.jsonl..."""
import collections
import importlib.metadata
import json
import platform
import sys

from stats import blocks, median, percentile, tail

PRECISIONS = ("f32", "f32x3", "bf16", "int8")
PEERS_OF = {"f32x3": "f32"}  # the peers' precision that ours is compared with, where it is not the same
PACKAGES = ("onnxruntime", "openvino", "nncf", "ctranslate2", "torch", "transformers", "sentence-transformers")
SLOW = 1.15  # a chunk counts if the probes before and after it took less than this many times the full-speed time


def column_of(contender):
    """Both graphs of onnxruntime share a column; each cell shows the faster one and names it."""
    return contender.removesuffix(" plain").removesuffix(" fused")


def kept_chunks(chunks):
    """The chunks that ran at full speed. Full speed is the 20th percentile of the probes with the same thread count."""
    usual = {}
    for threads in {chunk["threads"] for chunk in chunks}:
        usual[threads] = percentile([p for c in chunks if c["threads"] == threads for p in c["probe_ms"]], 0.2)
    return [c for c in chunks if max(c["probe_ms"]) < SLOW * usual[c["threads"]]]


def table(samples, references, lengths, threads, precision):
    """The table of one precision and thread count; None if nothing is to be compared.

    samples: (contender, precision, threads, length) to ns; references: (threads, length) to series of the reference
    product, one for each chunk.
    """
    against = PEERS_OF.get(precision, precision)
    names = sorted({n for n, p, t, _ in samples if p == against and t == threads and n != "Taper"})
    columns = list(dict.fromkeys(column_of(n) for n in names))
    rows = []
    for length in lengths:
        ours = samples.get(("Taper", precision, threads, length))
        others = {name: samples.get((name, against, threads, length)) for name in names}
        if not ours or not others or not all(others.values()):
            continue  # not measured, or no chunk ran at full speed
        cells, best = [cell(ours)], []
        for column in columns:
            name = min((n for n in names if column_of(n) == column), key=lambda n: median(others[n]))
            cells.append(cell(others[name]) + name.removeprefix(column))
            best.append(median(others[name]))
        spread = [block for series in references.get((threads, length), []) for block in blocks(series, median(ours))]
        fewest = min(len(runs) for runs in (ours, *others.values()))
        rows.append(f"| {length} | {' | '.join(cells)} | **{min(best) / median(ours):.2f}** | {tail(ours):.2f} | "
                    f"{f'{tail(spread):.2f}' if spread else '—'} | {fewest} |")
    head = f"| tokens | Taper | {' | '.join(columns)} | best peer / Taper | p99 / p50 | reference's | runs |"
    return "\n".join([head, "|---" * (len(columns) + 6) + "|", *rows]) if rows else None


def of_all_chunks(chunks, unit_of, summary, shows_ours):
    """A table of all chunks for a machine that is hardly ever at full speed: the summary of every run over its chunk's
    unit, of the best peer over ours."""
    runs, lengths = collections.defaultdict(list), sorted({c["length"] for c in chunks})
    for c in (c for c in chunks if c["kind"] == "chunk"):
        unit = unit_of(c)
        runs[c["threads"], c["precision"], c["length"], c["contender"]] += [time / unit for time in c["samples_ns"]]
    rows = []
    for threads, precision in sorted({key[:2] for key in runs if key[3] == "Taper"}):
        against, cells = PEERS_OF.get(precision, precision), []
        for length in lengths:
            ours = runs.get((threads, precision, length, "Taper"))
            peers = {key[3]: summary(times) for key, times in runs.items()
                     if key[:3] == (threads, against, length) and key[3] != "Taper"}
            best = min(peers, key=peers.get, default=None)
            detail = f" ({summary(ours) / 1e6:.2f} ms)" if ours and shows_ours else ""
            cells.append(f"{peers[best] / summary(ours):.2f} {column_of(best)}{detail}" if ours and peers else "—")
        rows.append(f"| {precision}, {threads} thread{'s' if threads > 1 else ''} | {' | '.join(cells)} |")
    head = f"| best peer / Taper | {' | '.join(map(str, lengths))} |"
    return "\n".join([head, "|---" * (len(lengths) + 1) + "|", *rows])


def cell(samples):
    return f"{median(samples) / 1e6:.2f} ({percentile(samples, 0.99) / 1e6:.2f})"


def latency(model, records):
    chunks = [r for r in records if r["kind"] in ("chunk", "reference")]
    kept = kept_chunks(chunks)
    samples, references = collections.defaultdict(list), collections.defaultdict(list)
    for chunk in kept:
        if chunk["kind"] == "chunk":
            samples[chunk["contender"], chunk["precision"], chunk["threads"], chunk["length"]] += chunk["samples_ns"]
        else:
            references[chunk["threads"], chunk["length"]].append(chunk["series_ns"])
    print(f"## {model}\n\n{len(chunks) - len(kept)} of {len(chunks)} chunks left out because a probe was slow. runs: "
          "the fewest of a row that were kept; p99 of fewer than 100 is the largest. reference's: p99 / p50 of a fixed "
          "product repeated for as long as a run of Taper.\n")
    for threads in sorted({c["threads"] for c in chunks}):
        for precision in PRECISIONS:
            if found := table(samples, references, sorted({c["length"] for c in chunks}), threads, precision):
                compared = f", compared with {PEERS_OF[precision]}" if precision in PEERS_OF else ""
                plural = "s" if threads > 1 else ""
                print(f"{precision}, {threads} thread{plural}{compared}: p50 (p99) in ms\n\n{found}\n")
    if 3 * len(kept) < 2 * len(chunks):
        # A run slows down with the probe only about as much; a neighbour's use of the tile unit does not slow the probe
        # at all. The least of many runs says what a contender does when it is left alone.
        probes = of_all_chunks(chunks, lambda c: sum(c["probe_ms"]) / len(c["probe_ms"]), median, False)
        print(f"All chunks, median of every run over the probes around it, by tokens\n\n{probes}\n")
        least = of_all_chunks(chunks, lambda c: 1, min, True)
        print(f"All chunks, least time of all runs (Taper's), by tokens\n\n{least}\n")


def errors(records):
    of = {(r["contender"], r["precision"]): r for r in records}  # the newest of each
    print(f"Distance from fp32 (onnxruntime's plain graph), {records[-1]['texts']} texts, embeddings of length one\n\n"
          "| contender | largest difference of an element | mean of 1 - cosine |\n|---|---|---|")
    for precision in PRECISIONS:
        for (contender, _), r in ((key, r) for key, r in of.items() if key[1] == precision):
            print(f"| {contender} {precision} | {r['largest']:.1e} | {max(r['distance'], 0):.1e} |")
    print()


def sentences(records):
    """Texts a second: one text at a time, and in the batch size that is fastest."""
    for cores in sorted({r["threads"] for r in records}):
        rows = []
        for contender in dict.fromkeys(r["contender"] for r in records):
            mine = [r for r in records if r["threads"] == cores and r["contender"] == contender]
            if not mine:
                continue
            rates = {batch: 1 / median([r["seconds"] / r["texts"] for r in mine if r["batch"] == batch])
                     for batch in sorted({r["batch"] for r in mine})}
            alone = [time for r in mine if r["batch"] == 1 for time in r["samples_ns"]]
            batch = max(rates, key=lambda size: rates[size])
            rows.append(f"| {contender} | {rates[1]:.0f} | {cell(alone)} | {rates[batch]:.0f} ({batch}) | "
                        f"{max(mine[-1]['distance'], 0):.1e} |")
        print(f"Sentences, {cores} core{'s' if cores > 1 else ''}: {records[-1]['about']}\n\n"
              "| program | texts/s, one at a time | p50 (p99) in ms | texts/s, best batch (its size) | 1 - cosine |\n"
              "|---|---|---|---|---|\n" + "\n".join(rows) + "\n")


def versions():
    found = []
    for name in PACKAGES:
        try:
            found.append(f"{name} {importlib.metadata.version(name)}")
        except importlib.metadata.PackageNotFoundError:
            pass
    return ", ".join(found)


def main():
    records = [json.loads(line) for path in sys.argv[1:] for line in open(path)]
    cpu = next((line.split(":")[1].strip() for line in open("/proc/cpuinfo") if line.startswith("model name")), "?")
    print(f"{cpu}, {platform.system()} {platform.release()}; {versions()}; interleaved\n")
    for model in dict.fromkeys(r["model"] for r in records):
        mine = collections.defaultdict(list)
        for record in records:
            if record["model"] == model:
                mine["chunk" if record["kind"] == "reference" else record["kind"]].append(record)
        for kind, show in (("chunk", lambda found: latency(model, found)), ("error", errors), ("sentences", sentences)):
            if mine[kind]:
                show(mine[kind])


if __name__ == "__main__":
    main()
