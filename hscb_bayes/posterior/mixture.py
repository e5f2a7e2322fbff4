"""Normal distributions mixed: their density, and the mixture that describes draws best.

References
----------
Dempster AP, Laird NM, Rubin DB. Maximum likelihood from incomplete data via the EM algorithm. J R Stat Soc B
1977;39:1-38. Fraley C, Raftery AE. Bayesian regularization for normal mixture estimation and model-based clustering.
J Classif 2007;24:155-181. Schwarz G. Estimating the dimension of a model. Ann Stat 1978;6:461-464.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from scipy.optimize import minimize
from scipy.special import softmax

MOST_COMPONENTS = 4
PSEUDO_DRAWS = 0.01  # with the spread of all draws, in every component: without them a few draws alone are a spike
FEWEST_DRAWS = 10.0  # in a component; one far draw has a likelihood of its own and tells nothing of a new study
NOBODY = 1e-12  # draws in a component that has none
STEPS = 20  # of expectation and maximisation from each start
TOLERANCE = 1e-6  # of the gradient per draw
QUARTILES = 1.349  # between the quartiles of a normal distribution, in standard deviations
ENDMOST = 0.01  # of the draws, on either side, lie beyond the pieces of equal width


type Components = tuple[np.ndarray, np.ndarray, np.ndarray]  # weights, means and deviations, (component,)


@dataclass(frozen=True, kw_only=True, eq=False)
class Mixture:
    """Normal distributions of the log odds of a share, mixed: ``weight``, ``mean``, ``deviation`` (component,)."""

    weight: np.ndarray
    mean: np.ndarray
    deviation: np.ndarray

    def density(self, log_odds: np.ndarray) -> np.ndarray:
        """Density of the log odds, any shape."""
        return np.sum(self.weight * self._components(log_odds), axis=-1)

    def information(self, log_odds: np.ndarray) -> np.ndarray:
        """-d^2/dx^2 of the log density, any shape."""
        standard = (log_odds[..., None] - self.mean) / self.deviation
        parts = self.weight * self._components(log_odds)
        total = np.maximum(parts.sum(axis=-1), np.finfo(float).tiny)
        slope = -(parts * standard / self.deviation).sum(axis=-1) / total
        bend = (parts * (standard**2 - 1.0) / self.deviation**2).sum(axis=-1) / total
        return slope**2 - bend

    def _components(self, log_odds: np.ndarray) -> np.ndarray:
        standard = (log_odds[..., None] - self.mean) / self.deviation
        return np.exp(-0.5 * standard**2) / (np.sqrt(2.0 * np.pi) * self.deviation)


def fitted_mixture(values: np.ndarray, *, most: int = MOST_COMPONENTS) -> Mixture:
    """The mixture of 1 to ``most`` normal distributions with the best BIC, components by falling weight.

    Each is the maximum of the likelihood with a hundredth of a draw added to every component, whose variance is that
    of a normal distribution with the quartiles of all. From each of five ways to cut the draws into components 20 steps
    of expectation and maximisation are taken, and BFGS goes on to the maximum. Maxima with less than ten draws in a
    component do not count. Nothing is random.

    Parameters
    ----------
    values
        Draws of the log odds, shape (draw,), finite, at least one.
    """
    draws = np.asarray(values, dtype=float)
    quartiles = np.subtract(*np.quantile(draws, [0.75, 0.25])) / QUARTILES
    centre, scale = np.median(draws), next(spread for spread in (quartiles, draws.std(), 1.0) if spread > 0.0)
    standard = (draws - centre) / scale
    fits = [fit for count in range(1, most + 1) if (fit := _maximum(standard, count)) is not None]

    def bic(fit: Components) -> float:
        return (3 * fit[0].size - 1) * np.log(draws.size) - 2.0 * _expected(standard, *fit)[0]

    weight, mean, deviation = min(fits, key=bic)
    order = np.argsort(-weight, kind="stable")
    return Mixture(weight=weight[order], mean=(centre + scale * mean)[order], deviation=scale * deviation[order])


def _expected(x: np.ndarray, weight: np.ndarray, mean: np.ndarray, deviation: np.ndarray) -> tuple[float, np.ndarray]:
    """Log likelihood of draws, and the probability of each component for each draw, shape (component, draw)."""
    logs = np.log(weight / (np.sqrt(2.0 * np.pi) * deviation))[:, None]
    logs = logs - 0.5 * ((x - mean[:, None]) / deviation[:, None]) ** 2
    highest = logs.max(axis=0)
    parts = np.exp(logs - highest)
    total = parts.sum(axis=0)
    return float(np.sum(np.log(total) + highest)), parts / total


def _maximum(x: np.ndarray, count: int) -> Components | None:
    """Where the likelihood with the added draws is highest; none if some component has too few draws everywhere."""
    found = []
    for parts in _cuts(x, count):
        for _ in range(STEPS):
            size = parts.sum(axis=1) + NOBODY
            mean = parts @ x / size
            within = np.maximum(parts @ x**2 - size * mean**2, 0.0)
            deviation = np.sqrt((within + PSEUDO_DRAWS) / (size + PSEUDO_DRAWS))
            parts = _expected(x, size / size.sum(), mean, deviation)[1]
        point = np.concatenate([np.log(size), mean, np.log(deviation)])
        with np.errstate(all="ignore"):  # a step may go where a component has no weight, and comes back
            found.append(minimize(_loss, point, (x,), "BFGS", jac=True, options={"gtol": TOLERANCE}))
    whole = [end for end in found if count == 1 or x.size * softmax(end.x[:count]).min() >= FEWEST_DRAWS]
    if not whole:
        return None
    logit, mean, log_deviation = min(whole, key=lambda end: float(end.fun)).x.reshape(3, -1)
    return softmax(logit), mean, np.exp(log_deviation)


def _cuts(x: np.ndarray, count: int) -> Iterator[np.ndarray]:
    """Components to start from, (component, draw): pieces by value, by rank, and by rank of the distance from 0."""
    lowest, highest = np.quantile(x, [ENDMOST, 1.0 - ENDMOST])
    rank, distance = ((np.argsort(np.argsort(of, kind="stable")) + 0.5) / x.size for of in (x, np.abs(x)))
    by_value = np.clip((x - lowest) / (highest - lowest or 1.0), 0.0, 1.0 - ENDMOST)
    for place in (by_value, rank**0.5, rank**2, distance, distance**4)[: None if count > 1 else 1]:
        yield (np.floor(count * place) == np.arange(count)[:, None]).astype(float)


def _loss(point: np.ndarray, x: np.ndarray) -> tuple[float, np.ndarray]:
    """Minus the log likelihood with the added draws, per draw, and its gradient by weights, means and deviations."""
    logit, mean, log_deviation = point.reshape(3, -1)
    weight, deviation = softmax(logit), np.exp(log_deviation)
    value, parts = _expected(x, weight, mean, deviation)
    size, first, second = parts.sum(axis=1), parts @ x, parts @ x**2
    precision = 1.0 / deviation**2
    within = second - 2.0 * mean * first + size * mean**2
    by_deviation = within * precision - size + PSEUDO_DRAWS * (precision - 1.0)
    slope = np.concatenate([size - x.size * weight, (first - size * mean) * precision, by_deviation])
    return -(value - 0.5 * PSEUDO_DRAWS * np.sum(2.0 * log_deviation + precision)) / x.size, -slope / x.size
