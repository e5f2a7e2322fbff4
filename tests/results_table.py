"""Tables of ``docs/results``: what made a row travels with it, and a table is replaced whole or not at all."""

from __future__ import annotations

import csv
import datetime as dt
import platform
from collections.abc import Iterable, Mapping, Sequence
from importlib.metadata import version
from pathlib import Path

MAKERS = ("command", "versions", "seed", "date")
RESULTS = Path(__file__).parents[1] / "docs" / "results"


def stamp(command: str, packages: Sequence[str], *, seed: int | None = None) -> dict[str, str]:
    """The last columns of a row: command, versions of Python and packages, seed (empty where none) and date."""
    versions = {"python": platform.python_version()} | {name: version(name) for name in packages}
    return {
        "command": command,
        "versions": "; ".join(f"{name} {number}" for name, number in versions.items()),
        "seed": "" if seed is None else str(seed),
        "date": dt.date.today().isoformat(),
    }


def read(path: Path) -> list[dict[str, str]]:
    """The rows of a table; none where there is no such file."""
    return list(csv.DictReader(path.read_text().splitlines())) if path.is_file() else []


def write(path: Path, columns: Sequence[str], rows: Iterable[Mapping[str, str]]) -> None:
    """Write rows under a temporary name, then rename it; what a row does not say is empty."""
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_suffix(".part")
    with temporary.open("w", newline="") as file:
        writer = csv.DictWriter(file, (*columns, *MAKERS), restval="", lineterminator="\n")
        writer.writeheader()
        writer.writerows(rows)
    temporary.replace(path)
