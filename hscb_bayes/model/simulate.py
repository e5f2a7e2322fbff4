"""A new study of the same size, durations, follow-up and rounding, from parameters: patients, and what they would
print.

It knows nothing of the likelihood: patients are drawn one by one from the pathway, and their numbers are computed
with the estimators that the authors are taken to have used.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from hscb_bayes.analysis.analysis import Analysis
from hscb_bayes.analysis.member import Member
from hscb_bayes.analysis.scope import compares_arms, speaks_of
from hscb_bayes.analysis.subgroups import subgroup_masks
from hscb_bayes.evidence.cohort import Cohort, recorded_days
from hscb_bayes.model.grades import with_grades
from hscb_bayes.model.pathways import follow_up_of, pathway_of
from hscb_bayes.model.print_arrays import baseline, fitted_day
from hscb_bayes.model.print_likelihood import fitted_ids
from hscb_bayes.process.simulate import simulate_course


@dataclass(frozen=True, kw_only=True, eq=False)
class Courses:
    """What is seen of patients, to the hour, before anything is rounded: days since time zero, each (..., patient).

    ``response_day`` is infinite where no response was seen; ``last_day`` is the day of death, or of the loss.
    """

    response_day: np.ndarray
    last_day: np.ndarray
    died: np.ndarray


def simulate_courses(
    analysis: Member,
    parameters: np.ndarray,
    effect: np.ndarray | None = None,
    *,
    x: np.ndarray,
    horizon: float,
    rng: np.random.Generator,
) -> Courses:
    """Patients with covariates ``x`` (patient,), once per row of parameters.

    Response is looked for up to the day ``horizon``.

    Parameters
    ----------
    parameters
        On their unbounded scales, shape (replicate, parameter).
    effect
        What is added to the log hazards, shape (replicate, transition) or (replicate, patient, transition); nothing if
        left out.
    """
    values = {id: parameters[:, k][:, None, None] for k, id in enumerate(analysis.parameter_ids)}
    added: tuple[Any, ...] = (0.0, 0.0, 0.0)
    if effect is not None:
        each = effect[:, None] if effect.ndim == 2 else effect
        added = tuple(each[..., k, None] for k in range(each.shape[-1]))
    shape = (len(parameters), x.size)
    course = simulate_course(pathway_of(values, analysis, np, added), x, shape=shape, rng=rng)
    rate = follow_up_of(values["lost_by_one_year"], np).rate(np)[..., 0]
    with np.errstate(divide="ignore"):
        lost = rng.exponential(size=shape) / rate
    if analysis.reach[1] > 0.0:
        lost = np.minimum(lost, (analysis.reach[0] - rng.uniform(size=shape)) / analysis.reach[1])
    seen = course.response_day <= np.minimum(lost, horizon)
    return Courses(
        response_day=np.where(seen, course.response_day, np.inf),
        last_day=np.minimum(course.death_day, lost),
        died=course.death_day <= lost,
    )


def simulate_cohort(
    analysis: Member, parameters: np.ndarray, effect: np.ndarray | None = None, *, rng: np.random.Generator
) -> Cohort:
    """Patients of one new study per row of parameters, as they would be recorded.

    Response is looked for up to the day that survival is printed at. Times are recorded to the study's resolution.

    Arguments as of ``simulate_courses``; arrays of shape (replicate, patient).
    """
    horizon = fitted_day(analysis)
    courses = simulate_courses(analysis, parameters, effect, x=baseline(analysis).x, horizon=horizon, rng=rng)
    return with_grades(recorded(analysis, courses), analysis, parameters, rng)


def recorded(analysis: Member, courses: Courses) -> Cohort:
    """Patients of the study as a paper would record them: to its resolution of time, and in its groups."""
    start, steps = baseline(analysis), analysis.study.steps_per_day
    duration = np.broadcast_to(start.durations, courses.died.shape)
    cohort, seen = analysis.cohort, np.isfinite(courses.response_day)
    return Cohort(
        duration=duration,
        response_day=recorded_days(courses.response_day, steps),
        last_day=recorded_days(courses.last_day, steps),
        died=courses.died,
        groups=subgroup_masks(analysis.study, cohort.among, duration=duration, responded=seen, sizes=cohort.sizes),
    )


def printed_by(analysis: Member, cohort: Cohort) -> dict[str, np.ndarray]:
    """Every number that describes outcomes of the patients of the analysis, computed from patients and rounded as
    printed, by number id.
    """
    numbers: dict[str, np.ndarray] = {}
    for item in analysis.study.items:
        own = {number.id for number in item.numbers if item.describes_outcomes and speaks_of(analysis, number)}
        if own:
            found = item.statistic(cohort, analysis.conventions)
            numbers |= {id: values for id, values in found.items() if id in own}
    return numbers


def printed_between_arms(analysis: Analysis, cohort: Cohort) -> dict[str, np.ndarray]:
    """Every number that compares arms of the analysis, computed from the patients of all arms, by number id."""
    first = analysis.members[0]
    items = [item for item in first.study.items if compares_arms(analysis, item)]
    found = [item.statistic(cohort, first.conventions) for item in items]
    return {id: values for numbers in found for id, values in numbers.items()}


def simulate_numbers(
    analysis: Member, parameters: np.ndarray, effect: np.ndarray | None, *, rng: np.random.Generator
) -> np.ndarray:
    """The fitted numbers as new studies would print them, shape (replicate, number); see ``simulate_cohort``."""
    if not fitted_ids(analysis):
        return np.zeros((len(parameters), 0))
    cohort = simulate_cohort(analysis, parameters, effect, rng=rng)
    numbers = printed_by(analysis, cohort)
    return np.stack([numbers[id] for id in fitted_ids(analysis)], axis=-1)
