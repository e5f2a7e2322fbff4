"""Log-rank test of two groups.

Over the distinct event times, O - E = sum of (d1_j - d_j Y1_j / Y_j) with the hypergeometric variance
V = sum of d_j (Y_j - d_j) / (Y_j - 1) (Y1_j / Y_j) (1 - Y1_j / Y_j); the statistic (O - E)^2 / V is compared with a
chi-square with one degree of freedom.

References
----------
Mantel N. Cancer Chemother Rep 1966;50:163-170. Klein JP, Moeschberger ML. Survival Analysis, 2nd ed. Springer 2003:
equations 7.3.1 to 7.3.4. R: ``survdiff``.
"""

import numpy as np
from numpy.typing import ArrayLike

from hscb_bayes.estimators.p_values import chi_square_p_value
from hscb_bayes.estimators.risk_sets import FloatArray, risk_sets


def logrank(
    time: ArrayLike, event: ArrayLike, group: ArrayLike, among: ArrayLike | None = None
) -> tuple[FloatArray, FloatArray]:
    """Log-rank chi-square and P value of the patients in ``group`` against the others.

    Parameters
    ----------
    time, event
        Days to the event or to the end of follow-up, and which of the two; shape (..., patient).
    group
        Whether the patient is in the first group; broadcasts against ``time``.

    Returns
    -------
    chi_square, p
        Shape (...); NaN where the variance is 0: a group is empty, or nobody has an event while both are at risk.

    Examples
    --------
    >>> chi_square, p = logrank([1.0, 2.0, 3.0, 4.0], [1, 1, 1, 1], [True, True, False, False])
    >>> round(float(chi_square), 4), round(float(p), 4)
    (2.8824, 0.0896)
    """
    sets = risk_sets(time, among)
    died, member = sets.sort(event), sets.sort(group)
    events = sets.tied_sum(died)
    share = sets.at_risk_sum(member) / sets.at_risk
    difference = np.sum(died * member - events * share, axis=-1)
    correction = (sets.at_risk - events) / np.maximum(sets.at_risk - 1.0, 1.0)
    variance = np.sum(events * correction * share * (1.0 - share), axis=-1)
    chi_square = np.where(variance > 0.0, difference**2 / np.where(variance > 0.0, variance, 1.0), np.nan)
    return chi_square, chi_square_p_value(chi_square)
