"""The tables of a results directory about patients one by one."""

from __future__ import annotations

import itertools
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
import xarray as xr

from hscb_bayes.analysis.patient_spec import PatientAnalysis
from hscb_bayes.analysis.priors import natural
from hscb_bayes.estimators.illness_death import occupancy_at
from hscb_bayes.estimators.intervals import normal_quantile, proportion_interval
from hscb_bayes.model.pathways import prior_normals
from hscb_bayes.model.simulated import can_be_replicated
from hscb_bayes.posterior.posterior import Posterior
from hscb_bayes.posterior.predict import (
    cumulative_incidence,
    restricted_mean_time,
    state_occupancy,
    summarise,
    survival,
)
from hscb_bayes.posterior.profile import Profile
from hscb_bayes.process.pathway import STATES, TRANSITIONS
from hscb_bayes.report.tables import INTERVAL, ORDER

CURVE_POINTS, EARLY = 24, 1.7  # days of a curve, the earlier the closer
OBSERVED_POINTS = 8
LEVEL = 0.9
QUARTILES = (0.25, 0.75)
Z = normal_quantile(LEVEL)
TYPICAL = np.sqrt(2.0) * normal_quantile(0.5)  # median distance of two normals, in their standard deviations


@dataclass(frozen=True, kw_only=True, eq=False)
class PatientTables:
    """A CSV file each."""

    check: pd.DataFrame
    occupancy: pd.DataFrame
    observed: pd.DataFrame
    times: pd.DataFrame
    ratios: pd.DataFrame
    contrasts: pd.DataFrame
    centres: pd.DataFrame
    left_out_centres: pd.DataFrame
    left_out_numbers: pd.DataFrame
    baselines: pd.DataFrame
    loo: pd.DataFrame


def curve_days(analysis: PatientAnalysis) -> list[float]:
    """Days of the curves, those of the tables among them."""
    days = analysis.table.report.days
    spread = days[-1] * (np.arange(CURVE_POINTS + 1) / CURVE_POINTS) ** EARLY
    return sorted({*spread.round(1).tolist(), *days})


def reported_curves(posterior: Posterior) -> xr.Dataset:
    """State probabilities and incidence of response of every group over time, and mean days in each state.

    Returns
    -------
    ``occupancy`` (chain, draw, group, day, state), ``responded_by`` (chain, draw, group, day) and ``days_in_state``
    (chain, draw, group, state).
    """
    analysis = posterior.analysis
    days, groups = curve_days(analysis), list(analysis.groups)
    return xr.Dataset(
        {
            "occupancy": state_occupancy(posterior, days=days, groups=groups),
            "responded_by": cumulative_incidence(posterior, days=days, groups=groups),
            "days_in_state": restricted_mean_time(posterior, horizon=days[-1], groups=groups),
        }
    )


def occupancy_table(curves: xr.Dataset) -> pd.DataFrame:
    """Columns ``group``, ``quantity`` (a state, or "responded_by"), ``day``, the interval and ``mean``."""
    states = curves["occupancy"].to_dataset("state")
    found = states.assign(responded_by=curves["responded_by"])
    means = found.mean(("chain", "draw")).to_dataframe().reset_index()
    long = means.melt(id_vars=["group", "day"], var_name="quantity", value_name="mean")
    table = summarise(found).merge(long, on=["group", "quantity", "day"])
    return table[["group", "quantity", "day", "median", "lower", "upper", "mean"]]


def times_table(curves: xr.Dataset) -> pd.DataFrame:
    """Mean days in each state: columns ``group``, ``state``, ``median``, ``lower``, ``upper``."""
    return summarise(curves["days_in_state"]).drop(columns="quantity")


def observed_table(analysis: PatientAnalysis) -> pd.DataFrame:
    """Aalen-Johansen probabilities of the states with plain 90% limits.

    Columns ``group``, ``quantity`` (a state), ``day``, ``estimate``, ``lower``, ``upper``. There are no limits (NaN)
    where everybody has left the first state, of that state; and none where everybody is in a later one, of the later.
    No rows where patients came late or a day of response is not known.
    """
    columns = ["group", "quantity", "day", "estimate", "lower", "upper"]
    patients = analysis.patients
    if not can_be_replicated(patients):
        return pd.DataFrame(columns=columns)
    days = analysis.table.report.days[-1] * (np.arange(1, OBSERVED_POINTS + 1) / OBSERVED_POINTS) ** EARLY
    rows = []
    for group, members in analysis.groups.items():
        share, error = occupancy_at(patients.response_day, patients.last_day, patients.died, days, members)
        low, high = _limits_of_states(share, error)
        rows += [
            (group, state, day, share[i, k], low[i, k], high[i, k])
            for i, day in enumerate(days)
            for k, state in enumerate(STATES)
        ]
    return pd.DataFrame(rows, columns=columns)


