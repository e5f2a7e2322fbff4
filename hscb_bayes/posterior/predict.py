"""What a posterior says: curves, times, ratios and contrasts, as labelled arrays with the draws kept.

Days count from time zero of the study, such as the boost. Without more, a prediction is an average over the study's or
the table's own patients, each with their own duration or their own covariates and centre. A ``Profile`` says for whom
else it is to be. Which study or centre it is for, the posterior says (``posterior.of(study="liu2024")``); of a pool
there is one result for each study. The study's own effect is in its predictions.

Dimensions are ``chain``, ``draw``, then ``study``, ``duration``, ``patient``, ``group`` or ``setting``, ``day``,
``state`` as needed. ``patients_beyond`` on ``duration`` counts the study's patients as extreme or more so: 0 means that
the prediction extrapolates.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Concatenate, Literal, Unpack

import numpy as np
import pandas as pd
import xarray as xr

from hscb_bayes.errors import InputError
from hscb_bayes.posterior.by_response import BY_RESPONSE, by_response
from hscb_bayes.posterior.grades import share_of_grade
from hscb_bayes.posterior.headline import headline as headline_of
from hscb_bayes.posterior.headline import headline_quantities
from hscb_bayes.posterior.posterior import DIMS, Posterior
from hscb_bayes.posterior.profile import Profile, Subjects, own_pathways, subjects_of
from hscb_bayes.posterior.quantities import described
from hscb_bayes.posterior.times import response_quantile as quantile_of_response
from hscb_bayes.posterior.times import time_in_states
from hscb_bayes.process import incidence
from hscb_bayes.process.follow_up import YEAR
from hscb_bayes.process.pathway import STATES, Pathway
from hscb_bayes.process.simulate import simulate_course

INTERVAL = 0.9
LANDMARK = 28.0

Reading = Literal["all", "responders"]


def by_study[**Options, Found: (xr.DataArray, xr.Dataset)](
    function: Callable[Concatenate[Posterior, Options], Found],
) -> Callable[Concatenate[Posterior, Options], Found]:
    """The function for a posterior of several studies too: one result for each, along ``study`` after the draws."""

    @functools.wraps(function)
    def of_each(posterior: Posterior, *args: Options.args, **options: Options.kwargs) -> Found:
        names = posterior.analysis.studies
        if len(names) < 2:
            return function(posterior, *args, **options)
        parts = [function(posterior.of(study=name), *args, **options) for name in names]
        joined: Found = xr.concat(parts, dim=pd.Index(names, name="study"), join="outer", combine_attrs="override")
        for array in getattr(joined, "data_vars", {"": joined}).values():
            array.attrs["of"] = "each study"
        return joined.transpose(*DIMS, "study", ...)

    return of_each  # type: ignore[return-value]  # functools.wraps widens the type


@by_study
def cumulative_incidence(
    posterior: Posterior, *, days: Sequence[float], grade: str | None = None, **profile: Unpack[Profile]
) -> xr.DataArray:
    """P(response by day t), deaths before response competing; (chain, draw, [duration,] day).

    Parameters
    ----------
    grade
        Of a response with this grade alone: the name of its event, such as "complete_response".

    Raises
    ------
    InputError
        When days are negative, durations are not positive, or the analysis has no such group or grade.

    Examples
    --------
    >>> cumulative_incidence(posterior, days=[7, 14, 28], duration=[14, 38, 90]).to_dataframe()  # doctest: +SKIP
    """
    share = None if grade is None else share_of_grade(posterior, grade)
    found = _curve(
        posterior,
        incidence.cumulative_incidence,
        0.0,
        "cumulative_incidence",
        days=days,
        profile=profile,
    )
    return found if share is None else (found * share).rename(found.name).assign_attrs(found.attrs, grade=grade)


@by_study
def survival(posterior: Posterior, *, days: Sequence[float], **profile: Unpack[Profile]) -> xr.DataArray:
    """P(alive at day t); shape and errors as ``cumulative_incidence``."""
    return _curve(posterior, incidence.survival, 1.0, "survival", days=days, profile=profile)


@by_study
def state_occupancy(posterior: Posterior, *, days: Sequence[float], **profile: Unpack[Profile]) -> xr.DataArray:
    """P(no response yet), P(responded and alive), P(dead) at day t; (chain, draw, [duration,] day, state)."""
    at_zero = np.array([state == STATES[0] for state in STATES], dtype=float)
    return _curve(
        posterior, incidence.state_occupancy, at_zero, "state_occupancy",
        days=days, profile=profile, coords={"state": list(STATES)},
    )  # fmt: skip


@by_study
def transition_probabilities(
    posterior: Posterior,
    *,
    days: Sequence[float],
    at: float,
    start: Literal["no_response", "responded"] = "no_response",
    response_day: float | None = None,
    **profile: Unpack[Profile],
) -> xr.DataArray:
    """P(state at day t | alive in the state ``start`` on day ``at``); (chain, draw, [row,] day, state).

    "Alive on day 14 without a response: what now?" Where it is an average, it is one over those who come that far. NaN,
    undefined, in draws in which nobody does.

    Parameters
    ----------
    days
        Not before ``at``.
    response_day
        Day of the response of those who have responded; required where their hazard counts days since it.

    Raises
    ------
    InputError
        When a day is out of order, or the day of the response is missing.

    Examples
    --------
    >>> transition_probabilities(posterior, at=14, days=[28, 365]).mean(("chain", "draw"))  # doctest: +SKIP
    """
    _require_positive("at", at)
    wanted = np.atleast_1d(np.asarray(days, dtype=float))
    if not wanted.size or not np.all((wanted >= at) & np.isfinite(wanted)):
        raise InputError(f"days: required days not before {at:g}, found {list(map(float, wanted))}")
    if start not in STATES[:2]:
        raise InputError(f"start: required 'no_response' or 'responded', found {start!r}")
    if start == "responded" and (response_day is None or not 0.0 < response_day <= at):
        raise InputError(f"response_day: required a day after time zero and not after {at:g}, found {response_day}")
    subjects = subjects_of(posterior, profile)
    average = subjects.average

    def values(pathway: Pathway) -> np.ndarray:
        if start == "responded":
            found = incidence.from_responded(pathway, average.x, float(response_day or at), at, wanted)
        else:
            found = incidence.from_no_response(pathway, average.x, at, wanted)
        return incidence.given(average.of(found.later), average.of(found.start)[..., None, None])

    coords = {"day": wanted, "state": list(STATES)}
    array = _label(posterior, subjects, subjects.over_draws(values), "transition_probability", coords)
    return array.assign_attrs(start=start, at=at)


@by_study
def restricted_mean_time(
    posterior: Posterior,
    *,
    horizon: float = YEAR,
    **profile: Unpack[Profile],
) -> xr.DataArray:
    """Mean days in each state from time zero to ``horizon``; (chain, draw, [duration,] state)."""
    _require_positive("horizon", horizon)
    subjects = subjects_of(posterior, profile)
    average = subjects.average
    values = subjects.over_draws(lambda pathway: average.of(time_in_states(pathway, average.x, horizon)))
    array = _label(posterior, subjects, values, "restricted_mean_time", {"state": list(STATES)})
    return array.assign_attrs(horizon=horizon)


@by_study
def response_quantile(
    posterior: Posterior,
    *,
    probability: float = 0.5,
    reading: Reading = "all",
    horizon: float = YEAR,
    **profile: Unpack[Profile],
) -> xr.DataArray:
    """Day by which a share ``probability`` has responded; (chain, draw[, duration]).

    Parameters
    ----------
    reading
        "all": of all patients, inf where that share is not reached by ``horizon``; "responders": of those who respond
        by ``horizon``.
    """
    _require_positive("horizon", horizon)
    if not 0.0 < probability < 1.0:
        raise InputError(f"probability: required between 0 and 1, found {probability}")
    if reading not in ("all", "responders"):
        raise InputError(f"reading: required 'all' or 'responders', found {reading!r}")
    subjects = subjects_of(posterior, profile)
    average = subjects.average

    def days(pathway: Pathway) -> np.ndarray:
        share: Any = probability
        if reading == "responders":
            ever = incidence.cumulative_incidence(pathway, average.x, np.array([horizon]))
            share = probability * average.of(ever)[..., 0]
        return quantile_of_response(pathway, average.x, average.weight, share, horizon)

    array = _label(posterior, subjects, subjects.over_draws(days), "response_quantile", {})
    return array.assign_attrs(probability=probability, reading=reading, horizon=horizon)


@by_study
def landmark_survival(
    posterior: Posterior,
    *,
    landmark: float = LANDMARK,
    horizon: float = YEAR,
    **profile: Unpack[Profile],
) -> xr.Dataset:
    """The comparison by response that does not look into the future; each (chain, draw, [duration,] state).

    Returns
    -------
    ``landmark_survival``: P(alive at ``horizon`` | alive at ``landmark``, and by then no response, or one).
    ``death_rate``: expected deaths out of the state before ``horizon`` over the expected time in it, per patient-year.
    Both are NaN, undefined, in draws in which nobody comes into the state.
    """
    _require_positive("landmark", landmark)
    if landmark >= horizon:
        raise InputError(f"landmark: required a day before the horizon {horizon:g}, found {landmark:g}")
    subjects = subjects_of(posterior, profile)
    average = subjects.average
    found = subjects.over_draws(lambda pathway: by_response(pathway, average, landmark=landmark, horizon=horizon))
    states = {"state": list(STATES[:2])}
    named = {name: _label(posterior, subjects, found[:, k], name, states) for k, name in enumerate(BY_RESPONSE)}
    return xr.Dataset(named, attrs={"landmark": landmark, "horizon": horizon})


def nonresponder_death_day(posterior: Posterior, *, horizon: float = YEAR, seed: int) -> xr.DataArray:
    """Days of death of patients who do not respond by ``horizon`` and die by then; (patient,).

    One cohort is simulated per draw; the coordinates ``chain`` and ``draw`` say whose a patient is. No printed number
    tells these days: they follow from the shape of the hazards that the analysis assumes.
    """
    pathway, x = own_pathways(posterior)
    course = simulate_course(pathway, x, shape=(len(posterior.parameters), x.size), rng=np.random.default_rng(seed))
    found = (course.response_day > horizon) & (course.death_day <= horizon)
    chains, draw_ids = (posterior.dataset[dim].values for dim in DIMS)
    of_draw = np.nonzero(found)[0]
    coords = {
        "chain": ("patient", chains.repeat(draw_ids.size)[of_draw]),
        "draw": ("patient", np.tile(draw_ids, chains.size)[of_draw]),
    }
    return xr.DataArray(
        course.death_day[found],
        dims="patient",
        coords=coords,
        name="nonresponder_death_day",
        attrs=described("nonresponder_death_day", posterior),
    )


@by_study
def headline(posterior: Posterior) -> xr.Dataset:
    """The quantities that the analysis is asked for, each (chain, draw); ``headline_quantities`` says what they are."""
    words = headline_quantities(posterior.analysis)
    found = headline_of(posterior)
    return xr.Dataset(
        {
            id: posterior.labelled(values, {}).assign_attrs(
                long_name=words[id].label, units=words[id].unit, of=posterior.of_whom
            )
            for id, values in found.items()
        }
    )


def summarise(draws: xr.DataArray | xr.Dataset, *, interval: float = INTERVAL) -> pd.DataFrame:
    """Median and equal-tailed interval over chains and draws: one row per quantity and coordinate.

    Quantiles are draws themselves (inverse of the empirical distribution function), so that a time that is not
    reached, inf, is a value like any other. They are of the draws in which a quantity is defined; NaN where it is in
    none.

    Returns
    -------
    Columns ``quantity``, one per remaining dimension, ``median``, ``lower``, ``upper``.
    """
    if not 0.0 < interval < 1.0:
        raise InputError(f"interval: required between 0 and 1, found {interval}")
    arrays = draws.data_vars if isinstance(draws, xr.Dataset) else {draws.name or "value": draws}
    levels = [0.5, (1.0 - interval) / 2.0, (1.0 + interval) / 2.0]
    tables = []
    for name, array in arrays.items():
        plain = array.stack(sample=("chain", "draw"), create_index=False)
        rest = plain.transpose(..., "sample")
        values = _quantiles(rest.values, levels)
        index = [np.asarray(array[dim].values) for dim in rest.dims[:-1]]
        grid = np.meshgrid(*index, indexing="ij") if index else []
        columns = {str(dim): column.ravel() for dim, column in zip(rest.dims, grid, strict=False)}
        limits = dict(zip(("median", "lower", "upper"), values.reshape(len(levels), -1), strict=True))
        tables.append(pd.DataFrame({"quantity": name} | columns | limits))
    return pd.concat(tables, ignore_index=True)


def _quantiles(values: np.ndarray, levels: Sequence[float]) -> np.ndarray:
    """Along the last axis, (level, ...), of what is not NaN; NaN where there is nothing else."""
    if not np.isnan(values).any():
        return np.quantile(values, levels, axis=-1, method="inverted_cdf")
    found = np.full((len(levels), *values.shape[:-1]), np.nan)
    for index in np.ndindex(values.shape[:-1]):
        defined = values[index][~np.isnan(values[index])]
        if defined.size:
            found[(slice(None), *index)] = np.quantile(defined, levels, method="inverted_cdf")
    return found


def _curve(
    posterior: Posterior,
    function: Callable[[Pathway, np.ndarray, np.ndarray], np.ndarray],
    at_zero: float | np.ndarray,
    name: str,
    *,
    days: Sequence[float],
    profile: Profile,
    coords: Mapping[str, list[str]] | None = None,
) -> xr.DataArray:
    """A function of (pathway, x, increasing days) at days in any order; ``at_zero`` is its value at day 0."""
    wanted = np.atleast_1d(np.asarray(days, dtype=float))
    if not wanted.size or not np.all((wanted >= 0.0) & np.isfinite(wanted)):
        raise InputError(f"days: required days since time zero, 0 or later, found {list(map(float, wanted))}")
    subjects = subjects_of(posterior, profile)
    average = subjects.average
    later = np.unique(wanted[wanted > 0.0])

    def values(pathway: Pathway) -> np.ndarray:
        found = average.of_probabilities(function(pathway, average.x, later)) if later.size else None
        shape = (_draws_in(pathway), len(average.weight), 1, *np.shape(at_zero))
        first = np.broadcast_to(at_zero, shape)
        whole = first if found is None else np.concatenate([first, found], axis=2)
        return whole[:, :, np.searchsorted(np.concatenate([[0.0], later]), wanted)]

    return _label(posterior, subjects, subjects.over_draws(values), name, {"day": wanted, **(coords or {})})


def _draws_in(pathway: Pathway) -> int:
    return len(np.asarray(pathway.log_hazard_ratio[0]))


def _label(
    posterior: Posterior, subjects: Subjects, values: np.ndarray, name: str, coords: Mapping[str, Any]
) -> xr.DataArray:
    """Names for (draw, row, ...): rows are kinds of patients, or the one row of an average, which is dropped.

    The attributes say what the array is, of whom, and in which unit.
    """
    kept = values if subjects.rows else values[:, 0]
    array = posterior.labelled(kept, {**subjects.rows, **coords}).rename(name).assign_coords(subjects.beside)
    return array.assign_attrs(described(name, posterior))


def _require_positive(name: str, value: float) -> None:
    if not (value > 0.0 and np.isfinite(value)):
        raise InputError(f"{name}: required a day after time zero, found {value:g}")
