"""Both rules for integrals over the day of response, against SciPy's adaptive one; the rule over the patients."""

from collections.abc import Callable
from itertools import pairwise, product

import numpy as np
import pytest
from numpy.testing import assert_allclose
from scipy.integrate import quad

from hscb_bayes.process.hazards import Weibull
from hscb_bayes.process.pathway import Clock, Pathway
from hscb_bayes.process.quadrature import day_rule, panel_rule, response_rule

ALGEBRA = 1e-10
IN_PROBABILITY = 1e-8  # error of the rule in the response time itself
IN_DAYS = 1e-4  # of the rule in days: 0.003 in the log likelihood of 31 patients
OF_A_KINK = 1e-5  # more, where the last panel's integrand has an unbounded slope at its end
DAY = 365.0
X = np.zeros(1)

TABLE = [
    pytest.param(shape, median, late, clock, id=f"shape {shape}, median {median}, late {late}, {clock}")
    for shape, median, late, clock in product((0.4, 0.8, 1.3, 2.0, 3.0), (3.0, 12.0, 60.0), (0.4, 1.0), ("reset",))
] + [
    pytest.param(1.3, 12.0, 0.4, "forward", id="forward"),
    pytest.param(0.4, 60.0, 2.0, "forward", id="forward, early"),
]
over_the_table = pytest.mark.parametrize(("shape", "median", "late", "clock"), TABLE)


def pathway_with(shape: float, median: float, late: float, clock: Clock) -> Pathway:
    """A pathway by the Weibull shape and net median of response and by the shape of death."""
    return Pathway(
        response=Weibull(shape=shape, log_scale=np.log(median) - np.log(np.log(2.0)) / shape),
        death_without_response=Weibull(shape=late, log_scale=np.log(300.0)),
        death_after_response=Weibull(shape=late, log_scale=np.log(500.0)),
        log_hazard_ratio=(0.0, 0.0, 0.0),
        logit_never=-2.0,
        clock=clock,
    )


def responded_alive(pathway: Pathway, days: np.ndarray) -> np.ndarray:
    """The integrand: density of response at ``days``, times survival from there to the end, shape (day,)."""
    log_days = np.log(days)
    alive = pathway.alive_after_response(X, log_days, np.log(DAY - days), np.log(np.array([DAY])), np)
    return np.asarray((pathway.response_density(X, log_days, np) * alive)[0])


def adaptive(pathway: Pathway, median: float) -> float:
    """The integral by SciPy, in pieces, each over s with u = a + (b - a) s^3 (10 - 15 s + 6 s^2)."""
    inside = [median * factor for factor in (1e-6, 1e-4, 1e-2, 0.1, 0.3, 0.6, 1.0, 1.5, 2.5, 5.0)]
    edges = [0.0, *[edge for edge in inside if edge < 0.9 * DAY], 0.9 * DAY, DAY]

    def over(a: float, b: float) -> float:
        def value(s: float) -> float:
            u = a + (b - a) * s**3 * (10.0 - 15.0 * s + 6.0 * s**2)
            inner = np.clip(u, 1e-30, np.nextafter(DAY, 0.0))
            return float(responded_alive(pathway, np.array([inner]))[0] * (b - a) * 30.0 * (s * (1.0 - s)) ** 2)

        return float(quad(value, 0.0, 1.0, epsabs=1e-13, epsrel=1e-11, limit=100)[0])

    return sum(over(a, b) for a, b in pairwise(edges))


@over_the_table
def test_the_rule_in_the_response_time_is_exact_wherever_the_response_is(
    shape: float, median: float, late: float, clock: Clock
) -> None:
    pathway = pathway_with(shape, median, late, clock)
    rule = response_rule(pathway, X, np.log(np.array([DAY])), panel_rule(1), np)
    days = np.minimum(np.exp(rule.log_days[0]), np.nextafter(DAY, 0.0))
    dead = pathway.not_dead_before_response(X, np.log(days), np)
    alive = pathway.alive_after_response(X, np.log(days), np.log(DAY - days), np.log(np.array([DAY])), np)
    assert_allclose((rule.mass * dead * alive).sum(), adaptive(pathway, median), atol=IN_PROBABILITY, rtol=0.0)


@over_the_table
def test_the_rule_in_days_is_good_where_the_printed_days_lie_about_the_response(
    shape: float, median: float, late: float, clock: Clock
) -> None:
    pathway = pathway_with(shape, median, late, clock)
    rule = day_rule(np.array([7.0 / 9.0, 1.0, 14.0 / 9.0, DAY / median]) * median)
    found = responded_alive(pathway, rule.days) @ rule.weights
    assert_allclose(found, adaptive(pathway, median), atol=IN_DAYS + OF_A_KINK, rtol=0.0)


@pytest.mark.parametrize(
    ("shape", "order"), [pytest.param(0.4, 3.0, id="infinite at zero"), pytest.param(0.8, 5.0, id="steep at zero")]
)
def test_doubling_the_nodes_of_the_first_panel_shows_the_order_of_its_end(shape: float, order: float) -> None:
    # u = c v^4 makes the integrand v^(4 a - 1): Gauss-Legendre then converges with order 2 (4 a - 1) + 2
    pathway = pathway_with(shape, 12.0, 1.0, "reset")
    assert observed_order(pathway, lambda n: day_rule(np.array([9.0, 10.0]), first=n), (4, 8)) > order


def observed_order(pathway: Pathway, rule: Callable[[int], object], sizes: tuple[int, int]) -> float:
    """log2 of the ratio of two errors on the first panel, against a hundred nodes."""

    def integral(nodes: int) -> float:
        found = rule(nodes)
        inside = found.panel == 0  # type: ignore[attr-defined]
        return float(responded_alive(pathway, found.days[inside]) @ found.weights[inside])  # type: ignore[attr-defined]

    few, more = (abs(integral(size) - integral(100)) for size in sizes)
    return float(np.log2(few / more))
