"""The sums of the audit, against brute force, the estimators and SciPy."""

import itertools
import math
from statistics import NormalDist

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import chi2_contingency

from hscb_bayes.estimators.intervals import clopper_pearson, proportion_interval, wilson
from hscb_bayes.estimators.kaplan_meier import survival_at
from hscb_bayes.evidence.audit.arithmetic.cut import Bounds, size_at_cut, size_without_ties
from hscb_bayes.evidence.audit.arithmetic.difference import p_of_difference
from hscb_bayes.evidence.audit.arithmetic.digits import swapped
from hscb_bayes.evidence.audit.arithmetic.mixture import is_possible, lost_at_once, mean_of_parts
from hscb_bayes.evidence.audit.arithmetic.precision import (
    SURVIVAL_SCALES,
    WILSON,
    PrintedInterval,
    least_size,
    size_as_printed,
    sizes_by_scale,
)
from hscb_bayes.evidence.audit.arithmetic.rounding import Window, counts_in, hull, window
from hscb_bayes.evidence.audit.arithmetic.whole_counts import (
    CLOPPER_PEARSON,
    MOST_COUNTED,
    Fit,
    fitting_counts,
    is_clopper_pearson,
)
from hscb_bayes.evidence.printed import Printed

ALGEBRA = 1e-10
SHARES = st.floats(0.02, 0.98)
DAY = 365.0


def printed_interval(value: str, lower: str, upper: str, level: float = 0.95) -> PrintedInterval:
    windows = [window(Printed(text, "proportion")) for text in (value, lower, upper)]
    return PrintedInterval(windows[0], windows[1], windows[2], level)


RESPONDERS = printed_interval("74%", "54%", "94%")
SHORT = printed_interval("85%", "65%", "100%")
LONG = printed_interval("44%", "27%", "61%")


@pytest.mark.parametrize(
    ("text", "low", "high"),
    [("59%", 0.585, 0.595), ("0%", 0.0, 0.005), ("100%", 0.995, 1.0), ("58.7%", 0.5865, 0.5875)],
)
def test_a_window_is_all_that_rounds_to_the_print(text, low, high):
    assert window(Printed(text)) == Window(pytest.approx(low), pytest.approx(high))


def test_a_window_of_days_is_not_cut_at_one():
    assert window(Printed("9 days")) == Window(8.5, 9.5)


@pytest.mark.parametrize(("share", "is_there"), [(0.585, True), (0.595, True), (0.5849, False), (0.5951, False)])
def test_a_half_may_be_rounded_either_way(share, is_there):
    assert window(Printed("59%")).holds(share) is is_there


def test_a_hull_spans_its_windows():
    assert hull([Window(0.2, 0.3), Window(0.1, 0.25)]) == Window(0.1, 0.3)


@pytest.mark.parametrize(
    ("text", "n", "counts"),
    [("59%", 31, []), ("74%", 26, []), ("84%", 31, [26]), ("0%", 5, [0]), ("85%", 13, [11]), ("44%", 18, [8])],
)
def test_counts_behind_the_percentages_of_the_main_study(text, n, counts):
    assert list(counts_in(window(Printed(text)), n)) == counts


@given(st.integers(0, 100), st.integers(1, 150))
def test_counts_are_those_that_brute_force_finds(percent, n):
    found = window(Printed(f"{percent}%"))
    assert list(counts_in(found, n)) == [k for k in range(n + 1) if found.holds(k / n)]


@pytest.mark.parametrize("scale", SURVIVAL_SCALES)
@given(p=st.floats(0.2, 0.8), size=st.floats(30.0, 300.0))
def test_the_effective_size_inverts_the_interval(scale, p, size):
    lower, upper = proportion_interval(p, math.sqrt(p * (1 - p) / size), scale=scale)
    points = [Window(float(x), float(x)) for x in (p, lower, upper)]
    found = sizes_by_scale(PrintedInterval(*points, level=0.95))
    assert found[scale].low == pytest.approx(size, rel=ALGEBRA)
    assert size_as_printed(PrintedInterval(*points, level=0.95), scale) == pytest.approx(size, rel=ALGEBRA)


@given(p=st.floats(0.1, 0.9), size=st.floats(30.0, 300.0))
def test_the_effective_size_inverts_the_interval_of_wilson(p, size):
    lower, upper = wilson(p * size, size)
    found = sizes_by_scale(PrintedInterval(*(Window(float(x), float(x)) for x in (p, lower, upper)), level=0.95))
    assert found[WILSON].low == pytest.approx(size, rel=ALGEBRA)


@pytest.mark.parametrize("scale", SURVIVAL_SCALES)
@given(p=SHARES, size=st.integers(2, 400), level=st.sampled_from([0.8, 0.9, 0.95, 0.99]))
def test_rounding_never_hides_the_size(scale, p, size, level):
    lower, upper = proportion_interval(p, math.sqrt(p * (1 - p) / size), level, scale=scale)
    texts = [f"{100 * float(x):.0f}%" for x in (p, lower, upper)]
    interval = printed_interval(texts[0], texts[1], texts[2], level)
    if interval.is_inside:
        assert sizes_by_scale(interval)[scale].holds(size)
        assert least_size(interval) <= size * (1 + ALGEBRA)


