"""Aalen-Johansen in the illness-death model: who is in which state at a day, and the mean time spent there.

States are no response, responded and alive, dead. With a01, a02 and a12 the fractions of those at risk who respond, die
without response and die after response at a time, the shares of the states go on as

    p0 = p0 (1 - a01 - a02),    p1 = p1 (1 - a12) + p0 a01,    p2 = p2 + p0 a02 + p1 a12.

The standard error is the infinitesimal jackknife, the root of the sum of squared influences of the patients, which
needs no Markov property. A patient's influences follow the derivatives of the first two equations; the three make zero.

References
----------
Aalen OO, Johansen S. Scand J Stat 1978;5:141-150. Therneau TM. survival package, vignette "Multi-state models and
competing risks"; R: ``survfit`` of a multi-state ``Surv``. ``mstate::probtrans`` gives the same probabilities, and
errors of Aalen's form, which are smaller.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from hscb_bayes.estimators.arguments import (
    LARGEST,
    BoolArray,
    FloatArray,
    broadcast_to,
    days,
    events,
    finite,
    together,
)
from hscb_bayes.estimators.risk_sets import equal_times, known_times

STATES = ("no response", "responded", "dead")


@dataclass(frozen=True, kw_only=True)
class _Patients:
    """When each patient left the first state, and where to; shape (..., patient). ``last`` is infinite outside."""

    inside: BoolArray
    first: FloatArray
    last: FloatArray
    responded: BoolArray
    died: BoolArray


@dataclass(frozen=True, kw_only=True)
class _State:
    """Shares of the states, (3, ...), and what each patient's weight does to the first two, (2, ..., patient)."""

    share: FloatArray
    influence: FloatArray


def occupancy_at(
    response_day: ArrayLike,
    last_day: ArrayLike,
    died: ArrayLike,
    day: ArrayLike,
    among: ArrayLike | None = None,
    *,
    since: float = -np.inf,
    responded: bool = False,
) -> tuple[FloatArray, FloatArray]:
    """Probabilities of the states at a day for who is in one of them at an earlier day.

    Parameters
    ----------
    response_day
        Days to response, infinity if never seen, shape (..., patient). Who dies on the day of the response counts as
        dead without response: at the end of that day the state is the same.
    last_day, died
        Days to death or to the end of follow-up, and which of the two; same shape.
    day
        Days, a number or an array that broadcasts against the batch axes.
    among
        Patients that count; those in the state at ``since`` give the landmark Aalen-Johansen estimate, which holds
        without a Markov property.
    since, responded
        The earlier day, and whether the state at its end is "responded" instead of "no response". Without them
        everybody starts without response, and what happens on day 0 counts.

    Returns
    -------
    estimate, standard_error
        Shape (..., 3), states as in ``STATES``; NaN for an empty group.

    Raises
    ------
    ValueError
        If an argument is not as said, or a time of a patient that counts is NaN.

    Examples
    --------
    Four patients: response on day 2 and death on day 6, death on day 3, response on day 5, and one followed to day 8.

    >>> estimate, _ = occupancy_at([2.0, np.inf, 5.0, np.inf], [6.0, 3.0, 9.0, 8.0], [1, 1, 0, 0], 7.0)
    >>> estimate.tolist()
    [0.25, 0.25, 0.5]
    """
    patients, end, start = _patients(response_day, last_day, died, among, days(day), days(since, "since"))
    state, _ = _followed(patients, end, since=start, responded=responded)
    estimate, error = _with_errors(state, patients)
    return np.minimum(estimate, 1.0), error  # rounding must not leave [0, 1]


def time_in_states(
    response_day: ArrayLike, last_day: ArrayLike, died: ArrayLike, horizon: ArrayLike, among: ArrayLike | None = None
) -> tuple[FloatArray, FloatArray]:
    """Mean days in each state up to a horizon, and standard errors; arguments as of ``occupancy_at``.

    Returns
    -------
    estimate, standard_error
        Days, shape (..., 3), states as in ``STATES``; NaN for an empty group.
    """
    end = finite(horizon, "horizon")
    patients, day, start = _patients(response_day, last_day, died, among, end, np.asarray(-np.inf))
    _, area = _followed(patients, day, since=start, responded=False)
    return _with_errors(area, patients)


