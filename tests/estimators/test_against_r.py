"""Estimators against R on real patients, all to 1e-8; origin in tests/data/r_reference/README.md."""

import numpy as np
import pandas as pd
import pytest
from numpy.testing import assert_allclose

from hscb_bayes.estimators import aalen_johansen, logrank
from tests.validation.against_r import comparisons
from tests.validation.comparison import Comparison

TOLERANCE = 1e-8


def assert_close(found, expected):
    assert_allclose(found, expected, rtol=0.0, atol=TOLERANCE)


@pytest.mark.parametrize("comparison", list(comparisons()), ids=lambda row: f"{row.quantity}, {row.data}")
def test_an_estimate_is_that_of_r(comparison: Comparison) -> None:
    assert abs(comparison.difference) <= TOLERANCE


@pytest.mark.parametrize("grouping", ["drmatch", "tcd"])
def test_heavily_tied_registry_gives_survdiff(shared, grouping):
    table = pd.read_csv(shared / "data" / "ebmt3.csv")
    row = pd.read_csv(shared / "oracles" / "logrank.csv").query(
        "analysis == 'ebmt3_rfs_' + @grouping and test == 'logrank'"
    )
    found = logrank.logrank(table["rfstime"], table["rfsstat"], table[grouping] == row["group"].iloc[0])
    assert_close(found, row[["chisq", "p"]].iloc[0].to_numpy(dtype=float))


@pytest.mark.parametrize("tcd", ["No TCD", "TCD"])
@pytest.mark.parametrize(("cause", "code"), [("PR", 1), ("RelDeath", 2)])
def test_heavily_tied_registry_gives_survfit_incidence(shared, cause, code, tcd):
    table = pd.read_csv(shared / "data" / "ebmt3.csv")
    rows = pd.read_csv(shared / "oracles" / "cif.csv").query(
        "analysis == 'ebmt3_first_event' and by == 'tcd' and group == @tcd and cause == @cause"
        " and package == 'survival::survfit' and conf_type == 'log'"
    )
    recovered = table["prstat"] == 1
    time = np.where(recovered, np.minimum(table["prtime"], table["rfstime"]), table["rfstime"])
    first = np.where(recovered, 1, np.where(table["rfsstat"] == 1, 2, 0))
    found = aalen_johansen.incidence_at(time[np.newaxis], first, rows["time"], table["tcd"] == tcd, code)
    assert_close(found, rows[["cif", "se"]].to_numpy().T)
