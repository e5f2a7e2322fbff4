"""What must hold of every estimator, over one table of them, and of single ones on any cohort."""

import subprocess
import sys
from collections.abc import Callable
from statistics import NormalDist

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from numpy.testing import assert_allclose

from hscb_bayes.estimators import (
    aalen_johansen,
    cox,
    fine_gray,
    gray,
    illness_death,
    kaplan_meier,
    landmark,
    logrank,
    nelson_aalen,
    rank_correlation,
    restricted_mean,
)

ALGEBRA = 1e-10
FALSE_ALARM = 1e-6
DAY = 20.0


def of_states(estimator, c, among):
    """States first, as batch axes come last in this file."""
    return np.moveaxis(np.asarray(estimator(c["status"], c["time"], c["cause"] > 0, DAY, among)), -1, 0)


ESTIMATORS: dict[str, Callable[..., object]] = {
    "survival": lambda c, among: kaplan_meier.survival_at(c["time"], c["cause"] > 0, DAY, among),
    "median": lambda c, among: kaplan_meier.quantile(c["time"], c["cause"] > 0, among),
    "cumulative hazard": lambda c, among: nelson_aalen.cumulative_hazard_at(c["time"], c["cause"] > 0, DAY, among),
    "incidence": lambda c, among: aalen_johansen.incidence_at(c["time"], c["cause"], DAY, among),
    "median incidence": lambda c, among: aalen_johansen.quantile(c["time"], c["cause"], among, 0.25),
    "log-rank": lambda c, among: logrank.logrank(c["time"], c["cause"] > 0, c["x"] > 0.5, among),
    "Cox score": lambda c, among: cox.score_test(c["time"], c["cause"] == 1, c["x"], among),
    "Cox of two groups": lambda c, among: cox.two_groups(c["time"], c["cause"] == 1, c["x"] > 0.0, among),
    "Fine-Gray score": lambda c, among: fine_gray.score_test(c["time"], c["cause"], c["x"], among),
    "Gray": lambda c, among: gray.gray(c["time"], c["cause"], c["x"] > 0.0, among),
    "restricted mean": lambda c, among: restricted_mean.restricted_mean(c["time"], c["cause"] > 0, DAY, among),
    "occupancy": lambda c, among: of_states(illness_death.occupancy_at, c, among),
    "time in states": lambda c, among: of_states(illness_death.time_in_states, c, among),
    "Spearman": lambda c, among: rank_correlation.spearman(c["x"], c["time"], among),
    "landmark": lambda c, among: landmark.landmark_survival(c["time"], c["cause"] > 0, c["status"], 5.0, DAY, among),
}
over_estimators = pytest.mark.parametrize("estimator", ESTIMATORS.values(), ids=ESTIMATORS)


def tied_cohorts(rng, shape):
    """Cohorts with many ties, censoring, time 0, and two causes that happen on the same day."""
    status = np.where(rng.random(shape) < 0.5, rng.integers(0, 20, shape), np.inf)
    return {
        "time": np.floor(rng.exponential(15.0, shape)),
        "cause": rng.integers(0, 3, shape),
        "x": np.round(rng.normal(size=shape), 1),
        "status": status,
    }


@over_estimators
def test_a_batch_gives_what_a_loop_gives(estimator, rng):
    batch = tied_cohorts(rng, (3, 4, 31))
    among = rng.random((3, 4, 31)) < 0.7
    found = np.asarray(estimator(batch, among))
    for i, j in np.ndindex(3, 4):
        alone = estimator({name: values[i, j] for name, values in batch.items()}, among[i, j])
        assert_allclose(found[..., i, j], np.asarray(alone), rtol=ALGEBRA)


@over_estimators
def test_the_order_of_the_patients_does_not_matter(estimator, rng):
    batch = tied_cohorts(rng, (50, 31))
    order = rng.permutation(31)
    shuffled = {name: values[:, order] for name, values in batch.items()}
    assert_allclose(estimator(shuffled, None), estimator(batch, None), rtol=ALGEBRA, atol=ALGEBRA)


@over_estimators
def test_patients_outside_might_as_well_not_exist(estimator, rng):
    batch = tied_cohorts(rng, (50, 31))
    among = np.arange(31) % 3 > 0
    left = {name: values[:, among] for name, values in batch.items()}
    assert_allclose(estimator(batch, among), estimator(left, None), rtol=ALGEBRA, atol=ALGEBRA)


@over_estimators
def test_patients_outside_need_no_time(estimator, rng):
    batch = tied_cohorts(rng, (50, 31))
    among = np.arange(31) % 3 > 0
    unknown = batch | {"time": np.where(among, batch["time"], np.nan)}
    assert_allclose(estimator(unknown, among), estimator(batch, among), rtol=ALGEBRA)


