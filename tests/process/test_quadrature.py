"""Both rules for integrals over the day of response, against SciPy's adaptive one; the rule over the patients."""

from collections.abc import Callable
from itertools import pairwise, product

import numpy as np
import pytest
from numpy.testing import assert_allclose
from scipy.integrate import quad

from hscb_bayes.process.hazards import Weibull
from hscb_bayes.process.pathway import Clock, Pathway
from hscb_bayes.process.quadrature import covariate_rule, day_rule, panel_rule, response_rule

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


def order(error: Callable[[int], float], few: int) -> float:
    """Observed order: how often the error halves when the nodes, or the panels, double."""
    return float(np.log2(abs(error(few)) / abs(error(2 * few))))


@pytest.mark.parametrize("shape", [0.4, 0.6, 0.8])
def test_doubling_the_nodes_shows_the_order_of_a_density_that_is_infinite_at_zero(shape: float) -> None:
    # u = c v^4 turns u^(a - 1) du into v^(4 a - 1) dv, for which a Gauss rule has order 8 a
    def error(nodes: int) -> float:
        rule = day_rule(np.array([9.0, 10.0]), first=nodes)
        first = rule.panel == 0
        return float(rule.days[first] ** (shape - 1.0) @ rule.weights[first] - 9.0**shape / shape)

    assert order(error, 8) == pytest.approx(8.0 * shape, rel=0.1)


@pytest.mark.parametrize("nodes", [1, 2, 3])
def test_halving_the_panels_shows_the_order_of_the_later_panels(nodes: int) -> None:
    # Gauss-Legendre with m nodes in every panel has order 2 m
    def error(panels: int) -> float:
        rule = day_rule(np.geomspace(2.0, 200.0, panels + 1), middle=nodes, last=nodes)
        later = rule.panel > 0
        found = np.exp(-rule.days[later] / 30.0) @ rule.weights[later]
        return float(found - 30.0 * (np.exp(-2.0 / 30.0) - np.exp(-200.0 / 30.0)))

    assert order(error, 8) == pytest.approx(2.0 * nodes, rel=0.1)


@pytest.mark.parametrize("power", [0.25, 0.4, 0.75])
@pytest.mark.parametrize("end", ["first", "last"])
def test_doubling_the_nodes_shows_the_order_of_a_slope_that_is_infinite_at_an_end(power: float, end: str) -> None:
    # the step turns p^b dp into s^(3 b + 2) ds, for which a Gauss rule has order 2 (3 b + 2) + 2
    def error(nodes: int) -> float:
        rule = panel_rule(1, single=nodes)
        distance = rule.position if end == "first" else 1.0 - rule.position
        return float(distance**power @ rule.weight - 1.0 / (power + 1.0))

    assert order(error, 8) == pytest.approx(6.0 * power + 6.0, rel=0.15)


@pytest.mark.parametrize("panels", [1, 2, 3, 6])
def test_the_weights_of_every_panel_sum_to_one(panels: int) -> None:
    rule = panel_rule(panels)
    assert_allclose(rule.weight @ rule.indicator(), np.ones(panels), rtol=ALGEBRA)
    assert np.all((rule.position > 0.0) & (rule.position < 1.0))


@pytest.mark.parametrize(
    ("cuts", "error"),
    [
        ([9.0, 365.0], 1e-10),
        ([7.0, 9.0, 14.0, 365.0], 1e-10),
        ([7.0, 7.0, 14.0, 365.0], 1e-10),
        ([0.25, 0.5, 364.75, 365.0], 1e-4),
    ],
)
def test_the_weights_in_days_sum_to_the_lengths_of_the_panels(cuts: list[float], error: float) -> None:
    rule = day_rule(np.array(cuts))
    lengths = np.bincount(rule.panel, weights=rule.weights)
    assert_allclose(lengths, np.diff([0.0, *cuts]), rtol=error, atol=1e-12)
    assert np.all((rule.days > 0.0) & (rule.days < cuts[-1]))


