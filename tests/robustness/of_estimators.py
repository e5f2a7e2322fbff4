"""Estimators beside their definitions and beside themselves: moved, shuffled, rescaled, recoded, in batches."""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction
from typing import Any

import numpy as np

from hscb_bayes.estimators import (
    aalen_johansen,
    cox,
    fine_gray,
    fisher_exact,
    gray,
    illness_death,
    intervals,
    kaplan_meier,
    landmark,
    logrank,
    nelson_aalen,
    rank_correlation,
    restricted_mean,
)
from tests.robustness import cohorts
from tests.robustness.cohorts import Sample, sample
from tests.robustness.documents import pick
from tests.robustness.judging import demand

CLOSE = 1e-9
FITTED = 1e-6  # of fits by iteration
SCALES = ("plain", "log", "log-log", "logit", "arcsin")
Numbers = tuple[np.ndarray, ...]


def same(found: Any, expected: Any, oracle: str, *about: object, within: float = CLOSE) -> None:
    one, other = np.asarray(found, dtype=float), np.asarray(expected, dtype=float)
    holds = one.shape == other.shape and np.allclose(one, other, rtol=within, atol=within, equal_nan=True)
    demand(holds, oracle, one.tolist(), other.tolist(), *about)


def told(cohort: Sample) -> tuple[object, ...]:
    """What a reader needs to see of a cohort."""
    return cohort.step.tolist(), cohort.unit, cohort.cause.tolist(), cohort.group.tolist()


def _some(rng: np.random.Generator, cohort: Sample) -> tuple[np.ndarray, int]:
    among = rng.random(cohort.step.size) < pick(rng, (0.0, 0.5, 1.0, 1.0))
    return among, int(rng.integers(0, cohort.step.max() + 2))


def survival(rng: np.random.Generator) -> None:
    cohort = sample(rng)
    among, day = _some(rng, cohort)
    found = kaplan_meier.survival_at(cohort.time, cohort.event, day * cohort.unit, among)
    same(
        found,
        cohorts.kaplan_meier(cohort, among, day),
        "Kaplan-Meier by its definition",
        *told(cohort),
        day,
        among.tolist(),
    )


def limits(rng: np.random.Generator) -> None:
    """Around the estimate wherever 0 < S < 1, and 1 to 1 where nobody had the event."""
    cohort, scale = sample(rng), pick(rng, SCALES)
    day = int(rng.integers(0, cohort.step.max() + 2))
    estimate, error = kaplan_meier.survival_at(cohort.time, cohort.event, day * cohort.unit)
    lower, upper = intervals.proportion_interval(estimate, error, pick(rng, (0.5, 0.9, 0.95, 0.99)), scale=scale)
    about = (scale, float(estimate), float(error), float(lower), float(upper))
    if 0.0 < estimate < 1.0:
        demand(0.0 <= lower <= estimate + CLOSE and estimate - CLOSE <= upper <= 1.0, "limits around survival", *about)
    if estimate == 1.0:
        demand(lower == upper == 1.0, "limits where nobody had the event", *about)


def median(rng: np.random.Generator) -> None:
    cohort, probability, scale = sample(rng), pick(rng, ((1, 2), (1, 4), (3, 4), (1, 3))), pick(rng, SCALES)
    share = Fraction(*probability)
    found, lower, upper = kaplan_meier.quantile(cohort.time, cohort.event, None, float(share), scale=scale)
    same(
        found, cohorts.median_step(cohort, share) * cohort.unit, "quantile by its definition", *told(cohort), str(share)
    )
    outside = lower > found + CLOSE * cohort.unit or upper < found - CLOSE * cohort.unit
    demand(not outside, "limits around a quantile", float(lower), float(found), float(upper), scale, *told(cohort))


def incidence(rng: np.random.Generator) -> None:
    cohort = sample(rng)
    among, day = _some(rng, cohort)
    parts = [
        aalen_johansen.incidence_at(cohort.time, cohort.cause, day * cohort.unit, among, cause)[0] for cause in (1, 2)
    ]
    exact = [cohorts.aalen_johansen(cohort, among, day, cause) for cause in (1, 2)]
    same(parts, exact, "Aalen-Johansen by its definition", *told(cohort), day, among.tolist())
    free, _ = kaplan_meier.survival_at(cohort.time, cohort.cause > 0, day * cohort.unit, among)
    if among.any():
        same(sum(parts) + free, 1.0, "incidences and survival sum to one", *told(cohort), day)


def cumulative_hazard(rng: np.random.Generator) -> None:
    cohort = sample(rng)
    among, day = _some(rng, cohort)
    found = nelson_aalen.cumulative_hazard_at(cohort.time, cohort.event, day * cohort.unit, among)
    same(found, cohorts.nelson_aalen(cohort, among, day), "Nelson-Aalen by its definition", *told(cohort), day)


