"""Random draws of what a model observes: what new studies would print, and other courses of the same patients."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from hscb_bayes.analysis.analysis import Analysis
from hscb_bayes.analysis.level import ON_HAZARDS
from hscb_bayes.errors import InputError
from hscb_bayes.estimators.kaplan_meier import curve
from hscb_bayes.evidence.patients.patients import Patients
from hscb_bayes.model.known_patients import TABLE, added_to_known
from hscb_bayes.model.level_arrays import study_parameters
from hscb_bayes.model.patient_likelihood import baseline_ids, coefficients, relative_hazard, transition_of
from hscb_bayes.model.patient_rows import OneByOne
from hscb_bayes.model.simulate import simulate_numbers
from hscb_bayes.process.pathway import Pathway
from hscb_bayes.process.simulate import simulate_course


def simulate_prints(
    analysis: Analysis,
    parameters: np.ndarray,
    effects: np.ndarray,
    log_probability: np.ndarray,
    *,
    rng: np.random.Generator,
) -> np.ndarray:
    """The fitted numbers of one new literature, or of one new study, shape (number,).

    Parameters
    ----------
    parameters
        Shape (parameter,), or (study, parameter).
    effects, log_probability
        As of ``levels.StudyEffects``: of each study a component is drawn.

    Raises
    ------
    InputError
        When the likelihood of a study has a power: no study is one that counts in part.
    """
    refuse_powers(analysis)
    each, added = of_each_study(analysis, parameters, effects, log_probability, rng=rng)
    parts = (
        simulate_numbers(member, own[None], of_study[None], rng=rng)[0]
        for member, own, of_study in zip(analysis.members, each, added, strict=True)
    )
    return np.concatenate(list(parts))


def refuse_powers(analysis: Analysis) -> None:
    """Refuse an analysis in which the likelihood of a study has a power."""
    powers = analysis.powers
    below = [study for study, power in powers.items() if power < 1.0]
    if below:
        raise InputError(
            f"{analysis.path}: borrowing.power: required 1 where new data are drawn, found {powers[below[0]]:g} for "
            f"{below[0]}; a likelihood with a power is that of no study"
        )


def of_each_study(
    analysis: Analysis,
    parameters: np.ndarray,
    effects: np.ndarray,
    log_probability: np.ndarray,
    *,
    rng: np.random.Generator,
) -> tuple[np.ndarray, np.ndarray]:
    """Of each study of one draw, under a component that is drawn: parameters and effects on log hazards.

    Returns
    -------
    Shapes (study, parameter) and (study, transition).
    """
    probability = np.exp(log_probability)
    component = (rng.uniform(size=probability.shape[1]) > np.cumsum(probability, axis=0)[:-1]).sum(axis=0)
    own = np.take_along_axis(effects, component[None, :, None], axis=0)[0]
    return np.asarray(study_parameters(parameters, own, analysis.parameter_ids, np)), own[:, :ON_HAZARDS]


def simulate_patients(
    analysis: Analysis,
    tables: Mapping[str, OneByOne],
    parameters: np.ndarray,
    effects: np.ndarray,
    log_probability: np.ndarray,
    of_known: np.ndarray,
    ratios: np.ndarray,
    of_centres: np.ndarray,
    *,
    rng: np.random.Generator,
) -> np.ndarray:
    """Day of response, last day and death of the patients of all tables, of one draw, shape (patient, 3).

    Raises
    ------
    InputError
        As ``simulate_prints`` does; and when patients came late or a day of response is not known.
    """
    refuse_powers(analysis)
    each, added = of_each_study(analysis, parameters, effects, log_probability, rng=rng)
    found = []
    for study, table in tables.items():
        if not can_be_replicated(table.patients):
            raise InputError(
                f"{analysis.path}: required patients who were followed from day 0, to known days, where new courses "
                "are drawn; found a later entry or visits"
            )
        place = 0 if study == TABLE else analysis.studies.index(study)
        values = {id: each[place, k : k + 1] for k, id in enumerate(analysis.parameter_ids)}
        parts = {"ratios": ratios, "of_centres": of_centres}
        if study != TABLE:
            parts = {"own": added_to_known(analysis, study, of_known, added[place])}
        found.append(_one_table(table, coefficients(table, values, np, **parts), rng=rng))
    return np.concatenate(found)


def _one_table(table: OneByOne, points: list[np.ndarray], *, rng: np.random.Generator) -> np.ndarray:
    patients = np.column_stack([table.own_centre, table.own_design])
    parts, relative = [], []
    for k, point in enumerate(points):
        ids = baseline_ids(table, k)
        parts.append(transition_of(table, k, {id: point[j] for j, id in enumerate(ids)}, np))
        relative.append(relative_hazard(table, point[len(ids) :], patients, np)[None, :, None])
    none = np.zeros((1, 1, 1))
    never = -np.inf if parts[0].logit_never is None else parts[0].logit_never
    pathway = Pathway(
        response=parts[0].hazard, death_without_response=parts[1].hazard, death_after_response=parts[2].hazard,
        log_hazard_ratio=(none, none, none), study_effect=tuple(relative), logit_never=never,
        clock=table.hazards.clock,
    )  # fmt: skip
    shape = (1, len(table.patients))
    course = simulate_course(pathway, np.zeros(shape[1]), shape=shape, rng=rng)
    end = follow_up_of_patients(table.patients, shape, rng)
    last = np.minimum(course.death_day, end)
    response = np.where(course.response_day < last, course.response_day, np.inf)
    return np.stack([response[0], last[0], (course.death_day <= end)[0].astype(float)], axis=-1)


def can_be_replicated(patients: Patients) -> bool:
    """Whether everybody was followed from day 0 and the day of every response is known."""
    return bool(np.all(patients.entry_day == 0.0) and np.all(patients.is_exact))


def follow_up_of_patients(patients: Patients, shape: tuple[int, int], rng: np.random.Generator) -> np.ndarray:
    """Days of follow-up, shape (replicate, patient).

    A patient who was last seen alive had a known time of follow-up. That of those who died is drawn from the
    Kaplan-Meier estimate of the times of follow-up, beyond the day of death.
    """
    steps = curve(patients.last_day, ~patients.died)
    times, beyond = np.append(steps.times, steps.times[-1]), np.append(steps.survival, 0.0)
    reached = np.concatenate([[1.0], beyond])[np.searchsorted(steps.times, patients.last_day, side="right")]
    drawn = np.searchsorted(-beyond, -reached * rng.uniform(size=shape), side="left")
    return np.where(patients.died, np.maximum(times[drawn], patients.last_day), patients.last_day)
