"""The likelihood of printed estimates given the counts: survivals at days, medians and their limits, counts of deaths.

All are about the same patients, so that each is given its probability **given those before it**. An estimate is a
sum over patients of its influence (``exits``): its variance and its covariances with all others, and with the number of
responders, follow from the probabilities of the exits, for any follow-up. Means and variances given the others are
those of a normal distribution; the probability itself is that of a binomial of the same mean and variance:

* a survival has the probability of its lattice step, (k - 1/2, k + 1/2) / n or as far as it was rounded; of a curve at
  several days each is a share of the one before it, as the counts are in a multinomial;
* a median, or a limit of it, says that the curve crosses a level within the printed day: P(S(end of it) <= level) less
  P(S(beginning of it) <= level); the curve is then half the fall of one death below the level. For a median the level
  is 1/2; for a limit it is where the printed interval of the curve reaches 1/2, which is nearer to 1/2 the more
  patients there are;
* one that is not reached says that the curve is above the level when follow-up ends.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from hscb_bayes.evidence.first_exits import expected_incidence
from hscb_bayes.evidence.influence import curve_and_influence, exchanged
from hscb_bayes.evidence.joint_arrays import COUNT_ROWS, JointArrays
from hscb_bayes.evidence.special import FARTHEST, FEWEST_PATIENTS, TINY, Special
from hscb_bayes.process.exits import CLASSES
from hscb_bayes.process.follow_up import FollowUp
from hscb_bayes.process.incidence import Outcomes

LEAST_WORTH = 0.5  # of the patients that an estimate is worth: with more an estimate alone would be changed
ROUNDED = 0.2  # of the fewest patients: how much more, where an estimate is worth as few
LEAST_VARIANCE = 1e-9  # of an estimate: where next to nobody is left its own is that of no binomial
LEAST_LEVEL = 0.01  # of a limit of a median, and of one less it
FARTHEST_OFF = 5.0  # times: of a printed survival from the model's, as a scale of the next one
EXCESS_FALL = 1.2  # log of the excess per unit of survival above its expectation
FARTHEST_BY_CHANCE = 0.3  # of an estimate from its expectation: as far as the fall was measured
LOSSES_OF_SHAPE = 2.6  # losses that add one to the shape of the excess
LEAST_EXCESS = 0.003  # where all die before they could be lost
EXCESS_BY_CHANCE = 0.01  # standard deviation that is left where the model's own is nothing
MOST_SPREAD = 2.0  # variance of the root
LARGEST_SHARE = 1.0 - 1e-6  # of a curve that follows a level, whose own value is not known to the last death
LEAST_SLOPE = 0.1  # of a deviate, in normal deviates, where a mean lies beyond one and is moved inside
BEYOND_ALL = 8.0  # standard deviations that a share of one is away, where nobody died since the level was crossed
NARROWEST = 1e-6  # of an interval, standard deviations
MOST_WIDENED = 9.0  # variance of a limit's curve over that without losses


@dataclass(frozen=True, kw_only=True)
class Moments:
    """What is expected of the rows, each (..., row); the first is the share seen to respond, the second survival among
    the others, the rest are the estimates.

    ``value`` at the end of the printed day, ``start`` at its beginning, ``covariance`` (..., row, row): of those who
    responded, or of those who did not, as so many as are expected would add to it were it divided by so many as there
    are. ``curve`` what is expected of it given how many they are, and ``widening`` its variance by Greenwood's formula
    over that without losses.
    """

    value: Any
    start: Any
    curve: Any
    widening: Any
    covariance: Any


def estimate_terms(outcomes: Outcomes, responded: Any, data: JointArrays, follow_up: FollowUp, special: Special) -> Any:
    """Log probability of each estimate, given the counts and the estimates before it; shape (..., estimate).

    Parameters
    ----------
    responded
        Share of patients who are expected to be seen to respond, shape (...).
    """
    xp, diagonal = special.xp, np.eye(special.length(data.observed))
    found = moments(outcomes, responded, data, special)
    variance = (found.covariance * diagonal).sum(axis=-1)
    levels = _levels(found.widening, data, xp)
    fall = xp.minimum(xp.maximum(found.widening, 1.0), MOST_WIDENED) / data.patients
    observed = xp.where(data.is_level > 0.0, xp.maximum(levels - 0.5 * fall, LEAST_LEVEL), data.observed)
    rounding = data.noise + data.is_crossing * fall**2 / 12.0
    mixed = found.covariance * xp.maximum(diagonal, data.overlap) + diagonal * rounding[..., None, :]
    factor = special.cholesky(mixed)
    deviation = (factor * diagonal).sum(axis=-1)
    centre = observed - deviation * special.solve_lower(factor, observed - found.value)

    before, expected_before = (
        (data.previous * values[..., None, :]).sum(axis=-1) + data.is_first for values in (observed, found.curve)
    )
    off = xp.minimum(xp.maximum(before / expected_before, 1.0 / FARTHEST_OFF), FARTHEST_OFF)
    start = centre + (found.start - found.value) * off
    lower = xp.where(data.is_level > 0.0, levels, data.lower) / before
    upper = xp.where(data.is_crossing > 0.0, levels, data.upper) / before
    shares, beyond = xp.stack([lower, upper], axis=-2), 1.0 - 0.5 * fall / before
    steps = xp.maximum((shares - beyond[..., None, :]) / (1.0 - beyond)[..., None, :], 0.0)
    follows = data.follows_level[..., None, :]
    alone = found.curve * (1.0 - found.curve) / (variance + rounding + LEAST_VARIANCE)
    worth = _no_less(LEAST_WORTH * before * alone, FEWEST_PATIENTS, ROUNDED * FEWEST_PATIENTS, xp)
    spread = deviation * xp.sqrt(off) / before
    deviates = special.binomial_deviate(
        xp.where(follows > 0.0, xp.minimum(shares, LARGEST_SHARE), shares),
        xp.stack([start, centre], axis=-2) / before[..., None, :],
        spread[..., None, :],
        worth[..., None, :],
    )
    deviates = (deviates + follows * BEYOND_ALL * steps**2)[..., COUNT_ROWS:]
    passed = (LEAST_SLOPE * (start - centre) / before / spread)[..., COUNT_ROWS:]
    lowest = xp.minimum(deviates[..., 0, :], deviates[..., 1, :] - passed)
    of_widths = _width_terms(found, follow_up, data, special)
    return data.known * (special.log_normal_interval(lowest, deviates[..., 1, :]) + of_widths)


def _width_terms(found: Moments, follow_up: FollowUp, data: JointArrays, special: Special) -> Any:
    """Log probability of what printed intervals say of losses: by what share the variance is above that without.

    With n patients of whom a share q is lost by the day, this excess is near a gamma variable of the model's own as its
    mean and of shape n q / 2.6; where the printed survival is above its expectation it is smaller (measured on
    simulated studies of 15 to 90 patients; docs/development/decisions.md). The cube root of a gamma variable is nearly
    normal.

    References
    ----------
    Wilson EB, Hilferty MM. The distribution of chi-square. Proc Natl Acad Sci 1931;17:684-688.
    """
    xp = special.xp
    off = xp.minimum(xp.maximum(data.observed - found.curve, -FARTHEST_BY_CHANCE), FARTHEST_BY_CHANCE)
    mean = (_no_less(found.widening - 1.0, 0.0, LEAST_EXCESS, xp) * xp.exp(-EXCESS_FALL * off))[..., COUNT_ROWS:]
    lost = 1.0 - follow_up.still_followed(data.row_days, xp)
    of_losses = xp.minimum(LOSSES_OF_SHAPE / (9.0 * data.patients * lost + TINY), MOST_SPREAD)[..., COUNT_ROWS:]
    spread = xp.sqrt(of_losses + (EXCESS_BY_CHANCE / (3.0 * mean)) ** 2)
    root = xp.maximum(data.excess, 0.0) ** (1.0 / 3.0) * xp.exp(-xp.log(mean) / 3.0)[..., None]
    deviates = (root - 1.0 + of_losses[..., None]) / spread[..., None]
    lowest = xp.where(data.excess[..., 0] > 0.0, deviates[..., 0], -FARTHEST)
    interval = special.log_normal_interval(lowest, xp.maximum(deviates[..., 1], lowest + NARROWEST))
    return xp.where(data.excess[..., 1] > 0.0, interval, 0.0)


def _no_less(value: Any, least: float, rounded: float, xp: Any) -> Any:
    """The larger of a value and ``least``, without an edge: where they are equal it is larger by ``rounded``."""
    over = value - least
    return least + 0.5 * (over + xp.sqrt(over**2 + 4.0 * rounded**2))


def moments(outcomes: Outcomes, responded: Any, data: JointArrays, special: Special) -> Moments:
    """Means and covariance of the rows; arguments as of ``estimate_terms``."""
    xp, place, edges = special.xp, special.length(data.of_place), special.length(data.passed)
    weights = data.averages * data.sizes[..., None]
    exits = special.flatten(outcomes.exits, 2)
    by_group = special.flatten(xp.matmul(weights, exits), 2)
    patients = xp.matmul(data.masks, special.unflatten(by_group, (special.length(data.masks), place)))
    turned = exchanged(patients, data.is_reverse, edges, xp)
    found = curve_and_influence(turned, data.passed, edges, xp)
    by_day = xp.matmul(data.shares, xp.matmul(data.averages, outcomes.survival))
    counted, many = (patients * data.of_place).sum(axis=-1), patients.sum(axis=-1) / data.patients
    first, of_part = np.eye(special.length(data.observed))[0], data.is_curve - data.is_whole
    curve = (by_day * data.at).sum(axis=-1) + of_part * xp.exp(found.log_value) + counted
    log_start = curve_and_influence(turned, data.passed_start, edges, xp).log_value
    curve_start = (by_day * data.at_start).sum(axis=-1) + of_part * xp.exp(log_start)
    times = data.is_whole + of_part * many
    value, start = (
        times * one + counted + first * (responded[..., None] - counted) for one in (curve - counted, curve_start)
    )
    own = (of_part * curve / data.patients)[..., None]
    influence = exchanged(found.influence, data.is_reverse, edges, xp)
    each = (times * curve)[..., None] * influence + own + data.of_place
    by_class = each[..., None, :]
    cells = special.unflatten(special.flatten(exits, 2), (special.length(data.cell_masks), place))
    of_cell = xp.matmul(each, xp.swapaxes(cells, -1, -2))
    within: Any = 0.0
    if data.of_incidence is not None:
        incidence, row = expected_incidence(outcomes, by_group, weights, data, special), data.of_incidence
        value, start, curve = (one + row[..., 0] * incidence.value[..., None] for one in (value, start, curve))
        by_class = by_class + row[..., None] * incidence.by_group[..., None, :, :]
        of_cell = of_cell + row * incidence.by_cell[..., None, :]
        within = np.eye(special.length(data.observed)) * row * incidence.within[..., None, None]
    parts, of_cell = special.flatten(data.masks[..., None] * by_class, 2), of_cell * data.cell_masks
    common = xp.matmul(parts * by_group[..., None, :], xp.swapaxes(parts, -1, -2))
    means = special.unflatten(of_cell, (special.length(data.cell_masks) // len(CLASSES), len(CLASSES))).sum(axis=-1)
    of_means = xp.matmul(means * weights.sum(axis=-2)[..., None, :], xp.swapaxes(means, -1, -2))
    greenwood = (turned * found.influence**2).sum(axis=-1) * patients.sum(axis=-1)
    widening = greenwood * xp.exp(found.log_value) / (TINY - xp.expm1(found.log_value))
    return Moments(value=value, start=start, curve=curve, widening=widening, covariance=common - of_means + within)


def _levels(widened: Any, data: JointArrays, xp: Any) -> Any:
    """Where the curve is when its printed interval reaches 1/2, given how much losses widen its variance.

    The width is that which is expected: it may not lie beyond what is printed of the curve before or after.
    """
    root = xp.sqrt(xp.minimum(xp.maximum(widened, 1.0), MOST_WIDENED))
    level = 0.5 + root * (data.level[..., 0] + root * (data.level[..., 1] + root * data.level[..., 2]))
    return xp.minimum(xp.maximum(level, data.level_bounds[..., 0]), data.level_bounds[..., 1])
