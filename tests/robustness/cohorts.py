"""Small cohorts with everything that real ones have, and their estimates by the definition, in exact fractions."""

from __future__ import annotations

import math
from dataclasses import dataclass
from fractions import Fraction

import numpy as np

from tests.robustness.documents import pick

SIZES = (1, 2, 3, 5, 8, 12, 15, 31)
LAST_STEP = (1, 3, 10, 10, 40, 10_000)  # the fewer steps, the more ties
UNITS = (1.0, 1.0, 0.1, 7.0, 365.25, 1e-3, 1e4)  # days in a step
SHARES = (
    (1 / 3, 1 / 3, 1 / 3),
    (0.5, 0.5, 0.0),
    (0.5, 0.2, 0.3),
    (1.0, 0.0, 0.0),
    (0.0, 1.0, 0.0),
    (0.0, 0.0, 1.0),
    (0, 0.5, 0.5),
)


@dataclass(frozen=True, kw_only=True)
class Sample:
    """Patients of one cohort, arrays of shape (patient,).

    Parameters
    ----------
    step
        Whole steps to the event or to the end of follow-up; ``unit`` days each.
    cause
        0 censored, 1 or 2.
    group
        0 or 1, or to 2.
    x
        Two covariates, shape (2, patient).
    """

    step: np.ndarray
    unit: float
    cause: np.ndarray
    group: np.ndarray
    x: np.ndarray

    @property
    def time(self) -> np.ndarray:
        return self.step * self.unit

    @property
    def event(self) -> np.ndarray:
        return self.cause == 1

    def of(self, rows: np.ndarray) -> Sample:
        return Sample(
            step=self.step[rows], unit=self.unit, cause=self.cause[rows], group=self.group[rows], x=self.x[:, rows]
        )


def sample(rng: np.random.Generator, *, groups: int = 2, sizes: tuple[int, ...] = SIZES) -> Sample:
    n, last = pick(rng, sizes), pick(rng, LAST_STEP)
    first = int(rng.random() < 0.7)
    return Sample(
        step=rng.integers(first, last + 1, n).astype(float),
        unit=pick(rng, UNITS),
        cause=rng.choice(3, size=n, p=pick(rng, SHARES)),
        group=rng.integers(groups, size=n),
        x=np.where(rng.random((2, 1)) < 0.5, rng.integers(0, 3, (2, n)), np.round(rng.normal(size=(2, n)), 3)),
    )


def steps_of(cohort: Sample, among: np.ndarray) -> list[tuple[int, int, int, int]]:
    """Distinct steps with those at risk, those with cause 1 and those with cause 2."""
    step, cause = cohort.step[among].astype(int), cohort.cause[among]
    return [
        (
            int(s),
            int((step >= s).sum()),
            int(((step == s) & (cause == 1)).sum()),
            int(((step == s) & (cause == 2)).sum()),
        )
        for s in np.unique(step)
    ]


def kaplan_meier(cohort: Sample, among: np.ndarray, day: int) -> tuple[float, float]:
    """Survival free of cause 1 at a step and Greenwood's error, by the definition."""
    if not among.any():
        return math.nan, math.nan
    survival, total = Fraction(1), Fraction(0)
    for step, risk, events, _ in steps_of(cohort, among):
        if step <= day and events:
            survival *= Fraction(risk - events, risk)
            total += Fraction(events, risk * (risk - events)) if events < risk else 0
    return float(survival), float(survival) * math.sqrt(total)


def median_step(cohort: Sample, probability: Fraction) -> float:
    """Step by which survival has fallen to ``1 - probability``: the middle of a step that lies exactly there."""
    survival, reached, steps = Fraction(1), None, steps_of(cohort, np.ones(cohort.step.size, dtype=bool))
    for step, risk, events, _ in steps:
        survival *= Fraction(risk - events, risk)
        if survival < 1 - probability:
            return step if reached is None else (reached + step) / 2
        if survival == 1 - probability and reached is None:
            reached = step
    return math.inf if reached is None else (reached + steps[-1][0]) / 2


def aalen_johansen(cohort: Sample, among: np.ndarray, day: int, cause: int) -> float:
    if not among.any():
        return math.nan
    before, incidence = Fraction(1), Fraction(0)
    for step, risk, first, second in steps_of(cohort, among):
        if step <= day:
            incidence += before * Fraction((first, second)[cause - 1], risk)
            before *= Fraction(risk - first - second, risk)
    return float(incidence)


def nelson_aalen(cohort: Sample, among: np.ndarray, day: int) -> tuple[float, float]:
    if not among.any():
        return math.nan, math.nan
    parts = [(e, r) for step, r, e, _ in steps_of(cohort, among) if step <= day]
    return float(sum(Fraction(e, r) for e, r in parts)), math.sqrt(sum(Fraction(e, r * r) for e, r in parts))


def restricted_mean(cohort: Sample, among: np.ndarray, horizon: int) -> float:
    """Area under the Kaplan-Meier curve, in steps."""
    if not among.any():
        return math.nan
    area, survival, before = Fraction(0), Fraction(1), 0
    for step, risk, events, _ in steps_of(cohort, among):
        now = min(step, horizon)
        area += survival * (now - before)
        before, survival = now, survival * Fraction(risk - events, risk)
    return float(area + survival * (horizon - before))


def logrank(cohort: Sample, first: np.ndarray) -> float:
    """The log-rank chi-square of two groups; NaN where it has no variance."""
    difference, variance = Fraction(0), Fraction(0)
    for step in np.unique(cohort.step[cohort.event]):
        risk = cohort.step >= step
        events = (cohort.step == step) & cohort.event
        y, y1, d, d1 = (int(v.sum()) for v in (risk, risk & first, events, events & first))
        difference += d1 - Fraction(d * y1, y)
        if y > 1:
            variance += Fraction(d * (y - d) * y1 * (y - y1), y * y * (y - 1))
    return float(difference**2 / variance) if variance else math.nan


def fisher(a: int, n: int, b: int, m: int) -> float:
    """Two-sided P value: all tables with these margins that are no more probable."""
    ways = {k: math.comb(n, k) * math.comb(m, a + b - k) for k in range(max(0, a + b - m), min(n, a + b) + 1)}
    return float(Fraction(sum(way for way in ways.values() if way <= ways[a]), sum(ways.values())))