@over_estimators
def test_an_empty_group_is_undefined(estimator, rng):
    batch = tied_cohorts(rng, (5, 31))
    among = np.arange(5)[:, np.newaxis] != 2
    undefined = np.isnan(np.asarray(estimator(batch, among)))
    assert undefined[..., 2].all()
    assert not undefined[..., [0, 1, 3, 4]].any()


@over_estimators
def test_a_time_that_is_nan_is_refused(estimator, rng):
    batch = tied_cohorts(rng, (5, 31))
    batch["time"][3, 7] = np.nan
    with pytest.raises(
        ValueError, match=r"^(time|last_day): a patient inside 'among' has the time nan; give each such patient"
    ):
        estimator(batch, None)


times = arrays(np.float64, 12, elements=st.integers(0, 6).map(float))
causes = arrays(np.int64, 12, elements=st.integers(0, 2))
days = st.integers(-1, 8).map(float)
on_any_cohort = settings(deadline=None, derandomize=True)


@on_any_cohort
@given(times, days)
def test_without_censoring_survival_is_the_share_alive_with_binomial_variance(time, day):
    survival, error = kaplan_meier.survival_at(time, np.ones(12), day)
    share = np.mean(time > day)
    assert_allclose((survival, error**2), (share, share * (1.0 - share) / 12), atol=ALGEBRA)


@on_any_cohort
@given(times, days, st.integers(1, 2))
def test_without_censoring_incidence_is_the_share_affected_with_binomial_variance(time, day, cause):
    which = np.arange(12) % 2 + 1
    incidence, error = aalen_johansen.incidence_at(time, which, day, None, cause)
    share = np.mean((time <= day) & (which == cause))
    assert_allclose((incidence, error**2), (share, share * (1.0 - share) / 12), atol=ALGEBRA)


@on_any_cohort
@given(times, causes, days)
def test_incidences_and_event_free_survival_sum_to_one(time, cause, day):
    parts = [aalen_johansen.incidence_at(time, cause, day, None, k)[0] for k in (1, 2)]
    assert_allclose(sum(parts) + kaplan_meier.survival_at(time, cause > 0, day)[0], 1.0, atol=ALGEBRA)


@on_any_cohort
@given(times, causes, days)
def test_with_one_cause_incidence_is_one_minus_survival(time, cause, day):
    survival, greenwood = kaplan_meier.survival_at(time, cause > 0, day)
    found = aalen_johansen.incidence_at(time, cause > 0, day)
    assert_allclose(found, (1.0 - survival, greenwood), atol=1e-7)  # roots of variances near 0
    assert_allclose(found[1] ** 2, greenwood**2, atol=ALGEBRA)


@on_any_cohort
@given(times, causes, st.sampled_from(["plain", "log", "log-log", "logit", "arcsin"]))
def test_with_one_cause_the_median_incidence_is_the_median_survival(time, cause, scale):
    by_survival = kaplan_meier.quantile(time, cause > 0, None, 0.5, 0.9, scale)
    assert_allclose(aalen_johansen.quantile(time, cause > 0, None, 0.5, 0.9, scale), by_survival, rtol=ALGEBRA)


@on_any_cohort
@given(times, causes, days)
def test_incidence_variance_is_the_sum_of_squared_influences(time, cause, day):
    """Influence of a patient, straight from the definition: the derivative of F by the patient's weight."""

    def incidence(weight):
        survival, total = 1.0, 0.0
        for t in np.unique(time[time <= day]):
            at_risk = weight[time >= t].sum()
            total += survival * weight[(time == t) & (cause == 1)].sum() / at_risk
            survival *= 1.0 - weight[(time == t) & (cause > 0)].sum() / at_risk
        return total

    tiny = 1e-30
    influence = [np.imag(incidence(np.ones(12) + 1j * tiny * (np.arange(12) == i))) / tiny for i in range(12)]
    _, error = aalen_johansen.incidence_at(time, cause, day)
    assert_allclose(error**2, np.sum(np.square(influence)), atol=ALGEBRA)


statuses = arrays(np.float64, 12, elements=st.integers(0, 9).map(lambda day: float(day) if day < 7 else np.inf))


@on_any_cohort
@given(statuses, times, st.integers(0, 8).map(float))
def test_occupancy_of_nobody_censored_is_the_shares(status, time, day):
    found, error = illness_death.occupancy_at(status, time, np.ones(12), day)
    alive, responded = time > day, (status <= day) & (status < time)
    shares = np.array([np.mean(alive & ~responded), np.mean(alive & responded), np.mean(~alive)])
    assert_allclose(found, shares, atol=ALGEBRA)
    assert_allclose(error**2, shares * (1.0 - shares) / 12, atol=ALGEBRA)


