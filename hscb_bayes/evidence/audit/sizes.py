"""How many patients each group of a study can hold, as far as the print says."""

from __future__ import annotations

from dataclasses import dataclass

from hscb_bayes.evidence.audit.arithmetic.cut import Bounds, size_at_cut
from hscb_bayes.evidence.audit.arithmetic.rounding import counts_in, window
from hscb_bayes.evidence.cohort import EVERYBODY
from hscb_bayes.evidence.group import Group, Relation
from hscb_bayes.evidence.kinds.count import Count
from hscb_bayes.evidence.kinds.covariate_summary import CovariateSummary
from hscb_bayes.evidence.kinds.share import Share
from hscb_bayes.evidence.study import Study


@dataclass(frozen=True, kw_only=True)
class Sizes:
    """Bounds of a group's size, with the item and the words they come from."""

    bounds: Bounds
    item: str | None
    because: str

    @property
    def exact(self) -> int | None:
        """The size, if only one is possible."""
        return self.bounds.least if self.bounds.least == self.bounds.most else None


def group_sizes(study: Study, group: str) -> Sizes:
    """Bounds of a group's size.

    From the study's n; a count in the group or in its complement, where all of them were evaluable; the printed size of
    either; the count or the share of responders; or the median of duration.
    The first that is printed is taken. A group of which nothing is printed holds from 0 to n patients, and one that is
    in several groups at most as many as the smallest of them.
    """
    if group == EVERYBODY:
        return _exactly(study.n, None, f"the study has {study.n} patients")
    if study.groups[group].by == "groups":
        return _in_all(study, study.groups[group])
    rules = (_printed, _by_characteristic, _by_response, _by_median)
    found = next((sizes for rule in rules if (sizes := rule(study, study.groups[group])) is not None), None)
    return found or Sizes(bounds=Bounds(0, study.n), item=None, because=f"the study has {study.n} patients")


def duration_summary(study: Study) -> CovariateSummary | None:
    """The printed median of prior duration among all patients."""
    summaries = (item for item in study.items if isinstance(item, CovariateSummary))
    return next((item for item in summaries if item.covariate == "duration" and item.among == EVERYBODY), None)


def size_at_relation(study: Study, group: Group, relation: Relation) -> Bounds | None:
    """Bounds of a group by duration if its rule had this relation, by the median alone; None without a median.

    A cut that the rounding of the median leaves undecided, in units longer than a day, gives no bounds.
    """
    summary = duration_summary(study)
    if summary is None or group.cut is None:
        return None
    cut, median = group.cut.exact, summary.median
    if median.half_width > 0.5 and abs(cut - median.exact) <= median.exact_half_width:
        return None
    ends = [None if end is None or end.half_width > 0.5 else end.exact for end in (summary.lowest, summary.highest)]
    return size_at_cut(study.n, relation, cut, median=median.exact, lowest=ends[0], highest=ends[1])


def _exactly(size: int, item: str | None, because: str) -> Sizes:
    return Sizes(bounds=Bounds(size, size), item=item, because=because)


def _counts(study: Study, group: str) -> list[Count]:
    """Counts out of all patients of a group, of whatever event: where some were not evaluable, n is not its size."""
    items = (*study.items, *study.other_items)
    counts = (item for item in items if isinstance(item, Count) and item.among == group)
    return [item for item in counts if item.evaluable is None]


def _printed(study: Study, group: Group) -> Sizes | None:
    for other in study.groups.values():
        for count in _counts(study, other.id):
            if other.id == group.id:
                return _exactly(count.n, count.id, f"a count among them is out of {count.n}")
            if other.is_complement_of(group):
                because = f"a count among the other {count.n} leaves {study.n} - {count.n}"
                return _exactly(study.n - count.n, count.id, because)
    return None


def _by_characteristic(study: Study, group: Group) -> Sizes | None:
    if group.n is not None:
        return _exactly(group.n, None, f"{group.n} are printed")
    for other in study.groups.values():
        if other.n is not None and other.is_complement_of(group):
            return _exactly(study.n - other.n, None, f"the other {other.n} leave {study.n} - {other.n}")
    return None


def _by_response(study: Study, group: Group) -> Sizes | None:
    return _by_events(study, EVERYBODY, group) if group.by == "response" else None


def _by_events(study: Study, whole: str, part: Group) -> Sizes | None:
    """Responders, or the others, in a group of which it is printed how many responded."""
    for item in study.items:
        if not isinstance(item, Count | Share) or item.among != whole or item.event != "response" or not item.is_total:
            continue
        size = item.n if isinstance(item, Count) else group_sizes(study, whole).exact
        if size is None:
            continue
        if isinstance(item, Count):
            responders, because = item.count, f"{item.count} of {item.n} responded"
        else:
            counts = counts_in(window(item.value), size)
            if len(counts) != 1:
                continue
            responders, because = counts[0], f"{item.value} of {size} is {counts[0]}"
        return _exactly(responders if part.value == "yes" else size - responders, item.id, because)
    return None


def _in_all(study: Study, group: Group) -> Sizes:
    """Of patients who are in several groups: as printed or counted, or at most as many as in the smallest group."""
    if group.n is not None:
        return _exactly(group.n, None, f"{group.n} are printed")
    for item in _counts(study, group.id):
        return _exactly(item.n, item.id, f"a count among them is out of {item.n}")
    by_response = [study.groups[id] for id in group.parts if study.groups[id].by == "response"]
    others = {id for id in group.parts if study.groups[id].by != "response"}
    whole = next((other.id for other in study.groups.values() if set(other.parts) == others), None)
    responders = _by_events(study, whole, by_response[0]) if by_response and whole is not None else None
    if responders is not None:
        return responders
    smallest = min((group_sizes(study, id) for id in group.parts), key=lambda sizes: sizes.bounds.most)
    return Sizes(bounds=Bounds(0, smallest.bounds.most), item=smallest.item, because=smallest.because)


def _by_median(study: Study, group: Group) -> Sizes | None:
    summary = duration_summary(study)
    bounds = None if group.relation is None else size_at_relation(study, group, group.relation)
    if summary is None or bounds is None:
        return None
    because = f"the median of {study.n} patients is {summary.median}"
    return Sizes(bounds=bounds, item=summary.id, because=because)
