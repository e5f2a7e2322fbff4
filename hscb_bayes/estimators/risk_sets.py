"""Risk sets: patients in order of time, tied times as one event time.

All estimators of this folder are sums over the distinct times ``t_j`` of the number of events ``d_j`` and the number
at risk ``Y_j``, the patients with ``time >= t_j`` (a patient censored on the day of an event is still at risk, as in
R's ``survfit``). Patients are sorted once; whatever belongs to a distinct time is written at the first patient who
has that time, so sums over times are cumulative sums over patients.

Times that differ by rounding alone, such as 0.3 and 0.1 + 0.2, are one time: those of one cohort whose gap is at most
1.5e-8, or 1.5e-8 of the mean of its distinct times. That is the rule of ``timefix`` in R's survival package.
"""

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from hscb_bayes.estimators.arguments import (
    BoolArray,
    FloatArray,
    IntArray,
    broadcast_to,
    days,
    events,
    mask,
    numbers,
    together,
)

TIE = math.sqrt(np.finfo(np.float64).eps)  # days, and share of the mean time: R's ``aeqSurv``


@dataclass(frozen=True, kw_only=True)
class RiskSets:
    """Sorted patients; every array has shape (..., patient) unless said otherwise.

    Parameters
    ----------
    time
        Sorted time, days; NaN at the end for the patients outside.
    count
        Number of patients inside, shape (..., 1).
    at_risk
        Y at each patient's position, valid at the first patient of a time; at least 1, so that it can divide.
    starts
        Whether the patient is inside and the first who has this time.
    tie
        Days by which two times of the cohort may differ and be one time, shape (..., 1).
    """

    time: FloatArray
    count: FloatArray
    at_risk: FloatArray
    starts: BoolArray
    tie: FloatArray
    _source: IntArray
    _first: IntArray
    _last: IntArray
    _inside: BoolArray

    def until(self, day: ArrayLike) -> BoolArray:
        """Whether each sorted time has come by a day, which has the shape of the batch axes.

        Raises
        ------
        ValueError
            If the day is no number, or its shape does not fit.
        """
        asked = days(day)
        reached, _ = together(self.time[..., 0], asked, "time and day")
        return np.asarray(self.time <= np.broadcast_to(asked, reached.shape)[..., np.newaxis] + self.tie)

    def events(self, event: ArrayLike) -> FloatArray:
        """Who had the event, 0 or 1, in the order of the risk sets.

        Raises
        ------
        ValueError
            If there is anything but booleans, 0 and 1, or the shape is not that of the times.
        """
        return self.sort(broadcast_to(events(event), self.time.shape, "event"))

    def sort(self, values: ArrayLike, name: str = "values") -> FloatArray:
        """Put one number per patient into the order of the risk sets, 0 for the patients outside.

        ``values``, an argument of that ``name``, may have extra leading axes, such as (covariate, ..., patient).

        Raises
        ------
        ValueError
            If the axes that ``values`` shares with the times do not broadcast to the shape of the times.
        """
        given = np.asarray(values, dtype=np.float64)
        lead = given.shape[: max(given.ndim - self.time.ndim, 0)]
        shape = (*lead, *self.time.shape)
        rows = np.ascontiguousarray(broadcast_to(given, shape, name)).reshape(*lead, self.time.size)
        return np.where(self._inside, np.take(rows, self._source, axis=-1), 0.0)

    def unsort(self, values: FloatArray) -> FloatArray:
        """Put sorted ``values`` of shape (..., patient) back into the patients' own order, 0 outside."""
        result = np.empty(self.time.size)
        result[self._source.reshape(-1)] = np.where(self._inside, values, 0.0).reshape(-1)
        return result.reshape(self.time.shape)

    def tied_sum(self, values: FloatArray) -> FloatArray:
        """Sum of sorted ``values`` over the patients with the same time, at the first of them; 0 elsewhere."""
        running = np.cumsum(values, axis=-1)
        return np.where(self.starts, self._take(running, self._last) - running + values, 0.0)

    def at_risk_sum(self, values: FloatArray) -> FloatArray:
        """Sum of sorted ``values`` over the risk set, valid at the first patient of a time."""
        return np.cumsum(values[..., ::-1], axis=-1)[..., ::-1]

    def earlier_sum(self, values: FloatArray) -> FloatArray:
        """Sum of sorted ``values`` over the patients with a smaller time, valid at the first patient of a time."""
        return np.cumsum(values, axis=-1) - values

    def until_sum(self, values: FloatArray) -> FloatArray:
        """Sum of sorted ``values`` over the patients with the same or a smaller time, valid for every patient."""
        return self._take(np.cumsum(values, axis=-1), self._last)

    def spread(self, values: FloatArray) -> FloatArray:
        """Give every patient what is written at the first patient of the same time."""
        return self._take(values, self._first)

    def _take(self, values: FloatArray, position: IntArray) -> FloatArray:
        lead = values.shape[: values.ndim - self.time.ndim]
        return np.take(values.reshape(*lead, self.time.size), position, axis=-1)


