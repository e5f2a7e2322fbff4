"""The joint likelihood of overlapping printed numbers about one group of patients.

Survival overall, by duration and by response are views of the same patients. What is printed is therefore one datum:

1. When and how many responded: the median and its limits are order statistics of the response time. Their joint
   density, with the number of responders, is multinomial in the intervals between them times the response density at
   each.
2. How many of the patients without response lived is binomial given that; under losses an approximation, which
   calibration holds.
3. Survival estimates **given those counts**, one after the other. With the counts known, every printed estimate is a
   sum over patients, L b, of three indicators b (responded; responded and alive; alive without response) in groups of
   known size; their covariance with complete follow-up is exact, overlap included, and gives the mean and variance of
   each given the counts and the estimates before it. A printed estimate has the probability of its lattice step
   (k - 1/2, k + 1/2) / n under a binomial of that mean and variance: the skewness of small groups is there, and since
   the outermost steps are open 0% and 100% need no special case.

Written once for NumPy (any leading axes of draws) and ``pytensor.tensor``. What varies from paper to paper is data
(``JointArrays``), so that a model is compiled once and refitted to any numbers of the same layout.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from hscb_bayes.evidence.special import Special
from hscb_bayes.process.follow_up import FollowUp
from hscb_bayes.process.incidence import OutcomeNodes, Outcomes

INDICATORS = ("responded", "responded_alive", "neutropenic_alive")
COUNT_ROWS = 2  # responders, and patients alive without response: known exactly, conditioned on
SMALLEST = 1e-9  # floor of a probability before its logarithm

# E[b b'] is linear in E[b]: responded x responded-and-alive is responded-and-alive, and so on.
PRODUCTS = np.zeros((3, 3, 3))
PRODUCTS[0, 0, 0] = PRODUCTS[1, 0, 1] = PRODUCTS[1, 1, 0] = PRODUCTS[1, 1, 1] = PRODUCTS[2, 2, 2] = 1.0


@dataclass(frozen=True, kw_only=True)
class JointArrays:
    """One paper's numbers as arrays (NumPy, or ``pm.Data`` of the same names).

    Shapes: ``x`` (group * node,); ``averages`` (group, group * node), rows summing to one; ``sizes`` (group,);
    ``interval`` (column,) 1 for columns of ``nodes`` that are intervals of which it is known how many responded, 0
    for densities; ``columns_within`` (column,) 1 for all intervals, up to the day; ``times`` (column,) how many
    responses fall into each; ``unresponded`` () patients without response; ``neutropenic`` (2,) of them alive and
    dead at the day; ``rows`` (row, group * 3) what each row sums, counts first; ``quadratic`` (group * 9, row * row)
    the same twice, as ``quadratic_form`` makes it; ``observed``, ``noise`` (row,) values and the variance of their
    rounding; ``lower``, ``upper``, ``known``, ``printed_factor`` (estimate,) the lattice step, whether the number is
    there, and how much its printed interval widens the variance (0: not known, ask the censoring distribution);
    ``overlap`` () 1 for the joint likelihood, 0 to treat all estimates as independent, which counts the same death
    many times; ``day`` ().
    """

    nodes: OutcomeNodes
    x: Any
    averages: Any
    sizes: Any
    interval: Any
    columns_within: Any
    times: Any
    unresponded: Any
    neutropenic: Any
    rows: Any
    quadratic: Any
    observed: Any
    noise: Any
    lower: Any
    upper: Any
    known: Any
    printed_factor: Any
    overlap: Any
    day: Any


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
    share = data.sizes / data.sizes.sum()
    seen = xp.matmul(share, xp.matmul(data.averages, outcomes.seen))
    mean = xp.matmul(data.averages, outcomes.by_day)
    neutropenic = _neutropenic_group(seen, mean, outcomes, data, follow_up, xp)
    terms = xp.stack([_response_term(seen, data, xp), _neutropenic_term(neutropenic, data, special)], axis=-1)
    estimates = _estimate_terms(outcomes, mean, neutropenic, data, follow_up, special)
    return xp.concatenate([terms, estimates], axis=-1)


def _response_term(seen: Any, data: JointArrays, xp: Any) -> Any:
    """Order statistics of the response time: multinomial between them, densities at them, the rest unresponded."""
    responded = (seen * data.interval).sum(axis=-1)
    rest = xp.log(xp.maximum(1.0 - responded, SMALLEST))
    return (data.times * xp.log(seen + SMALLEST)).sum(axis=-1) + data.unresponded * rest


@dataclass(frozen=True, kw_only=True)
class _NeutropenicGroup:
    """The patients who were never seen to respond, as fractions of all: each (...).

    ``seen_to_respond`` those who were, ``would_respond`` with complete follow-up, ``lost`` whose follow-up ended before
    anything happened, ``survival`` what Kaplan-Meier estimates in the group, ``informative`` a smooth
    discount for those lost, group / (group + lost), 1 without losses.
    """

    seen_to_respond: Any
    would_respond: Any
    lost: Any
    survival: Any
    informative: Any


def _neutropenic_group(
    seen: Any, mean: Any, outcomes: Outcomes, data: JointArrays, follow_up: FollowUp, xp: Any
) -> _NeutropenicGroup:
    """Kaplan-Meier among patients never seen to respond: those lost leave with the dead in a constant proportion.

    With a fraction d of the exits being deaths, survival is (share that did not exit)^d. Without losses d = 1: exact.
    """
    share = data.sizes / data.sizes.sum()
    total = xp.matmul(share, mean)
    responded = (seen * data.columns_within).sum(axis=-1)
    lost = xp.matmul(share, xp.matmul(data.averages, outcomes.lost[..., None]))[..., 0]
    group = xp.maximum(1.0 - responded, SMALLEST)
    staying = total[..., 2] * follow_up.still_followed(data.day, xp)[..., 0] + SMALLEST
    exits = xp.maximum(group - staying, SMALLEST)
    dead = xp.maximum(exits - lost, SMALLEST)
    return _NeutropenicGroup(
        seen_to_respond=responded,
        would_respond=total[..., 0],
        lost=lost,
        survival=xp.exp(dead / exits * xp.log(staying / (staying + exits))),
        informative=1.0 - lost / (lost + group),
    )


def _neutropenic_term(group: _NeutropenicGroup, data: JointArrays, special: Special) -> Any:
    """Binomial: of the patients never seen to respond, how many lived to the day; those lost tell nothing."""
    xp = special.xp
    alive, dead = group.informative * data.neutropenic[0], group.informative * data.neutropenic[1]
    ways = special.log_gamma(alive + dead + 1.0) - special.log_gamma(alive + 1.0) - special.log_gamma(dead + 1.0)
    return ways + alive * xp.log(group.survival) + dead * xp.log(xp.maximum(1.0 - group.survival, SMALLEST))


def _estimate_terms(
    outcomes: Outcomes,
    mean: Any,
    group: _NeutropenicGroup,
    data: JointArrays,
    follow_up: FollowUp,
    special: Special,
) -> Any:
    """Log probability of each printed estimate's lattice step, given the counts and the estimates before it."""
    xp, patients = special.xp, data.sizes.sum()
    estimates = xp.matmul(special.flatten(mean * data.sizes[:, None], 2), data.rows.T)[..., COUNT_ROWS:]
    unseen = (1.0 - group.seen_to_respond) * group.survival
    counts = patients * xp.stack([group.seen_to_respond, unseen], axis=-1)
    expected = xp.concatenate([counts, estimates], axis=-1)
    widening = xp.sqrt(_variance_factor(estimates, data, follow_up, xp))
    spread = xp.concatenate([xp.ones_like(counts), widening], axis=-1)
    covariance = _covariance(outcomes, data, special) * spread[..., :, None] * spread[..., None, :]
    blurred = patients * xp.stack([xp.maximum(group.would_respond - group.seen_to_respond, 0.0), group.lost], axis=-1)
    noise = data.noise + xp.concatenate([blurred, xp.zeros_like(estimates)], axis=-1)
    diagonal = np.eye(special.length(data.observed))
    covariance = covariance * xp.maximum(diagonal, data.overlap) + diagonal * noise[..., None, :]
    factor = special.cholesky(covariance)
    deviation = (factor * diagonal).sum(axis=-1)
    centre = data.observed - deviation * special.solve_lower(factor, data.observed - expected)
    share, spread = centre[..., COUNT_ROWS:], deviation[..., COUNT_ROWS:]
    lower, upper = (special.binomial_deviate(edge, share, spread) for edge in (data.lower, data.upper))
    return data.known * special.log_normal_interval(lower, upper)


