"""What an analysis speaks of: the printed numbers that are about its own patients, in groups that it can tell apart."""

from __future__ import annotations

from hscb_bayes.analysis.analysis import Analysis
from hscb_bayes.analysis.grades import is_of_grade
from hscb_bayes.analysis.member import Member
from hscb_bayes.analysis.subgroups import is_about
from hscb_bayes.evidence.cohort import EVERYBODY
from hscb_bayes.evidence.group import Group
from hscb_bayes.evidence.item import Item, PrintedNumber
from hscb_bayes.evidence.kinds.p_value import PValue


def speaks_of(analysis: Member, number: PrintedNumber) -> bool:
    """Whether a printed number is one of the analysis: fitted, or checked against its replicates.

    It is not where it is about another event, or about a grade of the response where no number of a grade is fitted; or
    about patients of another group or of the whole study, or of groups by duration whose sizes are not declared in an
    analysis in which durations have no part.
    """
    study = analysis.study
    if any(item.id == number.item for item in study.other_items):
        return False
    item = study.item(number.item)
    if is_of_grade(item, study) and not analysis.grades:
        return False
    if not is_about(study, item, number.among, analysis.cohort.among):
        return False
    groups = (number.among, *item.compared_groups)
    parts = [study.groups[part] for id in groups if id in study.groups for part in study.groups[id].parts]
    return analysis.by_duration or all(part.by != "duration" or _is_sized(analysis, part) for part in parts)


def owner_of(analysis: Analysis, number: PrintedNumber) -> Member | None:
    """The member, or the arm, whose number a printed number of its study is; None where it is of none of them."""
    return next((member for member in analysis.members if speaks_of(member, number)), None)


def compares_arms(analysis: Analysis, item: Item) -> bool:
    """Whether an item compares two arms of the analysis, by an event that it is about."""
    arms = analysis.studies if analysis.has_arms else ()
    if not item.compared_groups or not set(item.compared_groups) <= set(arms) or item.among != EVERYBODY:
        return False
    study = analysis.members[0].study
    return all(other.id != item.id for other in study.other_items) and not is_of_grade(item, study)


def _is_sized(analysis: Member, group: Group) -> bool:
    sized = (analysis.study.groups[id] for id in analysis.cohort.sizes)
    return any(other.id == group.id or other.is_complement_of(group) for other in sized)


def fitted_p_values(analysis: Member) -> tuple[PValue, ...]:
    """The P values that an analysis fits."""
    return tuple(item for item in analysis.study.items if isinstance(item, PValue) and item.id in analysis.fit.items)
