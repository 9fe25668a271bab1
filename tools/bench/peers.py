"""Times Taper and its peers on one model, interleaved, and appends the samples to a file of JSON lines.

Started by tools/bench/peers; peer_report.py makes the tables. A chunk is a few runs of one contender. Contenders take
turns chunk by chunk, so that slow phases of a shared machine hit all of them alike. A fixed probe runs before and after
each chunk, so that the report can leave out chunks of a slow phase. Taper times its own runs (`taper bench --json`);
the peers are timed here, around the call. The first runs of a chunk are warm-up and not kept: after a pause the peers
need some runs to reach their speed.
"""
import argparse
import concurrent.futures
import json
import os
import pathlib
import subprocess
import sys
import time

os.environ["OPENBLAS_NUM_THREADS"] = "1"  # for the probe; numpy reads it on import
import numpy as np  # noqa: E402

del os.environ["OPENBLAS_NUM_THREADS"]
import peer_contenders  # noqa: E402

WARM_UP = 6
PRECISIONS = ("f32", "bf16", "int8")
# Worker threads of OpenMP and onnxruntime keep spinning after their last run, which would slow the next contender.
LINGER_SECONDS = {"CTranslate2": 0.25}
LINGER_OTHERS = 0.05


class Probe:
    """A fixed matrix product on every timed thread: how fast the slowest core is right now, in ms."""

    def __init__(self, threads):
        self.threads = concurrent.futures.ThreadPoolExecutor(threads)
        self.operands = [np.ones((384, 384), np.float32) for _ in range(threads)]

    def __call__(self):
        return max(self.threads.map(self.fastest, self.operands))

    @staticmethod
    def fastest(operand):
        times = []
        for _ in range(10):
            start = time.perf_counter_ns()
            operand @ operand
            times.append(time.perf_counter_ns() - start)
        return min(times) / 1e6


class Taper:
    name = "Taper"

    def __init__(self, executable, plan, precision):
        self.executable, self.plan, self.precision = executable, plan, precision

    def times(self, threads, length, runs):
        out = self.call(["bench", self.plan, "--lengths", str(length), "--runs", str(runs + WARM_UP), "--threads", str(threads),
                         "--prefault", "--noise", "100000%", "--samples", "--json"])
        return json.loads(out)["lengths"][0]["samples_ns"][WARM_UP:]

    def embeddings(self, texts):
        out = self.call(["run", self.plan], "".join(json.dumps({"text": text}) + "\n" for text in texts))
        return np.array([json.loads(line)["embedding"] for line in out.splitlines()])

    def call(self, arguments, text=None):
        done = subprocess.run([self.executable, *arguments], input=text, capture_output=True, text=True)
        if done.returncode != 0:
            sys.exit(f"taper {arguments[0]} failed: {done.stderr}")
        return done.stdout


def times_of(run, length, runs, generator):
    times = []
    for index in range(runs + WARM_UP):
        ids = generator.integers(1000, 28000, size=length).tolist()
        start = time.perf_counter_ns()
        run(ids)
        if index >= WARM_UP:
            times.append(time.perf_counter_ns() - start)
    return times


def measure(arguments, tapers, peers, write):
    generator = np.random.default_rng(0)
    probe = Probe(arguments.threads)
    opened = [(peer, peer.open(arguments.threads, arguments.length)) for peer in peers]
    contenders = [(taper, lambda t=taper: t.times(arguments.threads, arguments.length, arguments.runs)) for taper in tapers]
    contenders += [(peer, lambda r=run: times_of(r, arguments.length, arguments.runs, generator)) for peer, run in opened]
    for _ in range(3):
        probe()
    for round_number in range(arguments.rounds):
        for contender, timed in contenders[round_number:] + contenders[:round_number]:
            before = probe()
            samples = timed()
            time.sleep(LINGER_SECONDS.get(contender.name, LINGER_OTHERS))
            write(kind="chunk", model=arguments.name, threads=arguments.threads, length=arguments.length, contender=contender.name,
                  precision=contender.precision, probe_ms=[before, probe()], samples_ns=samples)


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
    parser.add_argument("--taper", required=True)
    parser.add_argument("--work", required=True, type=pathlib.Path, help="folder of this model: model/, plans, texts, results")
    parser.add_argument("--name", required=True)
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--length", type=int)
    parser.add_argument("--rounds", type=int)
    parser.add_argument("--runs", type=int)
    arguments = parser.parse_args()
    work = arguments.work
    if arguments.action == "prepare":
        calibration = [ids for _, ids in read_texts(work / "calibration.jsonl", work / "calibration.ids.jsonl")]
        peer_contenders.prepare(str(work / "model"), work, calibration)
        return
    peers = peer_contenders.peers(work)
    tapers = [Taper(arguments.taper, str(work / f"{precision}-{arguments.threads}.plan"), precision) for precision in PRECISIONS]
    with open(work / "results.jsonl", "a") as file:

        def write(**values):
            file.write(json.dumps(values) + "\n")

        if arguments.action == "measure":
            measure(arguments, tapers, peers, write)
        else:
            compare(arguments, tapers, peers, read_texts(work / "judged.jsonl", work / "judged.ids.jsonl"), write)


if __name__ == "__main__":
    main()
