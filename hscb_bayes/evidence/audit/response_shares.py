"""A share of patients is a count over their number: of all, and in two groups that divide them."""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Iterator
from fractions import Fraction

from hscb_bayes.evidence.audit.arithmetic.reachable import can_be_incidence
from hscb_bayes.evidence.audit.arithmetic.rounding import counts_cut_off, counts_in, neighbours, window
from hscb_bayes.evidence.audit.arithmetic.two_by_two import Table
from hscb_bayes.evidence.audit.arithmetic.whole_counts import MOST_COUNTED
from hscb_bayes.evidence.audit.finding import Finding, Severity
from hscb_bayes.evidence.audit.sizes import Sizes, group_sizes
from hscb_bayes.evidence.audit.wording import estimate_of, from_to, label, listed, percent, sentence
from hscb_bayes.evidence.cohort import EVERYBODY
from hscb_bayes.evidence.kinds.count import Count
from hscb_bayes.evidence.kinds.incidence import Incidence
from hscb_bayes.evidence.kinds.share import Share
from hscb_bayes.evidence.study import Study

RULE = "response_shares"
PARTS_RULE = "response_parts"
MOST_SHOWN = 4


def response_shares(study: Study) -> list[Finding]:
    """Look for the count behind every share and incidence, in the sizes that its group can have."""
    findings = (_look(study, item) for item in study.items if isinstance(item, Share | Incidence))
    return [finding for finding in findings if finding is not None]


def response_parts(study: Study) -> list[Finding]:
    """Look for the counts behind the shares of two groups that divide the patients, beside that of all.

    Two printed counts need no search: ``counts_add_up`` is about them.
    """
    if study.n > MOST_COUNTED:
        return []
    pairs = itertools.combinations([item for item in study.items if _in_a_part(study, item)], 2)
    return [
        _parts(study, one, other)
        for one, other in pairs
        if isinstance(one, Share | Count) and isinstance(other, Share | Count) and divide(study, one, other)
        if Share in (type(one), type(other))
    ]


def divide(study: Study, one: Share | Count, other: Share | Count) -> bool:
    """Whether two items are about the same event in two groups that divide the patients."""
    if EVERYBODY in (one.among, other.among):
        return False
    groups = study.groups[one.among], study.groups[other.among]
    return (one.event, one.at) == (other.event, other.at) and groups[0].is_complement_of(groups[1])


def tables_of(study: Study, one: Share | Count, other: Share | Count) -> tuple[tuple[Table, ...], bool]:
    """Every pair of counts that prints both shares and that of all, and whether the shares of the parts are cut off.

    Cut off is tried where rounding gives no pair; the share of all may be either. None are looked for among more than
    ``MOST_COUNTED`` patients.
    """
    rounded = tuple(_tables(study, one, other, cut=False))
    return (rounded, False) if rounded else (tuple(_tables(study, one, other, cut=True)), True)


def _tables(study: Study, one: Share | Count, other: Share | Count, *, cut: bool) -> Iterator[Table]:
    if _evaluable_in_part(one, other):
        yield from _of_evaluable(study, one, other, cut=cut)
        return
    whole = _whole(study, one, other)
    counts_fewer = isinstance(whole, Count) and whole.n != study.n
    events = (
        None
        if whole is None or counts_fewer
        else {*_counts(whole, study.n, cut=False), *_counts(whole, study.n, cut=True)}
    )
    bounds, other_bounds = group_sizes(study, one.among).bounds, group_sizes(study, other.among).bounds
    for n in range(1, study.n) if study.n <= MOST_COUNTED else ():
        if bounds.hold(n) and other_bounds.hold(study.n - n):
            for count, more in itertools.product(_counts(one, n, cut=cut), _counts(other, study.n - n, cut=cut)):
                if events is None or count + more in events:
                    yield Table(count, n, more, study.n - n)


def _of_evaluable(study: Study, one: Share | Count, other: Share | Count, *, cut: bool) -> Iterator[Table]:
    """Pairs of counts where some patients were not evaluable: a share is of every size that its group can have."""
    for n, more_n in itertools.product(*(_denominators(study, item) for item in (one, other))):
        if n + more_n <= study.n:
            for count, more in itertools.product(_counts(one, n, cut=cut), _counts(other, more_n, cut=cut)):
                yield Table(count, n, more, more_n)


def _denominators(study: Study, item: Share | Count) -> range:
    if isinstance(item, Count):
        return range(item.n, item.n + 1)
    bounds = group_sizes(study, item.among).bounds
    return range(max(bounds.least, 1), min(bounds.most, MOST_COUNTED) + 1)


def _evaluable_in_part(one: Share | Count, other: Share | Count) -> bool:
    return any(isinstance(item, Count) and item.evaluable is not None for item in (one, other))


def _counts(item: Share | Count, n: int, *, cut: bool) -> Iterable[int]:
    """Counts of n that print an item; with ``cut`` also those whose percentage is cut off instead of rounded."""
    if isinstance(item, Count):
        return [item.count] if item.n == n else []
    rounded = counts_in(window(item.value), n)
    return {*rounded, *counts_cut_off(item.value, n)} if cut else rounded