def test_panels_of_the_response_rule_hold_the_mass_between_their_cuts() -> None:
    pathway, unit = pathway_with(1.3, 12.0, 1.0, "reset"), panel_rule(4)
    x, log_cuts = np.array([-1.0, 0.0, 2.0]), np.log(np.array([7.0, 9.0, 14.0, DAY]))
    found = response_rule(pathway, x, log_cuts, unit, np).mass @ unit.indicator()
    left = np.concatenate([np.ones((3, 1)), pathway.not_responded(x, log_cuts, np)], axis=-1)
    assert_allclose(found, -np.diff(left, axis=-1), rtol=ALGEBRA)


PATIENTS = {
    "spread": np.log2(np.geomspace(7.0, 151.0, 31) / 38.0),
    "of two sizes": np.repeat([-2.0, 0.1, 0.3, 1.0, 1.7], [9, 3, 11, 5, 2]),
    "skew": np.concatenate([np.linspace(-0.5, 0.0, 15), [0.4, 1.1, 1.9, 3.3]]),
}
over_patients = pytest.mark.parametrize("x", PATIENTS.values(), ids=PATIENTS)


@over_patients
@pytest.mark.parametrize("nodes", [1, 2, 4])
def test_a_gauss_rule_of_the_patients_averages_polynomials_exactly(x: np.ndarray, nodes: int) -> None:
    node, weight = covariate_rule(x, nodes)
    assert node.shape == weight.shape == (nodes,)
    for degree in range(2 * nodes):
        assert (weight @ node**degree) == pytest.approx(np.mean(x**degree), rel=1e-9, abs=1e-9), degree
    assert weight @ node ** (2 * nodes) != pytest.approx(np.mean(x ** (2 * nodes)), rel=1e-9, abs=1e-9)


@over_patients
@pytest.mark.parametrize("slope", [-1.5, -0.3, 0.9, 1.5])
def test_four_nodes_average_a_relative_hazard_to_three_digits(x: np.ndarray, slope: float) -> None:
    node, weight = covariate_rule(x, 4)
    assert weight @ np.exp(slope * node) == pytest.approx(np.mean(np.exp(slope * x)), rel=1e-3)


@pytest.mark.parametrize("x", [[0.5], [0.0, 0.0, 1.0], [0.0, 1.0, 2.0, 2.0]])
def test_with_no_more_values_than_nodes_the_rule_is_the_patients(x: list[float]) -> None:
    node, weight = covariate_rule(np.array(x), 4)
    assert node.shape == weight.shape == (4,)
    for of in (np.exp, np.cosh, np.square):
        assert weight @ of(node) == pytest.approx(np.mean(of(x)), rel=ALGEBRA)


def test_integrals_up_to_a_node_are_those_of_the_function() -> None:
    rule = day_rule(np.array([3.0, 10.0, 40.0, 365.0]))

    def integral(day: np.ndarray) -> np.ndarray:  # of a density that is infinite at zero
        return -np.expm1(-((day / 20.0) ** 0.5))

    density = 0.5 * (rule.days / 20.0) ** -0.5 / 20.0 * np.exp(-((rule.days / 20.0) ** 0.5))
    assert_allclose(rule.until @ (rule.weights * density), integral(rule.days), atol=2e-6)


@pytest.mark.parametrize("nodes", [2, 5, 14])
def test_integrals_up_to_a_node_are_exact_for_polynomials(nodes: int) -> None:
    cuts = np.array([1.0, np.e])
    rule = day_rule(cuts, first=2, last=nodes)
    inside = rule.panel == 1
    v = np.log(rule.days[inside])  # the panel is even in log time: from 0 to 1
    for power in range(nodes):
        mass = np.where(rule.panel == 1, rule.weights * np.log(rule.days) ** power / rule.days, 0.0)
        assert_allclose((rule.until @ mass)[inside], v ** (power + 1) / (power + 1), atol=1e-12)
