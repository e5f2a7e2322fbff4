"""Our estimators beside R's on real patients."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import pandas as pd

from hscb_bayes.estimators import (
    aalen_johansen,
    cox,
    fine_gray,
    gray,
    illness_death,
    kaplan_meier,
    landmark,
    logrank,
    nelson_aalen,
    restricted_mean,
)
from hscb_bayes.estimators.intervals import proportion_interval
from hscb_bayes.estimators.partial_likelihood import RegressionFit, Ties
from tests.validation.comparison import Comparison, compare
from tests.validation.patients import WORDS, cohort, covariates, labels, masks, reference

SURVIVAL = "R 4.2.2, survival 3.5-3"
CMPRSK = "R 4.2.2, cmprsk 2.2-11"
MSTATE = "R 4.2.2, mstate 0.3.3"
SURVRM2 = "R 4.2.2, survRM2 1.0-4"
TIES: dict[Ties, str] = {"breslow": "", "efron": " (Efron)"}
CAUSES = {"relapse": 1, "trm": 2}
CAUSE_WORDS = {"relapse": "relapse", "trm": "death in remission"}
YEAR = 365.0  # days are too many for the digits that a row keeps
EVERYBODY = "both tables, all groupings"


def comparisons() -> Iterator[Comparison]:
    """All rows that have R as their source."""
    for analysis in WORDS:
        yield from survival(analysis)
        yield from cumulative_hazard(analysis)
        yield quantiles(analysis)
    yield from survival_limits()
    yield from quantile_limits()
    yield number_at_risk()
    yield from log_rank()
    yield from incidence()
    yield from gray_test()
    yield from restricted_means()
    yield occupancy()
    yield from landmark_survival()
    yield from cox_regression()
    yield from subdistribution_regression()


def _of_group(analysis: str, group: str) -> str:
    return WORDS[analysis] if group == "all" else f"{WORDS[analysis]}: {group}"


def survival(analysis: str) -> Iterator[Comparison]:
    """Kaplan-Meier values and Greenwood errors by group."""
    rows = reference("km_curves").query("analysis == @analysis and conf_type == 'log'")
    time, event, label = cohort(analysis)
    for group, part in rows.groupby("group"):
        found = kaplan_meier.survival_at(time, event, part["time"], masks(part, label))
        data = _of_group(analysis, str(group))
        yield compare("Kaplan-Meier survival", data, found[0], part["surv"], source=SURVIVAL)
        yield compare("Greenwood standard error", data, found[1], part["se_greenwood"], source=SURVIVAL)


def survival_limits() -> Iterator[Comparison]:
    """Pointwise 95% limits of survival by scale, from patients, all analyses."""
    for scale, curves in reference("km_curves").groupby("conf_type"):
        found, expected = [], []
        for analysis, rows in curves.groupby("analysis"):
            time, event, label = cohort(str(analysis))
            estimate = kaplan_meier.survival_at(time, event, rows["time"], masks(rows, label))
            found.append(proportion_interval(*estimate, scale=scale))
            expected.append(rows[["lower", "upper"]].to_numpy().T)
        ours, theirs = (np.concatenate(parts, axis=1) for parts in (found, expected))
        yield compare(f"95% limits of survival, {scale} scale", EVERYBODY, ours, theirs, source=SURVIVAL)


def number_at_risk() -> Comparison:
    """Patients at risk, all analyses."""
    found, expected = [], []
    for analysis, rows in reference("km_curves").groupby("analysis"):
        time, _, label = cohort(str(analysis))
        found.append(kaplan_meier.number_at_risk(time, rows["time"], masks(rows, label)))
        expected.append(rows["n_risk"])
    return compare("number at risk", EVERYBODY, np.concatenate(found), np.concatenate(expected), source=SURVIVAL)


def quantiles(analysis: str) -> Comparison:
    """Quartile and median survival times."""
    rows = reference("km_quantiles").query("analysis == @analysis and conf_type == 'log'").fillna(np.inf)
    found, expected = _quantiles(rows, analysis, "log")
    return compare("quartile and median, days", WORDS[analysis], found[0], expected[0], source=SURVIVAL)


def quantile_limits() -> Iterator[Comparison]:
    """95% limits of the same by scale, all analyses."""
    for scale, table in reference("km_quantiles").fillna(np.inf).groupby("conf_type"):
        pairs = [_quantiles(rows, str(analysis), scale) for analysis, rows in table.groupby("analysis")]
        found, expected = (np.concatenate([pair[k][1:].ravel() for pair in pairs]) for k in (0, 1))
        quantity = f"95% limits of quartile and median, {scale} scale, days"
        yield compare(quantity, EVERYBODY, found, expected, source=SURVIVAL)


def _quantiles(rows: pd.DataFrame, analysis: str, scale: Any) -> tuple[np.ndarray, np.ndarray]:
    """Ours and R's quantile, lower and upper limit, each shape (3, row)."""
    time, event, label = cohort(analysis)
    parts = [part for _, part in rows.groupby("prob_failed")]
    found = [
        kaplan_meier.quantile(time, event, masks(part, label), part["prob_failed"].iloc[0], 0.95, scale)
        for part in parts
    ]
    expected = [part[["time", "lower", "upper"]].to_numpy().T for part in parts]
    return np.concatenate(found, axis=1), np.concatenate(expected, axis=1)


