"""Everything that a report says of a posterior, evaluated once with its draws: the gate judges it, the page shows it.

Time zero is the boost, days throughout; the horizon is one year.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import xarray as xr

from hscb_bayes.analysis.spec import Analysis
from hscb_bayes.model.print_arrays import covariate_at
from hscb_bayes.posterior.averages import Average, cohort_average
from hscb_bayes.posterior.gate import Verdict, verdict
from hscb_bayes.posterior.headline import in_chunks
from hscb_bayes.posterior.posterior import Posterior
from hscb_bayes.posterior.predict import headline, landmark_survival, restricted_mean_time
from hscb_bayes.process.incidence import cumulative_incidence, state_occupancy
from hscb_bayes.process.pathway import STATES, Pathway

CURVE_NODES = 12  # of the quadrature for each day of a curve: within 2e-6 of 32 nodes, which a test holds
CURVES = ("responded_by", *STATES)
UNDEFINED = -1.0  # stands for a probability or a rate that a draw leaves undefined, where ranks are diagnosed


@dataclass(frozen=True, kw_only=True, eq=False)
class Reported:
    """What is reported, each with the dimensions ``chain`` and ``draw``.

    Parameters
    ----------
    headline
        As ``predict.headline``.
    curves
        As ``curves``.
    by_response
        As ``predict.landmark_survival``.
    days_in_state
        As ``predict.restricted_mean_time``, by duration.
    """

    headline: xr.Dataset
    curves: xr.Dataset
    by_response: xr.Dataset
    days_in_state: xr.DataArray

    def verdict(self, posterior: Posterior) -> Verdict:
        """The gate, over every scalar of the posterior and every number that is reported from it.

        Where a comparison by response is undefined, as nobody comes into the state, it counts as below any other.
        """
        by_response = self.by_response.fillna(UNDEFINED).rename(state="at_landmark")
        by_duration = self.days_in_state.drop_vars("patients_beyond", errors="ignore")
        shown = [self.headline, by_response, by_duration.to_dataset(name="days_in_state"), _shown(self.curves)]
        return verdict(posterior, xr.merge(shown))


def reported(posterior: Posterior, *, days: Sequence[float], durations: Sequence[float]) -> Reported:
    """Evaluate all that a report shows.

    Parameters
    ----------
    days
        Of the curves: increasing, after the boost.
    durations
        Of prior neutropenia, days; none where they have no part in the analysis.
    """
    return Reported(
        headline=headline(posterior),
        curves=curves(posterior, days=days, durations=durations),
        by_response=landmark_survival(posterior),
        days_in_state=restricted_mean_time(posterior, duration=durations or None),
    )


def curves(posterior: Posterior, *, days: Sequence[float], durations: Sequence[float]) -> xr.Dataset:
    """Response and the three states over time, for the cohort, its groups by duration, and chosen durations, at once.

    Returns
    -------
    ``responded_by``, P(response by t), and ``neutropenic``, ``responded``, ``dead``, P(in the state at t); each (chain,
    draw, whom, day). ``whom`` is "all", then "short" and "long" where the analysis has these groups, then the durations
    as text ("14"); the coordinate ``duration`` is NaN for groups.
    """
    analysis = posterior.analysis
    average, whom = _everybody(analysis, durations)
    when = np.asarray(days, dtype=float)

    def values(pathway: Pathway) -> np.ndarray:
        by_day = cumulative_incidence(pathway, average.x, when)
        states = state_occupancy(pathway, average.x, when, nodes=CURVE_NODES)
        return average.of_probabilities(np.concatenate([by_day[..., None], states], axis=-1))

    found = in_chunks(values, posterior.parameters, analysis, posterior.effect)
    own = {dim: np.asarray(posterior.dataset[dim]) for dim in ("chain", "draw")}
    sizes = [len(coordinate) for coordinate in own.values()]
    dims = (*own, "whom", "day")
    groups = len(whom) - len(durations)
    coords = {**own, "whom": whom, "day": when, "duration": ("whom", [np.nan] * groups + [float(d) for d in durations])}
    shaped = found.reshape(*sizes, *found.shape[1:])
    return xr.Dataset({name: (dims, shaped[..., k]) for k, name in enumerate(CURVES)}, coords)


def _everybody(analysis: Analysis, durations: Sequence[float]) -> tuple[Average, list[str]]:
    """Averages over the cohort and its groups, and one row a duration, over one set of covariate nodes."""
    cohort, names = cohort_average(analysis)
    chosen = covariate_at(analysis, durations) if len(durations) else np.empty(0)
    weight = np.zeros((len(names) + chosen.size, cohort.x.size + chosen.size))
    weight[: len(names), : cohort.x.size] = cohort.weight
    weight[len(names) :, cohort.x.size :] = np.eye(chosen.size)
    whom = [*names, *(f"{duration:g}" for duration in durations)]
    return Average(x=np.concatenate([cohort.x, chosen]), weight=weight), whom


def _shown(found: xr.Dataset) -> xr.Dataset:
    """The curves without what follows from the others: responded is 1 - neutropenic - dead, and shown by duration."""
    durations = found["duration"].notnull().values
    durations = durations if durations.any() else ~durations
    everybody = found[["responded_by", "dead"]].drop_vars("duration")
    by_duration = found[["neutropenic", "responded"]].isel(whom=durations).drop_vars("duration")
    renamed = by_duration.rename(whom="prior_neutropenia")
    return everybody.merge(renamed)