@pytest.mark.parametrize(
    ("interval", "as_printed", "low", "high"),
    [
        (RESPONDERS, 0.74 * 0.26 * (1.959964 / 0.20) ** 2, 17.4, 19.6),
        (SHORT, 0.85 * 0.15 * (1.959964 / 0.20) ** 2, 10.7, 14.0),
        (LONG, 0.44 * 0.56 * (1.959964 / 0.17) ** 2, 30.8, 34.9),
    ],
)
def test_effective_sizes_of_the_main_study(interval, as_printed, low, high):
    found = sizes_by_scale(interval)["plain"]
    assert size_as_printed(interval, "plain") == pytest.approx(as_printed, rel=1e-6)
    assert low <= found.low <= as_printed <= found.high <= high


@pytest.mark.parametrize("value", ["0%", "100%"])
def test_an_estimate_of_none_or_all_says_nothing_of_a_size(value):
    interval = printed_interval(value, value, value)
    assert sizes_by_scale(interval) == {}
    assert least_size(interval) == 0.0


def test_an_interval_that_no_scale_gives_has_no_size():
    interval = printed_interval("50%", "49%", "90%")
    assert sizes_by_scale(interval) == {}
    assert least_size(interval) == 0.0


def test_limits_that_are_the_estimate_stand_for_any_number_of_patients():
    assert size_as_printed(printed_interval("44%", "44%", "44%"), "plain") == math.inf
    assert sizes_by_scale(printed_interval("44%", "44%", "44%"))["plain"].high == math.inf


def test_censoring_never_makes_an_interval_more_precise():
    rng = np.random.default_rng(20230701)
    time, lost = rng.exponential(400.0, (2000, 31)), rng.exponential(600.0, (2000, 31))
    seen = np.ceil(np.minimum(time, lost) / 20) * 20
    survival, error = survival_at(seen, time <= lost, DAY)
    inside = (survival > 0) & (survival < 1)
    sizes = (survival * (1 - survival))[inside] / error[inside] ** 2
    assert sizes.max() <= 31 * (1 + ALGEBRA)
    assert sizes.min() < 25


@pytest.mark.parametrize(
    ("interval", "sizes", "fits"),
    [
        (SHORT, range(1, 32), (Fit(13, 11, ("plain",)),)),
        (RESPONDERS, range(1, 32), ()),
        (LONG, range(1, 32), ()),
        (printed_interval("44%", "21%", "67%"), range(1, 32), (Fit(18, 8, ("plain",)),)),
    ],
)
def test_counts_behind_the_intervals_of_the_main_study(interval, sizes, fits):
    assert fitting_counts(interval, sizes) == fits


def test_a_fit_is_said_as_a_count():
    assert str(Fit(18, 8, ("plain",))) == "8 of 18"


def test_sizes_of_many_patients_are_not_tried():
    assert fitting_counts(printed_interval("50%", "49%", "51%"), range(MOST_COUNTED + 1, MOST_COUNTED + 20)) == ()


@given(st.integers(1, 60), st.data())
def test_the_interval_of_clopper_and_pearson_is_recognised(n, data):
    count = data.draw(st.integers(0, n))
    lower, upper = clopper_pearson(count, n)
    texts = [f"{100 * float(x):.1f}%" for x in (count / n, lower, upper)]
    interval = printed_interval(texts[0], texts[1], texts[2])
    assert is_clopper_pearson(interval, count, n)
    assert CLOPPER_PEARSON in {method for fit in fitting_counts(interval, range(n, n + 1)) for method in fit.methods}


@given(st.integers(2, 40), st.data())
def test_another_interval_is_not_that_of_clopper_and_pearson(n, data):
    count = data.draw(st.integers(1, n - 1))
    lower, upper = (float(x) for x in clopper_pearson(count, n))
    moved = PrintedInterval(Window(0, 1), Window(lower + 0.011, lower + 0.021), Window(upper, upper), 0.95)
    assert not is_clopper_pearson(moved, count, n)


@pytest.mark.parametrize(
    ("relation", "bounds"),
    [("<=", Bounds(16, 30)), ("<", Bounds(1, 15)), (">", Bounds(1, 15)), (">=", Bounds(16, 30))],
)
def test_sizes_at_the_cut_of_the_main_study(relation, bounds):
    assert size_at_cut(31, relation, 38.0, median=38.0, lowest=7.0, highest=151.0) == bounds


@pytest.mark.parametrize("n", [1, 2, 3, 4, 5])
@pytest.mark.parametrize("relation", ["<", "<=", ">", ">="])
@pytest.mark.parametrize("cut", [1, 2, 3])
def test_sizes_at_a_cut_are_the_tightest_bounds(n, relation, cut):
    compare = {"<": np.less, "<=": np.less_equal, ">": np.greater, ">=": np.greater_equal}[relation]
    sizes: dict[tuple[float, int, int], list[int]] = {}
    for times in itertools.combinations_with_replacement(range(5), n):
        summary = float(np.median(times)), min(times), max(times)
        sizes.setdefault(summary, []).append(int(compare(times, cut).sum()))
    for (median, lowest, highest), found in sizes.items():
        bounds = size_at_cut(n, relation, float(cut), median=median, lowest=lowest, highest=highest)
        assert bounds.least <= min(found)
        assert max(found) <= bounds.most


