"""The tables of a results directory: made from a posterior, written as CSV, read back for the command line."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
import pandas as pd
import xarray as xr

from hscb_bayes.analysis.averages import patients_beyond
from hscb_bayes.analysis.fit import analysis_of, load_posterior
from hscb_bayes.analysis.headline import headline_from_draws
from hscb_bayes.analysis.pathways import prior_normals
from hscb_bayes.analysis.predict import cumulative_incidence, restricted_mean_time, survival
from hscb_bayes.analysis.spec import Analysis
from hscb_bayes.errors import InputError
from hscb_bayes.evidence.audit import Finding

LABELS = {
    "response_by_28": "responded by day 28",
    "median_response_all": "median time to response, all patients (days)",
    "median_response_responders": "median time to response, responders (days)",
    "os_1y": "alive at one year, all patients",
    "os_1y_short": "alive at one year, 38 days of neutropenia or less",
    "os_1y_long": "alive at one year, more than 38 days",
    "days_recovered_1y": "days alive and recovered in the first year",
    "hazard_ratio_response": "hazard ratio of response",
    "hazard_ratio_death_without_response": "hazard ratio of death without response",
    "hazard_ratio_death_after_response": "hazard ratio of death after response",
}
INTERVAL = (0.05, 0.95)
MOSTLY_PRIOR = 0.5  # contraction below which a quantity is mostly what was believed before
PRIOR_DRAWS = 4000
FEW_PATIENTS = 4


def summary_table(parameters: np.ndarray, analysis: Analysis, *, seed: int) -> pd.DataFrame:
    """Prior and posterior of every headline quantity, and how much the print taught: contraction 1 - var / prior var.

    Contraction is on the log scale for ratios and days and on the share's own scale otherwise, from ranks that leave
    out times that are not reached.
    """
    mean, deviation = prior_normals(analysis)
    rng = np.random.default_rng(seed)
    prior = headline_from_draws(mean + deviation * rng.standard_normal((PRIOR_DRAWS, mean.size)), analysis)
    posterior = headline_from_draws(parameters, analysis)
    return pd.DataFrame([_summary_row(id, prior[id], posterior[id]) for id in LABELS if id in posterior])


def _summary_row(id: str, prior: np.ndarray, posterior: np.ndarray) -> dict[str, object]:
    contraction = 1.0 - _spread(id, posterior) ** 2 / _spread(id, prior) ** 2
    row: dict[str, object] = {"quantity": id, "label": LABELS[id]}
    for name, values in (("prior", prior), ("posterior", posterior)):
        lower, median, upper = np.quantile(values, [INTERVAL[0], 0.5, INTERVAL[1]], method="inverted_cdf")
        row |= {f"{name}_median": median, f"{name}_lower": lower, f"{name}_upper": upper}
    return row | {"contraction": contraction, "mostly_prior": bool(contraction < MOSTLY_PRIOR)}


def _spread(id: str, values: np.ndarray) -> float:
    """Half the width of the central 68%, on the log for ratios and medians; robust to a time that is not reached."""
    logged = np.log(values) if id.startswith(("hazard_ratio", "median")) else values
    lower, upper = np.quantile(logged, [0.16, 0.84], method="inverted_cdf")
    return float(upper - lower) / 2.0 if np.isfinite(upper) else float(np.quantile(logged, 0.5) - lower)


def alternatives_table(draws: Mapping[str, tuple[str, dict[str, np.ndarray]]]) -> pd.DataFrame:
    """Headline quantities under each analysis: name to (title, quantities)."""
    rows = []
    for name, (title, quantities) in draws.items():
        for id in LABELS:
            if id in quantities:
                lower, median, upper = np.quantile(
                    quantities[id], [INTERVAL[0], 0.5, INTERVAL[1]], method="inverted_cdf"
                )
                row = {"analysis": name, "title": title, "quantity": id, "label": LABELS[id]}
                rows.append(row | {"median": median, "lower": lower, "upper": upper})
    return pd.DataFrame(rows)


def audit_table(findings: Sequence[Finding]) -> pd.DataFrame:
    """Findings, a row each."""
    fields = ("severity", "rule", "sentence", "arithmetic")
    return pd.DataFrame(
        [{"id": finding.id} | {name: getattr(finding, name) for name in fields} for finding in findings]
    )


def prediction_table(posterior: xr.DataTree, *, duration: Sequence[float], days: Sequence[float]) -> pd.DataFrame:
    """Response, survival and days recovered at durations of prior neutropenia: medians and 90% intervals."""
    analysis = analysis_of(posterior)
    beyond = dict(zip(duration, patients_beyond(analysis, duration), strict=True))
    curves = {
        "responded": cumulative_incidence(posterior, days=days, duration=duration),
        "alive": survival(posterior, days=days, duration=duration),
    }
    recovered = restricted_mean_time(posterior, duration=duration).sel(state="responded")
    rows = []
    for length in duration:
        picked = {(name, day): curve.sel(duration=length, day=day) for name, curve in curves.items() for day in days}
        picked |= {("days recovered in the first year", np.nan): recovered.sel(duration=length)}
        for (name, day), values in picked.items():
            lower, median, upper = np.quantile(values, [INTERVAL[0], 0.5, INTERVAL[1]])
            few = bool(beyond[length] < FEW_PATIENTS)
            row = {"duration": length, "quantity": name, "day": day, "median": median, "lower": lower, "upper": upper}
            rows.append(row | {"extrapolates": few})
    return pd.DataFrame(rows)


def read_check(results: Path) -> str:
    """The check table of a results directory, as text.

    Raises
    ------
    InputError
        When the directory holds none.
    """
    path = results / "check.csv"
    if not path.is_file():
        raise InputError(f"{path}: there is no such file; make it with hscb run")
    table = pd.read_csv(path)
    columns = ["id", "printed", "median", "lower90", "upper90", "tail_probability", "used"]
    return table[columns].to_string(index=False, float_format=lambda value: f"{value:.3g}")


def predictions(results: Path, *, duration: Sequence[float], days: Sequence[float]) -> str:
    """Predictions from the posterior of a results directory, as text."""
    table = prediction_table(load_posterior(results / "posterior.nc"), duration=duration, days=days)
    return table.to_string(index=False, float_format=lambda value: f"{value:.3g}", na_rep="")
