"""Dense fp32 latency of Taper beside onnxruntime, interleaved in one run. Started by tools/bench/peers.

Each round times a chunk of runs of every contender at every length, in turn, so that slow phases of a shared machine
fall on all alike. Taper times its own runs (`taper bench --json`), onnxruntime is timed here round session.run.
"""
import argparse
import json
import platform
import subprocess
import sys
import time

import numpy as np
import onnxruntime

import onnx_bert


def onnx_sessions(model, threads):
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = threads
    options.inter_op_num_threads = 1
    return {name: onnxruntime.InferenceSession(onnx_bert.build(model, fused), options, ["CPUExecutionProvider"])
            for name, fused in (("onnxruntime plain", False), ("onnxruntime fused", True))}


def time_session(session, ids, runs):
    feed = {"input_ids": ids}
    session.run(None, feed)
    times = []
    for _ in range(runs):
        start = time.perf_counter_ns()
        session.run(None, feed)
        times.append(time.perf_counter_ns() - start)
    return times


def time_taper(taper, plan, length, runs, threads):
    out = subprocess.run([taper, "bench", plan, "--lengths", str(length), "--runs", str(runs), "--threads", str(threads),
                          "--samples", "--json"], capture_output=True, text=True)
    if out.returncode != 0:
        sys.exit(f"taper bench failed: {out.stderr}")
    return json.loads(out.stdout)["lengths"][0]["samples_ns"]


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--taper", required=True)
    parser.add_argument("--model", required=True)
    parser.add_argument("--plan", action="append", required=True, help="THREADS=PLAN")
    parser.add_argument("--lengths", default="16,32,64,128,256")
    parser.add_argument("--rounds", type=int, default=6)
    parser.add_argument("--runs", type=int, default=8)
    arguments = parser.parse_args()
    lengths = [int(n) for n in arguments.lengths.split(",")]
    generator = np.random.default_rng(0)
    cpu = next((line.split(":")[1].strip() for line in open("/proc/cpuinfo") if line.startswith("model name")), "?")
    print(f"{cpu}, {platform.system()} {platform.release()}; onnxruntime {onnxruntime.__version__}; fp32, batch 1; "
          f"{arguments.rounds} rounds of {arguments.runs} runs, interleaved\n")
    for item in arguments.plan:
        threads, plan = item.split("=", 1)
        sessions = onnx_sessions(arguments.model, int(threads))
        times = {}
        for round_number in range(arguments.rounds):
            for length in lengths:
                print(f"\r{threads} threads: round {round_number + 1}/{arguments.rounds}, {length} tokens   ",
                      end="", file=sys.stderr, flush=True)
                ids = generator.integers(1000, 28000, size=(1, length), dtype=np.int64)
                for name, session in sessions.items():
                    times.setdefault((name, length), []).extend(time_session(session, ids, arguments.runs))
                times.setdefault(("taper", length), []).extend(
                    time_taper(arguments.taper, plan, length, arguments.runs, int(threads)))
        print("\r\033[2K", end="", file=sys.stderr)
        print(f"{threads} thread{'s' if threads != '1' else ''}: p50 (p99) in ms\n")
        print("| tokens | taper | onnxruntime plain | onnxruntime fused | best onnxruntime / taper |\n|---|---|---|---|---|")
        for length in lengths:
            p50 = {n: np.median(times[n, length]) / 1e6 for n in ("taper", *sessions)}
            p99 = {n: np.percentile(times[n, length], 99) / 1e6 for n in p50}
            best = min(p50[n] for n in sessions)
            cells = " | ".join(f"{p50[n]:.2f} ({p99[n]:.2f})" for n in p50)
            print(f"| {length} | {cells} | {best / p50['taper']:.2f} |")
        print()


if __name__ == "__main__":
    main()
