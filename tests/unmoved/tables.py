"""Every table that a run makes from draws on disk, of six analyses: nothing is compiled or sampled.

``make unmoved`` and ``make test`` compare them. ``python -m tests.unmoved.tables --write`` writes them anew: only where
a number changes on purpose.
"""

from __future__ import annotations

import argparse
import csv
import io
import itertools
import math
import re
import shutil
import sys
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import redirect_stdout
from pathlib import Path

import pytest
import xarray as xr

from hscb_bayes import cli
from tests.unmoved.draws import kept
from tests.unmoved.trees import SEED, standing_in

ROOT = Path(__file__).parents[2]
TABLES = Path(__file__).parent / "tables"
FILES: Mapping[str, str] = {
    "main": "models/main.toml",
    "with_centre": "models/with_centre.toml",
    "myeloid_changing": "tests/data/myeloid_changing.toml",
    "bmt_changing": "tests/data/bmt_changing.toml",
    "pooled": "models/pooled.toml",
    "pooled_with_centre": "models/pooled_with_centre.toml",
}
NOT_TABLES = ("manifest.json", "posterior.nc", "report.html")
CLOSE = 1e-9  # relative
NOTHING = 1e-12  # a difference that is none, of numbers around zero
NUMBER = re.compile(r"(?<![\w.])-?\d+(?:\.\d*)?(?:e[+-]?\d+)?(?![\w.])", re.IGNORECASE)
MOST_SHOWN = 10


def run(name: str, out: Path, draws: xr.Dataset) -> None:
    """Run an analysis whole, with draws in place of its posteriors."""
    options = ["--quiet", "--allow-unconverged", "--seed", str(SEED)]
    with pytest.MonkeyPatch.context() as patch, standing_in(draws), redirect_stdout(io.StringIO()):
        patch.chdir(ROOT)
        status = cli.main(["run", FILES[name], "--out", str(out), *options])
    if status != 0:
        raise RuntimeError(f"{name}: the run ended with status {status}")


def tables_of(folder: Path) -> dict[str, Path]:
    """The tables in a folder of results by their file's name."""
    return {path.name: path for path in sorted(folder.iterdir()) if path.name not in NOT_TABLES}


def write(name: str) -> None:
    """Put the tables of an analysis on disk."""
    with tempfile.TemporaryDirectory() as folder:
        run(name, Path(folder) / "out", kept(name))
        shutil.rmtree(TABLES / name, ignore_errors=True)
        (TABLES / name).mkdir(parents=True)
        for table, path in tables_of(Path(folder) / "out").items():
            shutil.copyfile(path, TABLES / name / table)


def compare(name: str, draws: xr.Dataset | None = None) -> None:
    """Hold the tables that today's code makes against those on disk.

    Parameters
    ----------
    draws
        Those on disk if left out.

    Raises
    ------
    AssertionError
        Where a table is missing or new, a text differs, or a number by more than 1e-9 of it.
    """
    with tempfile.TemporaryDirectory() as folder:
        run(name, Path(folder) / "out", kept(name) if draws is None else draws)
        found, expected = tables_of(Path(folder) / "out"), tables_of(TABLES / name)
        assert list(found) == list(expected), f"{name}: required the tables {list(expected)}, found {list(found)}"
        changed = [words for table, path in expected.items() for words in differences(path, found[table])]
    others = f"\n  and {len(changed) - MOST_SHOWN} more" if len(changed) > MOST_SHOWN else ""
    assert not changed, f"{name}:\n  " + "\n  ".join(changed[:MOST_SHOWN]) + others


def moved(name: str, draws: xr.Dataset | None = None) -> str:
    """What ``compare`` says of an analysis that differs; nothing of one that does not."""
    try:
        compare(name, draws)
    except AssertionError as error:
        return f"moved: {error}"
    return ""


def differences(expected: Path, found: Path) -> Iterator[str]:
    """A sentence for each cell that differs."""
    absent = ("nothing", "")
    for (place, before), (other, after) in itertools.zip_longest(cells(expected), cells(found), fillvalue=absent):
        if place != other or not same(before, after):
            where = place if place != "nothing" else other
            yield f"{expected.name}: {where}: required {before!r}, found {after!r}"


def cells(path: Path) -> Iterator[tuple[str, str]]:
    """Where each cell stands and what is in it; of a file that is no table its numbers and the words between them."""
    text = path.read_text(encoding="utf-8")
    if path.suffix != ".csv":
        for k, line in enumerate(text.splitlines(), start=1):
            yield f"line {k}, words", NUMBER.sub("#", line)
            yield from ((f"line {k}, number {j}", number) for j, number in enumerate(NUMBER.findall(line), start=1))
        return
    header, *rows = csv.reader(text.splitlines(keepends=True))
    yield from ((f"column {k}", column) for k, column in enumerate(header, start=1))
    for k, row in enumerate(rows, start=1):
        yield from ((f"row {k}, {column}", cell) for column, cell in zip(header, row, strict=True))


def same(expected: str, found: str) -> bool:
    """Whether two cells say the same: texts letter by letter, numbers to 1e-9; not a number is itself."""
    if expected == found:
        return True
    try:
        one, other = float(expected), float(found)
    except ValueError:
        return False
    return math.isclose(one, other, rel_tol=CLOSE, abs_tol=NOTHING) or (math.isnan(one) and math.isnan(other))


def main(arguments: Sequence[str] | None = None) -> int:
    """Exit status 1 where a table of an analysis differs."""
    parser = argparse.ArgumentParser(prog="python -m tests.unmoved.tables", description=__doc__)
    parser.add_argument("names", nargs="*", metavar="NAME", help="of analyses; all if left out")
    parser.add_argument("--write", action="store_true", help="write the tables anew")
    options = parser.parse_args(arguments)
    differ = 0
    for name in options.names or FILES:
        if options.write:
            write(name)
        told = moved(name)
        differ += bool(told)
        sys.stdout.write(f"{told or f'{name}: {len(tables_of(TABLES / name))} tables'}\n")
    return int(differ > 0)


if __name__ == "__main__":
    sys.exit(main())