def _covariance(outcomes: Outcomes, data: JointArrays, special: Special) -> Any:
    """Covariance of the rows, sum_g n_g L_g Cov_g(b) L_g', patients of a group differing in their covariate."""
    xp, b = special.xp, outcomes.by_day
    indicators = len(INDICATORS)
    within = xp.matmul(b, PRODUCTS.reshape(indicators, -1)) - special.flatten(b[..., :, None] * b[..., None, :], 2)
    by_group = xp.matmul(data.averages, within) * data.sizes[:, None]
    rows = special.length(data.observed)
    return special.unflatten(xp.matmul(special.flatten(by_group, 2), data.quadratic), (rows, rows))


def _variance_factor(value: Any, data: JointArrays, follow_up: FollowUp, xp: Any) -> Any:
    """How much censoring widens each estimate: from its printed interval, or else from the censoring distribution."""
    inside = xp.minimum(xp.maximum(value, SMALLEST), 1.0 - SMALLEST)
    modelled = follow_up.variance_inflation(inside, data.day, xp)
    return xp.where(data.printed_factor > 0, data.printed_factor, modelled)


def quadratic_form(rows: np.ndarray, groups: int) -> np.ndarray:
    """The linear map from the groups' covariances (group * 9,) to that of the rows, vec(sum_g L_g V_g L_g')."""
    by_group = rows.reshape(len(rows), groups, len(INDICATORS))
    return np.einsum("kgi,lgj->gijkl", by_group, by_group).reshape(groups * len(INDICATORS) ** 2, len(rows) ** 2)
