"""Predictions as draws: curves at chosen durations of prior neutropenia, or averaged over the study's own patients.

Time zero is the boost. Every result is an ``xarray.DataArray`` with dims ``chain`` and ``draw`` first. An axis
``duration`` holds the durations asked for, days; without them the result is standardised to the cohort.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
import xarray as xr

from hscb_bayes.analysis.averages import Average, duration_average, group_average
from hscb_bayes.analysis.fit import analysis_of, draws_of
from hscb_bayes.analysis.headline import CHUNK, pathway_from_draws
from hscb_bayes.analysis.times import time_in_states
from hscb_bayes.process import incidence
from hscb_bayes.process.follow_up import YEAR
from hscb_bayes.process.pathway import STATES, TRANSITIONS, Pathway


def cumulative_incidence(
    posterior: xr.DataTree, *, days: Sequence[float], duration: Sequence[float] | None = None
) -> xr.DataArray:
    """P(response by day), death without response competing; dims (chain, draw, duration, day)."""
    values = _curves(posterior, days, duration, incidence.cumulative_incidence)
    return _array(posterior, values, "cumulative_incidence", days=days, duration=duration)


def survival(posterior: xr.DataTree, *, days: Sequence[float], duration: Sequence[float] | None = None) -> xr.DataArray:
    """P(alive at day); dims (chain, draw, duration, day)."""
    values = _curves(posterior, days, duration, incidence.survival)
    return _array(posterior, values, "survival", days=days, duration=duration)


def state_occupancy(
    posterior: xr.DataTree, *, days: Sequence[float], duration: Sequence[float] | None = None
) -> xr.DataArray:
    """P(in a state at day); dims (chain, draw, duration, day, state)."""
    values = _curves(posterior, days, duration, incidence.state_occupancy)
    return _array(posterior, values, "state_occupancy", days=days, duration=duration, states=True)


def restricted_mean_time(
    posterior: xr.DataTree, *, horizon: float = YEAR, duration: Sequence[float] | None = None
) -> xr.DataArray:
    """Mean days in each state up to the horizon; dims (chain, draw, duration, state)."""
    analysis, average, parameters = analysis_of(posterior), _average(posterior, duration), draws_of(posterior)
    values = np.concatenate(
        [
            average.of(time_in_states(pathway_from_draws(part, analysis), average.x, horizon))
            for part in _chunks(parameters)
        ]
    )
    return _array(posterior, values, "restricted_mean_time", duration=duration, states=True)


def hazard_ratios(posterior: xr.DataTree) -> xr.DataArray:
    """Hazard ratio of each transition per doubling of duration (in the step form: long over short)."""
    names = [f"hazard_ratio_{transition}" for transition in TRANSITIONS]
    ratios = xr.concat(
        [posterior["posterior"].to_dataset()[name] for name in names], dim="transition", coords="minimal"
    )
    return (
        ratios.assign_coords(transition=list(TRANSITIONS))
        .transpose("chain", "draw", "transition")
        .rename("hazard_ratio")
    )


def _average(posterior: xr.DataTree, duration: Sequence[float] | None) -> Average:
    analysis = analysis_of(posterior)
    return group_average(analysis, "all") if duration is None else duration_average(analysis, duration)


def _chunks(parameters: np.ndarray) -> list[np.ndarray]:
    return [parameters[start : start + CHUNK] for start in range(0, len(parameters), CHUNK)]


def _curves(
    posterior: xr.DataTree,
    days: Sequence[float],
    duration: Sequence[float] | None,
    function: Callable[[Pathway, np.ndarray, np.ndarray], np.ndarray],
) -> np.ndarray:
    """A function of ``process.incidence``, averaged over patients, shape (draw, row, day, ...)."""
    analysis, average, at = analysis_of(posterior), _average(posterior, duration), np.asarray(days, dtype=float)
    pathways = (pathway_from_draws(part, analysis) for part in _chunks(draws_of(posterior)))
    return np.concatenate([average.of(function(pathway, average.x, at)) for pathway in pathways])


def _array(
    posterior: xr.DataTree,
    values: np.ndarray,
    name: str,
    *,
    days: Sequence[float] | None = None,
    duration: Sequence[float] | None = None,
    states: bool = False,
) -> xr.DataArray:
    """Values (draw, row, ...) as a labelled array; the row axis is dropped for the cohort."""
    draws = posterior["posterior"].to_dataset()
    shaped = values.reshape(draws.sizes["chain"], draws.sizes["draw"], *values.shape[1:])
    dims = ["chain", "draw", "duration"]
    coords: dict[str, object] = {"chain": draws["chain"].values, "draw": draws["draw"].values}
    coords["duration"] = [np.nan] if duration is None else [float(length) for length in duration]
    if days is not None:
        dims.append("day")
        coords["day"] = [float(day) for day in days]
    if states:
        dims.append("state")
        coords["state"] = list(STATES)
    array = xr.DataArray(shaped, dims=dims, coords=coords, name=name)
    return array.isel(duration=0, drop=True) if duration is None else array
