"""What is printed of the days of response, as marks: so many had responded by then.

A median and its limits are order statistics: one patient responded at the time itself, as it is recorded and printed:
in whole days, or in tenths of them. A cumulative incidence is a count by the end of a day, and so is a count of those
who were seen. A range says that nobody responded before its first day and nobody after its last, and that on each
of the two at least one did.
"""

from __future__ import annotations

import itertools
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Literal

import numpy as np
from scipy.special import gammaln

from hscb_bayes.analysis.against_study import is_of_all_responders
from hscb_bayes.analysis.member import Member
from hscb_bayes.analysis.subgroups import subgroup_of
from hscb_bayes.estimators.order_statistics import order_statistic_ranks
from hscb_bayes.estimators.sample_quantiles import ranks_between
from hscb_bayes.evidence.item import Item
from hscb_bayes.evidence.joint_counts import FINAL
from hscb_bayes.evidence.kinds.count import Count
from hscb_bayes.evidence.kinds.incidence import Incidence
from hscb_bayes.evidence.kinds.median_time import MedianTime
from hscb_bayes.evidence.kinds.share import Share
from hscb_bayes.evidence.printed import Printed
from hscb_bayes.process.incidence import OutcomeNodes, outcome_nodes
from hscb_bayes.process.quadrature import day_rule

End = Literal["first", "last"]
QUARTILES = {"first_quartile": 0.25, "third_quartile": 0.75}
RANKS = 3  # a median and its two limits, the fewest places of a layout
FEWEST_PATIENTS = 3  # whose first, middle and last response are of different patients
USUAL_DAYS = (7.0, 14.0, 28.0, 60.0, 4.0, 120.0)  # panels of the quadrature where no printed day sets them
HALF_A_DAY = 0.5  # where times are recorded in whole days
HALF = 0.5  # a count is between k - 1/2 and k + 1/2
NOT_REACHED = np.inf
NEARLY = 1e-6  # of a count: one in the middle between two agrees with both
IMPOSSIBLE = -1e3  # log of ways that there are not
SHORTEST_GAP = 0.05  # of a day, or of what is told apart, between two times, wherever their days are printed
DIGITS = 9  # of a day: two sums of decimal fractions that differ beyond them are one time
RESPONDERS = "cohort.responders"  # stands for the number of responders where only a belief says it


@dataclass(frozen=True, kw_only=True)
class Mark:
    """How many had responded by a day.

    ``exact``: one of them on the day itself, as with an order statistic; an infinite day says that it was not reached.
    ``of_curve``: read off a curve that corrects for losses; otherwise patients who were seen are counted. ``end``: the
    day is the first, or the last, of them all. ``half_step``: half the step of a printed count. ``earlier``,
    ``later``: days from the beginning of the times that are recorded and printed as the day to it, and on to their end.
    ``ranks``: the lowest and the highest of which it may be made; those next to the count if left out.
    """

    count: float
    day: float
    exact: bool = True
    end: End | None = None
    of_curve: bool = False
    half_step: float = 0.0
    earlier: float = HALF_A_DAY
    later: float = HALF_A_DAY
    ranks: tuple[float, float] | None = None

    @property
    def begins(self) -> float:
        """When the day begins, days."""
        return round(self.day - self.earlier, DIGITS)

    @property
    def ends(self) -> float:
        """When the day ends, days."""
        return round(self.day + self.later, DIGITS)


@dataclass(frozen=True, kw_only=True)
class ResponseArrays:
    """What ``JointArrays`` takes of the same names."""

    nodes: OutcomeNodes
    merge: np.ndarray
    interval: np.ndarray
    times: np.ndarray
    agrees: np.ndarray
    final: np.ndarray
    corrected: float
    unresponded: float