@pytest.mark.parametrize("n", [4, 5, 31])
@pytest.mark.parametrize("relation", ["<", "<=", ">", ">="])
def test_sizes_without_ties(n, relation):
    times = np.arange(n) - (n - 1) / 2
    compare = {"<": np.less, "<=": np.less_equal, ">": np.greater, ">=": np.greater_equal}[relation]
    assert size_without_ties(n, relation) == compare(times, 0.0).sum()


def test_the_whole_is_the_mean_of_its_parts():
    found = mean_of_parts((26, 5), (Window(0.735, 0.745), Window(0.0, 0.0)))
    assert found == Window(pytest.approx(26 / 31 * 0.735), pytest.approx(26 / 31 * 0.745))


def censored_parts(complete_second: bool) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Survival at one year in a part of 26, in another of 5 and in both, of 3,000 cohorts with early censoring."""
    rng = np.random.default_rng(20230702)
    shape = (3000, 31)
    first = np.broadcast_to(np.arange(31) < 26, shape)
    time = np.where(first, rng.exponential(1200.0, shape), rng.uniform(0.0, 360.0, shape))
    lost = rng.exponential(400.0, shape)
    if complete_second:
        lost = np.where(first, lost, np.inf)
    seen, died = np.ceil(np.minimum(time, lost) / 10) * 10, time <= lost
    one, other, both = (survival_at(seen, died, DAY, among)[0] for among in (first, ~first, np.ones(shape, dtype=bool)))
    return one, other, both


def test_the_whole_is_at_most_its_better_part_when_all_of_the_other_died():
    one, other, both = censored_parts(complete_second=True)
    assert np.all(other == 0)
    assert np.all(both <= 26 / 31 * one + ALGEBRA)
    assert np.mean(both < 26 / 31 * one - 0.02) > 0.5


def test_the_whole_is_at_least_the_product_of_its_parts():
    one, other, both = censored_parts(complete_second=False)
    assert np.all(both >= one * other - ALGEBRA)


@pytest.mark.parametrize(
    ("whole", "complete", "possible"), [(0.66, True, False), (0.66, False, True), (0.59, True, True)]
)
def test_what_follow_up_can_do_to_a_whole(whole, complete, possible):
    parts = Window(0.735, 0.745), Window(0.0, 0.0)
    printed, mean = Window(whole - 0.005, whole + 0.005), mean_of_parts((26, 5), parts)
    assert is_possible(printed, parts, mean, one_part_is_complete=complete) is possible


def test_a_whole_below_the_product_of_its_parts_is_impossible():
    parts = Window(0.795, 0.805), Window(0.695, 0.705)
    mean = mean_of_parts((10, 10), parts)
    assert not is_possible(Window(0.545, 0.55), parts, mean, one_part_is_complete=False)
    assert is_possible(Window(0.555, 0.565), parts, mean, one_part_is_complete=False)


@pytest.mark.parametrize(
    ("sizes", "survival", "losses"),
    [
        ((26, 5), (Window(0.735, 0.745), Window(0.0, 0.0)), (0, 5)),
        ((13, 18), (Window(0.845, 0.855), Window(0.435, 0.445)), (0, 2)),
        ((16, 15), (Window(0.845, 0.855), Window(0.435, 0.445)), (0, 7)),
        ((15, 16), (Window(0.435, 0.445), Window(0.845, 0.855)), (1, 7)),
        ((10, 10), (Window(0.7, 0.7), Window(0.7, 0.7)), None),
    ],
)
def test_losses_at_the_start_that_explain_a_whole_of_59_percent(sizes, survival, losses):
    assert lost_at_once(Window(0.585, 0.595), sizes, survival) == losses


def test_swaps_keep_the_digits():
    texts = ("44%", "27%", "61%")
    ways = swapped(texts)
    assert ("44%", "21%", "67%") in ways
    assert len(set(ways)) == len(ways) == 14
    assert all(sorted("".join(way)) == sorted("".join(texts)) for way in ways)
    assert texts not in ways


@given(st.integers(1, 40), st.integers(1, 40), st.data())
def test_the_difference_of_two_counts_has_the_p_value_of_chi_square(n, m, data):
    a, b = data.draw(st.integers(0, n)), data.draw(st.integers(0, m))
    if 0 < a + b < n + m:
        table = [[a, n - a], [b, m - b]]
        z, p = p_of_difference(a / n, n, b / m, m)
        assert p == pytest.approx(chi2_contingency(table, correction=False).pvalue, abs=ALGEBRA)
        assert p == pytest.approx(2 * NormalDist().cdf(-abs(z)), abs=ALGEBRA)


def test_two_groups_without_events_do_not_differ():
    assert p_of_difference(1.0, 5, 1.0, 7) == (0.0, 1.0)
