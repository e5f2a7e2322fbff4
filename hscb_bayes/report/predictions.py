"""Predictions at durations of the condition, as a table."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd

from hscb_bayes.errors import InputError
from hscb_bayes.posterior.averages import patients_beyond
from hscb_bayes.posterior.posterior import Posterior
from hscb_bayes.posterior.predict import cumulative_incidence, restricted_mean_time, summarise, survival

FEW_PATIENTS = 4  # at or beyond a duration: fewer, and a prediction there rests on the model's form


def prediction_table(posterior: Posterior, *, duration: Sequence[float], days: Sequence[float]) -> pd.DataFrame:
    """Response, survival and days recovered at durations of the condition: medians and 90% intervals.

    Without durations they are of all patients, and ``duration`` is NaN.

    Parameters
    ----------
    fit
        Of one printed study.

    Returns
    -------
    Columns ``duration``, ``quantity``, ``day`` (NaN for days in the first year), ``median``, ``lower``, ``upper``,
    ``patients_beyond`` and ``extrapolates``, fewer than four patients of the study at or beyond the duration.

    Raises
    ------
    InputError
        When durations are asked for and have no part in the analysis.
    """
    analysis, posterior, at = posterior.analysis, posterior, list(duration) or None
    if at is not None and not analysis.by_duration:
        raise InputError(f"{analysis.path}: cohort.form: durations have no part in this analysis, found {at}")
    arrays = (
        cumulative_incidence(posterior, days=days, duration=at).rename("responded"),
        survival(posterior, days=days, duration=at).rename("alive"),
        restricted_mean_time(posterior, duration=at).sel(state="responded").rename("days recovered in the first year"),
    )
    table = pd.concat([summarise(array) for array in arrays], ignore_index=True)
    if at is None:
        table["duration"], table["patients_beyond"] = np.nan, analysis.size
    else:
        beyond = dict(zip(map(float, at), patients_beyond(analysis, at).tolist(), strict=True))
        table["patients_beyond"] = table["duration"].map(beyond)
    table["extrapolates"] = table["patients_beyond"] < FEW_PATIENTS
    columns = ["duration", "quantity", "day", "median", "lower", "upper", "patients_beyond", "extrapolates"]
    return table[columns].sort_values("duration", kind="stable", ignore_index=True)
