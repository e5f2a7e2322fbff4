"""What estimators take: labels of any kind, events, times that rounding has touched; the rest is refused."""

import numpy as np
import pandas as pd
import pytest
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
from hscb_bayes.estimators.fisher_exact import fisher_exact
from hscb_bayes.estimators.intervals import clopper_pearson, proportion_interval, wilson
from hscb_bayes.estimators.order_statistics import order_statistic_ranks
from hscb_bayes.estimators.p_values import chi_square_p_value, normal_deviate, normal_p_value

TIME, EVENT, CAUSE, X = [3.0, 1.0, 2.0, 4.0, 6.0, 5.0], [1, 0, 1, 1, 0, 1], [1, 0, 2, 1, 0, 1], [1, 0, 0, 1, 1, 0]
TWO = np.array(["A", "B", "A", "B", "A", "B"])
THREE = np.array(["A", "B", "C", "A", "B", "C"])
NEVER = [np.inf, 0.5, np.inf, 2.0, 5.0, np.inf]

OF_EVENTS = {
    "survival": lambda event: kaplan_meier.survival_at(TIME, event, 4.0),
    "curve": lambda event: kaplan_meier.curve(TIME, event),
    "median": lambda event: kaplan_meier.quantile(TIME, event),
    "cumulative hazard": lambda event: nelson_aalen.cumulative_hazard_at(TIME, event, 4.0),
    "restricted mean": lambda event: restricted_mean.restricted_mean(TIME, event, 4.0),
    "log-rank": lambda event: logrank.logrank(TIME, event, TWO),
    "Cox score": lambda event: cox.score_test(TIME, event, X),
    "Cox": lambda event: cox.fit(TIME, event, [X]),
    "Cox of two groups": lambda event: cox.two_groups(TIME, event, TWO[0] == TWO),
    "occupancy": lambda event: illness_death.occupancy_at(NEVER, TIME, event, 4.0),
    "days in states": lambda event: illness_death.time_in_states(NEVER, TIME, event, 4.0),
    "landmark": lambda event: landmark.landmark_survival(TIME, event, NEVER, 1.0, 4.0),
}
OF_CAUSES = {
    "incidence": lambda cause: aalen_johansen.incidence_at(TIME, cause, 4.0),
    "median": lambda cause: aalen_johansen.quantile(TIME, cause),
    "Gray": lambda cause: gray.gray(TIME, cause, TWO),
    "Fine-Gray score": lambda cause: fine_gray.score_test(TIME, cause, X),
    "Fine-Gray": lambda cause: fine_gray.fit(TIME, cause, [X]),
}


@pytest.mark.parametrize("estimator", OF_EVENTS.values(), ids=OF_EVENTS)
@pytest.mark.parametrize(
    ("event", "found"), [([1, 2, 1, 1, 2, 1], "2"), ([0, 1, 0.5, 1, 0, 1], "0.5"), ([0, 1, -1, 1, 0, 1], "-1")]
)
def test_events_that_are_not_0_and_1_are_refused(estimator, event, found):
    with pytest.raises(ValueError, match=rf"required booleans, or 0 and 1, found {found}; for R's codes 1 and 2 give"):
        estimator(event)


@pytest.mark.parametrize("estimator", OF_EVENTS.values(), ids=OF_EVENTS)
@pytest.mark.parametrize("event", [[1, 0, np.nan, 1, 0, 1], ["1", "0", "1", "1", "0", "1"], [1, 0, None, 1, 0, 1]])
def test_events_that_are_missing_or_text_are_refused(estimator, event):
    with pytest.raises(ValueError, match=r"^(event|died): required"):
        estimator(event)


@pytest.mark.parametrize("estimator", OF_EVENTS.values(), ids=OF_EVENTS)
def test_events_may_be_booleans_floats_or_a_column(estimator):
    expected = estimator(np.array(EVENT, dtype=bool))
    for event in (EVENT, np.array(EVENT, dtype=float), pd.Series(EVENT), pd.array(EVENT, dtype="Int64")):
        for mine, theirs in zip(np.atleast_1d(estimator(event)), np.atleast_1d(expected), strict=True):
            assert str(mine) == str(theirs)