@on_any_cohort
@given(statuses, times, causes, days)
def test_two_states_together_are_survival_where_nobody_responds(status, time, cause, day):
    found, error = illness_death.occupancy_at(np.full(12, np.inf), time, cause > 0, day)
    survival, greenwood = kaplan_meier.survival_at(time, cause > 0, day)
    assert_allclose(found, [survival, 0.0, 1.0 - survival], atol=ALGEBRA)
    assert_allclose(error**2, [greenwood**2, 0.0, greenwood**2], atol=ALGEBRA)
    days_lived, of_days = illness_death.time_in_states(np.full(12, np.inf), time, cause > 0, 8.0)
    assert_allclose((days_lived[0], of_days[0]), restricted_mean.restricted_mean(time, cause > 0, 8.0), atol=1e-7)


@on_any_cohort
@given(statuses, times, causes, st.integers(0, 8).map(float), st.booleans())
def test_occupancy_error_is_the_sum_of_squared_influences(status, time, cause, day, responded):
    """Influence of a patient, straight from the definition: the derivative of the shares by the patient's weight."""
    moved, since = status < time, 1.0
    first = np.where(moved, status, time)

    def shares(weight):
        p = np.array([0.0 if responded else 1.0, 1.0 if responded else 0.0, 0.0]) + 0j
        for t in np.unique(np.concatenate([first, time])):
            if not since < t <= day:
                continue
            waiting, alive = first >= t, moved & (first < t) & (time >= t)
            fraction = [
                weight[event & (at == t) & risk].sum() / (weight[risk].sum() if risk.any() else 1.0)
                for event, at, risk in (
                    (moved, first, waiting), (~moved & (cause > 0), first, waiting), (cause > 0, time, alive),
                )
            ]  # fmt: skip
            respond, die, die_later = p[0] * fraction[0], p[0] * fraction[1], p[1] * fraction[2]
            p = p + np.array([-respond - die, respond - die_later, die + die_later])
        return p

    tiny = 1e-30
    influence = [np.imag(shares(np.ones(12) + 1j * tiny * (np.arange(12) == i))) / tiny for i in range(12)]
    found, error = illness_death.occupancy_at(status, time, cause > 0, day, since=since, responded=responded)
    assert_allclose(found, np.real(shares(np.ones(12) + 0j)), atol=ALGEBRA)
    assert_allclose(error**2, np.sum(np.square(influence), axis=0), atol=ALGEBRA)


def test_gray_of_one_cause_and_of_the_swapped_groups(rng):
    """Without the other cause it is close to a log-rank test, and labels do not matter."""
    time, group = rng.exponential(10.0, 400), np.arange(400) % 2
    event = (rng.random(400) < 0.7).astype(int)
    chi_square, p = gray.gray(time, event, group)
    assert_allclose(gray.gray(time, event, np.where(group == 0, "b", "a")), (chi_square, p), rtol=ALGEBRA)
    assert_allclose(chi_square, logrank.logrank(time, event, group == 0)[0], rtol=0.05, atol=0.02)


def test_gray_holds_its_level(rng):
    """Three groups alike, with losses and a competing cause: as many small P values as there should be."""
    time, cause = np.ceil(rng.exponential(20.0, (2000, 60))), rng.integers(0, 3, (2000, 60))
    _, p = gray.gray(time, cause, np.arange(60) % 3)
    assert_allclose([np.mean(p < 0.1), np.mean(p < 0.5)], [0.1, 0.5], atol=0.05)


@on_any_cohort
@given(times, causes)
def test_the_curve_holds_what_survival_at_each_day_gives(time, cause):
    steps = kaplan_meier.curve(time, cause > 0)
    found = [kaplan_meier.survival_at(time, cause > 0, day) for day in steps.times]
    assert_allclose(np.transpose(found), (steps.survival, steps.standard_error), atol=ALGEBRA)


@on_any_cohort
@given(times, causes)
def test_the_curve_counts_every_patient_and_event_once(time, cause):
    steps = kaplan_meier.curve(time, cause > 0)
    assert steps.times.tolist() == np.unique(time).tolist()
    assert steps.at_risk.tolist() == [np.sum(time >= t) for t in steps.times]
    assert steps.events.tolist() == [np.sum((time == t) & (cause > 0)) for t in steps.times]


def test_without_ties_the_squared_cox_score_of_two_groups_is_the_logrank(rng):
    time, event, group = rng.random((200, 31)), rng.random((200, 31)) < 0.7, rng.random((200, 31)) < 0.5
    chi_square, _ = logrank.logrank(time, event, group)
    assert_allclose(cox.score_test(time, event, group) ** 2, chi_square, rtol=ALGEBRA)


