"""Which answers the fitted numbers say nothing about: those of whose kind none is fitted are the prior's."""

from __future__ import annotations

from collections.abc import Mapping

from hscb_bayes.analysis.against_study import Fittable, fittable
from hscb_bayes.analysis.member import Member
from hscb_bayes.posterior.headline import CONTRASTS, headline_quantities
from hscb_bayes.process.pathway import TRANSITIONS

TIME, SURVIVAL, DURATION = "time to response", "survival", "number by duration"
RESPONSE_TIMES = ("response_by_28", "median_response_all", "median_response_responders")
SURVIVALS = ("os_1y", "os_1y_short", "os_1y_long", "days_recovered_1y")
BY_DURATION = (*(f"hazard_ratio_{name}" for name in TRANSITIONS), *(f"{id}_contrast" for id, _, _ in CONTRASTS))


def untaught(analysis: Member) -> Mapping[str, str]:
    """Headline quantities of whose kind no number is fitted, with what such a number would be of, in words.

    Patients who are known one by one teach every quantity.
    """
    if analysis.known is not None:
        return {}
    known = fittable(analysis.study, analysis.cohort.among)
    fitted = [known[id] for id in analysis.fit.items]
    missing = {
        TIME: ((*RESPONSE_TIMES, *(f"{grade}_by_28" for grade in analysis.grades)), _has_time),
        SURVIVAL: (SURVIVALS, _has_survival),
        DURATION: (BY_DURATION, _is_by_duration),
    }
    found = {id: words for words, (ids, is_of) in missing.items() if not any(map(is_of, fitted)) for id in ids}
    return {id: words for id, words in found.items() if id in headline_quantities(analysis)}


def _has_time(one: Fittable) -> bool:
    return one.role in ("median time to response", "response by a day")


def _has_survival(one: Fittable) -> bool:
    return one.role in ("survival", "median survival", "deaths")


def _is_by_duration(one: Fittable) -> bool:
    return one.role == "P value" or one.subgroup.duration is not None