@pytest.mark.parametrize("estimator", OF_CAUSES.values(), ids=OF_CAUSES)
@pytest.mark.parametrize("wrong", [0.5, -1, np.nan, np.inf])
def test_causes_that_are_no_whole_numbers_are_refused(estimator, wrong):
    with pytest.raises(ValueError, match=r"^cause: required whole numbers, 0 for no event, found"):
        estimator([1, 0, wrong, 1, 0, 1])


LABELS = {
    "strings": ["new", "old", "new", "old", "new", "old"],
    "codes 1 and 2": [1, 2, 1, 2, 1, 2],
    "negative codes": [5, -3, 5, -3, 5, -3],
    "booleans": [True, False, True, False, True, False],
    "objects": np.array(["A", 1, "A", 1, "A", 1], dtype=object),
    "categories": pd.Categorical(["b", "a", "b", "a", "b", "a"]),
    "a column": pd.Series(["b", "a", "b", "a", "b", "a"], dtype="string"),
}


@pytest.mark.parametrize("label", LABELS.values(), ids=LABELS)
@pytest.mark.parametrize(
    "test", [lambda group: logrank.logrank(TIME, EVENT, group), lambda group: gray.gray(TIME, CAUSE, group)]
)
def test_groups_may_have_any_labels(test, label):
    assert_allclose(test(label), test(TWO), rtol=1e-12)
    assert np.isfinite(test(TWO)).all()


@pytest.mark.parametrize("label", [["A", None, "A", "B", "A", "B"], [1.0, np.nan, 1.0, 2.0, 1.0, 2.0]])
def test_a_missing_label_is_refused(label):
    with pytest.raises(ValueError, match=r"^group: required a label for each patient, found"):
        logrank.logrank(TIME, EVENT, label)


def test_the_logrank_test_of_a_batch_is_that_of_each_cohort(rng):
    shape = (20, 40)
    time, event = np.floor(rng.exponential(9.0, shape)), rng.random(shape) < 0.7
    group, stratum = rng.integers(0, 4, shape), rng.integers(0, 3, shape)
    for rho in (0.0, 1.0):
        found = np.transpose(logrank.logrank(time, event, group, strata=stratum, rho=rho))
        each = [
            logrank.logrank(*cohort, strata=own, rho=rho)
            for *cohort, own in zip(time, event, group, stratum, strict=True)
        ]
        assert_allclose(found, np.array(each), rtol=1e-9)


def test_a_group_in_which_no_event_is_expected_plays_no_part():
    """As in R, whose degrees of freedom are of the groups in which events are expected."""
    time, event, group = [*TIME, 0.5, 0.6], [*EVENT, 0, 0], [*TWO, "C", "C"]
    assert_allclose(logrank.logrank(time, event, group), logrank.logrank(TIME, EVENT, TWO), rtol=1e-12)


def test_one_group_has_nothing_to_compare():
    assert np.isnan(logrank.logrank(TIME, EVENT, ["A"] * 6)).all()


def test_efron_scores_are_breslows_without_ties():
    assert cox.score_test(TIME, EVENT, X, ties="efron") == pytest.approx(
        float(cox.score_test(TIME, EVENT, X)), rel=1e-12
    )


def test_efron_by_hand():
    """Two tied deaths of three patients at x = 1, 0, 0: means 1/3 and then (1 - 1/2) / (3 - 1)."""
    z = cox.score_test([1, 1, 2], [1, 1, 0], [1, 0, 0], ties="efron")
    score = 1.0 - 1 / 3 - 0.25
    assert z == pytest.approx(score / np.sqrt(1 / 3 - 1 / 9 + 0.25 - 1 / 16), rel=1e-12)


