"""What is printed of the days of response, as marks: so many had responded by then.

A median, its limits and the ends of a range are order statistics: one patient responded on the day itself. A cumulative
incidence is a count by the end of a day.
"""

from __future__ import annotations

import itertools
from collections.abc import Collection, Mapping
from dataclasses import dataclass

import numpy as np

from hscb_bayes.analysis.spec import Analysis
from hscb_bayes.estimators.order_statistics import order_statistic_ranks
from hscb_bayes.evidence.kinds.count import Count
from hscb_bayes.evidence.kinds.incidence import Incidence
from hscb_bayes.evidence.kinds.median_time import MedianTime
from hscb_bayes.evidence.kinds.share import Share
from hscb_bayes.process.incidence import OutcomeNodes, outcome_nodes
from hscb_bayes.process.quadrature import day_rule

RANKS = 3  # a median and its two limits, the fewest places of a layout
FEWEST_PATIENTS = 3  # whose first, middle and last response are of different patients
USUAL_DAYS = (7.0, 14.0, 28.0, 60.0, 4.0, 120.0)  # panels of the quadrature where no printed day sets them
HALF_A_DAY = 0.5  # times are recorded in whole days
SHORTEST_GAP = 0.05  # days between two times, wherever their days are printed
RESPONDERS = "cohort.responders"  # stands for the number of responders where only a belief says it


@dataclass(frozen=True, kw_only=True)
class Mark:
    """How many had responded by a day. ``exact``: one of them on the day itself, as with an order statistic."""

    count: float
    day: float
    exact: bool = True


def places(analysis: Analysis) -> int:
    """How many marks on the days of response the layout has room for."""
    fitted = [analysis.study.item(id.partition(".")[0]) for id in analysis.table.fit.items]
    medians = [item for item in fitted if isinstance(item, MedianTime)]
    printed = [(item.value, item.lower, item.upper, item.lowest, item.highest) for item in medians]
    found = sum(number is not None for numbers in printed for number in numbers)
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
    pairs: list[tuple[float | None, str]] = []
    if patients >= FEWEST_PATIENTS:
        level = item.level or analysis.table.conventions.level
        ranks = order_statistic_ranks(patients, level, analysis.table.conventions.median_interval)
        pairs = [(ranks.lower, f"{id}.lower"), (sum(ranks.estimate) / 2, id), (ranks.upper, f"{id}.upper")]
    if responders is not None and responders >= FEWEST_PATIENTS:
        pairs += [(1.0, f"{id}.lowest"), (responders, f"{id}.highest")]
    found = [(float(rank), float(numbers.get(name, np.nan))) for rank, name in pairs if rank is not None]
    return [Mark(count=rank, day=value) for rank, value in found if np.isfinite(value) and value < day]


def response_arrays(
    marks: list[Mark], responders: float | None, n: int, day: float, room: int
) -> tuple[OutcomeNodes, np.ndarray, np.ndarray, np.ndarray, float]:
    """Quadrature nodes and columns: intervals between the printed days, then densities at them.

    Panels of the quadrature are always as many as there is room for, so that shapes do not depend on what is printed;
    ``merge`` joins panels between which no day is printed.
    """
    cuts, printed = _cuts(marks, day, room)
    ends = np.array([*cuts, day])
    exact = np.array([mark.exact for mark in marks], dtype=bool)
    days = np.array([cut for cut, is_printed in zip(cuts, printed, strict=True) if is_printed])
    nodes = outcome_nodes(ends, densities=days[exact], places=room, rule=day_rule(ends))
    merge = np.zeros((2 * room + 1, 2 * room + 1))
    merge[np.arange(room + 1), np.concatenate([[0], np.cumsum(printed)])] = 1.0
    merge[room + 1 :, room + 1 :] = np.eye(room)
    interval = np.concatenate([np.ones(room + 1), np.zeros(room)])
    times = np.zeros(2 * room + 1)
    known = 0.0
    for k, mark in enumerate(marks):
        count = mark.count if responders is None else min(mark.count, responders)
        times[k] = max(count - known - float(mark.exact), 0.0)
        known = max(known, count)
    times[room + 1 : room + 1 + exact.sum()] = 1.0
    if responders is None:
        interval[len(marks)] = 0.0
        rest = n - known if marks else 0.0
    else:
        times[len(marks)] = max(responders - known, 0.0)
        rest = n - responders
    return nodes, merge, interval, times, rest


def _cuts(marks: list[Mark], day: float, room: int) -> tuple[list[float], list[bool]]:
    """Increasing days inside (0, day): the printed ones, moved apart where they coincide, and usual ones."""
    within = _within_their_days([mark.day + (0.0 if mark.exact else HALF_A_DAY) for mark in marks])
    days = [min(value, day - SHORTEST_GAP * (len(marks) - k)) for k, value in enumerate(within)]
    cuts = [(value, True) for value in days]
    for usual in USUAL_DAYS:
        if len(cuts) < room:
            cuts.append((_free_place(usual, [cut for cut, _ in cuts], day), False))
    cuts.sort()
    return [cut for cut, _ in cuts], [is_printed for _, is_printed in cuts]


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