def _patients(
    response_day: ArrayLike,
    last_day: ArrayLike,
    died: ArrayLike,
    among: ArrayLike | None,
    end: FloatArray,
    since: FloatArray,
) -> tuple[_Patients, FloatArray, FloatArray]:
    """The patients, and the day and the earlier day that are asked for: equal where they differ by rounding alone."""
    last, inside = known_times(last_day, among, "last_day")
    response, inside = known_times(response_day, inside, "response_day")
    last, response = together(last, response, "last_day and response_day")
    lead = together(last[..., 0], end, "last_day and day")[0].shape
    if since.ndim:
        raise ValueError(f"since: required one day, found shape {since.shape}")
    size = last.shape[-1]
    wide = [np.broadcast_to(times, (*lead, size)) for times in (last, response)]
    asked = [np.broadcast_to(day, lead)[..., np.newaxis] for day in (end, since)]
    times = equal_times(np.concatenate([*wide, *asked], axis=-1))
    last, response, start = times[..., :size], times[..., size:-2], times[..., -1]
    day = np.minimum(times[..., -2], LARGEST)  # an area up to infinity would be one
    inside = np.broadcast_to(inside, last.shape)
    responded = inside & (response < last)
    patients = _Patients(
        inside=inside,
        first=np.where(inside, np.where(responded, response, last), np.inf),
        last=np.where(inside, last, np.inf),
        responded=responded,
        died=inside & (broadcast_to(events(died, "died"), last.shape, "died") > 0.0),
    )
    return patients, day, start


def _followed(patients: _Patients, end: FloatArray, *, since: FloatArray, responded: bool) -> tuple[_State, _State]:
    """The states at the day ``end``, and their areas from ``since`` or day 0 to it."""
    *lead, size = patients.last.shape
    share, area = np.zeros((3, *lead)), np.zeros((3, *lead))
    share[int(responded)] = 1.0
    influence, area_influence = np.zeros((2, *lead, size)), np.zeros((2, *lead, size))
    before = np.maximum(since, 0.0)
    for time in _exit_times(patients):
        now = np.clip(time, before, np.maximum(end, before))
        area += share * (now - before)
        area_influence += influence * (now - before)[..., np.newaxis]
        before = now
        share, influence = _stepped(patients, time, (time > since) & (time <= end), share, influence)
    rest = np.maximum(end - before, 0.0)
    area, area_influence = area + share * rest, area_influence + influence * rest[..., np.newaxis]
    return _State(share=share, influence=influence), _State(share=area, influence=area_influence)


def _exit_times(patients: _Patients) -> FloatArray:
    """Times at which somebody leaves a state, in order, shape (time, ...); a tied time stands once, then infinity."""
    both = np.concatenate([patients.first, np.where(patients.responded, patients.last, np.inf)], axis=-1)
    ordered = np.sort(both, axis=-1)
    ordered[..., 1:] = np.where(ordered[..., 1:] == ordered[..., :-1], np.inf, ordered[..., 1:])
    ordered = np.sort(ordered, axis=-1)
    some = np.isfinite(ordered).any(axis=tuple(range(ordered.ndim - 1)))
    return np.moveaxis(ordered[..., some], -1, 0)


def _stepped(
    patients: _Patients, time: FloatArray, counts: BoolArray, share: FloatArray, influence: FloatArray
) -> tuple[FloatArray, FloatArray]:
    """Shares and influences after one time; unchanged where it does not count."""
    at, counts = time[..., np.newaxis], counts[..., np.newaxis]
    waiting = counts & (patients.first >= at) & patients.inside
    alive = counts & patients.responded & (patients.first < at) & (patients.last >= at)
    leaves = waiting & (patients.first == at)
    respond, die = leaves & patients.responded, leaves & ~patients.responded & patients.died
    die_later = alive & (patients.last == at) & patients.died
    a01, a02, a12 = (
        np.sum(event, axis=-1) / np.maximum(np.sum(risk, axis=-1), 1)
        for event, risk in ((respond, waiting), (die, waiting), (die_later, alive))
    )
    own01, own02, own12 = (
        (event - fraction[..., np.newaxis] * risk) / np.maximum(np.sum(risk, axis=-1, keepdims=True), 1)
        for event, risk, fraction in ((respond, waiting, a01), (die, waiting, a02), (die_later, alive, a12))
    )
    at_risk = np.maximum(np.sum(waiting, axis=-1), 1)
    stay, live = (at_risk - np.sum(respond | die, axis=-1)) / at_risk, 1.0 - a12
    p0, p1, _ = share[..., np.newaxis]
    u0, u1 = influence
    stepped = np.stack(
        [
            u0 * stay[..., np.newaxis] - p0 * (own01 + own02),
            u1 * live[..., np.newaxis] + u0 * a01[..., np.newaxis] + p0 * own01 - p1 * own12,
        ]
    )
    dead = share[2] + share[0] * a02 + share[1] * a12
    return np.stack([share[0] * stay, share[1] * live + share[0] * a01, dead]), stepped


def _with_errors(state: _State, patients: _Patients) -> tuple[FloatArray, FloatArray]:
    """Shares or areas of the three states and their errors, (..., 3) each; NaN for an empty group."""
    influence = np.concatenate([state.influence, -state.influence.sum(axis=0, keepdims=True)])
    error = np.sqrt(np.sum(influence**2, axis=-1))
    known = np.sum(patients.inside, axis=-1) > 0
    estimate, error = (np.moveaxis(np.where(known, values, np.nan), 0, -1) for values in (state.share, error))
    return estimate, error
