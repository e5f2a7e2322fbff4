"""Simulated studies of which some patients are known one by one, inside the print or beside it."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from hscb_bayes.analysis.known import DURATION, Known
from hscb_bayes.analysis.member import Member
from hscb_bayes.evidence.cohort import Cohort
from hscb_bayes.evidence.patients.patients import Patients
from hscb_bayes.model.grades import with_grades
from hscb_bayes.model.marks import RESPONDERS
from hscb_bayes.model.print_arrays import baseline, covariate_at, fitted_day
from hscb_bayes.model.simulate import Courses, printed_by, recorded, simulate_courses
from hscb_bayes.process.follow_up import YEAR
from hscb_bayes.process.pathway import TRANSITIONS


def drawn_effect(analysis: Member, *, rng: np.random.Generator) -> np.ndarray | None:
    """What the known patients add to the log hazards, from its prior, shape (transition,); None where nothing."""
    deviation = None if analysis.known is None else analysis.known.said.deviation
    return None if deviation is None else deviation * rng.standard_normal(3)


def simulate_with_known(
    analysis: Member,
    truth: np.ndarray,
    effect: np.ndarray | None,
    of_study: np.ndarray | None = None,
    *,
    rng: np.random.Generator,
) -> tuple[Member, dict[str, float], float]:
    """The analysis with simulated patients in the place of its own, the printed numbers of the study, and the share of
    its patients censored before one year.

    Patients inside the print are as many of the study's as the table has, drawn at random. Their days are known to the
    hour, while the print is of whole days.

    Parameters
    ----------
    truth
        Parameters on their unbounded scales, shape (1, parameter).
    effect
        Of being one of the known patients, shape (transition,); None where there is none.
    of_study
        What the study adds to the log hazards of all its patients, shape (1, transition); nothing if left out.
    """
    known, start = analysis.known, baseline(analysis)
    if known is None:
        raise ValueError(f"{analysis.path}: required known_patients")
    chosen, count = np.zeros(start.x.size, dtype=bool), len(known)
    if known.said.inside:
        chosen[rng.choice(start.x.size, size=count, replace=False)] = True
    of_known, of_all = (np.zeros(len(TRANSITIONS)) if one is None else np.ravel(one) for one in (effect, of_study))
    added = (of_all + chosen[:, None] * of_known)[None]
    courses = simulate_courses(analysis, truth, added, x=start.x, horizon=np.inf, rng=rng)
    cohort = with_grades(as_recorded(analysis, courses), analysis, truth, rng)
    print_and_share = printed_and_censored(analysis, cohort)
    if known.said.inside:
        return replace(analysis, known=_known_of(known, courses, start.durations, chosen)), *print_and_share
    durations = np.full(count, analysis.cohort.reference) if known.duration is None else known.duration
    x = covariate_at(analysis, durations)
    own = simulate_courses(analysis, truth, (of_all + of_known)[None], x=x, horizon=np.inf, rng=rng)
    return replace(analysis, known=_known_of(known, own, durations, np.ones(count, dtype=bool))), *print_and_share


def simulate_split(
    analysis: Member, truth: np.ndarray, count: int, *, rng: np.random.Generator
) -> tuple[Member, Member, dict[str, float]]:
    """One simulated study seen in two ways: with ``count`` of its patients one by one inside its print, and with all.

    Returns
    -------
    The analysis that knows some patients, or none; one that knows all, of which only the patients are of use; and the
    printed numbers.
    """
    known, start = analysis.known, baseline(analysis)
    if known is None:
        raise ValueError(f"{analysis.path}: required known_patients")
    courses = simulate_courses(analysis, truth, x=start.x, horizon=np.inf, rng=rng)
    cohort = with_grades(as_recorded(analysis, courses), analysis, truth, rng)
    numbers, _ = printed_and_censored(analysis, cohort)
    chosen, everybody = np.zeros(start.x.size, dtype=bool), np.ones(start.x.size, dtype=bool)
    chosen[rng.choice(start.x.size, size=count, replace=False)] = True
    some = _known_of(known, courses, start.durations, chosen) if count else None
    return (
        replace(analysis, known=some),
        replace(analysis, known=_known_of(known, courses, start.durations, everybody)),
        numbers,
    )


def as_recorded(analysis: Member, courses: Courses) -> Cohort:
    """Patients as the paper would record them, who looks for a response up to the day of its survivals."""
    seen = courses.response_day <= fitted_day(analysis)
    return recorded(analysis, replace(courses, response_day=np.where(seen, courses.response_day, np.inf)))


def printed_and_censored(analysis: Member, cohort: Cohort) -> tuple[dict[str, float], float]:
    """What one simulated study prints, by number id, and the share of its patients censored before one year.

    With how many responded, which an analysis says where its paper does not.
    """
    numbers = {id: float(value[0]) for id, value in printed_by(analysis, cohort).items()}
    numbers[RESPONDERS] = float(cohort.responded.sum())
    return numbers, float(np.mean(~cohort.died & (cohort.last_day < YEAR)))


def _known_of(known: Known, courses: Courses, durations: np.ndarray, chosen: np.ndarray) -> Known:
    """The chosen patients of one study as a table."""
    response, last = courses.response_day[0, chosen], courses.last_day[0, chosen]
    said = known.said.model_copy(update={"duration": DURATION, "published_until": None})
    patients = Patients(
        id=np.arange(chosen.sum()).astype(str),
        entry_day=np.zeros(last.size),
        unresponded_until=np.where(np.isfinite(response), response, last),
        response_day=response,
        last_day=last,
        died=courses.died[0, chosen],
        covariates={DURATION: durations[chosen]},
    )
    return replace(known, said=said, patients=patients)