def test_without_competing_events_fine_and_gray_fit_what_cox_fits(rng):
    time, event, x = rng.random(60), rng.random(60) < 0.7, rng.normal(size=(2, 60))
    assert_allclose(fine_gray.fit(time, event, x).coefficients, cox.fit(time, event, x).coefficients, rtol=ALGEBRA)


@pytest.mark.parametrize("name", ["Cox score", "Fine-Gray score"])
def test_a_score_does_not_depend_on_the_origin_or_unit_of_the_covariate(name, rng):
    batch = tied_cohorts(rng, (50, 31))
    moved = batch | {"x": 1000.0 + 7.0 * batch["x"]}
    assert_allclose(ESTIMATORS[name](moved, None), ESTIMATORS[name](batch, None), rtol=1e-9)


@pytest.mark.parametrize("name", ["Cox score", "Fine-Gray score"])
def test_a_score_is_positive_where_a_larger_covariate_comes_first(name):
    time = np.arange(1.0, 21.0)
    cohort = {"time": time, "cause": np.tile([1, 1, 0, 2], 5), "x": -time + 3.0 * np.cos(time)}
    assert ESTIMATORS[name](cohort, None) > 1.0


@pytest.mark.parametrize("name", ["Cox score", "Fine-Gray score", "log-rank", "Spearman"])
def test_a_test_without_contrast_is_undefined(name, rng):
    batch = tied_cohorts(rng, (50, 31)) | {"x": np.full((50, 31), 38.1)}
    assert np.isnan(np.asarray(ESTIMATORS[name](batch, None))).all()


@pytest.mark.parametrize("name", ["Cox score", "Fine-Gray score"])
def test_a_score_is_undefined_where_all_at_risk_are_alike(name, rng):
    """Whoever differs is censored before the first event; what is left of the variance is rounding."""
    time = np.tile(np.arange(12.0), (200, 1))
    cause = np.tile([0, 0] + [1] * 10, (200, 1))
    x = np.where(time < 2, rng.normal(size=time.shape), rng.normal(size=(200, 1)))
    assert np.isnan(np.asarray(ESTIMATORS[name]({"time": time, "cause": cause, "x": x}, None))).all()


def test_complete_follow_up_keeps_every_competing_event_in_the_risk_set():
    """Without censoring the weights are 1: competing events move to infinity and Cox's information remains."""
    time = np.array([1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 7.0, 8.0])
    cause, x = np.array([1, 2, 1, 2, 1, 1, 2, 1]), np.array([[0.3, 1.0, 2.0, 0.0, 1.5, 0.2, 0.7, 1.1]])
    moved = np.where(cause == 2, np.inf, time)
    assert_allclose(
        fine_gray.fit(time, cause, x).coefficients, cox.fit(moved, cause == 1, x).coefficients, rtol=ALGEBRA
    )


def two_causes(rng, shape):
    """Response at rate 0.05, death at 0.02, censoring at 0.01 a day; incidence is closed form."""
    response, death, end = (rng.exponential(mean, shape) for mean in (20.0, 50.0, 100.0))
    time = np.minimum(np.minimum(response, death), end)
    return time, np.where(time == end, 0, np.where(time == response, 1, 2))


def test_incidence_averages_to_the_true_incidence(rng):
    time, cause = two_causes(rng, (20_000, 31))
    found, _ = aalen_johansen.incidence_at(time, cause, 10.0)
    truth = 0.05 / 0.07 * (1.0 - np.exp(-0.7))
    z = (found.mean() - truth) / (found.std(ddof=1) / np.sqrt(found.size))
    assert abs(z) < NormalDist().inv_cdf(1.0 - FALSE_ALARM / 2.0)


@pytest.mark.parametrize("name", ["Cox score", "Fine-Gray score"])
def test_a_score_averages_to_zero_where_the_covariate_means_nothing(name, rng):
    time, cause = two_causes(rng, (20_000, 31))
    z = np.asarray(ESTIMATORS[name]({"time": time, "cause": cause, "x": rng.normal(size=time.shape)}, None))
    assert abs(z.mean()) / (z.std(ddof=1) / np.sqrt(z.size)) < NormalDist().inv_cdf(1.0 - FALSE_ALARM / 2.0)


def test_importing_every_estimator_loads_neither_scipy_nor_pandas():
    modules = "aalen_johansen,cox,fine_gray,intervals,kaplan_meier,landmark,logrank,nelson_aalen,order_statistics"
    command = f"import sys; from hscb_bayes.estimators import {modules},p_values,rank_correlation; print(*sys.modules)"
    loaded = subprocess.run([sys.executable, "-c", command], check=True, capture_output=True, text=True).stdout.split()
    assert {"scipy", "pandas", "xarray", "pymc"}.isdisjoint(loaded)
