"""What an analysis must say of a study before some of its numbers can be fitted as the estimates that they are."""

from __future__ import annotations

from collections.abc import Iterator

from hscb_bayes.analysis.against_study import TOTAL, Fittable, Role, fittable
from hscb_bayes.analysis.paper_table import AnalysisTable
from hscb_bayes.errors import Refusals
from hscb_bayes.evidence.cohort import DEATH
from hscb_bayes.evidence.kinds.count import Count
from hscb_bayes.evidence.kinds.follow_up_time import FollowUpTime
from hscb_bayes.evidence.kinds.median_time import MedianTime
from hscb_bayes.evidence.kinds.share import Share
from hscb_bayes.evidence.study import Study

OF_OTHERS: tuple[Role, ...] = (
    TOTAL, "response by a day", "median time to response", "survival among non-responders", "survival", "P value",
    "responders of a grade",
)  # fmt: skip
REQUIRED_END = "required [follow_up] shortest and longest"


def check_estimates(table: AnalysisTable, study: Study, address: str) -> None:
    """Refuse a number that is fitted as another estimate than it is taken for, of others, or with no end.

    Raises
    ------
    InputError
        With a sentence for each.
    """
    known, refusals = fittable(study, table.cohort.among), Refusals()
    for id in (id for id in table.fit.items if id in known):
        for why in _refused(table, known[id]):
            refusals.add(f"{address}: fit.items: {id!r} {why}")
    refusals.say()


def _refused(table: AnalysisTable, fitted: Fittable) -> Iterator[str]:
    """Why a number cannot be fitted as the estimate that it is."""
    inside, incidence = table.known_patients is not None and table.known_patients.inside, table.conventions.incidence
    if inside and fitted.role not in OF_OTHERS:
        yield (
            f"is a number of {fitted.role}, and it is not known what is left of it without the patients inside the "
            "print; required numbers of response and of survival at a day"
        )
    elif fitted.role == "incidence of response" and incidence != "aalen_johansen":
        yield (
            "is fitted as an Aalen-Johansen estimate; required conventions.incidence = 'aalen_johansen', found "
            f"{incidence!r}"
        )
    elif table.follow_up.longest is None and (what := _read_at_the_end(fitted)):
        yield f"is {what}, and it is not known how long patients were followed; {REQUIRED_END}"


def _read_at_the_end(fitted: Fittable) -> str:
    """What is read off when follow-up ends, and depends on when that is; empty where nothing is."""
    item = fitted.item
    if isinstance(item, Count | Share) and item.event == DEATH and item.at is None:
        return "a number of deaths by the end of follow-up"
    if isinstance(item, FollowUpTime) or (isinstance(item, MedianTime) and item.event == DEATH):
        parts = {"a median": item.value, "a lower limit": item.lower, "an upper limit": item.upper}
        never = [words for words, printed in parts.items() if printed is not None and not printed.is_reached]
        return f"{never[0]} that the curve had not reached when follow-up ended" if never else ""
    return ""
