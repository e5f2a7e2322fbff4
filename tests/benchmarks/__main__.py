"""Measure what users feel and write docs/results/benchmarks.csv: medians, lowest and highest of some runs."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from tests.benchmarks.measuring import MissingError
from tests.benchmarks.table import BENCHMARKS, TABLE, add, known, stamped


def main(arguments: list[str] | None = None) -> None:
    """Measure by name; every row is written as soon as it is there."""
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks", description=__doc__)
    parser.add_argument(
        "names", nargs="*", metavar="NAME", help=f"what to measure, all if left out: {', '.join(BENCHMARKS)}"
    )
    parser.add_argument("--out", type=Path, default=TABLE, help="table to put rows into; its other rows stay")
    options = parser.parse_args(arguments)
    for name in known(options.names):
        try:
            rows = stamped(name, BENCHMARKS[name]())
        except MissingError as error:
            if options.names:
                raise SystemExit(f"benchmarks: {name}: {error}") from None
            sys.stderr.write(f"{name} is left out: {error}\n")
            continue
        add(options.out, rows)
        for row in rows:
            spread = f"{row['value']} ({row['low']} to {row['high']}) {row['unit']}"
            sys.stdout.write(f"{row['what']}: {spread}, ratio {row['ratio'] or 'none'}\n")


if __name__ == "__main__":
    main()
