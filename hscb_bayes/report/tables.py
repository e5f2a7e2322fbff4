"""The tables of a results directory: draws in, one row a number out, for the page and for CSV."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd
import xarray as xr

from hscb_bayes.analysis.scope import fitted_p_values
from hscb_bayes.analysis.spec import Analysis
from hscb_bayes.errors import InputError
from hscb_bayes.evidence.audit import Finding
from hscb_bayes.posterior.averages import patients_beyond
from hscb_bayes.posterior.headline import CONTRASTS, contrast_durations, headline_quantities
from hscb_bayes.posterior.p_value import RATIO, assumed_test, reweighted
from hscb_bayes.posterior.posterior import Posterior
from hscb_bayes.posterior.predict import cumulative_incidence, restricted_mean_time, summarise, survival
from hscb_bayes.posterior.sensitivity import MOSTLY_PRIOR
from hscb_bayes.process.pathway import STATES, TRANSITIONS

INTERVAL = (0.05, 0.5, 0.95)
ORDER = ("lower", "median", "upper")  # of INTERVAL
RATIO_ID = f"hazard_ratio_{TRANSITIONS[0]}"
FEW_DRAWS = 20  # fewer, and an interval of them is noise
FEW_PATIENTS = 4  # at or beyond a duration: fewer, and a prediction there rests on the model's form
DEATH_SHARES = np.linspace(0.0, 1.0, 101)
AT_BOOST = {"neutropenic": 1.0}  # shares at day 0; the others are zero


def audit_table(findings: Sequence[Finding]) -> pd.DataFrame:
    """Findings, a row each."""
    fields = ("id", "severity", "rule", "sentence", "arithmetic")
    return pd.DataFrame([{name: getattr(finding, name) for name in fields} for finding in findings])


def curve_table(curves: xr.Dataset) -> pd.DataFrame:
    """Medians, 90% intervals and means of ``reported.curves``, and of survival, from day 0.

    Returns
    -------
    Columns ``whom``, ``quantity`` ("responded_by", "neutropenic", "responded", "dead" or "alive"), ``day``,
    ``median``, ``lower``, ``upper``, ``mean``.
    """
    found = curves.assign(alive=1.0 - curves["dead"]).drop_vars("duration")
    table = summarise(found)
    means = found.mean(("chain", "draw")).to_dataframe().reset_index()
    long = means.melt(id_vars=["whom", "day"], var_name="quantity", value_name="mean")
    table = table.merge(long, on=["whom", "quantity", "day"])
    first = table[["whom", "quantity"]].drop_duplicates().assign(day=0.0)
    for name in ("median", "lower", "upper", "mean"):
        first[name] = [AT_BOOST.get(quantity, float(quantity == "alive")) for quantity in first["quantity"]]
    columns = ["whom", "quantity", "day", "median", "lower", "upper", "mean"]
    return pd.concat([first, table])[columns].sort_values(["quantity", "whom", "day"], ignore_index=True)


def by_response_table(by_response: xr.Dataset, contractions: Mapping[tuple[str, str], float]) -> pd.DataFrame:
    """Survival from the landmark and death rates, by state.

    Returns
    -------
    Columns ``quantity``, ``state``, the interval, ``undefined`` (the share of draws in which nobody comes into the
    state), ``contraction`` and ``mostly_prior``.
    """
    found = by_response.sel(state=list(STATES[:2]))
    table, undefined = summarise(found), found.isnull().mean(("chain", "draw"))
    places = zip(table["quantity"], table["state"], strict=True)
    table["undefined"] = [float(undefined[quantity].sel(state=state)) for quantity, state in places]
    keys = zip(table["quantity"], table["state"], strict=True)
    table["contraction"] = [contractions[quantity, state] for quantity, state in keys]
    return table.assign(mostly_prior=~(table["contraction"] >= MOSTLY_PRIOR))


def alternatives_table(found: Mapping[str, tuple[Analysis, xr.Dataset, bool]]) -> pd.DataFrame:
    """Headline quantities under each analysis: name to (analysis, ``predict.headline``, whether it converged).

    Where a P value of unknown direction is fitted, the hazard ratio of response has two humps: ``share_above`` 1, and
    the median and interval ``below_...`` and ``above_...`` it; NaN elsewhere.
    """
    parts = []
    for name, (analysis, headline, is_converged) in found.items():
        table = summarise(headline)
        words = headline_quantities(analysis)
        table.insert(0, "analysis", name)
        table.insert(1, "title", analysis.table.title)
        table["label"] = [words[id].label for id in table["quantity"]]
        table["unit"] = [words[id].unit for id in table["quantity"]]
        for column, value in _two_humps(analysis, headline).items():
            table[column] = np.where(table["quantity"] == RATIO_ID, value, np.nan)
        parts.append(table.assign(converged=is_converged))
    return pd.concat(parts, ignore_index=True)


def _two_humps(analysis: Analysis, headline: xr.Dataset) -> dict[str, float]:
    """The hazard ratio of response below 1 and above it, where a P value of unknown direction is fitted."""
    sides = ("below", "above")
    found = {"share_above": np.nan} | {f"{side}_{name}": np.nan for side in sides for name in ORDER}
    if all(assumed_test(item, analysis).direction is not None for item in fitted_p_values(analysis)):
        return found
    ratio = headline[RATIO_ID].values.ravel()
    found["share_above"] = float(np.mean(ratio > 1.0))
    for side, values in zip(sides, (ratio[ratio <= 1.0], ratio[ratio > 1.0]), strict=True):
        if values.size >= FEW_DRAWS:
            limits = np.quantile(values, INTERVAL, method="inverted_cdf")
            found |= {f"{side}_{name}": float(limit) for name, limit in zip(ORDER, limits, strict=True)}
    return found


def death_table(days: Mapping[str, tuple[str, xr.DataArray]]) -> pd.DataFrame:
    """Quantiles of the day of death of non-responders: name to (words, ``predict.nonresponder_death_day``).

    Returns
    -------
    Columns ``analysis``, ``title``, ``share`` (0, 0.01, ..., 1) and the ``day`` by which that share of them had died.
    """
    parts = []
    for name, (title, found) in days.items():
        quantiles = np.quantile(found.values, DEATH_SHARES, method="inverted_cdf") if found.size else np.nan
        parts.append(pd.DataFrame({"analysis": name, "title": title, "share": DEATH_SHARES, "day": quantiles}))
    return pd.concat(parts, ignore_index=True)


def p_value_table(posterior: Posterior, *, seed: int) -> pd.DataFrame:
    """Hazard ratio of response were an unnamed P value fitted, under each test and direction.

    Returns
    -------
    Columns ``item``, ``test``, ``direction``, ``median``, ``lower``, ``upper`` and ``effective``, the draws that the
    weights leave, all NaN where the test is undefined; no rows where no such P value is printed.
    """
    parameters, column = posterior.parameters, posterior.analysis.parameter_ids.index(RATIO)
    order = np.argsort(parameters[:, column])
    ratio = np.exp(parameters[order, column])
    rows = []
    for reading in reweighted(parameters, posterior.analysis, posterior.effect, seed=seed):
        reached = np.cumsum(reading.weights[order])
        limits = ratio[np.minimum(np.searchsorted(reached, INTERVAL), ratio.size - 1)]
        lower, median, upper = np.where(np.isnan(reading.effective), np.nan, limits)
        row = {"item": reading.item, "test": reading.test, "direction": reading.direction}
        rows.append(row | {"median": median, "lower": lower, "upper": upper, "effective": reading.effective})
    names = ["item", "test", "direction", "median", "lower", "upper", "effective"]
    return pd.DataFrame(rows, columns=names)


def probability_table(headline: xr.Dataset, analysis: Analysis) -> pd.DataFrame:
    """Probabilities of statements about duration: columns ``id``, ``statement``, ``probability``."""
    words = headline_quantities(analysis)
    rows = []
    for transition in TRANSITIONS if analysis.by_duration else ():
        id = f"hazard_ratio_{transition}"
        rows.append((id, f"{words[id].label} above 1", float((headline[id] > 1.0).mean())))
    if "os_1y_short" in headline:
        higher = float((headline["os_1y_short"] > headline["os_1y_long"]).mean())
        rows.append(("os_1y_short", "one-year survival higher with short than with long neutropenia", higher))
    ends = contrast_durations(analysis)
    if ends:
        versus = f"higher after {ends[0]:g} than after {ends[1]:g} days of neutropenia"
        contrasts = [(f"{id}_contrast", label) for id, label, _ in CONTRASTS]
        rows += [(id, f"{label} {versus}", float((headline[id] > 0.0).mean())) for id, label in contrasts]
    return pd.DataFrame(rows, columns=["id", "statement", "probability"])


def prediction_table(posterior: Posterior, *, duration: Sequence[float], days: Sequence[float]) -> pd.DataFrame:
    """Response, survival and days recovered at durations of prior neutropenia: medians and 90% intervals.

    Without durations they are of all patients, and ``duration`` is NaN.

    Returns
    -------
    Columns ``duration``, ``quantity``, ``day`` (NaN for days in the first year), ``median``, ``lower``, ``upper``,
    ``patients_beyond`` and ``extrapolates``, fewer than four patients of the study at or beyond the duration.
    """
    analysis = posterior.analysis
    if len(duration) and not analysis.by_duration:
        raise InputError(
            f"{analysis.path}: cohort.form: durations have no part in this analysis, found {list(duration)}"
        )
    at = list(duration) or None
    arrays = (
        cumulative_incidence(posterior, days=days, duration=at).rename("responded"),
        survival(posterior, days=days, duration=at).rename("alive"),
        restricted_mean_time(posterior, duration=at).sel(state="responded").rename("days recovered in the first year"),
    )
    table = pd.concat([summarise(array) for array in arrays], ignore_index=True)
    if at is None:
        table["duration"], table["patients_beyond"] = np.nan, analysis.patients
    else:
        beyond = dict(zip(map(float, at), patients_beyond(analysis, at).tolist(), strict=True))
        table["patients_beyond"] = table["duration"].map(beyond)
    table["extrapolates"] = table["patients_beyond"] < FEW_PATIENTS
    columns = ["duration", "quantity", "day", "median", "lower", "upper", "patients_beyond", "extrapolates"]
    return table[columns].sort_values("duration", kind="stable", ignore_index=True)
