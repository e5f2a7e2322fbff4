"""Fuzz the package and write docs/results/robustness.csv.

Every case is a target and a seed: ``--only TARGET:SEED`` runs one alone and shows where it ends.
"""

from __future__ import annotations

import argparse
import sys
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, field
from multiprocessing import get_context
from pathlib import Path

from tests.robustness.judging import End, Outcome, outcome_of
from tests.robustness.table import TABLE, record
from tests.robustness.targets import TARGETS

CHUNK = 250  # cases that a process runs before it says how they ended
PER_SEED = 10**9  # cases of one target that a seed has


@dataclass
class Tally:
    """How the cases of a target ended; failures by place, with their number and the first seed and words."""

    ends: Counter[End] = field(default_factory=Counter)
    failures: dict[Outcome, tuple[int, int, str]] = field(default_factory=dict)
    seconds: float = 0.0

    @property
    def cases(self) -> int:
        return sum(self.ends.values())

    def note(self, outcome: Outcome, seed: int) -> None:
        self.ends[outcome.end] += 1
        if outcome.end in ("traceback", "silent wrong"):
            self._fail(Outcome(outcome.end, outcome.place), 1, seed, outcome.words)

    def add(self, other: Tally) -> None:
        self.ends.update(other.ends)
        self.seconds += other.seconds
        for place, (count, seed, words) in other.failures.items():
            self._fail(place, count, seed, words)

    def _fail(self, place: Outcome, count: int, seed: int, words: str) -> None:
        before, first, said = self.failures.get(place, (0, seed, words))
        self.failures[place] = (before + count, *min((first, said), (seed, words)))


def ending_in(seconds: float) -> float:
    """The time of the clock in so many seconds."""
    return time.time() + seconds


def run_cases(name: str, first: int, count: int, until: float) -> tuple[str, Tally]:
    """Run cases one after another, no more when the time is over."""
    tally, begun = Tally(), time.perf_counter()
    for seed in range(first, first + count):
        if time.time() > until:
            break
        tally.note(outcome_of(TARGETS[name].run, seed), seed)
    tally.seconds = time.perf_counter() - begun
    return name, tally


def chunks(names: Sequence[str], cases: int, seed: int) -> Iterator[tuple[str, int, int]]:
    """Parts of the work, all targets advancing together."""
    whole = sum(TARGETS[name].thousands for name in names)
    parts = []
    for name in names:
        total = max(round(cases * TARGETS[name].thousands / whole), 1)
        for begin in range(0, total, CHUNK):
            parts.append((begin / total, name, seed * PER_SEED + begin, min(CHUNK, total - begin)))
    yield from ((name, first, count) for _, name, first, count in sorted(parts))


def fuzz(names: Sequence[str], *, cases: int, seconds: float, seed: int, processes: int) -> dict[str, Tally]:
    """Run all targets and count how their cases end."""
    tallies = {name: Tally() for name in names}
    until = ending_in(seconds)
    work = list(chunks(names, cases, seed))
    if processes == 1:
        found = (run_cases(*part, until) for part in work)
        return _gathered(tallies, found)
    with ProcessPoolExecutor(processes, mp_context=get_context("spawn")) as pool:
        futures = [pool.submit(run_cases, *part, until) for part in work]
        return _gathered(tallies, (future.result() for future in futures))


def _gathered(tallies: dict[str, Tally], found: Iterator[tuple[str, Tally]]) -> dict[str, Tally]:
    for name, tally in found:
        tallies[name].add(tally)
    return tallies


def shown(tallies: dict[str, Tally]) -> Iterator[str]:
    """Each target in a line, then its failures."""
    for name, tally in tallies.items():
        rate = tally.cases / tally.seconds if tally.seconds else 0.0
        ends = ", ".join(f"{count} {end}" for end, count in tally.ends.items())
        yield f"{name}: {tally.cases} cases, {rate:.0f}/s a process: {ends}"
    yield from failures(tallies)


def failures(tallies: dict[str, Tally]) -> Iterator[str]:
    """Each distinct failure in a line, with the case that shows it."""
    for name, tally in tallies.items():
        for place, (count, seed, words) in sorted(tally.failures.items(), key=lambda one: -one[1][0]):
            yield f"FAILED {count} x {place.end}: {place.place}; --only {name}:{seed}; {' '.join(words.split())[:400]}"


def rows(tallies: dict[str, Tally]) -> dict[str, Counter[str]]:
    """Counts by row of the table."""
    found: dict[str, Counter[str]] = {}
    for name, tally in tallies.items():
        counts = found.setdefault(TARGETS[name].row, Counter())
        counts.update(cases=tally.cases, tracebacks=tally.ends["traceback"], silent_wrong=tally.ends["silent wrong"])
    return found


def only(case: str) -> int:
    """One case again, its error as Python shows it."""
    name, _, seed = case.partition(":")
    outcome = outcome_of(TARGETS[name].run, int(seed), show=True)
    sys.stdout.write(f"{outcome.end}: {outcome.place}\n{outcome.words}\n")
    return int(outcome.end in ("traceback", "silent wrong"))


def main(arguments: Sequence[str] | None = None) -> int:
    """Exit status 1 where any case ended in a traceback or a wrong answer."""
    parser = argparse.ArgumentParser(prog="python -m tests.robustness.fuzz", description=__doc__)
    parser.add_argument("targets", nargs="*", metavar="TARGET", help=f"all if left out: {', '.join(TARGETS)}")
    parser.add_argument("--cases", type=int, default=1_000_000, help="of all targets together (default: a million)")
    parser.add_argument("--seconds", type=float, default=3600.0, help="no case begins later (default: 3600)")
    parser.add_argument("--seed", type=int, default=1, help="of all cases (default: 1)")
    parser.add_argument("--processes", type=int, default=2, help="side by side (default: 2)")
    parser.add_argument("--out", type=Path, default=TABLE, help="table to put rows into; its other rows stay")
    parser.add_argument("--only", metavar="TARGET:SEED", help="run one case and show where it ends")
    options = parser.parse_args(arguments)
    if options.only:
        return only(options.only)
    names = options.targets or list(TARGETS)
    unknown = [name for name in names if name not in TARGETS]
    if unknown:
        parser.error(f"{unknown[0]!r} is unknown; known are {', '.join(TARGETS)}")
    tallies = fuzz(names, cases=options.cases, seconds=options.seconds, seed=options.seed, processes=options.processes)
    for line in shown(tallies):
        sys.stdout.write(f"{line}\n")
    command = f"python -m tests.robustness.fuzz --cases {options.cases} --seed {options.seed}"
    for row, counts in rows(tallies).items():
        record(f"fuzz, {row}", **counts, torn=0, command=command, seed=options.seed, path=options.out)
    return int(any(tally.failures for tally in tallies.values()))


if __name__ == "__main__":
    sys.exit(main())
