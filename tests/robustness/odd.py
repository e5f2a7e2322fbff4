"""Run two hundred legal but odd analyses, with few draws, and count how they end.

Each ends in a report, in "not converged", or in a sentence that refuses it. The ends are kept in a file, so that a run
that was stopped goes on where it was.
"""

from __future__ import annotations

import argparse
import csv
import re
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from hscb_bayes.errors import InputError
from hscb_bayes.report.run import run
from tests.robustness.fast import FEWEST, Few, Kept, fast
from tests.robustness.judging import Outcome, demand, outcome_of, sentence_fault
from tests.robustness.odd_cases import Odd, every_case
from tests.robustness.table import TABLE, record

ROOT = Path(__file__).parents[2]
STATE = ROOT / "results" / "odd.csv"
FIELDS = ("name", "end", "place", "words", "seconds")
TAGS = re.compile(r"<[^>]*>|&#?\w+;")
UNDEFINED = re.compile(r"(?<![\w.-])(nan|NaN|None|inf|-inf)(?![\w.-])")
STRICT = 10  # one case in so many does not allow what has not converged


def ending(case: Odd, kept: Kept, *, seed: int, allow_unconverged: bool) -> str:
    """Run one case: "report", "not converged", or "refused"."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        for file, content in case.files.items():
            (folder / file).write_bytes(content)
        out = folder / "out"
        with fast(kept, FEWEST if case.is_large else Few()):
            try:
                page = run(folder / "x.toml", out, seed=seed, allow_unconverged=allow_unconverged)
            except InputError as error:
                demand(not out.exists(), "no results of a refused analysis")
                demand(not sentence_fault(str(error)), "a sentence for each thing that is wrong", str(error))
                return "not converged" if "has not converged" in str(error) else "refused"
        text = page.read_text(encoding="utf-8")
        shown = UNDEFINED.findall(TAGS.sub(" ", re.sub(r"<(style|svg).*?</\1>", " ", text, flags=re.S)))
        demand(not shown, "a page without undefined numbers", shown[:5])
        return "report"


def judged(case: Odd, kept: Kept, number: int, *, seed: int) -> dict[str, str]:
    """A row of the state: how a case ended."""
    ends: list[str] = []

    def target(rng: np.random.Generator) -> None:
        ends.append(ending(case, kept, seed=seed, allow_unconverged=number % STRICT != 0))

    begun = time.perf_counter()
    outcome: Outcome = outcome_of(target, seed, seconds=1200.0)
    end = ends[0] if ends else outcome.end
    words = " ".join(outcome.words.split())[:500]
    return {
        "name": case.name,
        "end": end,
        "place": outcome.place,
        "words": words,
        "seconds": f"{time.perf_counter() - begun:.1f}",
    }


def known(state: Path) -> dict[str, dict[str, str]]:
    """Cases that were run, by name."""
    if not state.is_file():
        return {}
    with state.open(newline="") as file:
        return {row["name"]: row for row in csv.DictReader(file)}


def note(state: Path, row: dict[str, str]) -> None:
    """Add one row to the state."""
    state.parent.mkdir(parents=True, exist_ok=True)
    is_new = not state.is_file()
    with state.open("a", newline="") as file:
        writer = csv.DictWriter(file, FIELDS, lineterminator="\n")
        if is_new:
            writer.writeheader()
        writer.writerow(row)


def main(arguments: Sequence[str] | None = None) -> int:
    """Exit status 1 where a case ended in a traceback or a wrong answer, 3 where some are still to run."""
    parser = argparse.ArgumentParser(prog="python -m tests.robustness.odd", description=__doc__)
    parser.add_argument("--seconds", type=float, default=3600.0, help="no case begins later (default: 3600)")
    parser.add_argument("--seed", type=int, default=1, help="of all cases (default: 1)")
    parser.add_argument("--state", type=Path, default=STATE, help="how cases ended so far; remove it to begin anew")
    parser.add_argument("--part", default="0/1", help="the cases to run, such as 0/2 and 1/2 side by side")
    parser.add_argument("--only", help="run the case of this name, whether or not it was run")
    parser.add_argument("--out", type=Path, default=TABLE, help="table to put a row into once all were run")
    options = parser.parse_args(arguments)
    part, parts = map(int, options.part.split("/"))
    cases = list(every_case())
    kept: Kept = {}
    until = time.monotonic() + options.seconds
    for number, case in enumerate(cases):
        mine = (
            case.name == options.only
            if options.only
            else number % parts == part and case.name not in known(options.state)
        )
        if not mine or time.monotonic() > until:
            continue
        sys.stdout.write(f"{case.name}: ")
        sys.stdout.flush()
        row = judged(case, kept, number, seed=options.seed)
        sys.stdout.write(f"{row['end']} after {row['seconds']} s {row['place']} {row['words']}\n")
        sys.stdout.flush()
        if not options.only:
            note(options.state, row)
    return 0 if options.only else _summed(cases, options.state, options.out, seed=options.seed)


def _summed(cases: Sequence[Odd], state: Path, out: Path, *, seed: int) -> int:
    found = [row for name, row in known(state).items() if name in {case.name for case in cases}]
    ends = Counter(row["end"] for row in found)
    sys.stdout.write(f"{len(found)} of {len(cases)}: {dict(ends)}\n")
    if len(found) < len(cases):
        return 3
    failed = {"tracebacks": ends["traceback"], "silent_wrong": ends["silent wrong"]}
    command = f"python -m tests.robustness.odd --seed {seed}"
    record(
        "odd analyses, to a report or a sentence",
        cases=len(found),
        **failed,
        torn=0,
        command=command,
        seed=seed,
        path=out,
    )
    return int(any(failed.values()))


if __name__ == "__main__":
    sys.exit(main())