TOUCHED = {
    "0.3 and 0.1 + 0.2": (0.3, 0.1 + 0.2),
    "a difference of 1e-12": (5.0, 5.0 + 1e-12),
    "a relative difference of 1e-15": (1e6, 1e6 * (1 + 1e-15)),
}
OF_TIMES = {
    "survival": lambda t, day: kaplan_meier.survival_at(t, [1, 1, 0, 1, 1, 0], day),
    "at risk": lambda t, day: kaplan_meier.number_at_risk(t, day),
    "median": lambda t, day: kaplan_meier.quantile(t, [1, 1, 0, 1, 1, 0]),
    "incidence": lambda t, day: aalen_johansen.incidence_at(t, [1, 2, 0, 1, 2, 0], day),
    "cumulative hazard": lambda t, day: nelson_aalen.cumulative_hazard_at(t, [1, 1, 0, 1, 1, 0], day),
    "log-rank": lambda t, day: logrank.logrank(t, [1, 1, 0, 1, 1, 0], TWO),
    "Gray": lambda t, day: gray.gray(t, [1, 2, 0, 1, 2, 0], TWO),
    "Cox score": lambda t, day: cox.score_test(t, [1, 1, 0, 1, 1, 0], X),
    "Fine-Gray score": lambda t, day: fine_gray.score_test(t, [1, 2, 0, 1, 2, 0], X),
    "occupancy": lambda t, day: illness_death.occupancy_at([t[1], *[np.inf] * 5], t, [1, 1, 0, 1, 1, 0], day),
    "landmark": lambda t, day: landmark.landmark_survival(t, [1, 1, 0, 1, 1, 0], [t[1]] * 6, day, 9 * day),
}


@pytest.mark.parametrize("pair", TOUCHED.values(), ids=TOUCHED)
@pytest.mark.parametrize("estimator", OF_TIMES.values(), ids=OF_TIMES)
def test_times_that_rounding_tells_apart_are_tied(estimator, pair):
    """As R's ``timefix``; also where the day that is asked for is the other one of the two."""
    day, touched = pair
    tied = np.array([day, day, day, 2 * day, 2 * day, 3 * day])
    expected = np.array(estimator(tied, day))
    for times in (
        [touched, day, touched, 2 * day, 2 * day, 3 * day],
        [day, touched, day, 2 * day, 2 * touched, 3 * day],
    ):
        for asked in (day, touched):
            assert_allclose(np.array(estimator(np.array(times), asked)), expected, rtol=1e-12)


@pytest.mark.parametrize("factor", [1e-6, 1.0 / 365.25, 1e6])
@pytest.mark.parametrize("ties", ["breslow", "efron"])
def test_a_regression_does_not_depend_on_units(factor, ties, rng):
    time, x = np.floor(rng.exponential(200.0, 80)) + 1.0, rng.normal(size=(2, 80))
    cause = rng.integers(0, 3, 80)
    units = np.array([factor, 1.0])
    for fit in (lambda t, z: cox.fit(t, cause == 1, z, ties=ties), lambda t, z: fine_gray.fit(t, cause, z)):
        one, other = fit(time, x), fit(time / 365.25, x * units[:, np.newaxis])
        assert_allclose(other.coefficients * units, one.coefficients, rtol=1e-9)
        assert_allclose(other.covariance * np.outer(units, units), one.covariance, rtol=1e-8)


def test_a_regression_with_a_far_off_patient_finds_its_maximum(rng):
    time, x = rng.exponential(20.0, 60), rng.normal(size=(1, 60))
    x[0, 7] = 40.0
    found = cox.fit(time, np.ones(60), x)
    assert np.abs(cox.score_test(time, np.ones(60), x[0])) < 10.0
    assert np.isfinite(found.coefficients).all()