def cumulative_hazard(analysis: str) -> Iterator[Comparison]:
    """Nelson-Aalen values and errors of all groups."""
    rows = reference("nelson_aalen").query("analysis == @analysis")
    time, event, label = cohort(analysis)
    found = nelson_aalen.cumulative_hazard_at(time, event, rows["time"], masks(rows, label))
    for quantity, ours, column in zip(
        ("Nelson-Aalen cumulative hazard", "standard error of Nelson-Aalen"),
        found,
        ("cumhaz_na", "se_cumhaz_na"),
        strict=True,
    ):
        yield compare(quantity, WORDS[analysis], ours, rows[column], source=SURVIVAL)


def log_rank() -> Iterator[Comparison]:
    """Two to four groups: log-rank, Peto-Peto and stratified tests."""
    first = reference("logrank").drop_duplicates(["analysis", "test"])
    for test, rows in first.groupby("test"):
        found = np.array([_log_rank(str(row["analysis"]), float("peto" in str(test))) for _, row in rows.iterrows()])
        words = {"logrank": "log-rank", "stratified logrank": "stratified log-rank"}.get(str(test), "Peto-Peto")
        data = f"both tables, {len(rows)} groupings" if len(rows) > 1 else EVERYBODY
        for quantity, k, column in ((f"{words} chi-square", 0, "chisq"), (f"{words} P value", 1, "p")):
            yield compare(quantity, data, found[:, k], rows[column], source=SURVIVAL)


def _log_rank(analysis: str, rho: float) -> tuple[np.ndarray, np.ndarray]:
    plain, _, stratified = analysis.partition("|")
    time, event, label = cohort(plain)
    stratum = stratified.removeprefix("strata(").removesuffix(")")
    strata = reference("kmsurv_bmt")[stratum] if stratum else None
    return logrank.logrank(time, event, label, strata=strata, rho=rho)


def incidence() -> Iterator[Comparison]:
    """Aalen-Johansen incidence and its error by cause and grouping, and limits by scale."""
    table = reference("kmsurv_bmt")
    for cause, code in CAUSES.items():
        curves = reference("cif").query("cause == @cause")
        for by, rows in curves.query("conf_type == 'log'").groupby("by"):
            found = aalen_johansen.incidence_at(
                table["dfs_time"], table["cr_event"], rows["time"], masks(rows, labels(table, str(by))), code
            )
            data = f"137 leukaemia patients, {CAUSE_WORDS[cause]}{'' if by == 'all' else f' by {by}'}"
            yield compare("Aalen-Johansen incidence", data, found[0], rows["cif"], source=SURVIVAL)
            yield compare("standard error of Aalen-Johansen", data, found[1], rows["se"], source=SURVIVAL)
        for scale, rows in curves.query("cif > 0").groupby("conf_type"):
            found = proportion_interval(rows["cif"], rows["se"], scale=scale)
            data = f"137 leukaemia patients, {CAUSE_WORDS[cause]}, all groupings"
            expected = rows[["lower", "upper"]].to_numpy().T
            yield compare(f"95% limits of incidence, {scale} scale", data, found, expected, source=SURVIVAL)


def gray_test() -> Iterator[Comparison]:
    """Both causes, three diseases and four hospitals."""
    rows, table = reference("gray"), reference("kmsurv_bmt")
    found = np.array(
        [
            gray.gray(table["dfs_time"], table["cr_event"], table[row["by"]], cause_of_interest=CAUSES[row["cause"]])
            for _, row in rows.iterrows()
        ]
    )
    data = "137 leukaemia patients, both causes, by disease and by hospital"
    yield compare("Gray's chi-square", data, found[:, 0], rows["stat"], source=CMPRSK)
    yield compare("P value of Gray's test", data, found[:, 1], rows["p"], source=CMPRSK)


