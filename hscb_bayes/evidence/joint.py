"""The joint likelihood of overlapping printed numbers about one group of patients.

Survival overall, by duration and by response are views of the same patients. What is printed is therefore one datum:

1. When and how many responded, and how many of the others lived: ``joint_counts``.
2. Survival estimates **given those counts**, one after the other. With the counts known, every printed estimate is a
   sum over patients, L b, of three indicators b (responded; responded and alive; alive without response) in groups of
   known size; their covariance with complete follow-up is exact, overlap included, and gives the mean and variance of
   each given the counts and the estimates before it. A printed estimate has the probability of its lattice step
   (k - 1/2, k + 1/2) / n under a binomial of that mean and variance: the skewness of small groups is there, and since
   the outermost steps are open 0% and 100% need no special case. Losses add variance of their own to an estimate, in
   which the counts have no part.

Written once for NumPy (any leading axes of draws) and ``pytensor.tensor``. What varies from paper to paper is data
(``JointArrays``), so that a model is compiled once and refitted to any numbers of the same layout.
"""

from __future__ import annotations

from typing import Any

from hscb_bayes.evidence.estimates import estimate_terms
from hscb_bayes.evidence.joint_arrays import JointArrays
from hscb_bayes.evidence.joint_counts import count_terms, mean_and_slope, unresponded_patients
from hscb_bayes.evidence.special import Special
from hscb_bayes.process.follow_up import FollowUp
from hscb_bayes.process.incidence import Outcomes


def log_likelihood_terms(outcomes: Outcomes, data: JointArrays, follow_up: FollowUp, xp: Any) -> Any:
    """Log likelihood of the print: a term for the response times, one for the non-responders, one an estimate.

    Parameters
    ----------
    outcomes
        Probabilities at the covariate nodes ``data.x``.

    Returns
    -------
    Shape (..., 2 + estimate). Terms of numbers that are absent are zero.
    """
    special = Special.of(xp)
    mean, slope = mean_and_slope(outcomes, data, special)
    unresponded = unresponded_patients(mean, data, follow_up, special)
    counts = count_terms(mean, slope, unresponded, data, special)
    return xp.concatenate([counts, estimate_terms(outcomes, mean.seen.sum(axis=-1), data, follow_up, special)], axis=-1)
