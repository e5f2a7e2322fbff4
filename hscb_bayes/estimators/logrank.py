"""Log-rank test of two groups or more, weighted and stratified: the G-rho family of Harrington and Fleming.

Over the distinct event times, each group's score is O - E = sum of w_j (d_ij - d_j Y_ij / Y_j) with the
hypergeometric covariance V = sum of w_j^2 d_j (Y_j - d_j) / (Y_j - 1) (Y_ij / Y_j) (same - Y_kj / Y_j). The weight is
w_j = S(t_j-)^rho, S the Kaplan-Meier survival of all just before the time: rho = 0 is the log-rank test, rho = 1 the
Peto-Peto modification of Gehan and Wilcoxon's. Scores and covariances of strata add up. z' V^- z is compared with a
chi-square with one degree of freedom less than there are groups in which events are expected.

References
----------
Mantel N. Cancer Chemother Rep 1966;50:163-170. Peto R, Peto J. J R Stat Soc A 1972;135:185-207. Harrington DP, Fleming
TR. Biometrika 1982;69:553-566. Klein JP, Moeschberger ML. Survival Member, 2nd ed. Springer 2003: equations 7.3.1 to
7.3.4, strata in section 7.5. R: ``survdiff``.
"""

import numpy as np
from numpy.typing import ArrayLike

from hscb_bayes.estimators.arguments import FloatArray, IntArray, broadcast_to, events, finite, labels
from hscb_bayes.estimators.risk_sets import RiskSets, equal_times, known_times, risk_sets
from hscb_bayes.estimators.score_chi_square import chi_square_of_scores


def logrank(
    time: ArrayLike,
    event: ArrayLike,
    group: ArrayLike,
    among: ArrayLike | None = None,
    *,
    strata: ArrayLike | None = None,
    rho: float = 0.0,
) -> tuple[FloatArray, FloatArray]:
    """Log-rank chi-square and P value of groups that are the same under the hypothesis.

    Parameters
    ----------
    time, event
        Days to the event or to the end of follow-up, and which of the two (booleans, or 0 and 1);
        shape (..., patient).
    group
        Label of the patient's group: strings, numbers, booleans or categories; broadcasts against ``time``.
    among
        Patients that count; broadcasts against ``time``.
    strata
        Label of the patient's stratum; patients are compared with those of the same stratum. One stratum if left out.
    rho
        Power of the survival by which event times are weighted: 0 log-rank, 1 Peto-Peto.

    Returns
    -------
    chi_square, p
        Shape (...); NaN where there is nothing to compare: one group, or nobody has an event while two are at risk.

    Raises
    ------
    ValueError
        If an argument is not as said, or a label is missing.

    Examples
    --------
    >>> chi_square, p = logrank([1.0, 2.0, 3.0, 4.0], [1, 1, 1, 1], ["A", "A", "B", "B"])
    >>> round(float(chi_square), 4), round(float(p), 4)
    (2.8824, 0.0896)
    """
    day, inside = known_times(time, among)
    power = finite(rho, "rho")
    if power.ndim:
        raise ValueError(f"rho: required one number, found shape {power.shape}")
    died = broadcast_to(events(event), day.shape, "event")
    (own, groups), (stratum, levels) = labels(group), (labels(0) if strata is None else labels(strata, "strata"))
    own, stratum = broadcast_to(own, day.shape, "group"), broadcast_to(stratum, day.shape, "strata")
    joined = equal_times(np.where(inside, day, np.nan))  # before they are split, as R does
    parts = [
        _scores(risk_sets(joined, inside & (stratum == level), joins_rounding=False), died, own, groups, float(power))
        for level in range(levels)
    ]
    score, covariance, expected = (np.sum([part[k] for part in parts], axis=0) for k in range(3))
    return chi_square_of_scores(
        np.moveaxis(score, 0, -1),
        np.moveaxis(covariance, (0, 1), (-2, -1)),
        np.count_nonzero(expected > 0.0, axis=0) - 1,
    )


def _scores(
    sets: RiskSets, died: FloatArray, own: IntArray, groups: int, rho: float
) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Scores (group, ...), their covariance (group, group, ...) and expected events (group, ...) of one stratum."""
    happened = sets.sort(died)
    deaths = sets.tied_sum(happened)
    member = sets.sort(own == np.arange(groups).reshape(-1, *(1,) * own.ndim))
    share = sets.at_risk_sum(member) / sets.at_risk
    weight = np.ones_like(deaths)
    if rho:
        weight[..., 1:] = np.cumprod(1.0 - deaths / sets.at_risk, axis=-1)[..., :-1] ** rho
    expected = weight * deaths * share
    score = np.sum(sets.spread(weight) * happened * member - expected, axis=-1)
    spread = weight**2 * deaths * (sets.at_risk - deaths) / np.maximum(sets.at_risk - 1.0, 1.0)
    own_share = np.sum(spread * share, axis=-1)
    covariance = -np.einsum("...p,i...p,k...p->ik...", spread, share, share)
    covariance[np.arange(groups), np.arange(groups)] += own_share
    return score, covariance, np.sum(expected, axis=-1)
