"""What can be measured, by name, and the table that it goes into."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from pathlib import Path

from tests import results_table
from tests.benchmarks import before, commands, estimation, executing, patients, pooling, sampling
from tests.benchmarks.measuring import Row

TABLE = results_table.RESULTS / "benchmarks.csv"
COLUMNS = ("what", "peer", "value", "low", "high", "unit", "ratio")
PACKAGES = ("hscb_bayes", "pymc", "pytensor", "nutpie", "numba", "numpy", "lifelines")
COMMAND = "python -m tests.benchmarks"

BENCHMARKS: dict[str, Callable[[], list[Row]]] = {
    "before_and_after": before.before_and_after,
    "run_warm": commands.run_warm,
    "run_phases": commands.run_phases,
    "run_cold": commands.run_cold,
    "leapfrog": sampling.leapfrog,
    "gradient": sampling.gradient,
    "replicates": sampling.replicates,
    "refit": sampling.refit_one_study,
    "executors": executing.executors,
    "fits_beside": executing.fits_beside,
    "pooled_run": commands.pooled_run,
    "pool_growth": pooling.pool_growth,
    "pool_divergences": pooling.pool_divergences,
    "patient_growth": patients.patient_growth,
    "million": patients.million,
    "ebmt_beside_stan": patients.ebmt_beside_stan,
    "bmt_beside_stan": patients.bmt_beside_stan,
    "import": commands.import_package,
    "help": commands.show_help,
    "audit": commands.audit,
    "kaplan_meier": estimation.kaplan_meier_of_cohorts,
    "log_rank": estimation.log_rank_of_cohorts,
}


def known(names: Sequence[str]) -> list[str]:
    """The names asked for, all of them where none is.

    Raises
    ------
    SystemExit
        If one is unknown.
    """
    for name in names:
        if name not in BENCHMARKS:
            raise SystemExit(f"benchmarks: {name!r} is unknown; known are {', '.join(BENCHMARKS)}")
    return list(names) or list(BENCHMARKS)


def stamped(name: str, rows: Iterable[Row]) -> list[dict[str, str]]:
    """Rows as text, each with what made it."""
    command = f"{COMMAND} {name}"
    return [row.cells() | results_table.stamp(command, PACKAGES, seed=row.seed) for row in rows]


def merged(old: Sequence[dict[str, str]], new: Sequence[dict[str, str]]) -> list[dict[str, str]]:
    """Rows of a table with new ones in the place of those that say the same ``what``, and others after them.

    What the same command measured before and does not measure now is gone.
    """
    by_what, commands = {row["what"]: row for row in new}, {row["command"] for row in new}
    kept = {row["what"]: row for row in old if row["what"] in by_what or row["command"] not in commands}
    return list((kept | by_what).values())


def add(path: Path, rows: Sequence[dict[str, str]]) -> None:
    """Put rows into a table and keep its others."""
    results_table.write(path, COLUMNS, merged(results_table.read(path), rows))
