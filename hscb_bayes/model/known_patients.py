"""What patients one by one differ by from the others of their study."""

from __future__ import annotations

from typing import Any

import numpy as np

from hscb_bayes.analysis.analysis import Analysis
from hscb_bayes.analysis.member import Member
from hscb_bayes.model.known_rows import known_rows
from hscb_bayes.model.patient_likelihood import coefficients, log_likelihood_of_table
from hscb_bayes.model.patient_rows import table_data
from hscb_bayes.process.pathway import TRANSITIONS


def effect_deviations(analysis: Analysis) -> dict[str, float]:
    """By study id, the standard deviation of what its known patients add to each log hazard; none where nothing."""
    shifts = (shift for shift in analysis.shifts if shift.applies_to == "patients")
    return {shift.studies[0]: shift.deviations[TRANSITIONS[0]] for shift in shifts}


def added_to_known(analysis: Analysis, study: str, of_known: Any, effects: Any) -> Any:
    """What is added to each log hazard of the patients who are known beside a print, shape (transition,).

    Parameters
    ----------
    of_known
        Effects of known patients, shape (table, transition), a row a study whose patients have some.
    effects
        Of their study, shape (effect,).
    """
    with_effect, own = list(effect_deviations(analysis)), effects[: len(TRANSITIONS)]
    return own + of_known[with_effect.index(study)] if study in with_effect else own


def known_terms(parameters: np.ndarray, effect: np.ndarray | None, analysis: Member) -> np.ndarray:
    """Log likelihood of the patients at many points, in NumPy, shape (draw,).

    Parameters
    ----------
    parameters
        On their unbounded scales, shape (draw, parameter).
    effect
        Of being one of them, shape (transition,); None where there is none.
    """
    rows = known_rows(analysis)
    if rows is None:
        return np.zeros(len(parameters))
    data, ids, own = table_data(rows), analysis.parameter_ids, np.zeros(len(TRANSITIONS)) if effect is None else effect
    points = (coefficients(rows, dict(zip(ids, point[:, None], strict=True)), np, own=own) for point in parameters)
    return np.array([log_likelihood_of_table(rows, each, data, np) for each in points])
