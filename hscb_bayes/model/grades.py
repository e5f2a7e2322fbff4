"""Grades of a response in the likelihood: of so many who responded, how many had each.

Given the number of all responders by a day the numbers with a grade are multinomial, whatever else is printed: shares
of grades do not depend on the day, on duration or on survival.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import replace
from typing import Any

import numpy as np
from scipy.special import gammaln

from hscb_bayes.analysis.grades import is_of_grade, share_of, whole_of
from hscb_bayes.analysis.member import Member
from hscb_bayes.evidence.cohort import Cohort
from hscb_bayes.evidence.special import TINY, Special
from hscb_bayes.model.marks import RESPONDERS, patients_counted
from hscb_bayes.process.logistic import softplus


def grade_data(analysis: Member, numbers: Mapping[str, float], without: Collection[str], last: float) -> dict[str, Any]:
    """The numbers of responders with each grade, as arrays; none where no number of a grade is fitted.

    Parameters
    ----------
    without
        Fitted items to leave out: without the number of all responders, those with a grade say nothing.
    last
        Up to which day responses are looked for.

    Returns
    -------
    ``grades_counted`` (2, grade): how many had it, 0 where that is not known, and 1 where it is not;
    ``grades_left`` (2,): how many responders had a grade whose number is not known, and log of the ways in which
    responders have these grades.
    """
    grades = analysis.grades
    if not grades:
        return {}
    whole = whole_of(analysis.fit.items, analysis.study, last)
    assumed = analysis.cohort.responders
    many = None if assumed is None else float(numbers.get(RESPONDERS, assumed))
    if whole is not None:
        many = patients_counted(analysis, whole, numbers) if whole.id not in without else None
    counted, unknown = np.zeros(len(grades)), np.ones(len(grades))
    for item in analysis.study.items if many is not None else ():
        if item.id in analysis.fit.items and item.id not in without and is_of_grade(item, analysis.study):
            place = grades.index(item.event)
            counted[place], unknown[place] = patients_counted(analysis, item, numbers), 0.0
    left = max((many or 0.0) - counted.sum(), 0.0) if unknown.any() and not unknown.all() else 0.0
    ways = gammaln(counted.sum() + left + 1.0) - gammaln(counted + 1.0).sum() - gammaln(left + 1.0)
    return {"grades_counted": np.stack([counted, unknown]), "grades_left": np.array([left, ways])}


def grade_term(values: Mapping[str, Any], analysis: Member, data: Mapping[str, Any], xp: Any) -> Any:
    """Log probability of the numbers of responders with each grade, shape (..., 1).

    Parameters
    ----------
    values
        Parameters on their unbounded scales by id, shape (..., 1) each.
    data
        Has what ``grade_data`` returns.
    """
    counted, unknown = data["grades_counted"][0], data["grades_counted"][1]
    logs = log_shares(xp.concatenate([values[share_of(grade)] for grade in analysis.grades[:-1]], axis=-1), xp)
    left = xp.log((xp.exp(logs) * unknown).sum(axis=-1) + TINY)
    found = data["grades_left"][1] + (counted * logs).sum(axis=-1) + data["grades_left"][0] * left
    return found[..., None]


def log_shares(logits: Any, xp: Any) -> Any:
    """Log of the share of each grade among responses, shape (..., grade).

    Parameters
    ----------
    logits
        Of the share of each but the last among those that are left, shape (..., grade - 1).
    """
    many = Special.of(xp).length(logits)
    it, left = np.eye(many, many + 1), np.triu(np.ones((many, many + 1)), k=1)
    return -xp.matmul(softplus(-logits, xp), it) - xp.matmul(softplus(logits, xp), left)


def grade_shares(parameters: np.ndarray, analysis: Member) -> np.ndarray:
    """The share of each grade among responses, shape (draw, grade).

    Parameters
    ----------
    parameters
        On their unbounded scales, shape (draw, parameter).
    """
    columns = [analysis.parameter_ids.index(share_of(grade)) for grade in analysis.grades[:-1]]
    shares: np.ndarray = np.exp(log_shares(parameters[:, columns], np))
    return shares


def with_grades(cohort: Cohort, analysis: Member, parameters: np.ndarray, rng: np.random.Generator) -> Cohort:
    """Patients of new studies, (replicate, patient), each responder with a grade that is drawn.

    Parameters
    ----------
    parameters
        On their unbounded scales, shape (replicate, parameter).
    """
    if not analysis.grades:
        return cohort
    upto = np.cumsum(grade_shares(parameters, analysis), axis=-1)[:, None, :-1]
    place = (rng.uniform(size=cohort.responded.shape)[..., None] > upto).sum(axis=-1)
    return replace(cohort, grades={grade: cohort.responded & (place == k) for k, grade in enumerate(analysis.grades)})