def mean_time(rng: np.random.Generator) -> None:
    cohort = sample(rng)
    among, day = _some(rng, cohort)
    found, error = restricted_mean.restricted_mean(cohort.time, cohort.event, day * cohort.unit, among)
    exact = cohorts.restricted_mean(cohort, among, day)
    same(found / cohort.unit, exact, "restricted mean by its definition", *told(cohort), day)
    demand(np.isnan(error) == (not among.any()), "error of a restricted mean is defined", float(error), *told(cohort))


LABELS: tuple[Callable[[np.ndarray], object], ...] = (
    lambda g: g == 0, lambda g: g, lambda g: g + 1, lambda g: g * 5 - 3, lambda g: g.astype(float),
    lambda g: np.array(["a", "b", "c"])[g], lambda g: np.array(["b", "a", "c"])[g],
    lambda g: np.array(["yes", "no", "maybe"], dtype=object)[g], lambda g: np.array(["01", "1", "1.0"])[g],
)  # fmt: skip


def logrank_test(rng: np.random.Generator) -> None:
    cohort = sample(rng)
    exact = cohorts.logrank(cohort, cohort.group == 0)
    labels = pick(rng, LABELS)(cohort.group)
    found, p = logrank.logrank(cohort.time, cohort.event, labels)
    same(found, exact, "log-rank by its definition, whatever the labels", *told(cohort), np.asarray(labels).tolist())
    demand(np.isnan(p) if np.isnan(exact) else 0.0 <= p <= 1.0, "P value of the log-rank test", float(p), *told(cohort))


def three_groups(rng: np.random.Generator) -> None:
    """Names of the groups do not matter to a test of three."""
    cohort = sample(rng, groups=3, sizes=(5, 8, 15, 31))
    test = pick(rng, (logrank.logrank, gray.gray))
    event = cohort.event if test is logrank.logrank else cohort.cause
    found, again = (
        test(cohort.time, event, pick(rng, LABELS[1:])(group)) for group in (cohort.group, 2 - cohort.group)
    )
    same(found, again, f"names of the groups in {test.__name__}", *told(cohort), within=1e-7)
    days = cohort.step[cohort.event]
    tells = [np.unique(cohort.group[cohort.step >= day]).size == 3 and (cohort.step > day).any() for day in days]
    if test is logrank.logrank and any(tells):
        demand(0.0 <= found[1] <= 1.0, "log-rank of three groups is defined", *told(cohort))


def gray_test(rng: np.random.Generator) -> None:
    cohort = sample(rng)
    order = rng.permutation(cohort.step.size)
    found = gray.gray(cohort.time, cohort.cause, cohort.group)
    same(
        gray.gray(cohort.time[order] * 24, cohort.cause[order], 1 - cohort.group[order]),
        found,
        "Gray's test, shuffled in hours",
        *told(cohort),
        within=1e-7,
    )
    demand(np.isnan(found[1]) or 0.0 <= found[1] <= 1.0, "P value of Gray's test", *told(cohort))


REGRESSIONS: dict[str, Callable[..., Any]] = {"Cox": cox.fit, "Fine-Gray": fine_gray.fit}
SCORES: dict[str, Callable[..., Any]] = {"Cox": cox.score_test, "Fine-Gray": fine_gray.score_test}


def _fit(name: str, time: np.ndarray, cause: np.ndarray, x: np.ndarray) -> Numbers | None:
    """Coefficients and errors; None where it is refused with a sentence."""
    try:
        fit = REGRESSIONS[name](time, cause if name == "Fine-Gray" else cause == 1, x)
    except ValueError as error:
        demand(str(error).split(":")[0].isidentifier(), "sentence of a regression", name, str(error))
        return None
    return fit.coefficients, np.sqrt(np.diag(fit.covariance))


def regression(rng: np.random.Generator) -> None:
    """Neither units nor order change a fit; it is refused in all units or in none."""
    cohort, name = sample(rng, sizes=(8, 12, 15, 31)), pick(rng, tuple(REGRESSIONS))
    x = cohort.x[: 1 + int(rng.integers(2))]
    per = np.array([pick(rng, (1.0, 10.0, 1e-6, 1e6, -1.0, 365.25)) for _ in x])
    order, days = rng.permutation(cohort.step.size), pick(rng, (1.0, 1 / 365.25, 24.0, 1e4))
    found = _fit(name, cohort.time, cohort.cause, x)
    again = _fit(
        name, cohort.time[order] * days, cohort.cause[order], (x[:, order] + pick(rng, (0, 0, 3))) * per[:, None]
    )
    about = (per.tolist(), days, x.tolist(), *told(cohort))
    demand((found is None) == (again is None), f"{name} fit is refused in all units or in none", found, again, *about)
    if found is not None and again is not None:
        same(again[0] * per, found[0], f"{name} fit in other units", *about, within=FITTED)
        same(again[1] * np.abs(per), found[1], f"error of a {name} fit in other units", *about, within=FITTED)
        demand(np.isfinite(np.concatenate(found)).all(), f"{name} fit is finite", found, *about)


