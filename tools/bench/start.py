"""Times programs, taking turns, from process start to first answer, with their peak resident memory.

usage: start.py measure WORK RUNNER THREADS ROUNDS    appends to WORK/start.jsonl; started by tools/bench/start
       start.py report WORK RUNNER                    prints the tables of docs/start.md; measures what taper-run's
                                                      resident memory consists of
"""
import json
import os
import pathlib
import re
import subprocess
import sys
import time

from stats import median, percentile

HERE = pathlib.Path(__file__).resolve().parent
PRECISIONS = ("f32", "bf16", "int8")
ENOUGH = 30
MB = 1e6


def contenders(work, runner, threads):
    """(name, precision, command, standard input) of each. taper-run gets a text, the peers its token ids."""
    line = (work / "start.text.jsonl").read_text()
    ids = json.dumps(json.loads((work / "start.ids.jsonl").read_text())["ids"])
    peer = [sys.executable, str(HERE / "start_peer.py")]
    for precision in PRECISIONS:
        yield "taper-run", precision, [runner, str(work / f"start-{precision}.plan")], line
    for precision, path in (("f32", "fused.onnx"), ("int8", "fused.int8.onnx")):
        yield "onnxruntime", precision, [*peer, "onnxruntime", str(threads), str(work / path)], ids
    for precision, path in (("default", "openvino-f32.xml"), ("int8", "openvino-int8.xml")):
        command = [*peer, "openvino", str(threads), str(work / path)]
        yield "OpenVINO", precision, command, ids
        yield "OpenVINO, compiled model cached", precision, [*command, str(work / "openvino-cache")], ids
    yield "Python and numpy alone", "", [*peer, "numpy", "1"], ids


def start(command, text):
    """Milliseconds from start to exit, and peak resident bytes. Uses posix_spawn: a forked child would start with this
    process's memory."""
    with open(os.devnull, "w") as nothing:
        read, write = os.pipe()
        os.write(write, text.encode())
        os.close(write)
        actions = [(os.POSIX_SPAWN_DUP2, read, 0), (os.POSIX_SPAWN_DUP2, nothing.fileno(), 1)]
        begin = time.perf_counter_ns()
        child = os.posix_spawn(command[0], command, os.environ, file_actions=actions)
        _, status, usage = os.wait4(child, 0)
        end = time.perf_counter_ns()
        os.close(read)
    if status:
        sys.exit(f"{' '.join(command)} failed: {os.waitstatus_to_exitcode(status)}")
    return (end - begin) / 1e6, usage.ru_maxrss * 1024


def measure(work, runner, threads, rounds):
    # A first, untimed start of each fills the page cache and OpenVINO's model cache.
    all_of_them = list(contenders(work, runner, threads))
    for _, _, command, text in all_of_them:
        start(command, text)
    with open(work / "start.jsonl", "a") as file:
        for number in range(rounds):
            turn = number % len(all_of_them)
            for name, precision, command, text in all_of_them[turn:] + all_of_them[:turn]:
                ms, peak = start(command, text)
                file.write(json.dumps({"name": name, "precision": precision, "ms": ms, "peak": peak}) + "\n")


def resident(runner, plan, line):
    """taper-run's resident bytes after one answer: of the mapped plan, of other mapped files, and anonymous."""
    child = subprocess.Popen([runner, plan], stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    child.stdin.write(line.encode())
    child.stdin.flush()
    child.stdout.readline()
    found = {"plan": 0, "program": 0, "anonymous": 0}
    kind = None
    for entry in pathlib.Path(f"/proc/{child.pid}/smaps").read_text().splitlines():
        if area := re.match(r"[0-9a-f]+-[0-9a-f]+ \S+ \S+ \S+ \d+\s*(.*)", entry):
            place = area.group(1)
            kind = "plan" if place == plan else "program" if place.startswith("/") else "anonymous"
        elif rss := re.match(r"Rss:\s+(\d+) kB", entry):
            found[kind] += int(rss.group(1)) * 1024
    child.stdin.close()
    child.wait()
    return found


def report(work, runner):
    records = [json.loads(line) for line in (work / "start.jsonl").read_text().splitlines()]
    print("| | precision | start to first result, median ms | p99 | peak resident MB |\n|---|---|---|---|---|")
    for name, precision in dict.fromkeys((r["name"], r["precision"]) for r in records):
        rows = [r for r in records if (r["name"], r["precision"]) == (name, precision)]
        times, peaks = [r["ms"] for r in rows], [r["peak"] for r in rows]
        few = "" if len(rows) >= ENOUGH else f" ({len(rows)} starts)"
        print(f"| {name} | {precision} | {median(times):.1f}{few} | {percentile(times, 0.99):.1f} | "
              f"{median(peaks) / MB:.1f} |")
    config = json.loads((work / "model" / "config.json").read_text())
    width = config["hidden_size"] * 4
    tables = width * (config["vocab_size"] + config["max_position_embeddings"] + config["type_vocab_size"])
    line = (work / "start.text.jsonl").read_text()
    tokens = len(json.loads((work / "start.ids.jsonl").read_text())["ids"])
    print("\n| taper-run, MB | plan file | of it read by the run | of it resident | arena | program and the rest | bound |\n" + "|---" * 7 + "|")
    for precision in PRECISIONS:
        plan = work / f"start-{precision}.plan"
        arena = json.loads((work / f"start-{precision}.json").read_text())["arena_bytes"]
        size = plan.stat().st_size
        found = resident(runner, str(plan), line)
        touched = size - tables + tokens * 3 * width
        rest = found["program"] + found["anonymous"] - arena
        total = sum(found.values())
        cells = (size, touched, found["plan"], arena, rest)
        print(f"| {precision} | " + " | ".join(f"{value / MB:.1f}" for value in cells)
              + f" | {total / MB:.1f} of {(found['plan'] + arena) / MB + 8:.1f} |")


def main():
    action, work, runner = sys.argv[1], pathlib.Path(sys.argv[2]), sys.argv[3]
    if action == "measure":
        measure(work, runner, int(sys.argv[4]), int(sys.argv[5]))
    else:
        report(work, runner)


if __name__ == "__main__":
    main()