@pytest.mark.parametrize(
    "fit", [lambda t, e, x, **k: cox.fit(t, e, x, **k), lambda t, e, x, **k: fine_gray.fit(t, e, x, **k)]
)
def test_what_a_regression_cannot_estimate_is_named(fit, rng):
    time, event, age = np.arange(1.0, 21.0), np.ones(20), rng.normal(size=20)
    names = ["age", "score"]
    with pytest.raises(ValueError, match=r"^x: score is constant; leave it out$"):
        fit(time, event, [age, np.full(20, 38.1)], names=names)
    with pytest.raises(ValueError, match=r"^x: score is a combination of the covariates before it; leave it out$"):
        fit(time, event, [age, 3.0 - 1e6 * age], names=names)
    with pytest.raises(ValueError, match=r"^x: separated: the estimate is infinite; score orders the events"):
        fit(time, event, [age, -time], names=names)
    with pytest.raises(ValueError, match=r"^x: separated: the estimate is infinite; covariate 1 orders the events"):
        fit(time, np.repeat([1, 0], 10), [np.repeat([1, 0], 10)])
    with pytest.raises(ValueError, match=r"^event: nobody has an event"):
        fit(time, np.zeros(20), [age])


CALLS = {
    "text for times": (lambda: kaplan_meier.survival_at(["a", "b"], [1, 0], 1.0), "time: required numbers, found 'a'"),
    "no patient": (lambda: kaplan_meier.survival_at([], [], 1.0), "time: required the times of at least one patient"),
    "one number for times": (lambda: kaplan_meier.survival_at(3.0, 1, 1.0), "time: required the times of at least one"),
    "dates": (
        lambda: kaplan_meier.survival_at(np.array(["2021-01-01"], dtype="datetime64[D]"), [1], 1.0),
        "time: required numbers, found",
    ),
    "too few events": (lambda: kaplan_meier.survival_at(TIME, [1, 0], 1.0), r"event: shape \(2,\) does not broadcast"),
    "a day that is text": (lambda: kaplan_meier.survival_at(TIME, EVENT, "x"), "day: required numbers, found 'x'"),
    "a day that is missing": (lambda: kaplan_meier.survival_at(TIME, EVENT, np.nan), "day: required days, found nan"),
    "an endless horizon": (lambda: restricted_mean.restricted_mean(TIME, EVENT, np.inf), "horizon: required finite"),
    "a time before all": (lambda: kaplan_meier.survival_at([-np.inf, 1], [1, 1], 1.0), "time: a patient inside"),
    "a huge covariate": (lambda: cox.score_test(TIME, EVENT, [1e308, *X[1:]]), r"x: required numbers below 1e\+100"),
    "an unknown treatment of ties": (lambda: cox.score_test(TIME, EVENT, X, ties="exact"), "ties: must be one of"),
    "covariates in one row": (lambda: cox.fit(TIME, EVENT, X), r"x: required the shape \(covariate, patient\)"),
    "a share of counts": (lambda: clopper_pearson(2.5, 10), "count: required whole numbers from 0, found 2.5"),
    "more than all": (lambda: clopper_pearson(11, 10), "count: required at most n, found 11 of 10"),
    "more than all in Fisher's": (lambda: fisher_exact(5, 4, 1, 3), "count: required at most n, found 5 of 4"),
    "a negative count": (lambda: fisher_exact(-1, 4, 1, 3), "count: required whole numbers from 0, found -1"),
    "a proportion above 1": (lambda: proportion_interval(1.2, 0.1, scale="log"), "estimate: required proportions"),
    "a negative error": (lambda: proportion_interval(0.5, -0.1, scale="log"), "standard_error: required numbers from"),
    "a level in percent": (lambda: proportion_interval(0.5, 0.1, 95, scale="log"), "level: must lie between 0 and 1"),
    "a level that is text": (lambda: wilson(2, 10, "x"), "level: required numbers, found 'x'"),
    "a rank of a broken number": (lambda: order_statistic_ranks(2.5, 0.95, "log"), "n: required a whole number"),
    "no degrees of freedom": (lambda: chi_square_p_value(1.0, 0), "statistic: required numbers from 0 and at least 1"),
    "a P value above 1": (lambda: normal_deviate(1.5), "p: required numbers from 0 to 1, found 1.5"),
    "a deviate that is text": (lambda: normal_p_value("x"), "z: required numbers, found 'x'"),
    "ragged ranks": (lambda: rank_correlation.spearman([1.0, 2.0, 3.0], [1.0, 2.0]), "x and y: required shapes that"),
    "several landmarks": (lambda: landmark.landmark_groups(TIME, NEVER, [1.0, 2.0]), "landmark: required one day"),
    "days of other cohorts": (
        lambda: kaplan_meier.number_at_risk(np.ones((2, 3)), [1.0, 2.0, 3.0]),
        r"time and day: required shapes that broadcast, found \(2,\) and \(3,\)",
    ),
    "horizons of other cohorts": (
        lambda: restricted_mean.restricted_mean(np.ones((2, 3)), np.ones((2, 3)), [1.0, 2.0, 3.0]),
        r"time and horizon: required shapes that broadcast, found \(2,\) and \(3,\)",
    ),
    "times that are masked": (
        lambda: kaplan_meier.survival_at(np.ma.array(TIME, mask=[1, 0, 0, 0, 0, 0]), EVENT, 1.0),
        "time: required values that are not masked; give what counts in 'among'",
    ),
    "events that are masked": (
        lambda: kaplan_meier.survival_at(TIME, np.ma.array(EVENT, mask=[1, 0, 0, 0, 0, 0]), 1.0),
        "event: required values that are not masked",
    ),
    "a date that is no label": (
        lambda: logrank.logrank([1.0, 2.0], [1, 1], np.array(["2021-01-01", "NaT"], dtype="datetime64[D]")),
        "group: required a label for each patient, found NaT",
    ),
    "a covariate too small to square": (
        lambda: cox.fit(TIME, EVENT, [np.array(X) * 1e-250]),
        "x: required differences of at least 1e-100 between patients, found 1e-250; give it in larger units",
    ),
    "a covariate too small for a test": (
        lambda: cox.score_test(TIME, EVENT, np.array(X) * 1e-250),
        "x: required differences of at least 1e-100",
    ),
    "rows of other lengths": (lambda: kaplan_meier.survival_at([[1.0], [1.0, 2.0]], 1, 1.0), "time: required an array"),
}


