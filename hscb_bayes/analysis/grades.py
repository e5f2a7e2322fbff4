"""Grades of a response, as complete and partial: what is believed of their shares, and what can be fitted of them.

Whoever responds has one grade, with probabilities that do not depend on when he responds, on his duration or on what
comes later. The share of a grade is that among responses that have none of the grades declared before it, so that each
share is a parameter of its own between 0 and 1.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from statistics import NormalDist
from typing import TypeGuard

import numpy as np

from hscb_bayes.analysis.priors import Belief, Parameter, natural
from hscb_bayes.errors import InputError, Refusals
from hscb_bayes.evidence.item import Item
from hscb_bayes.evidence.kinds.count import Count
from hscb_bayes.evidence.kinds.share import Share
from hscb_bayes.evidence.study import Study
from hscb_bayes.sentences import listed, nearest, quote

WEAK = 1.8  # standard deviation on the logit: of two grades nearly any share is as likely as any other
SURE = 0.95


def share_of(grade: str) -> str:
    """The parameter of a grade."""
    return f"share_{grade}"


def is_of_grade(item: Item, study: Study) -> TypeGuard[Count | Share]:
    """Whether an item says how many responded with a grade."""
    return isinstance(item, Count | Share) and item.event in study.grades


def grades_fitted(items: Sequence[str], study: Study) -> tuple[str, ...]:
    """All grades of the response where one of these items is of a grade; else none."""
    fitted = any(item.id in items and is_of_grade(item, study) for item in study.items)
    return study.grades if fitted else ()


def grade_parameters(grades: Sequence[str], study: Study) -> dict[str, Parameter]:
    """The parameters of grades by id: one for each but the last."""
    found = {}
    for place, grade in enumerate(grades[:-1]):
        responses = "responses" if place == 0 else "the other responses"
        label = f"share of {responses} that are {study.events[grade].words}"
        found[share_of(grade)] = Parameter(scale="logit", unit="share", label=label)
    return found


def grade_beliefs(said: Mapping[str, Belief], grades: Sequence[str]) -> dict[str, Belief]:
    """Beliefs about the parameters of grades by id; where nothing is said a weak one, around equal shares."""
    return {share_of(grade): said.get(grade) or _weak(len(grades) - place) for place, grade in enumerate(grades[:-1])}


def _weak(left: int) -> Belief:
    """About the share of one of so many grades that are left."""
    middle = 1.0 / left
    limit = natural(np.log(middle / (1.0 - middle)) + NormalDist().inv_cdf(SURE) * WEAK, "logit")
    return Belief(best_guess=middle, below=float(limit), sure=SURE, why="nothing is said; a weak belief by default")


def check_grade_beliefs(said: Mapping[str, Belief], items: Sequence[str], study: Study, address: str) -> None:
    """Refuse a belief about a grade that has no share of its own here, and one that is no belief about a share.

    Raises
    ------
    InputError
        With a sentence for each belief that is refused.
    """
    refusals = Refusals()
    for grade, belief in said.items():
        with refusals.of_a_part():
            _check_grade_belief(grade, belief, grades_fitted(items, study), study, address)
    refusals.say()


def _check_grade_belief(grade: str, belief: Belief, fitted: Sequence[str], study: Study, address: str) -> None:
    if grade not in study.grades:
        hint = nearest(grade, study.grades) if study.grades else "the study declares none of this response"
        raise InputError(f"{address}: grades: unknown grade {quote(grade)}; {hint}")
    if not fitted:
        raise InputError(f"{address}: grades.{grade}: no number of a grade is fitted; remove it, or fit one")
    if grade == fitted[-1]:
        raise InputError(
            f"{address}: grades.{grade}: required beliefs about all grades but the last, which has the rest; remove it"
        )
    try:
        belief.normal("logit")
    except ValueError as error:
        raise InputError(f"{address}: grades.{grade}: {error}") from None


def check_fitted_grades(items: Sequence[str], study: Study, last: float, responders: int | None, address: str) -> None:
    """A number with a grade needs that of all responders by the same day, of which it is a part.

    Parameters
    ----------
    last
        Up to which day responses are looked for.
    responders
        How many are assumed in all.

    Raises
    ------
    InputError
        With the sentence.
    """
    fitted = [item for item in study.items if item.id in items and is_of_grade(item, study)]
    seen: dict[str, str] = {}
    for item in fitted:
        if item.event in seen:
            raise InputError(
                f"{address}: {seen[item.event]!r} and {item.id!r} are both of {item.event!r}; required one"
            )
        seen[item.event] = item.id
        if day_of(item, last) != day_of(fitted[0], last):
            raise InputError(f"{address}: {fitted[0].id!r} and {item.id!r} are of different days; required one of them")
    if not fitted:
        return
    whole = whole_of(items, study, last)
    if whole is None and (responders is None or day_of(fitted[0], last) != last):
        when = "" if fitted[0].at is None else f" by {fitted[0].at}"
        raise InputError(
            f"{address}: {fitted[0].id!r} is a part of all responders{when}; required their number beside it"
        )
    if isinstance(whole, Count):
        responders = whole.count
    parts = [item for item in fitted if isinstance(item, Count)]
    together = sum(item.count for item in parts)
    all_of_them = len(parts) == len(study.grades)
    if responders is not None and (together > responders or (all_of_them and together < responders)):
        most = f"{responders}" if all_of_them else f"at most {responders}"
        raise InputError(
            f"{address}: {listed([item.id for item in parts])}: required {most} responders with a grade, as "
            f"{responders} responded, found {together}"
        )


def whole_of(items: Sequence[str], study: Study, last: float) -> Count | Share | None:
    """The fitted number of all responders of which fitted numbers with a grade are parts; None where there is none."""
    fitted = [item for item in study.items if item.id in items and isinstance(item, Count | Share)]
    days = {day_of(item, last) for item in fitted if is_of_grade(item, study)}
    wholes = (item for item in fitted if item.event == "response" and day_of(item, last) in days)
    return next(wholes, None)


def day_of(item: Count | Share, last: float) -> float:
    """By when an item counts; ``last`` where it is the end of follow-up."""
    return last if item.at is None else item.at.value
