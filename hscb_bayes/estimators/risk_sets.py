"""Risk sets: patients in order of time, tied times as one event time.

All estimators of this folder are sums over the distinct times ``t_j`` of the number of events ``d_j`` and the number
at risk ``Y_j``, the patients with ``time >= t_j`` (a patient censored on the day of an event is still at risk, as in
R's ``survfit``). Patients are sorted once; whatever belongs to a distinct time is written at the first patient who
has that time, so sums over times are cumulative sums over patients.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

FloatArray = NDArray[np.float64]
BoolArray = NDArray[np.bool_]
IntArray = NDArray[np.intp]


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
    """

    time: FloatArray
    count: FloatArray
    at_risk: FloatArray
    starts: BoolArray
    _source: IntArray
    _first: IntArray
    _last: IntArray
    _inside: BoolArray

    def sort(self, values: ArrayLike) -> FloatArray:
        """Put one number per patient into the order of the risk sets, 0 for the patients outside.

        ``values`` may have extra leading axes, such as (covariate, ..., patient).

        Raises
        ------
        ValueError
            If the axes that ``values`` shares with the times do not broadcast to the shape of the times.
        """
        given = np.asarray(values, dtype=np.float64)
        shape = np.broadcast_shapes(given.shape, self.time.shape)
        lead = shape[: len(shape) - self.time.ndim]
        if shape != (*lead, *self.time.shape):
            raise ValueError(f"values: shape {given.shape} does not broadcast to that of 'time', {self.time.shape}")
        rows = np.ascontiguousarray(np.broadcast_to(given, shape)).reshape(*lead, -1)
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
        return np.take(values.reshape(*values.shape[: values.ndim - self.time.ndim], -1), position, axis=-1)


def risk_sets(time: ArrayLike, among: ArrayLike | None = None) -> RiskSets:
    """Sort patients by time and find the ties.

    Parameters
    ----------
    time
        Days, shape (..., patient) with at least one patient; infinity is allowed.
    among
        Patients that count; broadcasts against ``time``.

    Raises
    ------
    ValueError
        If the time of a patient that counts is NaN.
    """
    day, inside = known_times(time, among)
    keyed = np.where(inside, day, np.nan)
    patients = keyed.shape[-1]
    rows = np.arange(keyed.size // patients).reshape(*keyed.shape[:-1], 1) * patients
    source = np.argsort(keyed, axis=-1) + rows
    ordered = np.take(keyed.reshape(-1), source)
    count = np.count_nonzero(inside, axis=-1, keepdims=True)
    position = np.arange(patients)
    is_inside = position < count
    begins, first, last = _ties(ordered)
    return RiskSets(
        time=ordered,
        count=count.astype(np.float64),
        at_risk=np.maximum(count - position, 1).astype(np.float64),
        starts=begins & is_inside,
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
        If the time of a patient that counts is NaN.
    """
    inside = np.asarray(True if among is None else among, dtype=np.bool_)
    day, inside = np.broadcast_arrays(np.asarray(time, dtype=np.float64), inside)
    if np.any(np.isnan(day) & inside):
        raise ValueError(f"{name}: a patient inside 'among' has the time nan; give each such patient a time in days")
    return day, inside


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
