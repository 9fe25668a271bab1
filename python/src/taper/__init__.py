"""Runs plans of text encoders, made by ``taper plan``, at a promised latency.

    import taper
    with taper.load("dense.plan") as plan:
        vectors = plan.encode(["A first text.", "And a second."])    # float32, [2, 384]
"""
from __future__ import annotations

import os

from ._library import library as _library
from ._plan import Plan, Ranked, TokenLabel, TokenPlace
from .errors import ArgumentError, CanaryError, InputError, PlanFileError, PlanUnfitError, ResultError, TaperError

__version__: str = _library.taper_version().decode()


def load(path: str | os.PathLike[str], *, sessions: int | None = None, prompt: str | None = None,
         no_prompt: bool = False, prefault: bool = False, lock: bool = False, strict: bool = False) -> Plan:
    """Opens a plan; :class:`Plan` says what the options mean."""
    return Plan(path, sessions=sessions, prompt=prompt, no_prompt=no_prompt, prefault=prefault, lock=lock,
                strict=strict)


__all__ = ["ArgumentError", "CanaryError", "InputError", "Plan", "PlanFileError", "PlanUnfitError", "Ranked",
           "ResultError", "TaperError", "TokenLabel", "TokenPlace", "load"]
