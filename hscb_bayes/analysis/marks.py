"""What is printed of the days of response, as marks: so many had responded by then.

A median and its limits are order statistics: one patient responded on the day itself. A cumulative incidence is a count
by the end of a day. A range says that nobody responded before its first day and nobody after its last, and that on each
of the two at least one did.
"""

from __future__ import annotations

import itertools
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Literal

import numpy as np

from hscb_bayes.analysis.spec import Analysis
from hscb_bayes.estimators.order_statistics import order_statistic_ranks
from hscb_bayes.evidence.kinds.count import Count
from hscb_bayes.evidence.kinds.incidence import Incidence
from hscb_bayes.evidence.kinds.median_time import MedianTime
from hscb_bayes.evidence.kinds.share import Share
from hscb_bayes.process.incidence import OutcomeNodes, outcome_nodes
from hscb_bayes.process.quadrature import day_rule

End = Literal["first", "last"]
ENDS: tuple[End, ...] = ("first", "last")
RANKS = 3  # a median and its two limits, the fewest places of a layout
FEWEST_PATIENTS = 3  # whose first, middle and last response are of different patients
USUAL_DAYS = (7.0, 14.0, 28.0, 60.0, 4.0, 120.0)  # panels of the quadrature where no printed day sets them
HALF_A_DAY = 0.5  # times are recorded in whole days
SHORTEST_GAP = 0.05  # days between two times, wherever their days are printed
RESPONDERS = "cohort.responders"  # stands for the number of responders where only a belief says it


@dataclass(frozen=True, kw_only=True)
class Mark:
    """How many had responded by a day.

    ``exact``: one of them on the day itself, as with an order statistic. ``end``: the day is the first, or the last, of
    them all.
    """

    count: float
    day: float
    exact: bool = True
    end: End | None = None


@dataclass(frozen=True, kw_only=True)
class Cut:
    """A time that divides the days of response: ``mark`` is what is known there, None where nothing is."""

    time: float
    mark: Mark | None = None


@dataclass(frozen=True, kw_only=True)
class ResponseArrays:
    """What ``JointArrays`` takes of the same names."""

    nodes: OutcomeNodes
    merge: np.ndarray
    interval: np.ndarray
    times: np.ndarray
    ends: np.ndarray
    on_ends: np.ndarray
    unresponded: float


def places(analysis: Analysis) -> int:
    """How many times dividing the days of response the layout has room for: both ends of a first and of a last day."""
    fitted = [analysis.study.item(id.partition(".")[0]) for id in analysis.table.fit.items]
    medians = [item for item in fitted if isinstance(item, MedianTime)]
    ranges = [number for item in medians for number in (item.lowest, item.highest)]
    printed = [*(number for item in medians for number in (item.value, item.lower, item.upper)), *ranges, *ranges]
    found = sum(number is not None for number in printed)
    return max(RANKS, found + sum(isinstance(item, Incidence) for item in fitted))


def responders_of(analysis: Analysis, numbers: Mapping[str, float], fitted: Collection[str]) -> float | None:
    """How many responded: printed, the whole number next to a printed share, or assumed."""
    for item in analysis.study.items:
        if isinstance(item, Count | Share) and item.id in fitted and item.event == "response":
            value = float(numbers[item.id])
            return value if isinstance(item, Count) else float(np.floor(value * analysis.patients + 0.5))
    assumed = analysis.table.cohort.responders
    return None if assumed is None or not fitted else float(numbers.get(RESPONDERS, assumed))


def marks_of(
    analysis: Analysis,
    numbers: Mapping[str, float],
    fitted: Collection[str],
    responders: float | None,
    day: float,
) -> list[Mark]:
    """Everything that is printed about the days of response, in the order of the days."""
    marks: list[Mark] = []
    for item in analysis.study.items:
        if isinstance(item, Incidence) and item.id in fitted:
            share = float(numbers[item.id])
            if np.isfinite(share) and item.day < day:
                marks.append(Mark(count=share * analysis.patients, day=item.day, exact=False))
        elif isinstance(item, MedianTime) and item.event == "response":
            for group in item.groups:
                id = item.id_among(group)
                if id in fitted or item.id in fitted:
                    everybody = group == analysis.table.cohort.among
                    patients = analysis.patients if everybody else int(responders or 0)
                    marks += _order_statistics(analysis, item, id, numbers, patients, responders, day)
    return sorted(marks, key=lambda mark: (mark.day, mark.count))


def _order_statistics(
    analysis: Analysis,
    item: MedianTime,
    id: str,
    numbers: Mapping[str, float],
    patients: int,
    responders: float | None,
    day: float,
) -> list[Mark]:
    """Order statistics that a median, its limits and its range are; counted among responses."""
    pairs: list[tuple[float | None, str, End | None]] = []
    if patients >= FEWEST_PATIENTS:
        level = item.level or analysis.table.conventions.level
        ranks = order_statistic_ranks(patients, level, analysis.table.conventions.median_interval)
        pairs = [
            (ranks.lower, f"{id}.lower", None),
            (sum(ranks.estimate) / 2, id, None),
            (ranks.upper, f"{id}.upper", None),
        ]
    if responders is not None and responders >= FEWEST_PATIENTS:
        pairs += [(0.0, f"{id}.lowest", "first"), (responders, f"{id}.highest", "last")]
    return [
        Mark(count=float(rank), day=float(numbers[name]), exact=end is None, end=end)
        for rank, name, end in pairs
        if rank is not None and numbers.get(name, np.nan) < day
    ]


