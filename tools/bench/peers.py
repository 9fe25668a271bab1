"""Times Taper and its peers on one model, interleaved, and appends the samples to a file of JSON lines.

Started by tools/bench/peers; peer_report.py makes the tables. A chunk is some runs of one contender. Contenders take
turns chunk by chunk, so that slow phases of a shared machine hit all of them alike. A fixed probe runs before and after
each chunk, so that the report can leave out chunks of a slow phase. Taper times its own runs (`taper bench --json`);
the peers are timed here, around the call. The first runs of a chunk are warm-up and not kept: after a pause the peers
need some runs to reach their speed. One more contender, the reference, is a fixed product over and over: its spread is
the machine's own.
"""
import argparse
import json
import pathlib
import subprocess
import sys
import time

import probe  # before the others: it sets how many threads numpy's products use
import numpy as np
import peer_contenders
from stats import runs_of

# Worker threads of OpenMP and onnxruntime keep spinning after their last run, which would slow the next contender.
LINGER_SECONDS = {"CTranslate2": 0.25}
LINGER_OTHERS = 0.05


class Taper:
    name, needs_length = "Taper", False

    def __init__(self, executable, plan, precision):
        self.executable, self.plan, self.precision = executable, plan, precision

    def open(self, threads, length):
        def timed(count):
            out = self.call(["bench", self.plan, "--lengths", str(length), "--runs", str(count),
                             "--threads", str(threads), "--prefault", "--noise", "100000%", "--samples", "--json"])
            return json.loads(out)["lengths"][0]["samples_ns"]
        return timed

    def embeddings(self, texts):
        out = self.call(["run", self.plan], "".join(json.dumps({"text": text}) + "\n" for text in texts))
        return np.array([json.loads(line)["embedding"] for line in out.splitlines()])

    def call(self, arguments, text=None):
        done = subprocess.run([self.executable, *arguments], input=text, capture_output=True, text=True)
        if done.returncode != 0:
            sys.exit(f"taper {arguments[0]} failed: {done.stderr}")
        return done.stdout


class Peers:
    """The peers for one thread count. Those that take any length are opened once."""

    def __init__(self, peers, threads):
        self.peers, self.threads = peers, threads
        self.opened = {peer: peer.open(threads, None) for peer in peers if not peer.needs_length}
        self.generator = np.random.default_rng(0)

    def open(self, length):
        def ready(peer):
            return self.opened.get(peer) or peer.open(self.threads, length)
        return [(peer, self.timer(ready(peer), length)) for peer in self.peers]

    def timer(self, run, length):
        def timed(count):
            times = []
            for _ in range(count):
                ids = self.generator.integers(1000, 28000, size=length).tolist()
                start = time.perf_counter_ns()
                run(ids)
                times.append(time.perf_counter_ns() - start)
            return times
        return timed


def measure(arguments, tapers, peers, write):
    check = probe.Probe(arguments.threads)
    others = Peers(peers, arguments.threads)
    seconds = arguments.seconds / arguments.passes / arguments.rounds
    for pass_number in range(arguments.passes):
        for length in arguments.lengths:
            print(f"{arguments.name}: pass {pass_number + 1} of {arguments.passes}, {arguments.threads} threads, "
                  f"{length} tokens", file=sys.stderr, flush=True)
            contenders = [(taper, taper.open(arguments.threads, length)) for taper in tapers] + others.open(length)
            runs = {contender: runs_of(seconds, min(timed(2)) / 1e6) for contender, timed in contenders}
            where = {"model": arguments.name, "threads": arguments.threads, "length": length}
            for turn in range(arguments.rounds):
                longest = seconds
                for contender, timed in contenders[turn:] + contenders[:turn]:
                    warm_up, kept = runs[contender]
                    before = check()
                    samples = timed(warm_up + kept)[warm_up:]
                    time.sleep(LINGER_SECONDS.get(contender.name, LINGER_OTHERS))
                    write(kind="chunk", **where, contender=contender.name, precision=contender.precision,
                          probe_ms=[before, check()], samples_ns=samples)
                    if contender in tapers:
                        longest = max(longest, sum(samples) / 1e9)
                before = check()
                series = check.series(longest)
                write(kind="reference", **where, probe_ms=[before, check()], series_ns=series)


def compare(arguments, tapers, peers, texts, write):
    """How far each contender's answers, mean-pooled unit vectors, are from fp32's (onnxruntime's plain graph)."""
    lines = [(text["text"], ids) for text, ids in texts]

    def pooled(peer):
        run = peer.open(2, None)
        means = np.array([run(ids).mean(axis=0, dtype=np.float64) for _, ids in lines])
        return means / np.linalg.norm(means, axis=1, keepdims=True)

    reference = pooled(peers[0])
    for contender in [*tapers, *peers]:
        vectors = contender.embeddings([text for text, _ in lines]) if isinstance(contender, Taper) else pooled(contender)
        write(kind="error", model=arguments.name, contender=contender.name, precision=contender.precision, texts=len(lines),
              largest=float(np.abs(vectors - reference).max()), distance=float(1 - (vectors * reference).sum(axis=1).mean()))


def read_texts(texts, tokens):
    """Texts with their token ids, from a file of texts and the output of `taper tokenize` for it."""
    pairs = zip(pathlib.Path(texts).read_text().splitlines(), pathlib.Path(tokens).read_text().splitlines(), strict=True)
    return [(json.loads(text), json.loads(line)["ids"]) for text, line in pairs]


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("action", choices=["prepare", "measure", "compare"])
    parser.add_argument("--work", required=True, type=pathlib.Path,
                        help="folder of this model: model/, texts, the peers' files")
    parser.add_argument("--plans", type=pathlib.Path,
                        help="folder of the plans; results are appended to its results.jsonl")
    parser.add_argument("--taper")
    parser.add_argument("--name")
    parser.add_argument("--precisions", nargs="+", help="of Taper's plans")
    parser.add_argument("--leading", action="store_true", help="without the peers that led in no table so far")
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--lengths", type=int, nargs="+")
    parser.add_argument("--passes", type=int, help="over all lengths")
    parser.add_argument("--rounds", type=int, help="turns of every contender in a pass")
    parser.add_argument("--seconds", type=float,
                        help="of kept runs of a contender at a length, over all passes and rounds")
    arguments = parser.parse_args()
    work = arguments.work
    if arguments.action == "prepare":
        calibration = [ids for _, ids in read_texts(work / "calibration.jsonl", work / "calibration.ids.jsonl")]
        peer_contenders.prepare(str(work / "model"), work, calibration)
        return
    peers = peer_contenders.peers(work, arguments.leading)
    tapers = [Taper(arguments.taper, str(arguments.plans / f"{precision}-{arguments.threads}.plan"), precision)
              for precision in arguments.precisions]
    with open(arguments.plans / "results.jsonl", "a") as file:

        def write(**values):
            file.write(json.dumps(values) + "\n")
            file.flush()

        if arguments.action == "measure":
            measure(arguments, tapers, peers, write)
        else:
            compare(arguments, tapers, peers, read_texts(work / "judged.jsonl", work / "judged.ids.jsonl"), write)


if __name__ == "__main__":
    main()