def restricted_means() -> Iterator[Comparison]:
    """By disease and by arm, up to three horizons each."""
    found, expected = [], []
    for analysis, rows in reference("rmst").groupby("analysis"):
        time, event, label = cohort(str(analysis))
        found.append(restricted_mean.restricted_mean(time, event, rows["tau"], masks(rows, label)))
        expected.append(rows[["rmst", "se"]].to_numpy().T)
    ours, theirs = (np.concatenate(parts, axis=1) / YEAR for parts in (found, expected))
    data = "both tables, by disease and by arm"
    yield compare("restricted mean, years", data, ours[0], theirs[0], source=SURVRM2)
    yield compare("standard error of restricted mean, years", data, ours[1], theirs[1], source=SURVRM2)


def occupancy() -> Comparison:
    """Platelet recovery, relapse or death: state probabilities from two days and both states."""
    rows, table = reference("mstate_probtrans"), reference("kmsurv_bmt")
    recovered = np.where(table["pr_event"] == 1, table["pr_time"], np.inf)
    found = [
        illness_death.occupancy_at(
            recovered,
            table["dfs_time"],
            table["dfs_event"],
            row["time"],
            since=row["predt"],
            responded=row["from"] == "PR",
        )[0][("Tx", "PR", "RelDeath").index(row["to"])]
        for _, row in rows.iterrows()
    ]
    data = "137 leukaemia patients, recovery, relapse or death"
    return compare("transition probability from a state and day", data, np.array(found), rows["prob"], source=MSTATE)


def landmark_survival() -> Iterator[Comparison]:
    """Survival after a landmark, by platelet recovery at the landmark."""
    rows, table = reference("landmark_km"), reference("kmsurv_bmt")
    recovered = np.where(table["pr_event"] == 1, table["pr_time"], np.inf)
    time = table["dfs_time"].to_numpy()[np.newaxis]
    for day, part in rows.groupby("landmark"):
        found = landmark.landmark_survival(time, table["dfs_event"], recovered, day, part["time"])
        own = np.where(part["pr"] == 1, found[0], found[1])
        data = f"137 leukaemia patients by platelet recovery at day {day}"
        yield compare("landmark survival", data, own[0], part["surv_given_landmark"], source=SURVIVAL)
        yield compare("Greenwood standard error after the landmark", data, own[1], part["se"], source=SURVIVAL)


def cox_regression() -> Iterator[Comparison]:
    """Cause-specific hazard ratios, five covariates."""
    table = reference("kmsurv_bmt")
    recovered = table["pr_event"] == 1
    events = {
        "Tx->PR": ("platelet recovery", recovered),
        "Tx->RelDeath": ("relapse or death before recovery", ~recovered & (table["dfs_event"] == 1)),
    }
    for transition, (words, event) in events.items():
        x, time = covariates(table), np.where(recovered, table["pr_time"], table["dfs_time"])
        for ties, named in TIES.items():
            all_rows = reference("cox")
            rows = all_rows[(all_rows["transition"] == transition) & (all_rows["ties"] == ties)]
            names = [term.replace("I((age - 28)/10)", "age") for term in rows["term"]]
            fitted = cox.fit(time, event, [x[name] for name in names], ties=ties)
            yield from _coefficients(f"Cox{named}", f"137 leukaemia patients, {words}", fitted, rows, rows, SURVIVAL)


def subdistribution_regression() -> Iterator[Comparison]:
    """Fine and Gray: errors from ``crr``; coefficients from ``finegray``, as ``crr`` stops 1e-8 before the maximum."""
    table = reference("kmsurv_bmt")
    for cause, code in CAUSES.items():
        fitted = fine_gray.fit(table["dfs_time"], table["cr_event"], list(covariates(table).values()), code)
        rows = reference("finegray").query("cause == @cause")
        crr = rows[rows["package"] == "cmprsk::crr"]
        other = rows[rows["package"] != "cmprsk::crr"]
        data = f"137 leukaemia patients, {CAUSE_WORDS[cause]}"
        yield from _coefficients("Fine-Gray", data, fitted, other, crr, CMPRSK)


def _coefficients(
    model: str, data: str, fitted: RegressionFit, betas: pd.DataFrame, errors: pd.DataFrame, of_errors: str
) -> Iterator[Comparison]:
    found = np.sqrt(np.diag(fitted.covariance))
    yield compare(f"{model} log hazard ratios", data, fitted.coefficients, betas["beta"], source=SURVIVAL)
    yield compare(f"{model} standard errors", data, found, errors["se"], source=of_errors)
