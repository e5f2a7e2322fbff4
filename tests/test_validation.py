"""The committed table of validation is what its script makes, and it says what the pages say of it."""

import csv

import numpy as np
import pytest
from numpy.testing import assert_allclose

from tests.validation import __main__ as validation
from tests.validation.against_flexsurv import AT_MAXIMUM
from tests.validation.against_integration import AT_QUANTILES, IN_DAYS
from tests.validation.comparison import compare

SAME = 1e-9
AGREED = 1e-8
AT_A_MAXIMUM = 1e-5  # flexsurv stops where its log likelihood changes by 1e-14 of itself
AT_FIXED_DAYS = 1e-5  # the reports round to three digits; tests/process/test_quadrature.py has the order
AT_SIX_QUANTILES = 1e-4  # survivals are printed with two digits
LIMITS = {IN_DAYS: AT_FIXED_DAYS, AT_QUANTILES: AT_SIX_QUANTILES, AT_MAXIMUM: AT_A_MAXIMUM}
MOST_ROWS = 150
OF_TWO_DIGITS = 0.05  # the difference is written with two
ROWS = list(csv.DictReader(validation.TABLE.read_text().splitlines()))
TEXT = ("quantity", "data", "source")


def limit(row: dict[str, str]) -> float:
    return next((limit for words, limit in LIMITS.items() if words in row["quantity"]), AGREED)


def without_versions(source: str) -> str:
    return source if source.startswith("R ") else " ".join(word for word in source.split() if not word[0].isdigit())


@pytest.mark.slow
def test_the_committed_table_is_what_the_script_makes() -> None:
    made = [validation.row(comparison) for comparison in validation.comparisons()]
    assert [[without_versions(row[name]) for name in TEXT] for row in ROWS] == [
        [without_versions(row[name]) for name in TEXT] for row in made
    ]
    for name in ("ours", "reference"):
        assert_allclose([float(row[name]) for row in ROWS], [float(row[name]) for row in made], rtol=SAME, atol=SAME)


@pytest.mark.parametrize("row", ROWS, ids=lambda row: f"{row['quantity']}, {row['data']}, {row['source']}")
def test_no_row_of_the_table_is_far_from_its_reference(row: dict[str, str]) -> None:
    assert abs(float(row["difference"])) <= limit(row)
    difference = float(row["ours"]) - float(row["reference"])
    assert float(row["difference"]) == pytest.approx(difference, rel=OF_TWO_DIGITS, abs=SAME)


def test_the_table_can_be_read_through() -> None:
    assert len(ROWS) <= MOST_ROWS
    assert list(ROWS[0]) == [*validation.COLUMNS, "command", "versions", "seed", "date"]


def test_the_worst_of_many_values_is_shown() -> None:
    worst = compare("q", "d", [1.0, 2.5, 3.0], [1.0, 2.0, 3.1], source="s")
    assert (worst.ours, worst.reference, worst.difference) == (2.5, 2.0, 0.5)
    assert worst.quantity == "q (3 values)"


def test_what_is_undefined_on_one_side_only_is_the_worst() -> None:
    worst = compare("q", "d", [1.0, np.nan, np.inf], [2.0, 1.0, np.inf], source="s")
    assert np.isnan(worst.difference)


def test_a_time_that_neither_side_reaches_is_no_difference() -> None:
    worst = compare("q", "d", [np.inf, np.nan, 4.0], [np.inf, np.nan, 4.0], source="s")
    assert (worst.ours, worst.difference) == (4.0, 0.0)


def test_a_time_that_one_side_does_not_reach_is_a_difference() -> None:
    assert np.isinf(compare("q", "d", [4.0, np.inf], [4.0, 9.0], source="s").difference)


def test_values_without_a_partner_are_refused() -> None:
    with pytest.raises(ValueError, match="q, d: found 2 values of ours and 1 of the reference"):
        compare("q", "d", [1.0, 2.0], [1.0], source="s")
