"""The quantities by which studies are compared: each of one study, over its own patients."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import xarray as xr

from hscb_bayes.posterior.headline import EARLY, Quantity
from hscb_bayes.posterior.posterior import Posterior
from hscb_bayes.posterior.predict import by_study
from hscb_bayes.posterior.profile import subjects_of
from hscb_bayes.posterior.times import response_quantile
from hscb_bayes.process.follow_up import YEAR
from hscb_bayes.process.incidence import cumulative_incidence, survival
from hscb_bayes.process.pathway import Pathway

ESTIMANDS: Mapping[str, Quantity] = {
    "response_by_28": Quantity(label="response by day 28", unit="share", scale="logit"),
    "median_response_responders": Quantity(
        label="median time to response, those who respond within one year", unit="days", scale="log"
    ),
    "os_1y": Quantity(label="one-year survival", unit="share", scale="logit"),
}


@by_study
def estimands(posterior: Posterior) -> xr.Dataset:
    """Response by day 28, median time to response, and one-year survival of a study's or table's own patients.

    Parameters
    ----------
    posterior
        Of a pool there is a result for each study.

    Returns
    -------
    Variables ``response_by_28``, ``median_response_responders`` (days) and ``os_1y``, dimensions chain and draw.
    """
    own = subjects_of(posterior, {})
    average = own.average

    def quantities(pathway: Pathway) -> np.ndarray:
        days = np.array([EARLY, YEAR])
        early, ever = average.of(cumulative_incidence(pathway, average.x, days))[:, 0].T
        median = response_quantile(pathway, average.x, average.weight, 0.5 * ever[:, None], YEAR)[:, 0]
        alive = average.of(survival(pathway, average.x, np.array([YEAR])))[:, 0, 0]
        return np.column_stack([early, median, alive])

    columns = own.over_draws(quantities).T
    arrays = {name: posterior.labelled(column, {}) for name, column in zip(ESTIMANDS, columns, strict=True)}
    return xr.Dataset(
        {
            name: array.assign_attrs(long_name=ESTIMANDS[name].label, units=ESTIMANDS[name].unit, of=posterior.of_whom)
            for name, array in arrays.items()
        }
    )
