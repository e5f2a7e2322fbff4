"""How things are measured: wall time of a call, wall time and peak memory of a command, median and spread of runs."""

from __future__ import annotations

import os
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

MEGABYTE = 1e6
# Linux counts the memory of whoever starts a process among its peak. So a bare interpreter starts it, and measures.
LAUNCHER = """
import os, subprocess, sys, time
start = time.perf_counter()
child = subprocess.Popen(sys.argv[1:], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
_, status, usage = os.wait4(child.pid, 0)
child.returncode = os.waitstatus_to_exitcode(status)
print(child.returncode, time.perf_counter() - start, usage.ru_maxrss)
"""
UNIT_OF_PEAK = 1 if sys.platform == "darwin" else 1024  # bytes; what getrusage counts in


class MissingError(Exception):
    """What a measurement needs is not on this machine."""


@dataclass(frozen=True, kw_only=True)
class Row:
    """One line of the table.

    Parameters
    ----------
    what
        What was measured, with its size.
    unit
        Of ``values``; less is better.
    values
        One per run.
    peer
        What it is compared with: other software, or "at most 25 s".
    against
        The peer's value in the same unit; the ratio is this over ours, so that above 1 favours us.
    seed
        Of the random numbers, where there are any.
    """

    what: str
    unit: str
    values: Sequence[float]
    peer: str = ""
    against: float | None = None
    seed: int | None = None

    def cells(self) -> dict[str, str]:
        """The row as text, without what made it."""
        middle = statistics.median(self.values)
        return {
            "what": self.what,
            "peer": self.peer,
            "value": digits(middle),
            "low": digits(min(self.values)),
            "high": digits(max(self.values)),
            "unit": self.unit,
            "ratio": "" if self.against is None else digits(self.against / middle),
        }


def digits(value: float) -> str:
    """Three digits: a second run would not give more. Without an exponent."""
    return f"{float(f'{value:.3g}'):.12f}".rstrip("0").rstrip(".")


def bounded(what: str, unit: str, values: Sequence[float], *, at_most: float, seed: int | None = None) -> Row:
    """A row beside the most that it should be."""
    return Row(what=what, unit=unit, values=values, peer=f"at most {at_most:g} {unit}", against=at_most, seed=seed)


def seconds(work: Callable[[], object]) -> float:
    """Wall time of one call."""
    start = time.perf_counter()
    work()
    return time.perf_counter() - start


@dataclass(frozen=True, kw_only=True)
class Finished:
    """A command that has run: wall time, and the largest resident memory of its processes."""

    seconds: float
    megabytes: float


def command(*arguments: str, environment: Mapping[str, str] | None = None) -> Finished:
    """Run a command to its end in a process of its own.

    Raises
    ------
    RuntimeError
        If it fails.
    """
    told = subprocess.run(
        [sys.executable, "-I", "-S", "-c", LAUNCHER, *arguments],
        stdout=subprocess.PIPE,
        check=True,
        text=True,
        env={**os.environ, **(environment or {})},
    ).stdout.split()
    if int(told[0]):
        raise RuntimeError(f"{' '.join(arguments)}: ended with {told[0]}; run it by hand to see why")
    return Finished(seconds=float(told[1]), megabytes=int(told[2]) * UNIT_OF_PEAK / MEGABYTE)
