"""Write docs/results/validation.csv: ours, the reference, and the difference, one row per estimator and group."""

from __future__ import annotations

from collections.abc import Iterator

from tests import results_table
from tests.validation import against_flexsurv, against_integration, against_python, against_r
from tests.validation.comparison import Comparison

TABLE = results_table.RESULTS / "validation.csv"
COLUMNS = ("quantity", "data", "ours", "reference", "source", "difference")
COMMAND = "python -m tests.validation"
PACKAGES = ("hscb_bayes", "numpy", "scipy", "lifelines")


def comparisons() -> Iterator[Comparison]:
    """Every row, in the order of the table."""
    yield from against_r.comparisons()
    yield from against_flexsurv.comparisons()
    yield from against_python.comparisons()
    yield from against_integration.comparisons()


def row(comparison: Comparison) -> dict[str, str]:
    """A comparison as text: values to 12 digits, as R's are kept; the difference from all digits."""
    return {
        "quantity": comparison.quantity,
        "data": comparison.data,
        "ours": f"{comparison.ours:.12g}",
        "reference": f"{comparison.reference:.12g}",
        "source": comparison.source,
        "difference": f"{comparison.difference:.2g}",
    }


def main() -> None:
    """Compare and write."""
    rows = [row(one) | results_table.stamp(COMMAND, PACKAGES, seed=one.seed) for one in comparisons()]
    results_table.write(TABLE, COLUMNS, rows)


if __name__ == "__main__":
    main()
