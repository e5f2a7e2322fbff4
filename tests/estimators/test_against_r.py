"""Estimators against R on real patients, all to 1e-8; origin in tests/data/r_reference/README.md."""

import numpy as np
import pandas as pd
import pytest
from numpy.testing import assert_allclose

from hscb_bayes.estimators import aalen_johansen, gray, illness_death, logrank, restricted_mean
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


def first_event(table):
    """Day and number of what came first: 1 recovery, 2 relapse or death, 0 neither."""
    recovered = table["prstat"] == 1
    return np.where(recovered, table["prtime"], table["rfstime"]), np.where(recovered, 1, 2 * table["rfsstat"])


@pytest.mark.parametrize(("by", "analysis"), [("tcd", "ebmt3_first_event"), ("age", "ebmt3_first_event_age")])
@pytest.mark.parametrize(("cause", "code"), [("PR", 1), ("RelDeath", 2)])
def test_heavily_tied_registry_gives_gray(shared, by, analysis, cause, code):
    table = pd.read_csv(shared / "data" / "ebmt3.csv")
    row = pd.read_csv(shared / "oracles" / "gray.csv").query("analysis == @analysis and cause == @cause")
    found = gray.gray(*first_event(table), table[by], cause_of_interest=code)
    assert_close(found, row[["stat", "p"]].iloc[0].to_numpy(dtype=float))


def test_heavily_tied_registry_gives_restricted_means(shared):
    table = pd.read_csv(shared / "data" / "ebmt3.csv")
    rows = pd.read_csv(shared / "oracles" / "rmst.csv").query("analysis == 'ebmt3_rfs_age'")
    groups = rows["group"].to_numpy()[:, np.newaxis] == table["age"].to_numpy()
    found = restricted_mean.restricted_mean(table["rfstime"], table["rfsstat"], rows["tau"], groups)
    assert_close(found, rows[["rmst", "se"]].to_numpy().T)


def test_heavily_tied_registry_gives_survfit_states(shared):
    table = pd.read_csv(shared / "data" / "ebmt3.csv")
    recovered = np.where(table["prstat"] == 1, table["prtime"], np.inf)
    patients = recovered, table["rfstime"], table["rfsstat"]
    shares = pd.read_csv(shared / "oracles" / "survfit_illnessdeath.csv").pivot(index="time", columns="state")
    days = pd.read_csv(shared / "oracles" / "rmean_in_state.csv").query("analysis == 'ebmt3_illnessdeath'")
    days = days.pivot(index="tau", columns="state")
    states = ["Tx", "PR", "RelDeath"]
    for day in (100.0, 1825.0):
        expected = [shares.loc[day, name][states].to_numpy(dtype=float) for name in ("prob", "se_IJ")]
        assert_close(illness_death.occupancy_at(*patients, day), expected)
        expected = [days.loc[day, name][states].to_numpy(dtype=float) for name in ("mean_time_in_state", "se_ij")]
        assert_close(illness_death.time_in_states(*patients, day), expected)
