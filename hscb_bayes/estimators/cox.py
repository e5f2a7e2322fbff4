"""Cox's proportional hazards model, h(t | x) = h0(t) exp(beta' x), ties after Breslow or Efron.

For a cause-specific hazard, count the events of the cause and censor the others at their time.

References
----------
Cox DR. J R Stat Soc B 1972;34:187-220. Breslow N. Biometrics 1974;30:89-99. Efron B. J Am Stat Assoc 1977;72:557-565.
Klein JP, Moeschberger ML. Survival Member, 2nd ed. Springer 2003: section 8.3, score test 8.3.11, ties 8.4.
R: ``coxph``, whose default is Efron's treatment of ties; the default here is Breslow's, ``coxph(ties = "breslow")``.
"""

from collections.abc import Sequence

import numpy as np
from numpy.typing import ArrayLike

from hscb_bayes.estimators.arguments import FloatArray, broadcast_to, events, finite, one_of
from hscb_bayes.estimators.partial_likelihood import (
    LARGEST_NUMBER_OF_STEPS,
    SMALLEST_STEP,
    TIES,
    RegressionFit,
    ScoreTerms,
    Ties,
    centred,
    efron_terms,
    maximise,
    relative_hazards,
    scaled,
    score_terms,
    standardise,
)
from hscb_bayes.estimators.risk_sets import RiskSets, risk_sets


def score_test(
    time: ArrayLike, event: ArrayLike, x: ArrayLike, among: ArrayLike | None = None, *, ties: Ties = "breslow"
) -> FloatArray:
    """Score statistic z = U(0) / sqrt(I(0)) of one covariate, positive if a larger x goes with earlier events.

    z^2 is compared with a chi-square with one degree of freedom. For a group indicator without ties it is the
    log-rank statistic.

    Parameters
    ----------
    time, event
        Days to the event or to the end of follow-up, and which of the two (booleans, or 0 and 1);
        shape (..., patient).
    x
        Covariate; broadcasts against ``time``.
    ties
        How events on one day are taken: "breslow" or "efron".

    Returns
    -------
    z
        Shape (...); NaN where the information is 0: no events, or x constant in every risk set.

    Raises
    ------
    ValueError
        If an argument is not as said.
    """
    sets = risk_sets(time, among)
    shifted, spread = centred(sets, sets.sort(broadcast_to(finite(x, "x"), sets.time.shape, "x")))
    died = sets.events(event)
    terms = _terms(sets, died, shifted[np.newaxis], sets.sort(1.0), ties)
    return standardise(terms.score[0], terms.information[0, 0], spread)


def two_groups(
    time: ArrayLike, event: ArrayLike, first: ArrayLike, among: ArrayLike | None = None, *, ties: Ties = "breslow"
) -> tuple[FloatArray, FloatArray]:
    """Log hazard ratio of a group over the others, and its standard error, of any number of cohorts at once.

    Parameters
    ----------
    time, event
        As of ``score_test``.
    first
        Who is in the group (booleans, or 0 and 1); broadcasts against ``time``.

    Returns
    -------
    estimate, error
        Shape (...). The estimate is -inf or inf, and its error inf, where only one of the two has events while
        patients of both are at risk; both are NaN where the events compare nobody.

    Raises
    ------
    ValueError
        If an argument is not as said.
    """
    sets = risk_sets(time, among)
    died, x = sets.events(event), sets.sort(broadcast_to(events(first, "first"), sets.time.shape, "first"))
    inside = sets.sort(1.0)
    beside = [sets.spread(sets.at_risk_sum(group)) > 0.0 for group in (inside - x, x)]
    of_first, of_second = (
        np.sum(died * group * others, axis=-1) for group, others in zip((x, 1.0 - x), beside, strict=True)
    )
    is_finite = (of_first > 0.0) & (of_second > 0.0)
    beta, information = np.zeros(of_first.shape), np.ones(of_first.shape)
    for _ in range(LARGEST_NUMBER_OF_STEPS):
        terms = _terms(sets, died, x[np.newaxis], inside * np.exp(beta[..., np.newaxis] * x), ties)
        information = np.where(is_finite, terms.information[0, 0], 1.0)
        step = np.where(is_finite, terms.score[0] / information, 0.0)
        beta = beta + np.clip(step, -1.0, 1.0)
        if np.all(np.abs(step) < SMALLEST_STEP):
            break
    without = np.where(of_first > 0.0, np.inf, np.where(of_second > 0.0, -np.inf, np.nan))
    error = np.where(is_finite, 1.0 / np.sqrt(information), np.abs(without))
    return np.where(is_finite, beta, without), error


def fit(
    time: ArrayLike, event: ArrayLike, x: ArrayLike, *, ties: Ties = "breslow", names: Sequence[str] | None = None
) -> RegressionFit:
    """Maximum partial likelihood for one cohort; the covariance is the inverse information.

    Parameters
    ----------
    time, event
        Shape (patient,).
    x
        Shape (covariate, patient), in any units.
    ties
        How events on one day are taken: "breslow" or "efron", R's default.
    names
        Of the covariates, for sentences about them.

    Raises
    ------
    ValueError
        If an argument is not as said; a covariate is constant or a combination of others; or the estimate is infinite,
        because covariates order the events.
    """
    sets = risk_sets(time)
    died, covariates = sets.events(event), scaled(sets, x, names)

    def terms_at(beta: FloatArray) -> ScoreTerms:
        return _terms(sets, died, covariates.values, relative_hazards(covariates, beta), ties)

    beta, terms = maximise(terms_at, covariates)
    covariance = np.linalg.inv(terms.information) / np.outer(covariates.ranges, covariates.ranges)
    return RegressionFit(coefficients=beta / covariates.ranges, covariance=covariance)


def _terms(sets: RiskSets, died: FloatArray, x: FloatArray, relative_hazard: FloatArray, ties: Ties) -> ScoreTerms:
    if one_of(ties, TIES, "ties") == "efron":
        return efron_terms(sets, died, x, relative_hazard)
    return score_terms(sets, died, x, relative_hazard, sets.at_risk_sum)