def _limits_of_states(share: np.ndarray, error: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Plain limits, (..., state): 0 to 0 of a later state that is empty, NaN of one that holds everybody."""
    limits = proportion_interval(share, error, LEVEL, scale="plain")
    is_later, is_empty = np.array(STATES) != STATES[0], share == 0.0
    holds_all = ~is_empty & (np.count_nonzero(is_empty, axis=-1, keepdims=True) == len(STATES) - 1)
    low, high = (np.where(is_later & is_empty, 0.0, np.where(is_later & holds_all, np.nan, limit)) for limit in limits)
    return low, high


def ratio_table(posterior: Posterior) -> pd.DataFrame:
    """Hazard ratios: ``transition``, ``term``, the interval before and after, and ``share_above`` 1."""
    analysis, dataset = posterior.analysis, posterior.dataset
    rows = []
    for transition in TRANSITIONS:
        for j, term in enumerate(analysis.terms):
            draws = np.exp(dataset["log_hazard_ratio"].sel(transition=transition, term=term).values.ravel())
            prior = np.exp(np.array([-Z, 0.0, Z]) * analysis.term_deviations[j])
            rows.append(
                {"transition": transition, "term": term}
                | _limits(draws)
                | _named(prior, "prior_")
                | {"share_above": float(np.mean(draws > 1.0))}
            )
    return pd.DataFrame(rows, columns=["transition", "term", *ORDER, *(f"prior_{x}" for x in ORDER), "share_above"])


def settings_of(analysis: PatientAnalysis) -> dict[str, list[Any]]:
    """Values of each covariate that are compared, the reference first: its levels, or the quartiles of its numbers."""
    found: dict[str, list[Any]] = {}
    for id, covariate in analysis.table.covariates.items():
        values = analysis.patients.covariates[covariate.column]
        quartiles = [] if covariate.levels else np.quantile(values.astype(float), QUARTILES, method="inverted_cdf")
        found[id] = list(covariate.levels) or list(dict.fromkeys(map(float, quartiles)))
    return {id: values for id, values in found.items() if len(values) > 1}


def contrast_table(posterior: Posterior) -> pd.DataFrame:
    """All patients of the table with one value of a covariate, and against its reference, all else as it is.

    Columns ``covariate``, ``value``, ``quantity`` ("responded_by" or "dead"), ``day``, the interval of the share, and
    that of the ``difference_`` from the first value, empty there.
    """
    analysis = posterior.analysis
    days, rows = [analysis.table.report.days[0], analysis.table.report.days[-1]], list[dict[str, object]]()
    for id, values in settings_of(analysis).items():
        profile: Profile = {"standardised": {id: values}}
        shares = {
            "responded_by": cumulative_incidence(posterior, days=days, **profile),
            "dead": 1.0 - survival(posterior, days=days, **profile),
        }
        for quantity, share in shares.items():
            for (k, value), day in itertools.product(enumerate(values), days):
                own, reference = (share.sel(setting=at, day=day).values.ravel() for at in (k, 0))
                told: dict[str, object] = {"covariate": id, "value": str(value), "quantity": quantity, "day": day}
                difference = _limits(own - reference) if k else dict.fromkeys(ORDER, np.nan)
                rows.append(told | _limits(own) | {f"difference_{name}": limit for name, limit in difference.items()})
    named = ["covariate", "value", "quantity", "day"]
    return pd.DataFrame(rows, columns=[*named, *ORDER, *(f"difference_{name}" for name in ORDER)])


def centre_table(posterior: Posterior) -> pd.DataFrame:
    """Hazards of a centre against the average centre: ``transition``, ``centre`` ("between" for the spread), interval.

    The spread is the hazard ratio between two centres that differ by as much as two typically do.
    """
    analysis, rows = posterior.analysis, []
    columns = ["transition", "centre", *ORDER]
    if not analysis.centres:
        return pd.DataFrame(columns=columns)
    for transition in TRANSITIONS:
        found = posterior.dataset.sel(transition=transition)
        effects = {name: np.exp(found["centre_effect"].sel(centre=name).values.ravel()) for name in analysis.centres}
        effects["between"] = np.exp(TYPICAL * found["between_centres"].values.ravel())
        for name, draws in effects.items():
            rows.append({"transition": transition, "centre": name} | _limits(draws))
    return pd.DataFrame(rows, columns=columns)


def baseline_table(posterior: Posterior) -> pd.DataFrame:
    """Parameters of the baselines before and after: ``parameter``, ``unit`` and intervals."""
    analysis, dataset = posterior.analysis, posterior.dataset
    rows = []
    mean, deviation = prior_normals(analysis)
    for k, (id, parameter) in enumerate(analysis.parameters.items()):
        prior = natural(mean[k] + np.array([-Z, 0.0, Z]) * deviation[k], parameter.scale)
        named: dict[str, object] = {"parameter": id, "unit": parameter.unit}
        rows.append(named | _limits(dataset[id].values.ravel()) | _named(prior, "prior_"))
    return pd.DataFrame(rows)


def _limits(draws: np.ndarray) -> dict[str, float]:
    return _named(np.quantile(draws, INTERVAL, method="inverted_cdf"))


def _named(limits: np.ndarray, before: str = "") -> dict[str, float]:
    return {f"{before}{name}": float(limit) for name, limit in zip(ORDER, limits, strict=True)}


def patient_predictions(posterior: Posterior, *, days: Sequence[float]) -> pd.DataFrame:
    """State probabilities of every group at days, for the command line."""
    groups = list(posterior.analysis.groups)
    found = state_occupancy(posterior, days=days, groups=groups)
    return summarise(found).drop(columns="quantity")


def shown(curves: xr.Dataset) -> Mapping[str, xr.DataArray]:
    """What of the curves the gate judges: what is on the page and does not follow from the rest."""
    return {
        "responded_by": curves["responded_by"],
        "dead": curves["occupancy"].sel(state="dead", drop=True),
        "responded": curves["occupancy"].sel(state="responded", drop=True),
        "days_in_state": curves["days_in_state"],
    }
