"""Fine and Gray's model of the subdistribution hazard, lambda(t | x) = lambda0(t) exp(beta' x).

A patient with a competing event at T stays in the risk set at t > T with the weight G(t-) / G(T-), where G is the
Kaplan-Meier estimate of being uncensored; ties after Breslow. The variance of the score is that of the influences
eta_i + psi_i (their equations 7 and 8), psi_i for the estimation of G:

    eta_i = integral of (x_i - mean(t)) w_i(t) dM_i(t),      psi_i = integral of q(u) / Y(u) dMc_i(u),
    q(u)  = sum over competing events T_i <= u of the integral over t > u of (x_i - mean(t)) w_i(t) r_i dLambda0(t).

References
----------
Fine JP, Gray RJ. J Am Stat Assoc 1999;94:496-509. Gray RJ. Ann Stat 1988;16:1141-1154 (the test for groups).
R: ``cmprsk::crr``.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from hscb_bayes.estimators.arguments import FloatArray, broadcast_to, cause_number, causes, finite
from hscb_bayes.estimators.partial_likelihood import (
    RegressionFit,
    ScoreTerms,
    centred,
    maximise,
    relative_hazards,
    scaled,
    score_terms,
    standardise,
)
from hscb_bayes.estimators.risk_sets import RiskSets, risk_sets


@dataclass(frozen=True, kw_only=True)
class _Weighted:
    """Risk sets with censoring weights; sorted arrays of shape (..., patient)."""

    sets: RiskSets
    died: FloatArray
    competing: FloatArray
    censored: FloatArray
    uncensored: FloatArray  # G just before the patient's time; 1 outside

    def risk_set_sum(self, values: FloatArray) -> FloatArray:
        earlier = self.sets.earlier_sum(values * self.competing / self.uncensored)
        return self.sets.at_risk_sum(values) + self.uncensored * earlier


def score_test(
    time: ArrayLike, cause: ArrayLike, x: ArrayLike, among: ArrayLike | None = None, cause_of_interest: int = 1
) -> FloatArray:
    """Score statistic z = U(0) / sqrt(sum of (eta_i + psi_i)^2), positive if a larger x goes with a higher incidence.

    Parameters
    ----------
    time
        Days to the first event or to the end of follow-up, shape (..., patient).
    cause
        0 if censored, else the number of the cause; same shape.
    x
        Covariate; broadcasts against ``time``.

    Returns
    -------
    z
        Shape (...); NaN where the variance is 0: no events of interest, or x constant.

    Raises
    ------
    ValueError
        If an argument is not as said.
    """
    weighted = _weight(time, cause, among, cause_of_interest)
    covariate = broadcast_to(finite(x, "x"), weighted.sets.time.shape, "x")
    shifted, spread = centred(weighted.sets, weighted.sets.sort(covariate))
    covariates, unit = shifted[np.newaxis], weighted.sets.sort(1.0)
    terms = score_terms(weighted.sets, weighted.died, covariates, unit, weighted.risk_set_sum)
    influence = _influence(weighted, terms, covariates, unit)[0]
    return standardise(terms.score[0], np.sum(influence**2, axis=-1), spread)


def fit(
    time: ArrayLike,
    cause: ArrayLike,
    x: ArrayLike,
    cause_of_interest: int = 1,
    *,
    names: Sequence[str] | None = None,
) -> RegressionFit:
    """Maximum weighted partial likelihood for one cohort, with the sandwich covariance of ``crr``.

    Parameters
    ----------
    time, cause
        Shape (patient,).
    x
        Shape (covariate, patient), in any units.
    names
        Of the covariates, for sentences about them.

    Raises
    ------
    ValueError
        If an argument is not as said; a covariate is constant or a combination of others; or the estimate is infinite,
        because covariates order the events.
    """
    weighted = _weight(time, cause, None, cause_of_interest)
    covariates = scaled(weighted.sets, x, names)

    def terms_at(beta: FloatArray) -> ScoreTerms:
        hazards = relative_hazards(covariates, beta)
        return score_terms(weighted.sets, weighted.died, covariates.values, hazards, weighted.risk_set_sum)

    beta, terms = maximise(terms_at, covariates)
    influence = _influence(weighted, terms, covariates.values, relative_hazards(covariates, beta))
    bread = np.linalg.inv(terms.information)
    covariance = bread @ influence @ influence.T @ bread / np.outer(covariates.ranges, covariates.ranges)
    return RegressionFit(coefficients=beta / covariates.ranges, covariance=covariance)


def _weight(time: ArrayLike, cause: ArrayLike, among: ArrayLike | None, cause_of_interest: int) -> _Weighted:
    sets = risk_sets(time, among)
    code = broadcast_to(causes(cause), sets.time.shape, "cause")
    died, censored = sets.sort(code == cause_number(cause_of_interest)), sets.sort(code == 0)
    inside = sets.sort(1.0)
    before = np.ones_like(died)
    before[..., 1:] = np.cumprod(1.0 - sets.tied_sum(censored) / sets.at_risk, axis=-1)[..., :-1]
    return _Weighted(
        sets=sets,
        died=died,
        competing=inside - died - censored,
        censored=censored,
        uncensored=np.where(inside > 0.0, sets.spread(before), 1.0),
    )


def _influence(weighted: _Weighted, terms: ScoreTerms, x: FloatArray, relative_hazard: FloatArray) -> FloatArray:
    """Return eta_i + psi_i at the relative hazards given, shape (covariate, ..., patient), 0 outside."""
    sets, hazard, mean = weighted.sets, terms.hazard, terms.mean
    until = x * np.cumsum(hazard, axis=-1) - np.cumsum(mean * hazard, axis=-1)
    later, later_mean = _later(weighted.uncensored * hazard), _later(weighted.uncensored * mean * hazard)
    share = weighted.competing * relative_hazard / weighted.uncensored
    beyond = share * (x * later - later_mean)
    eta = weighted.died * (x - sets.spread(mean)) - relative_hazard * until - beyond
    lost = sets.until_sum(share * x) * later - sets.until_sum(share) * later_mean
    rate = sets.tied_sum(weighted.censored) / sets.at_risk
    per_patient = np.where(sets.starts, lost / sets.at_risk, 0.0)
    psi = weighted.censored * sets.spread(per_patient) - np.cumsum(per_patient * rate, axis=-1)
    return eta + np.where(sets.sort(1.0) > 0.0, psi, 0.0)


def _later(steps: FloatArray) -> FloatArray:
    """Sum of the steps at later times."""
    running = np.cumsum(steps, axis=-1)
    return running[..., -1:] - running