def risk_sets(time: ArrayLike, among: ArrayLike | None = None, *, joins_rounding: bool = True) -> RiskSets:
    """Sort patients by time and find the ties.

    Parameters
    ----------
    time
        Days, shape (..., patient) with at least one patient; infinity is allowed.
    among
        Patients that count; broadcasts against ``time``.
    joins_rounding
        Whether times that differ by rounding alone are one time.

    Raises
    ------
    ValueError
        If the times are no numbers, or that of a patient that counts is NaN.
    """
    day, inside = known_times(time, among)
    keyed = np.where(inside, day, np.nan)
    patients = keyed.shape[-1]
    rows = np.arange(keyed.size // patients).reshape(*keyed.shape[:-1], 1) * patients
    source = np.argsort(keyed, axis=-1) + rows
    ordered = np.take(keyed.reshape(-1), source)
    ordered, tie = _fixed(ordered) if joins_rounding else (ordered, np.zeros((*ordered.shape[:-1], 1)))
    count = np.count_nonzero(inside, axis=-1, keepdims=True)
    position = np.arange(patients)
    is_inside = position < count
    begins, first, last = _ties(ordered)
    return RiskSets(
        time=ordered,
        count=count.astype(np.float64),
        at_risk=np.maximum(count - position, 1).astype(np.float64),
        starts=begins & is_inside,
        tie=tie,
        _source=source,
        _first=first + rows,
        _last=last + rows,
        _inside=is_inside,
    )


def known_times(time: ArrayLike, among: ArrayLike | None, name: str = "time") -> tuple[FloatArray, BoolArray]:
    """Return the times, an argument of that ``name``, and the patients that count, broadcast against each other.

    Raises
    ------
    ValueError
        If the times are no numbers, there is no patient, or the time of a patient that counts is NaN or -infinity.
    """
    day, inside = together(numbers(time, name), mask(among), f"{name} and among")
    if not day.ndim or not day.shape[-1]:
        raise ValueError(f"{name}: required the times of at least one patient, found shape {day.shape}")
    wrong = (np.isnan(day) | np.isneginf(day)) & inside
    if np.any(wrong):
        raise ValueError(
            f"{name}: a patient inside 'among' has the time {day[wrong][0]:g}; give each such patient a time in days"
        )
    return day, inside


def equal_times(times: FloatArray) -> FloatArray:
    """The times of each cohort, (..., time), those that differ by rounding alone made equal to their first."""
    order = np.argsort(times, axis=-1)
    fixed, _ = _fixed(np.take_along_axis(times, order, axis=-1))
    result = np.empty(times.shape)
    np.put_along_axis(result, order, fixed, axis=-1)
    return result


def has_come(time: ArrayLike, day: ArrayLike) -> BoolArray:
    """Whether times have come by a day, which broadcasts against them, or differ from it by rounding alone."""
    asked = np.asarray(day, dtype=np.float64)
    return np.asarray(np.asarray(time) <= asked + TIE * np.maximum(np.abs(asked), 1.0))


def _fixed(ordered: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Sorted times without differences that are rounding, and the largest such difference, shape (..., 1)."""
    is_finite = np.isfinite(ordered)
    values = np.where(is_finite, ordered, 0.0)
    gaps = np.diff(values, axis=-1)
    both = is_finite[..., 1:] & is_finite[..., :-1]
    distinct = is_finite.copy()
    distinct[..., 1:] &= ~both | (gaps != 0.0)
    total = np.sum(np.abs(values), axis=-1, where=distinct, keepdims=True)
    mean = total / np.maximum(np.count_nonzero(distinct, axis=-1, keepdims=True), 1)
    tie = TIE * np.maximum(mean, 1.0)
    if np.any(both & (gaps > 0.0) & (gaps <= tie)):
        begins = np.ones(ordered.shape, dtype=np.bool_)
        begins[..., 1:] = ~(both & (gaps <= tie))
        first = np.maximum.accumulate(np.where(begins, np.arange(ordered.shape[-1]), 0), axis=-1)
        return np.take_along_axis(ordered, first, axis=-1), tie
    return ordered, tie


def _ties(ordered: FloatArray) -> tuple[BoolArray, IntArray, IntArray]:
    """Return who begins a run of equal times, and the positions at which each patient's run begins and ends."""
    position, final = np.arange(ordered.shape[-1]), ordered.shape[-1] - 1
    begins = np.ones(ordered.shape, dtype=np.bool_)
    begins[..., 1:] = ordered[..., 1:] != ordered[..., :-1]
    ends = np.ones(ordered.shape, dtype=np.bool_)
    ends[..., :-1] = begins[..., 1:]
    first = np.maximum.accumulate(np.where(begins, position, 0), axis=-1)
    last = np.minimum.accumulate(np.where(ends, position, final)[..., ::-1], axis=-1)[..., ::-1]
    return begins, first, last
