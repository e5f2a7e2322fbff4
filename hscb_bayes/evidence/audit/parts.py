"""Survival of a whole study beside that of two groups that divide it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction
from itertools import combinations

from hscb_bayes.evidence.audit.arithmetic.cut import size_without_ties
from hscb_bayes.evidence.audit.arithmetic.precision import PrintedInterval
from hscb_bayes.evidence.audit.arithmetic.rounding import Window, counts_in, window
from hscb_bayes.evidence.audit.arithmetic.whole_counts import MOST_COUNTED
from hscb_bayes.evidence.audit.sizes import duration_summary, group_sizes
from hscb_bayes.evidence.audit.wording import Estimate
from hscb_bayes.evidence.cohort import EVERYBODY
from hscb_bayes.evidence.group import Group
from hscb_bayes.evidence.kinds.everybody_died_by import EverybodyDiedBy
from hscb_bayes.evidence.kinds.survival import Survival
from hscb_bayes.evidence.study import Study

USUAL_LEVEL = 0.95  # of an interval whose level is not printed
HIGHEST_LEVEL = 1.0 - 1e-9  # nearer to 1 the normal quantile is lost in rounding
MOST_SPLITS = 4  # more splits than these tell nothing apart


@dataclass(frozen=True, kw_only=True)
class Parts:
    """Survival on one day in two groups that divide the patients, and in all of them if that is printed."""

    groups: tuple[Group, Group]
    survival: tuple[Survival, Survival]
    whole: Survival | None

    @property
    def by(self) -> str:
        """What divides the patients."""
        return self.groups[0].by

    @property
    def items(self) -> tuple[str, str]:
        """Ids of the two items."""
        return self.survival[0].id, self.survival[1].id


def survivals(study: Study) -> tuple[Survival, ...]:
    """Every printed survival."""
    return tuple(item for item in study.items if isinstance(item, Survival))


def all_parts(study: Study) -> tuple[Parts, ...]:
    """Every pair of groups that divides the patients, on every day on which survival is printed for both."""
    return tuple(_all_parts(study))


def _all_parts(study: Study) -> Iterator[Parts]:
    printed = {(item.among, item.at.exact): item for item in reversed(survivals(study))}
    for one, other in combinations(study.groups.values(), 2):
        if one.by != other.by or not one.is_complement_of(other):
            continue
        for day in sorted({day for group, day in printed if group == one.id}):
            if (other.id, day) in printed:
                pair = printed[one.id, day], printed[other.id, day]
                yield Parts(groups=(one, other), survival=pair, whole=printed.get((EVERYBODY, day)))


def interval_of(item: Estimate) -> PrintedInterval | None:
    """The estimate with its limits; None when no limits are printed."""
    if item.lower is None or item.upper is None:
        return None
    level = USUAL_LEVEL if item.level is None else min(item.level, HIGHEST_LEVEL)
    return PrintedInterval(window(item.value), window(item.lower), window(item.upper), level, item.kind)


def is_complete(study: Study, survival: Survival) -> bool:
    """Whether everybody in the group was seen to die by the day, so that nobody there was censored before it."""
    deaths = (item for item in study.items if isinstance(item, EverybodyDiedBy) and item.among == survival.among)
    return any(item.by.exact <= survival.at.exact for item in deaths)


def share_alive(study: Study, survival: Survival) -> Window:
    """What the printed survival may stand for; exactly 0 when everybody was seen to die by then."""
    return Window(Fraction(0), Fraction(0)) if is_complete(study, survival) else window(survival.value)


def whole_splits(study: Study, parts: Parts) -> tuple[tuple[int, int], ...]:
    """Every pair of sizes that gives both percentages as whole counts, whatever else is printed about the sizes.

    None are looked for among more than ``MOST_COUNTED`` patients.
    """
    if study.n > MOST_COUNTED:
        return ()
    one, other = (window(item.value) for item in parts.survival)
    pairs = ((size, study.n - size) for size in range(1, study.n))
    return tuple(pair for pair in pairs if counts_in(one, pair[0]) and counts_in(other, pair[1]))


def known_split(study: Study, parts: Parts) -> tuple[int, int] | None:
    """The sizes of both groups if the print fixes them."""
    one, other = (group_sizes(study, group.id).exact for group in parts.groups)
    return None if one is None or other is None else (one, other)


def allowed_splits(study: Study, parts: Parts) -> tuple[tuple[int, int], ...]:
    """The likely splits that what is printed about the sizes does not exclude."""
    bounds, other_bounds = (group_sizes(study, group.id).bounds for group in parts.groups)
    return tuple(
        split for split in likely_splits(study, parts) if bounds.hold(split[0]) and other_bounds.hold(split[1])
    )


def likely_splits(study: Study, parts: Parts) -> tuple[tuple[int, int], ...]:
    """The pair of sizes that is known, or else the pairs worth a look.

    Those that give both percentages as whole counts, if they are few, whatever else is printed about the sizes, and the
    one that the median gives when no two patients have the same duration. None among more than ``MOST_COUNTED``
    patients, where every size would do.
    """
    known = known_split(study, parts)
    if known is not None:
        return (known,) if min(known) > 0 else ()
    if study.n > MOST_COUNTED:
        return ()
    whole = whole_splits(study, parts)
    splits = list(whole) if len(whole) <= MOST_SPLITS else []
    median, cut, relation = duration_summary(study), parts.groups[0].cut, parts.groups[0].relation
    if median is not None and cut is not None and relation is not None and median.median.exact == cut.exact:
        first = size_without_ties(study.n, relation)
        splits.append((first, study.n - first))
    return tuple(dict.fromkeys(splits))