def _in_a_part(study: Study, item: object) -> bool:
    return (
        isinstance(item, Share | Count) and item.among != EVERYBODY and study.groups[item.among].by == "characteristic"
    )


def _whole(study: Study, one: Share | Count, other: Share | Count) -> Share | Count | None:
    """What is printed of all; nothing that two parts could be held against where some were not evaluable."""
    if _evaluable_in_part(one, other):
        return None
    wholes = (item for item in study.items if isinstance(item, Share | Count) and item.among == EVERYBODY)
    same = (item for item in wholes if (item.event, item.at) == (one.event, one.at))
    return next((item for item in same if not isinstance(item, Count) or item.evaluable is None), None)


def _look(study: Study, item: Share | Incidence) -> Finding | None:
    sizes = group_sizes(study, item.among)
    size = sizes.exact
    if not _is_possible(item, sizes):
        return _finding(study, item, "conflict", *_impossible(item, sizes))
    if not size or size > MOST_COUNTED:
        return None
    below, above = neighbours(item.value, size)
    beside = f"{below * size} / {size} = {percent(below)}, {above * size} / {size} = {percent(above)}"
    if counts := counts_in(window(item.value), size):
        found = f"{counts[0]}" if counts[0] == counts[-1] else f"{counts[0]} to {counts[-1]}"
        first = f"{counts[0]} / {size} = {percent(Fraction(counts[0], size))}"
        return _finding(study, item, "ok", f"is {found} of {size} patients", first)
    if isinstance(item, Incidence):
        verdict = f"is no count of {size} patients, so somebody left follow-up {_before(item)}, or they are fewer"
    else:
        cut = counts_cut_off(item.value, size)[0]
        verdict = f"is no count of {size} patients when rounded; {cut} of {size} gives it when cut off"
    return _finding(study, item, "note", verdict, beside)


def _before(item: Incidence) -> str:
    return "early" if item.at is None else f"before {item.at}"


def _is_possible(item: Share | Incidence, sizes: Sizes) -> bool:
    """Whether some number of patients that the group may have gives the print, by rounding or by cutting off."""
    least, most = max(sizes.bounds.least, 1), sizes.bounds.most
    if isinstance(item, Incidence):
        return can_be_incidence(window(item.value), most)
    if most - least > MOST_COUNTED:
        return True
    return any(counts_in(window(item.value), n) or counts_cut_off(item.value, n) for n in range(least, most + 1))


def _impossible(item: Share | Incidence, sizes: Sizes) -> tuple[str, str]:
    people = f"{from_to(sizes.bounds)} patients"
    if isinstance(item, Incidence):
        words = f"is given by no follow-up of {people} ({sizes.because})"
        return words, f"every way in which at most {sizes.bounds.most} patients can leave tried"
    words = f"is no count of {people}: it is of other patients, or misprinted"
    if not sizes.exact:
        return words, f"every count of {people} tried"
    below, above = neighbours(item.value, sizes.exact)
    size = sizes.exact
    return words, f"{below * size} / {size} = {percent(below)}, {above * size} / {size} = {percent(above)}"


def _finding(study: Study, item: Share | Incidence, severity: Severity, verdict: str, arithmetic: str) -> Finding:
    words = f"{estimate_of(item, study)} {verdict}"
    return Finding(rule=RULE, severity=severity, items=(item.id,), sentence=sentence(words), arithmetic=arithmetic)


def _parts(study: Study, one: Share | Count, other: Share | Count) -> Finding:
    (tables, cut), whole = tables_of(study, one, other), _whole(study, one, other)
    shares = " and ".join(f"{_printed(item)} among {label(item.among, study)}" for item in (one, other))
    beside = "" if whole is None else f", beside {_printed(whole)} among all,"
    severity: Severity = "note" if cut else "ok"
    if not tables:
        severity, words = "conflict", f"{shares}{beside} are given by no counts of {study.n} patients"
        arithmetic = "every pair of counts tried"
    else:
        shown = listed([str(table) for table in tables[:MOST_SHOWN]], "or")
        more = "" if len(tables) <= MOST_SHOWN else f" and {len(tables) - MOST_SHOWN} more"
        words = f"{shares}{beside} are {shown}{more}{', cut off instead of rounded' if cut else ''}"
        arithmetic = "; ".join(_sum(table) for table in tables[:MOST_SHOWN])
        if isinstance(whole, Share) and not any(
            window(whole.value).holds(Fraction(table.count + table.other, table.n + table.other_n)) for table in tables
        ):
            words += f"; {whole.value} among all is then cut off, not rounded"
    return Finding(
        rule=PARTS_RULE,
        severity=severity,
        items=(one.id, other.id, *([] if whole is None else [whole.id])),
        sentence=sentence(words),
        arithmetic=arithmetic,
    )


def _printed(item: Share | Count) -> str:
    return f"{item.count} of {item.n}" if isinstance(item, Count) else str(item.value)


def _sum(table: Table) -> str:
    events, n = table.count + table.other, table.n + table.other_n
    parts = f"{table.count} / {table.n} = {percent(table.count / table.n)}, "
    parts += f"{table.other} / {table.other_n} = {percent(table.other / table.other_n)}"
    return f"{parts}, together {events} / {n} = {percent(events / n)}"
