"""What the hazards imply, beside closed forms and SciPy's adaptive integration.

Three constant hazards a, b, c per day and a share pi who never respond have closed forms. For Weibull hazards the
integrals over the day of response are taken by ``scipy.integrate.quad``, over pieces that double in length.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from importlib.metadata import version
from itertools import pairwise

import numpy as np

from hscb_bayes.posterior.times import response_quantile, time_in_states
from hscb_bayes.process.follow_up import FollowUp
from hscb_bayes.process.hazards import Weibull
from hscb_bayes.process.incidence import (
    cumulative_incidence,
    event_free,
    outcome_nodes,
    outcome_probabilities,
    responded_alive,
    survival,
)
from hscb_bayes.process.pathway import Pathway
from hscb_bayes.process.quadrature import day_rule
from tests.validation.comparison import Comparison, compare

YEAR = 365.0
DAYS = (28.0, YEAR)
X = np.array([-1.5, 0.0, 1.2])  # 13, 38 and 87 days of prior neutropenia
RATES = (0.06, 0.004, 0.0015)
RATIOS = (-0.4, 0.3, 0.2)
LOGIT_NEVER = -2.0
PIECES = 10  # from the day downwards, each half as long as the one after it
IN_DAYS = "at fixed days"  # last words of what nodes at fixed days give: good to five digits, not to eight
AT_QUANTILES = "at six quantiles"  # of the days of response: good to four digits
PRINTED = np.array([7.0, 9.0, 14.0, YEAR])  # cuts of the main study


def _constant(rate: float) -> Weibull:
    return Weibull(shape=1.0, log_scale=-np.log(rate))


CONSTANT = Pathway(
    response=_constant(RATES[0]),
    death_without_response=_constant(RATES[1]),
    death_after_response=_constant(RATES[2]),
    log_hazard_ratio=RATIOS,
    logit_never=np.full((1, 1, 1), LOGIT_NEVER),
)
WEIBULL = replace(
    CONSTANT,
    response=Weibull(shape=1.4, log_scale=np.log(15.0)),
    death_without_response=Weibull(shape=0.7, log_scale=np.log(250.0)),
    death_after_response=Weibull(shape=0.6, log_scale=np.log(900.0)),
)
PATHWAYS = {
    "Weibull hazards": WEIBULL,
    "Weibull hazards, death after response since the boost": replace(WEIBULL, clock="forward"),
    "Weibull hazards, response infinite at zero": replace(WEIBULL, response=Weibull(shape=0.5, log_scale=np.log(30.0))),
    "Weibull hazards, response early and sharp": replace(WEIBULL, response=Weibull(shape=3.0, log_scale=np.log(6.0))),
}


def comparisons() -> Iterator[Comparison]:
    """All rows about what hazards imply."""
    yield from of_closed_forms()
    for words, pathway in PATHWAYS.items():
        yield from of_adaptive_integration(words, pathway)


def of_closed_forms() -> Iterator[Comparison]:
    """Incidence, occupancy, survival, mean times and the median with constant hazards."""
    a, b, c = (np.array(RATES) * np.exp(np.outer(X, RATIOS))).T[:, :, None]
    never, both = 1.0 / (1.0 + np.exp(-LOGIT_NEVER)), a + b
    t, data, source = np.array(DAYS), "constant hazards", "closed form"

    def lasting(rate: np.ndarray, day: float) -> np.ndarray:
        return np.asarray(-np.expm1(-rate * day) / rate)

    incidence = (1.0 - never) * a / both * -np.expm1(-both * t)
    alive = (1.0 - never) * a * (np.exp(-c * t) - np.exp(-both * t)) / (both - c)
    free = never * np.exp(-b * t) + (1.0 - never) * np.exp(-both * t)
    found = one_day_at_a_time(cumulative_incidence, CONSTANT)
    yield compare("incidence of response", data, found, incidence, source=source)
    yield compare("responded and alive", data, responded_alive(CONSTANT, X, t)[0], alive, source=source)
    yield compare("survival", data, survival(CONSTANT, X, t)[0], alive + free, source=source)
    neutropenic = never * lasting(b, YEAR) + (1.0 - never) * lasting(both, YEAR)
    responded = (1.0 - never) * a * (lasting(c, YEAR) - lasting(both, YEAR)) / (both - c)
    mean = np.concatenate([neutropenic, responded, YEAR - neutropenic - responded], axis=-1) / YEAR
    times = time_in_states(CONSTANT, X, YEAR)[0] / YEAR
    yield compare(f"mean time in each state by one year, years, {IN_DAYS}", data, times, mean, source=source)
    median = -np.log1p(-0.5 * both / (a * (1.0 - never))) / both / YEAR
    quantile = response_quantile(CONSTANT, X, np.eye(X.size), 0.5, YEAR)[0] / YEAR
    yield compare(f"median time to response, years, {IN_DAYS}", data, quantile, median[:, 0], source=source)


def of_adaptive_integration(words: str, pathway: Pathway) -> Iterator[Comparison]:
    """The same for Weibull hazards, and the outcomes by one year as the likelihood takes them."""
    source = f"SciPy {version('scipy')}, adaptive integration"
    incidence = integrals(pathway, lambda u, day, x: np.ones_like(u))
    alive = integrals(pathway, lambda u, day, x: _alive(pathway, u, day, x))
    found = one_day_at_a_time(cumulative_incidence, pathway)
    yield compare("incidence of response", words, found, incidence, source=source)
    days = np.array(DAYS)
    yield compare("responded and alive", words, responded_alive(pathway, X, days)[0], alive, source=source)
    if pathway.clock == "reset":
        mean = integrals(pathway, lambda u, day, x: _stay(pathway, day - u, x))[:, -1] / YEAR
        ours = time_in_states(pathway, X, YEAR)[0, :, 1] / YEAR
        yield compare(f"mean time recovered by one year, years, {IN_DAYS}", words, ours, mean, source=source)
    nodes = outcome_nodes(PRINTED, rule=day_rule(PRINTED), edges=np.array([YEAR]))
    outcomes = outcome_probabilities(pathway, X, nodes, FollowUp(lost_by_one_year=0.0), np)
    free = event_free(pathway, X, nodes.log_edges, np)[0, :, 0]
    by_day, living = outcomes.by_day[0, :, 0], outcomes.survival[0, :, 0] - free
    if pathway.clock == "reset":  # by whichever clock the responded die, the same respond
        yield compare(f"likelihood: responded by one year, {IN_DAYS}", words, by_day, incidence[:, -1], source=source)
    yield compare(f"likelihood: responded and alive, {AT_QUANTILES}", words, living, alive[:, -1], source=source)


def one_day_at_a_time(function: Callable[..., np.ndarray], pathway: Pathway) -> np.ndarray:
    """(covariate, day), every day with a panel of its own."""
    return np.concatenate([function(pathway, X, np.array([day]))[0] for day in DAYS], axis=-1)


def integrals(pathway: Pathway, of: Callable[[np.ndarray, float, np.ndarray], np.ndarray]) -> np.ndarray:
    """int_0^day f(u) of(u, day, x) du with f the density of response, shape (covariate, day)."""
    return np.array([[_integral(pathway, of, day, np.array([x])) for day in DAYS] for x in X])


def _integral(pathway: Pathway, of: Callable[..., np.ndarray], day: float, x: np.ndarray) -> float:
    from scipy.integrate import quad

    def over(lower: float, upper: float) -> float:
        def value(s: float) -> float:  # u runs by the smooth step, which tames infinite slopes at both ends
            step = s**3 * (10.0 - 15.0 * s + 6.0 * s**2)
            u = np.array([np.clip(lower + (upper - lower) * step, 1e-30, np.nextafter(day, 0.0))])
            density = pathway.response_density(x, np.log(u), np)[0, 0]
            return float((density * of(u, day, x))[0] * (upper - lower) * 30.0 * (s * (1.0 - s)) ** 2)

        return float(quad(value, 0.0, 1.0, epsabs=1e-12, epsrel=1e-10, limit=100)[0])

    edges = [0.0, *(day * 0.5**k for k in range(PIECES, -1, -1))]
    return sum(over(lower, upper) for lower, upper in pairwise(edges))


def _alive(pathway: Pathway, u: np.ndarray, day: float, x: np.ndarray) -> np.ndarray:
    alive = pathway.alive_after_response(x, np.log(u), np.log(day - u), np.log(np.array([day])), np)
    return np.asarray(alive[0] if alive.ndim == 2 else alive[0, 0])


def _stay(pathway: Pathway, length: np.ndarray, x: np.ndarray) -> np.ndarray:
    """int_0^length exp(-(v / b)^a r) dv = b' / a Gamma(1 / a) P(1 / a, (length / b')^a), b' = b r^(-1 / a)."""
    from scipy.special import gamma, gammainc

    shape = pathway.death_after_response.shape
    scale = np.exp(pathway.death_after_response.log_scale - pathway.log_relative_hazard(2, x)[0, 0] / shape)
    return np.asarray(scale / shape * gamma(1.0 / shape) * gammainc(1.0 / shape, (length / scale) ** shape))