def response_arrays(marks: list[Mark], responders: float | None, n: int, day: float, room: int) -> ResponseArrays:
    """Quadrature nodes and columns: intervals between the days that are known, then densities, then first and last day.

    Panels of the quadrature are always as many as there is room for, so that shapes do not depend on what is printed;
    ``merge`` joins panels between which nothing is known.
    """
    cuts = _cuts(marks, day, room)
    starts, ends = np.array([0.0, *(cut.time for cut in cuts)]), np.array([*(cut.time for cut in cuts), day])
    known = [cut.mark for cut in cuts if cut.mark is not None]
    exact = [cut.time for cut in cuts if cut.mark is not None and cut.mark.exact]
    merge = np.zeros((2 * room + 1, 2 * room + 1))
    interval_of = np.cumsum([0, *(cut.mark is not None for cut in cuts)])
    merge[np.arange(room + 1), interval_of] = 1.0
    densities = room + 1 + np.arange(len(exact))
    merge[densities, densities] = 1.0
    times, unresponded = _times(known, responders, n, room)
    times[densities] = 1.0
    interval = np.concatenate([np.ones(room + 1), np.zeros(room)])
    if responders is None:
        interval[len(known)] = 0.0
    on_ends, numbers = np.zeros((len(ENDS), 2, 2 * room + 1)), np.zeros(len(ENDS))
    for mark in (mark for mark in marks if mark.end is not None):
        k, column = ENDS.index(mark.end), 2 * room - ENDS.index(mark.end)
        first, last = _its_day(mark, day)
        whole = known.index(mark) + (mark.end == "first") if mark in known else 0
        merge[: room + 1, column] = (starts >= first) & (ends <= last) & (interval_of == whole)
        on_ends[k, 0, column], on_ends[k, 1, whole], numbers[k] = 1.0, 1.0, times[whole]
    return ResponseArrays(
        nodes=outcome_nodes(ends, densities=np.array(exact), places=room, rule=day_rule(ends)),
        merge=merge,
        interval=interval,
        times=times,
        ends=numbers,
        on_ends=on_ends,
        unresponded=unresponded,
    )


def _times(known: list[Mark], responders: float | None, n: int, room: int) -> tuple[np.ndarray, float]:
    """How many responses fall between the marks, and how many patients had none."""
    times, counted = np.zeros(2 * room + 1), 0.0
    for k, mark in enumerate(known):
        count = mark.count if responders is None else min(mark.count, responders)
        times[k] = max(count - counted - float(mark.exact), 0.0)
        counted = max(counted, count)
    if responders is None:
        return times, n - counted
    times[len(known)] = max(responders - counted, 0.0)
    return times, n - responders


def _its_day(mark: Mark, day: float) -> tuple[float, float]:
    """Times that round to the day of a mark, and lie before ``day``."""
    last = day - SHORTEST_GAP
    return min(max(mark.day - HALF_A_DAY, 0.0), last), min(mark.day + HALF_A_DAY, last)


def _cuts(marks: list[Mark], day: float, room: int) -> list[Cut]:
    """Increasing times inside (0, day): where something is known, the other ends of a first and a last day, and usual
    days.

    Printed days that coincide are moved apart.
    """
    between = [mark for mark in marks if mark.end is None]
    within = _within_their_days([mark.day + (0.0 if mark.exact else HALF_A_DAY) for mark in between])
    cuts = [
        Cut(time=min(value, day - SHORTEST_GAP * (len(between) - k)), mark=mark)
        for k, (value, mark) in enumerate(zip(within, between, strict=True))
    ]
    for mark in (mark for mark in marks if mark.end is not None):
        first, last = _its_day(mark, day)
        ends = (
            [Cut(time=first, mark=mark), Cut(time=last)]
            if mark.end == "first"
            else [Cut(time=first), Cut(time=last, mark=mark)]
        )
        cuts += [cut for cut in ends if cut.time > 0.0]
    for usual in USUAL_DAYS:
        if len(cuts) < room:
            cuts.append(Cut(time=_free_place(usual, [cut.time for cut in cuts], day)))
    return sorted(cuts, key=lambda cut: cut.time)


def _within_their_days(values: list[float]) -> list[float]:
    """Times behind printed whole days: the middle of the day, and when several share a day evenly spread over it.

    A day d is what rounds to d: from d - 1/2, or 0, to d + 1/2.
    """
    times: list[float] = []
    for value, same in itertools.groupby(values):
        first, last, several = max(value - HALF_A_DAY, 0.0), value + HALF_A_DAY, len(list(same))
        times += [first + (last - first) * (k + 1) / (several + 1) for k in range(several)]
    apart = SHORTEST_GAP * np.arange(1, len(times) + 1)
    return list(np.maximum.accumulate(np.maximum(np.array(times) - apart, 0.0)) + apart)


def _free_place(wanted: float, taken: list[float], day: float) -> float:
    """A day near ``wanted`` that is none of those taken: the log middle of the widest gap, if it is one of them."""
    if all(abs(np.log(wanted / other)) > 0.1 for other in taken) and wanted < day:
        return wanted
    edges = np.log(np.array([1.0, *sorted(taken), day]))
    widest = int(np.argmax(np.diff(edges)))
    return float(np.exp((edges[widest] + edges[widest + 1]) / 2))
