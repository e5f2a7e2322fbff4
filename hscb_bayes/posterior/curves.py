"""Curves of response and of the states, for the cohort, its groups and chosen durations at once.

Days count from time zero of the study.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import xarray as xr

from hscb_bayes.analysis.member import Member
from hscb_bayes.model.print_arrays import covariate_at
from hscb_bayes.posterior.averages import Average, cohort_average
from hscb_bayes.posterior.posterior import Posterior
from hscb_bayes.posterior.profile import Subjects
from hscb_bayes.process.incidence import cumulative_incidence, state_occupancy
from hscb_bayes.process.pathway import STATES, Pathway

CURVE_NODES = 12  # of the quadrature for each day of a curve: within 2e-6 of 32 nodes, which a test holds
CURVES = ("responded_by", *STATES)


def curves(posterior: Posterior, *, days: Sequence[float], durations: Sequence[float]) -> xr.Dataset:
    """Response and the three states over time, for the cohort, its groups by duration, and chosen durations, at once.

    Returns
    -------
    ``responded_by``, P(response by t), and ``no_response``, ``responded``, ``dead``, P(in the state at t); each (chain,
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

    found = Subjects.of_draws(average, analysis, posterior.parameters, posterior.effect).over_draws(values)
    own = {dim: np.asarray(posterior.dataset[dim]) for dim in ("chain", "draw")}
    sizes = [len(coordinate) for coordinate in own.values()]
    dims = (*own, "whom", "day")
    groups = len(whom) - len(durations)
    coords = {**own, "whom": whom, "day": when, "duration": ("whom", [np.nan] * groups + [float(d) for d in durations])}
    shaped = found.reshape(*sizes, *found.shape[1:])
    return xr.Dataset({name: (dims, shaped[..., k]) for k, name in enumerate(CURVES)}, coords)


def _everybody(analysis: Member, durations: Sequence[float]) -> tuple[Average, list[str]]:
    """Averages over the cohort and its groups, and one row a duration, over one set of covariate nodes."""
    cohort, names = cohort_average(analysis)
    chosen = covariate_at(analysis, durations) if len(durations) else np.empty(0)
    weight = np.zeros((len(names) + chosen.size, cohort.x.size + chosen.size))
    weight[: len(names), : cohort.x.size] = cohort.weight
    weight[len(names) :, cohort.x.size :] = np.eye(chosen.size)
    whom = [*names, *(f"{duration:g}" for duration in durations)]
    return Average(x=np.concatenate([cohort.x, chosen]), weight=weight), whom
