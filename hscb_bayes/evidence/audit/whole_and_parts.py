"""Survival of all patients beside that of the groups that divide them.

The mean of the parts is exact without censoring only: how Kaplan-Meier with censoring may leave it, and what remains
impossible under any follow-up, is in ``arithmetic/mixture.py``.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from hscb_bayes.evidence.audit.arithmetic.mixture import is_possible, lost_at_once, mean_of_parts
from hscb_bayes.evidence.audit.arithmetic.precision import sizes_by_scale
from hscb_bayes.evidence.audit.arithmetic.rounding import Window, window
from hscb_bayes.evidence.audit.finding import Finding, Severity
from hscb_bayes.evidence.audit.interval_scale import preferred_scale
from hscb_bayes.evidence.audit.parts import (
    MOST_SPLITS,
    Parts,
    all_parts,
    interval_of,
    is_complete,
    known_split,
    likely_splits,
    share_alive,
    whole_splits,
)
from hscb_bayes.evidence.audit.sizes import group_sizes
from hscb_bayes.evidence.audit.wording import estimate_of, from_to, label, percent, percents, sentence, sizes
from hscb_bayes.evidence.kinds.survival import Survival
from hscb_bayes.evidence.study import Study

RULE = "whole_and_parts"


@dataclass(frozen=True, kw_only=True)
class Comparison:
    """A whole beside its parts at one pair of sizes."""

    study: Study
    parts: Parts
    whole: Survival
    split: tuple[int, int]

    @property
    def alive(self) -> tuple[Window, Window]:
        """Survival of the parts."""
        return share_alive(self.study, self.parts.survival[0]), share_alive(self.study, self.parts.survival[1])

    @property
    def mean(self) -> Window:
        """Survival of the whole without censoring."""
        return mean_of_parts(self.split, self.alive)

    @property
    def agrees(self) -> bool:
        """Whether the whole is what the parts give without censoring."""
        return self.mean.overlaps(window(self.whole.value))

    @property
    def is_possible(self) -> bool:
        """Whether some follow-up gives the whole at these sizes."""
        complete = self.complete is not None
        return is_possible(window(self.whole.value), self.alive, self.mean, one_part_is_complete=complete)

    @property
    def excluded(self) -> str | None:
        """Why the print excludes these sizes; None if it does not."""
        group = group_sizes(self.study, self.parts.groups[0].id)
        if group.bounds.hold(self.split[0]) or self.split == known_split(self.study, self.parts):
            return None
        return f"{self.name(0)} are {from_to(group.bounds)} ({group.because})"

    @property
    def complete(self) -> int | None:
        """The part, 0 or 1, of whom everybody was seen to die; None if neither."""
        done = (index for index, item in enumerate(self.parts.survival) if is_complete(self.study, item))
        return next(done, None)

    def name(self, part: int) -> str:
        """A part in words."""
        return label(self.parts.groups[part].id, self.study)


def whole_and_parts(study: Study) -> list[Finding]:
    """Compare the whole with its parts, at the sizes that are known or worth a look."""
    return [_compare(case) for parts in all_parts(study) for case in _cases(study, parts)]


def _cases(study: Study, parts: Parts) -> list[Comparison]:
    """The sizes to compare at: where they are open, those that the print allows and that agree, if there are any."""
    if parts.whole is None:
        return []
    likely = likely_splits(study, parts) or _if_impossible(study, parts, parts.whole)
    if known_split(study, parts) is None:
        bounds = group_sizes(study, parts.groups[0].id).bounds
        tried = dict.fromkeys((*likely, *whole_splits(study, parts)))
        open_cases = _comparisons(study, parts, parts.whole, (split for split in tried if bounds.hold(split[0])))
        agreeing = [case for case in open_cases if case.agrees]
        if agreeing:
            return agreeing[:MOST_SPLITS]
    return _comparisons(study, parts, parts.whole, likely)


def _if_impossible(study: Study, parts: Parts, whole: Survival) -> tuple[tuple[int, int], ...]:
    """The first pair of sizes if the whole is impossible at all that the print allows, else none."""
    cases = _extremes(study, parts, whole)
    return () if any(case.is_possible for case in cases) else tuple(case.split for case in cases[:1])


def _extremes(study: Study, parts: Parts, whole: Survival) -> list[Comparison]:
    """The known sizes, or the least and the most: the mean of the parts is between theirs at any others."""
    known, bounds = known_split(study, parts), group_sizes(study, parts.groups[0].id).bounds
    if known is not None:
        return _comparisons(study, parts, whole, [known] if min(known) > 0 else [])
    ends = dict.fromkeys(min(max(size, 1), study.n - 1) for size in (bounds.least, bounds.most))
    return _comparisons(study, parts, whole, ((size, study.n - size) for size in ends if size > 0))


def _comparisons(study: Study, parts: Parts, whole: Survival, splits: Iterable[tuple[int, int]]) -> list[Comparison]:
    return [Comparison(study=study, parts=parts, whole=whole, split=split) for split in splits]


def _compare(case: Comparison) -> Finding:
    printed, mean = window(case.whole.value), case.mean
    groups = " and ".join(
        f"{case.split[part]} {case.name(part)} ({case.parts.survival[part].value})" for part in (0, 1)
    )
    given = f"the {percents(mean)} that {groups} give without censoring"
    severity: Severity
    if case.agrees:
        severity, verdict = "note" if case.excluded else "ok", f"agrees with {given}"
        verdict += f", but {case.excluded}" if case.excluded else ""
    elif case.is_possible:
        side = "below" if printed.high < mean.low else "above"
        severity, verdict = "note", f"is {side} {given}: {_early_losses(case)}"
    else:
        severity, verdict = _impossible(case)
    return Finding(
        rule=RULE,
        severity=severity,
        items=(case.whole.id, *case.parts.items),
        case=f"{case.split[0]}/{case.split[1]}",
        sentence=sentence(f"{estimate_of(case.whole, case.study)} {verdict}"),
        arithmetic=_sum(case),
    )


def _early_losses(case: Comparison) -> str:
    """What follow-up would explain the whole, and when none would."""
    words = ["complete follow-up cannot explain it"]
    if case.complete is not None:
        other, dead = case.name(1 - case.complete), case.name(case.complete)
        words = [f"impossible if {other} were followed until the last of the {dead} had died"]
    losses = lost_at_once(window(case.whole.value), case.split, case.alive)
    if losses is None:
        return f"{words[0]}, nor can losses at the start in one of the groups"
    part, lost = losses
    size = case.split[part]
    words.append(f"early censoring can, such as {lost} of the {size} {case.name(part)} lost at the start")
    followed = _followed(case, part)
    if followed is not None and size - lost < followed.low:
        words.append(
            f"that would leave {size - lost} and their interval stands for {sizes(followed)}: nearly a conflict, "
            "unless those lost left after most deaths of their group and before those of the other"
        )
    elif followed is not None and followed.high < size:
        words.append(f"their interval stands for {sizes(followed)} of them, so some were lost early")
    return "; ".join(words)


def _followed(case: Comparison, part: int) -> Window | None:
    """How many patients the interval of a part stands for."""
    interval = interval_of(case.parts.survival[part])
    scale = None if interval is None else preferred_scale(case.study, interval)
    return None if interval is None or scale is None else sizes_by_scale(interval)[scale]


def _impossible(case: Comparison) -> tuple[Severity, str]:
    """A conflict, unless only sizes that the print does not fix are impossible."""
    if window(case.whole.value).low > case.mean.high and case.complete is not None:
        possible = any(other.is_possible for other in _extremes(case.study, case.parts, case.whole))
        severity: Severity = "note" if possible else "conflict"
        most = (
            f"{percent(case.mean.high)}, the most that any follow-up gives {case.split[0]} / {case.split[1]} patients"
        )
        return severity, f"is above {most} when all {case.name(case.complete)} were seen to die"
    low = case.alive[0].low, case.alive[1].low
    least = f"{percent(low[0])} x {percent(low[1])} = {percent(low[0] * low[1])}"
    return "conflict", f"is below {least}, the least that any follow-up gives"


def _sum(case: Comparison) -> str:
    n = sum(case.split)
    terms = (f"{size} / {n} x ({percents(part)})" for size, part in zip(case.split, case.alive, strict=True))
    found = f"{' + '.join(terms)} = {percents(case.mean)} against {percents(window(case.whole.value))}"
    losses = lost_at_once(window(case.whole.value), case.split, case.alive)
    if losses is None or case.agrees:
        return found
    part, lost = losses
    left = (case.split[0] - lost, case.split[1]) if part == 0 else (case.split[0], case.split[1] - lost)
    middle = mean_of_parts(left, case.alive)
    return f"{found}; with {lost} lost {left[0]} / {sum(left)} and {left[1]} / {sum(left)} give {percents(middle)}"
