"""The comparison by response that does not look into the future, of draws: from a landmark, and by time at risk."""

from __future__ import annotations

import numpy as np

from hscb_bayes.posterior.averages import Average
from hscb_bayes.posterior.times import from_landmark, time_in_states
from hscb_bayes.process import incidence
from hscb_bayes.process.follow_up import YEAR
from hscb_bayes.process.incidence import given
from hscb_bayes.process.pathway import Pathway

BY_RESPONSE = {"landmark_survival": "logit", "death_rate": "log"}  # scale on which their spread is compared


def by_response(pathway: Pathway, average: Average, *, landmark: float, horizon: float) -> np.ndarray:
    """Survival from a landmark, and deaths per patient-year, before and after response.

    Parameters
    ----------
    average
        Over whom.

    Returns
    -------
    Shape (draw, quantity of ``BY_RESPONSE``, row of the average, state); NaN where nobody comes into the state.
    """
    found = from_landmark(pathway, average.x, landmark, horizon)
    alive = given(average.of(found.at_horizon), average.of(found.at_landmark))
    return np.stack([alive, _death_rates(pathway, average, horizon)], axis=1)


def _death_rates(pathway: Pathway, average: Average, horizon: float) -> np.ndarray:
    """Deaths per patient-year before and after response; (draw, row, 2)."""
    end = np.array([horizon])
    responded = average.of(incidence.cumulative_incidence(pathway, average.x, end))[..., 0]
    occupancy = average.of(incidence.state_occupancy(pathway, average.x, end))[..., 0, :]
    died = np.maximum(np.stack([1.0 - responded - occupancy[..., 0], responded - occupancy[..., 1]], axis=-1), 0.0)
    years = average.of(time_in_states(pathway, average.x, horizon))[..., :2] / YEAR
    return np.divide(died, years, out=np.full(died.shape, np.nan), where=years > 0.0)
