"""Cox's proportional hazards model, h(t | x) = h0(t) exp(beta' x), ties after Breslow.

For a cause-specific hazard, count the events of the cause and censor the others at their time.

References
----------
Cox DR. J R Stat Soc B 1972;34:187-220. Breslow N. Biometrics 1974;30:89-99. Klein JP, Moeschberger ML. Survival
Analysis, 2nd ed. Springer 2003: section 8.3, score test 8.3.11. R: ``coxph(ties = "breslow")``, whose default is
Efron's treatment of ties.
"""

import numpy as np
from numpy.typing import ArrayLike

from hscb_bayes.estimators.partial_likelihood import (
    RegressionFit,
    ScoreTerms,
    centred,
    maximise,
    score_terms,
    standardise,
)
from hscb_bayes.estimators.risk_sets import FloatArray, risk_sets


def score_test(time: ArrayLike, event: ArrayLike, x: ArrayLike, among: ArrayLike | None = None) -> FloatArray:
    """Score statistic z = U(0) / sqrt(I(0)) of one covariate, positive if a larger x goes with earlier events.

    z^2 is compared with a chi-square with one degree of freedom. For a group indicator without ties it is the
    log-rank statistic.

    Parameters
    ----------
    time, event
        Days to the event or to the end of follow-up, and which of the two; shape (..., patient).
    x
        Covariate; broadcasts against ``time``.

    Returns
    -------
    z
        Shape (...); NaN where the information is 0: no events, or x constant in every risk set.
    """
    sets = risk_sets(time, among)
    shifted, spread = centred(sets, sets.sort(x))
    terms = score_terms(sets, sets.sort(event), shifted[np.newaxis], sets.sort(1.0), sets.at_risk_sum)
    return standardise(terms.score[0], terms.information[0, 0], spread)


def fit(time: ArrayLike, event: ArrayLike, x: ArrayLike) -> RegressionFit:
    """Maximum partial likelihood for one cohort; the covariance is the inverse information.

    Parameters
    ----------
    time, event
        Shape (patient,).
    x
        Shape (covariate, patient).

    Raises
    ------
    ValueError
        If the partial likelihood has no maximum.
    """
    sets = risk_sets(time)
    died, covariates = sets.sort(event), sets.sort(x)
    shifted, _ = centred(sets, covariates)

    def terms_at(beta: FloatArray) -> ScoreTerms:
        return score_terms(sets, died, shifted, np.exp(beta @ shifted), sets.at_risk_sum)

    beta, terms = maximise(terms_at, len(covariates))
    return RegressionFit(coefficients=beta, covariance=np.linalg.inv(terms.information))