def score(rng: np.random.Generator) -> None:
    cohort, name = sample(rng), pick(rng, tuple(SCORES))
    event, x = (cohort.event if name == "Cox" else cohort.cause), cohort.x[0]
    per, order = pick(rng, (10.0, 1e-6, 1e6, -1.0)), rng.permutation(cohort.step.size)
    found = SCORES[name](cohort.time, event, x)
    again = SCORES[name](cohort.time[order] / 365.25, event[order], x[order] * per)
    same(again * np.sign(per), found, f"{name} score in other units", per, x.tolist(), *told(cohort), within=FITTED)


def occupancy(rng: np.random.Generator) -> None:
    """States sum to one; of complete follow-up they are shares of the patients."""
    cohort, day = sample(rng), float(rng.integers(0, 12))
    response = np.where(cohort.cause == 1, np.floor(cohort.step / 2), np.inf) * cohort.unit
    complete = rng.random() < 0.4
    died = np.ones(cohort.step.size, dtype=bool) if complete else rng.random(cohort.step.size) < 0.6
    found, error = illness_death.occupancy_at(response, cohort.time, died, day * cohort.unit)
    about = (response.tolist(), died.tolist(), day, *told(cohort))
    same(found.sum(), 1.0, "states sum to one", *about)
    demand((found >= -1e-12).all() and (found <= 1 + 1e-12).all(), "shares of states lie from 0 to 1", found, *about)
    demand(np.isfinite(error).all() and (error >= 0).all(), "errors of states are defined", error, *about)
    if complete:
        dead = cohort.time <= day * cohort.unit
        responded = ~dead & (response <= day * cohort.unit)
        same(
            found, [np.mean(~dead & ~responded), responded.mean(), dead.mean()], "states of complete follow-up", *about
        )


def at_landmark(rng: np.random.Generator) -> None:
    cohort, day = sample(rng), float(rng.integers(0, 6))
    status = np.where(cohort.cause == 2, np.floor(cohort.step / 2), np.inf)
    having, lacking = landmark.landmark_groups(cohort.step, status, day)
    later = [landmark.landmark_survival(cohort.step, cohort.event, status, day, day + 3)]
    for rows, part in zip((having, lacking), later[0], strict=True):
        demand(
            (rows == ((cohort.step > day) & ((status <= day) == (rows is having)))).all(),
            "landmark groups",
            *told(cohort),
            day,
        )
        same(part, cohorts.kaplan_meier(cohort, rows, int(day) + 3), "landmark survival", *told(cohort), day)


def proportions(rng: np.random.Generator) -> None:
    n, m = int(rng.integers(1, 60)), int(rng.integers(1, 60))
    a, b = int(rng.integers(0, n + 1)), int(rng.integers(0, m + 1))
    found = fisher_exact.fisher_exact(a, n, b, m)
    same(found, cohorts.fisher(a, n, b, m), "Fisher's test by its definition", a, n, b, m)
    same(fisher_exact.fisher_exact(m - b, m, n - a, n), found, "Fisher's test of the others", a, n, b, m)
    for method in (intervals.clopper_pearson, intervals.wilson):
        lower, upper = method(a, n)
        demand(
            0.0 <= lower <= a / n + CLOSE and a / n - CLOSE <= upper <= 1.0, f"{method.__name__} around the share", a, n
        )
        same(method(n - a, n), (1 - upper, 1 - lower), f"{method.__name__} of the others", a, n)


def correlation(rng: np.random.Generator) -> None:
    cohort = sample(rng)
    order = rng.permutation(cohort.step.size)
    rho, p = rank_correlation.spearman(cohort.time, cohort.x[0])
    again = rank_correlation.spearman(
        np.exp(cohort.time[order] / cohort.time.max() if cohort.time.max() else cohort.time[order]),
        -7 * cohort.x[0][order],
    )
    same((-again[0], again[1]), (rho, p), "rank correlation of monotone changes", *told(cohort), cohort.x[0].tolist())
    demand(np.isnan(rho) or (-1.0 <= rho <= 1.0 and 0.0 <= p <= 1.0), "rank correlation lies from -1 to 1", rho, p)
