"""The command taper-run, which the package holds."""
import os
import pathlib
import sys


def run() -> None:
    program = pathlib.Path(__file__).parent / "taper-run"
    os.execv(program, ["taper-run", *sys.argv[1:]])
