"""Runs the checks that guard the project's claims: the one list of tools/test (all) and tools/dev check (no tests).

usage: checks.py [--without-tests] [--list] [NAME...]      only those named

Lanes run side by side, the checks of a lane one after another: two Swift builds in one folder would lock each other.
Each check prints one line; a failed one also prints its output and the command that mends it. Exit 1 when any failed.
"""
import argparse
import pathlib
import re
import subprocess
import sys
import threading
import time
from dataclasses import dataclass

ROOT = pathlib.Path(__file__).resolve().parents[2]
LOGS = ROOT / ".build" / "checks"
SHOWN = 60  # last lines of a failed check's output
FAILURE = re.compile(r"✘|^(FAILED|ERROR) |\berror: ")  # a line that says what failed, wherever it stands
UNAVAILABLE = 69  # exit code of a check that this machine cannot run
PACKAGES = "clang-format shellcheck libc6-dev-arm64-cross qemu-user-static"
SCRIPTS = "git grep -lE '^#!.*(bash|/sh)$|^# shellcheck shell=' -- .ci tools"


@dataclass(frozen=True)
class Check:
    name: str
    lane: str
    command: str  # run by bash in the repository's root
    mend: str = ""  # what mends a failure; by default the command, which shows it again
    is_test: bool = False
    needs: str = ""  # a check of the same lane without which this one says nothing
    is_optional: bool = False  # may be unavailable: the product does not need what it needs


CHECKS = [
    Check("arrows", "build", "tools/check-arrows"),
    Check("build", "build", "swift build -c release --build-tests", is_test=True),
    Check("hot path", "build", "tools/check-hot-path"),
    Check("library", "build", "tools/check-library", is_test=True, needs="build"),
    Check("wheel", "build", "tools/check-python", is_test=True, needs="library"),
    Check("tests", "build", "swift test -c release --skip-build", "tools/test --filter NAME", is_test=True,
          needs="build"),
    Check("lean", "static build", "tools/check-lean"),
    Check("generated", "others", "python3 tools/reference/make-kernel-table.py --check", "tools/dev fmt"),
    Check("figures", "others", "python3 tools/figures --check", "tools/figures"),
    Check("swift format", "others", "swift format lint --strict --recursive --parallel Package.swift Sources Tests",
          "tools/dev fmt"),
    Check("packages", "others", f"source tools/lib/setup.sh; apt_install {PACKAGES}", f"apt-get install {PACKAGES}"),
    Check("clang-format", "others",
          "source tools/lib/setup.sh; c_files | xargs -0 clang-format --dry-run --Werror", "tools/dev fmt",
          needs="packages"),
    Check("scripts", "others", f"{SCRIPTS} | xargs shellcheck -x -P SCRIPTDIR -P tools/bench -S warning",
          "tools/dev check scripts", needs="packages"),
    Check("NEON", "others", "tools/check-neon", needs="packages"),
    Check("Python", "others", "for folder in tools/bench tools/lib; do python3 -m unittest discover -s $folder; done",
          is_test=True),
    Check("tools/tune", "others", "tools/tune/check", is_test=True, is_optional=True),
]


class Runner:
    def __init__(self):
        self.results = {}  # name -> exit code
        self.output = threading.Lock()

    def say(self, *lines):
        with self.output:
            print("\n".join(lines), flush=True)

    def lane(self, checks):
        for check in checks:
            if self.results.get(check.needs, 0) != 0:
                self.results[check.name] = 1
                self.say(f"FAILED   {check.name}: {check.needs} failed")
            else:
                self.results[check.name] = self.run(check)

    def run(self, check):
        begin = time.monotonic()
        log = LOGS / f"{check.name.replace('/', '-').replace(' ', '-')}.log"
        with open(log, "w") as file:
            code = subprocess.run(["bash", "-euo", "pipefail", "-c", check.command], cwd=ROOT, stdin=subprocess.DEVNULL,
                                  stdout=file, stderr=subprocess.STDOUT).returncode
        took = f"{check.name:<13}{time.monotonic() - begin:5.0f} s"
        lines = plain(log.read_text(errors="replace")).splitlines()
        if code == 0:
            self.say(f"ok       {took}  {lines[-1][:100] if lines else ''}")
        elif check.is_optional and code == UNAVAILABLE:
            self.say(f"NOT RUN  {took}  {lines[-1][:100] if lines else ''}")
            return 0
        else:
            self.say(f"FAILED   {took}  mend with: {check.mend or check.command}",
                     *(f"  | {line}" for line in failures(lines) + lines[-SHOWN:]), f"  all of it: {log}")
        return code


def failures(lines):
    """The lines that say what failed: tests run side by side, so the last lines may be of others."""
    return [line for line in lines[:-SHOWN] if FAILURE.search(line)][:SHOWN]


def plain(text):
    """Without colours and what a progress line overwrote."""
    lines = re.sub(r"\x1b\[[0-9;]*[A-Za-z]", "", text).rstrip().split("\n")
    return "\n".join(line.rsplit("\r", 1)[-1] for line in lines)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--without-tests", action="store_true")
    parser.add_argument("--list", action="store_true", help="show the checks and leave")
    parser.add_argument("names", nargs="*", metavar="NAME", help=f"of {', '.join(check.name for check in CHECKS)}")
    arguments = parser.parse_args()
    if unknown := set(arguments.names) - {check.name for check in CHECKS}:
        parser.error(f"no check is called {', '.join(sorted(unknown))}")
    chosen = [check for check in CHECKS if (check.name in arguments.names if arguments.names else
                                            not (check.is_test and arguments.without_tests))]
    if arguments.list:
        for check in chosen:
            print(f"{check.name:<13}{check.command}")
        return 0
    LOGS.mkdir(parents=True, exist_ok=True)
    begin, runner = time.monotonic(), Runner()
    lanes = [threading.Thread(target=runner.lane, args=[[check for check in chosen if check.lane == lane]])
             for lane in dict.fromkeys(check.lane for check in chosen)]
    for lane in lanes:
        lane.start()
    for lane in lanes:
        lane.join()
    failed = [check.name for check in chosen if runner.results[check.name] != 0]
    verdict = f"{', '.join(failed)} FAILED" if failed else "none failed"
    print(f"{len(chosen)} checks in {time.monotonic() - begin:.0f} s: {verdict}")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
