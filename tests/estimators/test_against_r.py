"""Estimators against R on real patients, all to 1e-8; origin in tests/data/r_reference/README.md."""

import numpy as np
import pandas as pd
import pytest
from numpy.testing import assert_allclose

from hscb_bayes.estimators import aalen_johansen, cox, fine_gray, kaplan_meier, landmark, logrank, nelson_aalen
from hscb_bayes.estimators.intervals import proportion_interval

TOLERANCE = 1e-8
SURVIVAL = ["kmbmt_dfs_all", "kmbmt_dfs_disease", "kmbmt_os_disease", "kmbmt_os_hospital", "myeloid_os_trt"]
SCALES = ["plain", "log", "log-log", "logit", "arcsin"]
COLUMNS = {
    "kmbmt_dfs": ("dfs_time", "dfs_event"),
    "kmbmt_os": ("os_time", "os_event"),
    "myeloid_os": ("futime", "death"),
}


def close(found, expected):
    assert_allclose(found, expected, rtol=0.0, atol=TOLERANCE)


def cohort(reference, analysis):
    """Time, event and group label of an analysis named study_outcome_grouping."""
    start, grouping = analysis.rsplit("_", 1)
    table = reference("myeloid" if start.startswith("myeloid") else "kmsurv_bmt")
    time, event = (table[column].to_numpy() for column in COLUMNS[start])
    return time, event, np.repeat("all", len(table)) if grouping == "all" else table[grouping].to_numpy(dtype=str)


def masks(rows, label):
    """One mask of patients per reference row, shape (row, patient)."""
    return rows["group"].to_numpy(dtype=str)[:, np.newaxis] == label


@pytest.mark.parametrize("analysis", SURVIVAL)
def test_survival_and_greenwood_error_are_those_of_survfit(reference, analysis):
    rows = reference("km_curves").query("analysis == @analysis")
    time, event, label = cohort(reference, analysis)
    found = kaplan_meier.survival_at(time, event, rows["time"], masks(rows, label))
    close(found, rows[["surv", "se_greenwood"]].to_numpy().T)


@pytest.mark.parametrize("analysis", SURVIVAL)
def test_number_at_risk_is_that_of_survfit(reference, analysis):
    rows = reference("km_curves").query("analysis == @analysis")
    time, _, label = cohort(reference, analysis)
    close(kaplan_meier.number_at_risk(time, rows["time"], masks(rows, label)), rows["n_risk"])


@pytest.mark.parametrize("scale", SCALES)
def test_survival_limits_are_those_of_survfit(reference, scale):
    rows = reference("km_curves").query("conf_type == @scale")
    found = proportion_interval(rows["surv"], rows["se_greenwood"], scale=scale)
    close(found, rows[["lower", "upper"]].to_numpy().T)


@pytest.mark.parametrize("scale", SCALES)
@pytest.mark.parametrize("analysis", SURVIVAL)
def test_quantiles_and_limits_are_those_of_survfit(reference, analysis, scale):
    rows = reference("km_quantiles").query("analysis == @analysis and conf_type == @scale")
    time, event, label = cohort(reference, analysis)
    for probability, part in rows.groupby("prob_failed"):
        found = kaplan_meier.quantile(time, event, masks(part, label), probability, 0.95, scale)
        close(found, part[["time", "lower", "upper"]].fillna(np.inf).to_numpy().T)


@pytest.mark.parametrize("analysis", SURVIVAL)
def test_cumulative_hazard_is_that_of_survfit(reference, analysis):
    rows = reference("nelson_aalen").query("analysis == @analysis")
    time, event, label = cohort(reference, analysis)
    found = nelson_aalen.cumulative_hazard_at(time, event, rows["time"], masks(rows, label))
    close(found, rows[["cumhaz_na", "se_cumhaz_na"]].to_numpy().T)


def test_logrank_is_that_of_survdiff(reference):
    row = reference("logrank").iloc[0]
    time, event, label = cohort(reference, "myeloid_os_trt")
    close(logrank.logrank(time, event, label == "A"), (row["chisq"], row["p"]))