@pytest.mark.parametrize(("call", "message"), CALLS.values(), ids=CALLS)
def test_what_an_estimator_does_not_take_is_refused_in_a_sentence(call, message):
    with pytest.raises(ValueError, match=f"^{message}"):
        call()


def test_a_day_past_all_follow_up_carries_the_last_value_on():
    never = [np.inf] * 6
    assert_allclose(
        illness_death.occupancy_at(never, TIME, EVENT, np.inf)[0],
        illness_death.occupancy_at(never, TIME, EVENT, 9.0)[0],
    )
    assert_allclose(kaplan_meier.survival_at(TIME, EVENT, np.inf), kaplan_meier.survival_at(TIME, EVENT, 9.0))


def test_a_mask_that_hides_nothing_hides_nothing():
    shown = kaplan_meier.survival_at(np.ma.array(TIME, mask=False), np.ma.array(EVENT), 4.0)
    assert_allclose(shown, kaplan_meier.survival_at(TIME, EVENT, 4.0))


def test_times_of_all_strata_say_what_rounding_is():
    """R joins times before it splits them: 1 and 1 + 1e-6 are one time beside others whose mean is 100 days."""
    time, group, strata = [1.0, 1.0 + 1e-6, 2.0, 900.0, 901.0, 902.0], [0, 1, 0, 1, 0, 1], [0, 0, 0, 1, 1, 1]
    joined = [1.0, 1.0, *time[2:]]
    found = logrank.logrank(time, [1] * 6, group, strata=strata)
    assert_allclose(found, logrank.logrank(joined, [1] * 6, group, strata=strata))