def columns_needed(analysis: Member) -> int:
    """For how many marks the layout has room."""
    fitted = [analysis.study.item(id.partition(".")[0]) for id in analysis.fit.items]
    medians = [item for item in fitted if isinstance(item, MedianTime)]
    found = sum(len(item.numbers) // len(item.groups) for item in medians)
    return max(RANKS, found + sum(_day_of(item) is not None for item in fitted))


def _day_of(item: Item) -> Printed | None:
    """By when responses are counted, where it is a printed day."""
    return item.at if isinstance(item, Incidence | Count | Share) and item.event == "response" else None


def responders_of(analysis: Member, numbers: Mapping[str, float], fitted: Collection[str], last: float) -> float | None:
    """How many responded by ``last``: printed, the whole number next to a printed share, or assumed."""
    for item in analysis.study.items:
        if is_of_all_responders(item, last) and item.id in fitted:
            return patients_counted(analysis, item, numbers)
    assumed = analysis.cohort.responders
    return None if assumed is None or not fitted else float(numbers.get(RESPONDERS, assumed))


def patients_counted(analysis: Member, item: Count | Share, numbers: Mapping[str, float]) -> float:
    """How many of all patients a number is: itself, or the whole number next to a share."""
    value = float(numbers[item.id])
    return value if isinstance(item, Count) else float(np.floor(value * analysis.size + HALF))


def marks_of(
    analysis: Member,
    numbers: Mapping[str, float],
    fitted: Collection[str],
    responders: float | None,
    day: float,
) -> list[Mark]:
    """Everything that is printed about the days of response, in the order of the days."""
    marks: list[Mark] = []
    for item in analysis.study.items:
        if isinstance(item, Incidence | Count | Share) and item.event == "response" and item.id in fitted:
            marks += _by_a_day(analysis, item, float(numbers[item.id]), day)
        elif isinstance(item, MedianTime) and item.event == "response":
            for group in item.groups:
                id = item.id_among(group)
                if id in fitted or item.id in fitted:
                    subgroup = subgroup_of(analysis.study, group, analysis.cohort.among)
                    everybody = subgroup is not None and subgroup.is_everybody
                    patients = analysis.size if everybody else int(responders or 0)
                    marks += _order_statistics(
                        analysis, item, id, numbers, patients, responders, day, among_all=everybody
                    )
    return sorted(marks, key=lambda mark: (mark.day, mark.count))


def _by_a_day(analysis: Member, item: Incidence | Count | Share, value: float, last: float) -> list[Mark]:
    """The responses by the end of a printed day; none where the number is not there, or is one of responders in all.

    A cumulative incidence is read off a curve that corrects for losses; a count, and a share, is of patients seen.
    """
    if item.at is None or not np.isfinite(value) or item.at.value >= last:
        return []
    ends = _recorded_by(item.at.value, analysis.study.steps_per_day) - item.at.value
    if isinstance(item, Count):
        return [Mark(count=value, day=item.at.value, exact=False, earlier=ends, later=ends)]
    count, half = value * analysis.size, item.value.half_width * analysis.size
    curve = isinstance(item, Incidence)
    return [Mark(count=count, day=item.at.value, exact=False, of_curve=curve, half_step=half, earlier=ends, later=ends)]


def _recorded_by(day: float, steps: int) -> float:
    """The end of the times that are recorded as a day or as an earlier one, days."""
    return (np.floor(day * steps + NEARLY) + HALF) / steps


def _recorded_as(printed: Printed, day: float, steps: int) -> tuple[float, float]:
    """Days from the beginning of the times that are recorded, and then printed, as a day to it, and on to their end.

    Where no recorded time is printed so, as of a median that is the middle of two, it is the resolution around it.
    """
    half = HALF / steps
    lowest = np.ceil((day - printed.half_width) * steps - NEARLY)
    highest = np.ceil((day + printed.half_width) * steps - NEARLY) - 1.0
    if highest < lowest:
        return half, half
    return day - lowest / steps + half, highest / steps + half - day


def _order_statistics(
    analysis: Member,
    item: MedianTime,
    id: str,
    numbers: Mapping[str, float],
    patients: int,
    responders: float | None,
    day: float,
    *,
    among_all: bool,
) -> list[Mark]:
    """Order statistics that a median, its limits and its range are; counted among responses."""
    pairs: list[tuple[float | None, str, End | None]] = []
    between, definition = dict[str, tuple[float, float]](), analysis.conventions.quartiles
    if patients >= FEWEST_PATIENTS:
        level = item.level or analysis.conventions.level
        ranks = order_statistic_ranks(patients, level, analysis.conventions.median_interval)
        pairs = [
            (ranks.lower, f"{id}.lower", None),
            (sum(ranks.estimate) / 2, id, None),
            (ranks.upper, f"{id}.upper", None),
        ]
    if responders is not None and responders >= FEWEST_PATIENTS:
        pairs += [(0.0, f"{id}.lowest", "first"), (responders, f"{id}.highest", "last")]
        between = {f"{id}.{name}": ranks_between(q, responders, definition) for name, q in QUARTILES.items()}
        pairs += [(sum(ranks) / 2.0, name, None) for name, ranks in between.items()]
    found, steps = [], analysis.study.steps_per_day
    printed = {number.id: number.printed for number in item.numbers}
    for rank, name, end in pairs:
        value = float(numbers.get(name, np.nan))
        is_late = name == id and value >= day  # limits that are not reached tell nothing that responders do not
        if rank is not None and (value < day or is_late):
            when = value if value < day else NOT_REACHED
            of_curve = among_all and end is None
            around = (HALF_A_DAY, HALF_A_DAY) if np.isinf(when) else _recorded_as(printed[name], when, steps)
            found.append(
                Mark(
                    count=float(rank),
                    day=when,
                    exact=end is None,
                    end=end,
                    of_curve=of_curve,
                    earlier=around[0],
                    later=around[1],
                    ranks=between.get(name),
                )
            )
    return found


def response_arrays(
    marks: Sequence[Mark], others: Sequence[Mark], known: np.ndarray, left: float | None, n: int, day: float, room: int
) -> ResponseArrays:
    """Quadrature nodes, and what is known of the others' responses at the ends of their panels.

    Panels end where a printed day begins and ends. There are always as many as there is room for, so that shapes do not
    depend on what is printed.

    Parameters
    ----------
    marks, others
        What is printed of all patients, and what of it is left for those who are not known one by one.
    known
        Days of response of patients who are known one by one, shape (known,).
    left
        How many of the others responded, None if not known.
    n
        How many others there are.
    """
    limits = [limit for mark in marks for limit in _limits_of(mark, day)]
    inside = sorted({limit.time for limit in limits if limit.time < day})
    for usual in (*USUAL_DAYS, *[USUAL_DAYS[0]] * (2 * room)):
        if len(inside) < 2 * room:
            inside = sorted([*inside, _free_place(usual, inside, day)])
    cuts = np.array([*inside, day])
    reached = [mark for mark in others if np.isfinite(mark.day)]
    merge, interval, times = _columns(reached, left, cuts, room)
    corrected = all(mark.of_curve for mark in marks)
    return ResponseArrays(
        nodes=outcome_nodes(cuts, rule=day_rule(cuts), edges=cuts[-1:]),
        merge=merge,
        interval=interval,
        times=times,
        agrees=_agrees(limits, cuts, known, n, float(n if corrected or left is None else left)),
        final=_final(left, n, corrected=corrected),
        corrected=float(corrected),
        unresponded=n - (left if left is not None else min(max([mark.count for mark in reached], default=0.0), n)),
    )


@dataclass(frozen=True, kw_only=True)
class Limit:
    """Fewer responses than ``below`` by a time, and more than ``above``; ``of_curve`` as of its mark."""

    time: float
    below: float = np.inf
    above: float = -np.inf
    of_curve: bool = False


def _limits_of(mark: Mark, day: float) -> list[Limit]:
    """What a mark says of counts at times, in the order of the times."""
    first, last = mark.begins, mark.ends
    if mark.end == "first":
        found = [Limit(time=first, below=HALF), Limit(time=last, above=HALF)]
    elif mark.end == "last":
        found = [Limit(time=first, below=mark.count - HALF), Limit(time=last, above=mark.count - HALF)]
    elif not mark.exact:
        half = max(HALF, mark.half_step) + NEARLY
        found = [Limit(time=last, below=mark.count + half, above=mark.count - half)]
    else:
        fewest, most = mark.ranks or (np.floor(mark.count), np.ceil(mark.count))
        found = [Limit(time=first, below=most - HALF)]
        found += [Limit(time=last, above=fewest - HALF)] if np.isfinite(mark.day) else []
    return [replace(limit, time=min(limit.time, day), of_curve=mark.of_curve) for limit in found if limit.time > 0.0]


def _agrees(limits: Sequence[Limit], cuts: np.ndarray, known: np.ndarray, n: int, most: float) -> np.ndarray:
    """1 where c responses of the others by the end of a panel agree with all limits there, shape (panel, state).

    Of all patients' counts those of the known are taken off. ``most``: at the most so many of the others can have
    responded. Under losses a curve is not always where the counts of those seen are, and what is read off it yields:
    of the counts that agree with everything else the nearest one agrees with it.
    """
    states, found = np.arange(n + 1.0), np.ones((cuts.size, n + 1))
    fewest, largest = np.zeros(cuts.size), np.full(cuts.size, most)
    for limit in sorted(limits, key=lambda limit: limit.of_curve):
        off = float((known <= limit.time).sum())
        end = int(np.argmin(abs(cuts - limit.time)))
        lowest, highest = (fewest[end], largest[end]) if limit.of_curve else (0.0, most)
        below, above = max(limit.below - off, lowest + HALF), min(limit.above - off, highest - HALF)
        found[end] *= (states < below) & (states > above)
        if not limit.of_curve:
            fewest[end:] = np.maximum(fewest[end:], np.floor(above) + 1.0)
            largest[: end + 1] = np.minimum(largest[: end + 1], np.ceil(below) - 1.0)
    return found


def _final(left: float | None, n: int, *, corrected: bool) -> np.ndarray:
    """Of c who have responded by the day how many are seen, shape (4, state): see ``joint_counts.FINAL``."""
    states, found = np.arange(n + 1.0), np.zeros((len(FINAL), n + 1))
    found[-1, n] = 1.0
    if left is not None:
        missed = np.maximum(states - left, 0.0)
        ways = gammaln(states + 1.0) - gammaln(left + 1.0) - gammaln(missed + 1.0)
        possible = states >= left if corrected else states == left
        found[0] = np.where(possible, ways, IMPOSSIBLE)
        found[1:3] = [np.full(n + 1, left), missed] if corrected else 0.0
    return found


def _columns(marks: Sequence[Mark], left: float | None, cuts: np.ndarray, room: int) -> tuple[np.ndarray, ...]:
    """What takes panels to intervals between the marks and to their days; which are intervals; and counts in them."""
    starts = np.concatenate([[0.0], cuts[:-1]])
    edges = _within_their_days([_time(mark) for mark in marks])
    share = np.clip((np.array([[*edges]]).T - starts) / (cuts - starts), 0.0, 1.0)
    by_edge = np.vstack([share, np.ones((1, cuts.size))])
    exact = [mark for mark in marks if mark.exact and mark.end is None]
    merge, counted = np.zeros((cuts.size, 2 * room + 1)), 0.0
    interval, times = np.zeros(2 * room + 1), np.zeros(2 * room + 1)
    before = np.zeros(cuts.size)
    for k, (upto, mark) in enumerate(zip(by_edge, [*marks, None], strict=True)):
        merge[:, k], before, interval[k] = upto - before, upto, 1.0
        if mark is not None:
            count = mark.count if left is None else min(mark.count, left)
            one = float(mark.exact and mark.end is None)
            times[k], counted = max(count - counted - one, 0.0), max(counted, count)
    times[len(marks)], interval[len(marks)] = (0.0, 0.0) if left is None else (max(left - counted, 0.0), 1.0)
    for k, mark in enumerate(exact):
        gap = SHORTEST_GAP * (mark.earlier + mark.later)
        on_day = (starts >= mark.begins - gap) & (cuts <= mark.ends + gap)
        merge[:, room + 1 + k], times[room + 1 + k] = on_day, 1.0
    return merge, interval, times


def _time(mark: Mark) -> tuple[float, float, float]:
    """A time near which the count of a mark is reached, and the days before and after it that are taken for it."""
    if mark.exact and not mark.end:
        return mark.day, mark.earlier, mark.later
    return (mark.begins if mark.end == "first" else mark.ends), mark.earlier, mark.later


def _within_their_days(values: list[tuple[float, float, float]]) -> list[float]:
    """Times behind printed days: the middle of the day, and when several share a day evenly spread over it.

    A whole day d is what rounds to d: from d - 1/2, or 0, to d + 1/2.

    Parameters
    ----------
    values
        Days, and how far each begins before it and ends after it.
    """
    times: list[float] = []
    gaps: list[float] = []
    for (value, earlier, later), same in itertools.groupby(values):
        first, last, several = max(value - earlier, 0.0), value + later, len(list(same))
        times += [first + (last - first) * (k + 1) / (several + 1) for k in range(several)]
        gaps += [SHORTEST_GAP * min(earlier + later, 1.0)] * several
    apart = np.cumsum(gaps)
    return list(np.maximum.accumulate(np.maximum(np.array(times) - apart, 0.0)) + apart)


def _free_place(wanted: float, taken: list[float], day: float) -> float:
    """A day near ``wanted`` that is none of those taken: the log middle of the widest gap, if it is one of them."""
    if all(abs(np.log(wanted / other)) > 0.1 for other in taken) and wanted < day:
        return wanted
    edges = np.log(np.array([1.0, *sorted(taken), day]))
    widest = int(np.argmax(np.diff(edges)))
    return float(np.exp((edges[widest] + edges[widest + 1]) / 2))