@pytest.mark.parametrize("cause", ["relapse", "trm"])
@pytest.mark.parametrize("by", ["all", "disease", "hospital"])
def test_incidence_and_its_error_are_those_of_survfit(reference, by, cause):
    rows, table = reference("cif").query("by == @by and cause == @cause"), reference("kmsurv_bmt")
    label = np.repeat("all", len(table)) if by == "all" else table[by].to_numpy(dtype=str)
    found = aalen_johansen.incidence_at(
        table["dfs_time"], table["cr_event"], rows["time"], masks(rows, label), ["relapse", "trm"].index(cause) + 1
    )
    close(found, rows[["cif", "se"]].to_numpy().T)


@pytest.mark.parametrize("scale", ["plain", "log", "log-log"])
def test_incidence_limits_are_those_of_survfit(reference, scale):
    rows = reference("cif").query("conf_type == @scale")
    close(proportion_interval(rows["cif"], rows["se"], scale=scale), rows[["lower", "upper"]].to_numpy().T)


def test_landmark_survival_is_that_of_survfit(reference):
    rows, table = reference("landmark_km"), reference("kmsurv_bmt")
    recovered = np.where(table["pr_event"] == 1, table["pr_time"], np.inf)
    for at, part in rows.groupby("landmark"):
        found = landmark.landmark_survival(
            table["dfs_time"].to_numpy()[np.newaxis], table["dfs_event"], recovered, at, part["time"]
        )
        own = np.where(part["pr"] == 1, found[0], found[1])
        close(own, part[["surv_given_landmark", "se"]].to_numpy().T)


def covariates(table: pd.DataFrame):
    """Shape (covariate, patient), in R's order."""
    columns = {
        "diseaseAML low risk": table["disease"] == "AML low risk",
        "diseaseAML high risk": table["disease"] == "AML high risk",
        "age": (table["age"] - 28) / 10,
        "fab": table["fab"],
        "mtx": table["mtx"],
    }
    return {name: np.asarray(column, dtype=float) for name, column in columns.items()}


@pytest.mark.parametrize("transition", ["Tx->PR", "Tx->RelDeath"])
def test_cox_coefficients_and_errors_are_those_of_coxph(reference, transition):
    rows, table = reference("cox").query("transition == @transition"), reference("kmsurv_bmt")
    recovered = table["pr_event"] == 1
    event = recovered if transition == "Tx->PR" else ~recovered & (table["dfs_event"] == 1)
    x = covariates(table)
    names = [term.replace("I((age - 28)/10)", "age") for term in rows["term"]]
    fitted = cox.fit(np.where(recovered, table["pr_time"], table["dfs_time"]), event, [x[name] for name in names])
    close(fitted.coefficients, rows["beta"])
    close(np.sqrt(np.diag(fitted.covariance)), rows["se"])


@pytest.mark.parametrize(("cause", "code"), [("relapse", 1), ("trm", 2)])
def test_subdistribution_errors_are_those_of_crr(reference, cause, code):
    rows = reference("finegray").query("cause == @cause and package == 'cmprsk::crr'")
    table = reference("kmsurv_bmt")
    fitted = fine_gray.fit(table["dfs_time"], table["cr_event"], list(covariates(table).values()), code)
    close(np.sqrt(np.diag(fitted.covariance)), rows["se"])


@pytest.mark.parametrize(("cause", "code"), [("relapse", 1), ("trm", 2)])
def test_subdistribution_coefficients_are_those_of_finegray(reference, cause, code):
    """``crr`` stops 1e-8 short of the maximum in relapse; ``coxph`` on ``finegray`` data does not."""
    rows = reference("finegray").query("cause == @cause and package != 'cmprsk::crr'")
    table = reference("kmsurv_bmt")
    fitted = fine_gray.fit(table["dfs_time"], table["cr_event"], list(covariates(table).values()), code)
    close(fitted.coefficients, rows["beta"])


@pytest.mark.parametrize("grouping", ["drmatch", "tcd"])
def test_heavily_tied_registry_gives_survdiff(shared, grouping):
    table = pd.read_csv(shared / "data" / "ebmt3.csv")
    row = pd.read_csv(shared / "oracles" / "logrank.csv").query(
        "analysis == 'ebmt3_rfs_' + @grouping and test == 'logrank'"
    )
    found = logrank.logrank(table["rfstime"], table["rfsstat"], table[grouping] == row["group"].iloc[0])
    close(found, row[["chisq", "p"]].iloc[0].to_numpy(dtype=float))


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
    close(found, rows[["cif", "se"]].to_numpy().T)
