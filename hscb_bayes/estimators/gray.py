r"""Gray's test: is the cumulative incidence of one cause the same in all groups?

The score of group i compares the steps of its incidence F_i with those of the incidence F of all, each over what is
left of it:

    z_i = sum over t_j of R_i (1 - F_i(t_j-)) [dF_i / (1 - F_i(t_j-)) - dF / (1 - F(t_j-))],    R_i = Y_i / S_i(t_j-),

R_i standing for the patients at risk and those who had the other cause and would still be followed. A covariance V of
the scores comes from their martingales in each group and cause, and z' V^-1 z is compared with a chi-square with one
degree of freedom less than there are groups. Weights are 1 (Gray's rho = 0).

References
----------
Gray RJ. Ann Stat 1988;16:1141-1154. R: ``cmprsk::cuminc``.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from hscb_bayes.estimators.arguments import FloatArray, broadcast_to, cause_number, causes, labels
from hscb_bayes.estimators.risk_sets import RiskSets, risk_sets
from hscb_bayes.estimators.score_chi_square import chi_square_of_scores

NOBODY = 1e-9  # without the event: a smaller share is rounding, and nothing is left to compare


@dataclass(frozen=True, kw_only=True)
class _Groups:
    """Groups at each sorted patient's time, (group, ..., patient); ``before`` and ``after`` are free of any event."""

    at_risk: FloatArray
    events: FloatArray
    others: FloatArray
    before: FloatArray
    after: FloatArray
    incidence_before: FloatArray


def gray(
    time: ArrayLike, cause: ArrayLike, group: ArrayLike, among: ArrayLike | None = None, cause_of_interest: int = 1
) -> tuple[FloatArray, FloatArray]:
    """Gray's chi-square and its P value.

    Parameters
    ----------
    time
        Days to the first event or to the end of follow-up, shape (..., patient).
    cause
        0 if censored, else the number of the cause; same shape.
    group
        Label of the patient's group: strings, numbers, booleans or categories; broadcasts against ``time``.
        Every cohort is tested for the groups that there are in all of them.

    Returns
    -------
    chi_square, p
        Shape (...); NaN where a group is empty, nobody has the event, or there is one group.

    Raises
    ------
    ValueError
        If an argument is not as said, or a label is missing.

    Examples
    --------
    >>> chi_square, p = gray([1, 2, 3, 4, 5, 6], [1, 1, 2, 2, 1, 1], [0, 0, 0, 1, 1, 1])
    >>> round(float(chi_square), 3), round(float(p), 3)
    (2.438, 0.118)
    """
    sets = risk_sets(time, among)
    own, size = labels(group)
    member = broadcast_to(own, sets.time.shape, "group") == np.arange(size).reshape(-1, *(1,) * sets.time.ndim)
    code = broadcast_to(causes(cause), sets.time.shape, "cause")
    interest = cause_number(cause_of_interest)
    groups = _followed(sets, member, code == interest, (code != 0) & (code != interest))
    everybody = np.all(np.sum(sets.sort(member), axis=-1) > 0.0, axis=0)
    return chi_square_of_scores(*_score_and_covariance(groups), np.where(everybody, size - 1, 0))


def _followed(sets: RiskSets, member: np.ndarray, event: np.ndarray, other: np.ndarray) -> _Groups:
    at_risk = sets.at_risk_sum(sets.sort(member))
    events, others = (sets.tied_sum(sets.sort(member & happened)) for happened in (event, other))
    at_risk = np.where(sets.starts, at_risk, 0.0)
    left = 1.0 - (events + others) / np.maximum(at_risk, 1.0)
    after = np.cumprod(left, axis=-1)
    before = _shifted(after, 1.0)
    incidence = np.cumsum(before * events / np.maximum(at_risk, 1.0), axis=-1)
    return _Groups(
        at_risk=at_risk,
        events=events,
        others=others,
        before=before,
        after=after,
        incidence_before=_shifted(incidence, 0.0),
    )


def _score_and_covariance(groups: _Groups) -> tuple[FloatArray, FloatArray]:
    """Scores (..., group) and their covariance (..., group, group)."""
    at_risk, before, after = groups.at_risk, groups.before, groups.after
    followed = at_risk / np.where(at_risk > 0.0, before, 1.0)  # R_i
    all_followed = np.sum(followed, axis=0)
    some = np.where(all_followed > 0.0, all_followed, 1.0)
    events = np.sum(groups.events, axis=0)
    left = followed * (1.0 - groups.incidence_before)
    all_left = np.sum(left, axis=0)
    score = np.sum(groups.events - events * left / np.where(all_left > 0.0, all_left, 1.0), axis=-1)

    pooled = np.cumsum(events / some, axis=-1)
    pooled_left = 1.0 - _shifted(pooled, 0.0)
    steps = np.where(pooled_left > NOBODY, events / (some * np.where(pooled_left > NOBODY, pooled_left, 1.0)), 0.0)
    same = np.eye(len(at_risk)).reshape(*(len(at_risk),) * 2, *(1,) * (at_risk.ndim - 1))
    own = followed[:, None] * (same - followed / some)  # (group i, group k, ..., patient)
    running = np.cumsum(own * steps, axis=-1)
    later = running[..., -1:] - running
    survivors = np.where(after > 0.0, after, 1.0)
    ratio = np.where(after > 0.0, (1.0 - pooled) / survivors, 0.0)
    through_event, through_other = own + (1.0 - ratio) * later, ratio * later
    people = np.maximum(at_risk, 1.0)
    ties = 1.0 - np.where(events > 1.0, (events - 1.0) / np.maximum(some * before - 1.0, 1.0), 0.0)
    of_event = np.where(at_risk > 0.0, ties * before * events / (some * people), 0.0)
    ties = 1.0 - np.where(groups.others > 1.0, (groups.others - 1.0) / np.maximum(people - 1.0, 1.0), 0.0)
    of_other = np.where(after > 0.0, ties * before**2 * groups.others / people**2, 0.0)
    covariance = np.einsum("ik...p,jk...p,k...p->...ij", through_event, through_event, of_event)
    covariance += np.einsum("ik...p,jk...p,k...p->...ij", through_other, through_other, of_other)
    return np.moveaxis(score, 0, -1), covariance


def _shifted(values: FloatArray, first: float) -> FloatArray:
    """What a running value was just before each time."""
    return np.concatenate([np.full_like(values[..., :1], first), values[..., :-1]], axis=-1)
