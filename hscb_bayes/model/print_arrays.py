"""From printed numbers to the arrays of the joint likelihood: the same for a paper and for its replicates.

Every array has a shape that depends on the layout alone (groups, fitted survival items), so that a compiled model takes
any numbers: "not reached", 0%, 100%, nobody without response, or a number left out.
"""

from __future__ import annotations

import itertools
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from statistics import NormalDist
from typing import Literal

import numpy as np

from hscb_bayes.analysis.against_study import duration_summary
from hscb_bayes.analysis.known import DURATION
from hscb_bayes.analysis.member import Member
from hscb_bayes.analysis.subgroups import subgroup_of
from hscb_bayes.errors import InputError
from hscb_bayes.evidence.cohort import recorded_days
from hscb_bayes.evidence.durations import expected_durations
from hscb_bayes.evidence.joint_arrays import (
    ABSENT,
    ABSENT_VARIANCE,
    COUNT_ROWS,
    INDICATORS,
    JointArrays,
    contrasts,
    lattice,
    quadratic_form,
)
from hscb_bayes.evidence.kinds.survival import Survival
from hscb_bayes.model.marks import columns_needed, marks_of, responders_of, response_arrays
from hscb_bayes.model.pathways import pathway_of, prior_normals
from hscb_bayes.model.remainder import Inside
from hscb_bayes.process.follow_up import YEAR
from hscb_bayes.process.incidence import survival
from hscb_bayes.process.quadrature import covariate_rule

IntervalUse = Literal["used", "too narrow", "no width"]
COVARIATE_NODES = 4
COUNT_VARIANCE = 1e-4  # patients squared; keeps the conditioning finite where a count cannot vary
LEAST_NOISE = 1e-6  # variance of a survival's rounding: estimates that determine each other have no inverse
EARLIEST = 0.5  # day: who is lost on day 0 is lost in its first half
EVERYBODY, NO_RESPONSE, RESPONDERS_ONLY = range(3)  # whose survival
NARROWEST_FACTOR = 0.85  # a printed variance below this share of what the group allows is a misprint


@dataclass(frozen=True, kw_only=True)
class PrintedCohort:
    """The cohort's covariate: durations (patient,) in days, increasing; x (patient,); group sizes in that order."""

    durations: np.ndarray
    x: np.ndarray
    sizes: tuple[int, ...]


def baseline(analysis: Member) -> PrintedCohort:
    """The patients' durations from the printed summary or a table, split by rank; all alike if they have no part."""
    n, cohort = analysis.patients, analysis.table.cohort
    if analysis.of_table is not None and cohort.form != "none":
        own = np.sort(analysis.of_table.patients.covariates[analysis.of_table.table.covariates[DURATION].column])
        return PrintedCohort(durations=own, x=np.log2(own / cohort.reference), sizes=(n,))
    if cohort.form == "none":
        return PrintedCohort(durations=np.full(n, cohort.reference), x=np.zeros(n), sizes=(n,))
    median, lowest, highest = duration_summary(analysis.study, cohort.among)
    durations = expected_durations(n, median=median, lowest=lowest, highest=highest)
    sizes = _sizes(analysis)
    x = np.log2(durations / cohort.reference) if cohort.form == "log2" else (np.arange(n) >= sizes[0]).astype(float)
    return PrintedCohort(durations=durations, x=x, sizes=sizes)


def _sizes(analysis: Member) -> tuple[int, ...]:
    """Patients with the shorter durations and with the longer, from the size of either group."""
    n, groups = analysis.patients, analysis.study.groups
    for id, size in analysis.table.cohort.sizes.items():
        if groups[id].by == "duration":
            return (size, n - size) if groups[id].relation in ("<", "<=") else (n - size, size)
    return (n,)


def in_long_group(analysis: Member, days: np.ndarray) -> np.ndarray:
    """Who has a duration of the group with the longer ones, by the rule of the sized group, or of the reference."""
    cohort = analysis.table.cohort
    for id in cohort.sizes:
        group = analysis.study.groups[id]
        if group.cut is not None:
            return days >= group.cut.value if group.relation in ("<", ">=") else days > group.cut.value
    return days > cohort.reference


def covariate_at(analysis: Member, duration: Sequence[float] | np.ndarray) -> np.ndarray:
    """The covariate x at durations of prior neutropenia: log2(duration / reference), or 0 and 1 in the step form.

    Raises
    ------
    InputError
        When a duration is not a positive number of days.
    """
    days = np.atleast_1d(np.asarray(duration, dtype=float))
    if not days.size or not np.all((days > 0.0) & np.isfinite(days)):
        raise InputError(f"duration: required days of neutropenia above 0, found {list(map(float, days))}")
    cohort = analysis.table.cohort
    if cohort.form == "none":
        return np.zeros(days.size)
    if cohort.form == "log2":
        return np.log2(days / cohort.reference)
    return in_long_group(analysis, days).astype(float)


def inside_of(analysis: Member) -> Inside:
    """The patients who are known one by one and inside the print, as the paper saw them; nobody if there are none."""
    known, day = analysis.known, fitted_day(analysis)
    if known is None or not known.said.inside:
        none = np.empty(0)
        return Inside(
            response_day=none,
            last_day=none,
            died=none.astype(bool),
            group=none.astype(int),
            duration=none,
            spent=np.empty((0, len(INDICATORS))),
            address="",
        )
    own, duration = known.as_published(), known.duration
    steps = analysis.study.steps_per_day
    response = recorded_days(own.response_day, steps)
    group = np.zeros(len(known), dtype=int)
    if len(_sizes(analysis)) > 1 and duration is not None:
        group = in_long_group(analysis, duration).astype(int)
    return Inside(
        response_day=np.where(response <= day, response, np.inf),
        last_day=recorded_days(own.last_day, steps),
        died=own.died,
        group=group,
        duration=np.empty(0) if duration is None else duration,
        spent=_spent(analysis, recorded_days(own.last_day, steps), day),
        address=known.address,
    )


def _spent(analysis: Member, days: np.ndarray, last: float) -> np.ndarray:
    """Share of the cumulative hazard of death up to the last day that has passed on each day, shape (day, 3).

    Of everybody, of those without response and of responders, in the middle of the prior at the reference duration.
    """
    mean, _ = prior_normals(analysis)
    values = {id: np.full((1, 1), value) for id, value in zip(analysis.parameter_ids, mean, strict=True)}
    pathway, x = pathway_of(values, analysis, np), np.zeros(1)
    log_days = np.log(np.append(np.clip(days, EARLIEST, last), last))
    curves = [
        -np.log(survival(pathway, x, np.exp(log_days)))[0],
        *(pathway.cumulative_hazard(k, x, log_days, np)[0] for k in (1, 2)),
    ]
    return np.stack([curve[:-1] / curve[-1] for curve in curves], axis=-1)


def others_of(cohort: PrintedCohort, inside: Inside) -> PrintedCohort:
    """The cohort without the patients who are known."""
    if not len(inside):
        return cohort
    sizes = inside.sizes(cohort.sizes)
    left = inside.others(cohort.durations, np.repeat(np.arange(len(cohort.sizes)), cohort.sizes))
    return PrintedCohort(durations=cohort.durations[left], x=cohort.x[left], sizes=sizes)


def known_positions(analysis: Member) -> np.ndarray:
    """Who of the cohort stands for a patient who is known one by one and inside the print, shape (patient,)."""
    cohort, inside = baseline(analysis), inside_of(analysis)
    found = np.ones(cohort.x.size, dtype=bool)
    found[inside.others(cohort.durations, np.repeat(np.arange(len(cohort.sizes)), cohort.sizes))] = False
    return found


def printed_values(analysis: Member) -> dict[str, float]:
    """The paper's own numbers by id."""
    return {number.id: number.value for number in analysis.study.numbers}


def fitted_survivals(analysis: Member) -> tuple[Survival, ...]:
    """Survival items that the analysis fits as estimates; among non-responders a survival is a count."""
    found = (item for item in analysis.study.items if isinstance(item, Survival))
    fitted = (item for item in found if item.id in analysis.table.fit.items)
    return tuple(item for item in fitted if _response_value(analysis, item) != "no")


def _response_value(analysis: Member, item: Survival) -> str | None:
    subgroup = subgroup_of(analysis.study, item.among, analysis.table.cohort.among)
    return None if subgroup is None else subgroup.response


def fitted_day(analysis: Member) -> float:
    """The day that all fitted survival items are at (an analysis is checked for it); one year where there is none."""
    items = (item for item in analysis.study.items if isinstance(item, Survival))
    return next((item.day for item in items if item.id in analysis.table.fit.items), YEAR)


def joint_arrays(
    analysis: Member, numbers: Mapping[str, float], *, without: Collection[str] = (), room: int | None = None
) -> JointArrays:
    """Arrays of the likelihood for the numbers that the analysis fits.

    Parameters
    ----------
    numbers
        Value by number id: the paper's, or a replicate's. NaN and inf are "not there" and "not reached".
    without
        Fitted items or readings to leave out.
    room
        For how many marks on the days of response, ``places`` if left out.
    """
    fitted = [id for id in analysis.table.fit.items if id not in without]
    everybody, day = baseline(analysis), fitted_day(analysis)
    responders, inside = responders_of(analysis, numbers, fitted), inside_of(analysis)
    cohort, left = others_of(everybody, inside), inside.left_of(responders)
    room = columns_needed(analysis) if room is None else room
    marks = marks_of(analysis, numbers, fitted, responders, day)
    others = inside.removed_from([mark for mark in marks if np.isfinite(mark.day)], left)
    response = response_arrays(marks, others, inside.response_day, left, sum(cohort.sizes), day, room)
    lived, died = _neutropenic(analysis, numbers, fitted, responders, inside)
    rows = _Rows.of(analysis, numbers, fitted, responders, everybody, inside)
    x, averages = covariate_nodes(cohort)
    counts = np.array([np.nan if left is None else left, lived if lived + died > 0 else np.nan])
    known = np.isfinite(counts)
    return JointArrays(
        nodes=response.nodes,
        x=x,
        averages=averages,
        sizes=np.array(cohort.sizes, dtype=float),
        contrasts=contrasts(x, averages, np.array(cohort.sizes, dtype=float)),
        merge=response.merge,
        interval=response.interval,
        times=response.times,
        agrees=response.agrees,
        final=response.final,
        corrected=np.float64(response.corrected),
        unresponded=np.float64(response.unresponded),
        neutropenic=np.array([lived, died]),
        lattice=lattice(lived + died),
        rows=rows.rows,
        quadratic=quadratic_form(rows.rows, len(cohort.sizes)),
        observed=np.concatenate([np.where(known, counts, 0.0), rows.value]),
        noise=np.concatenate([np.where(known, COUNT_VARIANCE, ABSENT_VARIANCE), rows.noise]),
        lower=rows.lower,
        upper=rows.upper,
        known=rows.known,
        printed_factor=rows.factor,
        overlap=np.float64(analysis.table.fit.overlap),
        day=np.array([day]),
    )


def _neutropenic(
    analysis: Member,
    numbers: Mapping[str, float],
    fitted: Collection[str],
    responders: float | None,
    inside: Inside,
) -> tuple[float, float]:
    """Patients without response who lived to the day, and who died; (0, 0) when that is not known."""
    for item in analysis.study.items:
        if isinstance(item, Survival) and item.id in fitted and _response_value(analysis, item) == "no":
            share = numbers[item.id]
            if responders is not None and np.isfinite(share) and responders < analysis.patients:
                patients, step = analysis.patients - responders, item.value.half_width
                share, patients = inside.survival_of_others(
                    share, patients, step, ~inside.responded, NO_RESPONSE, item.day, item.id
                )
                return share * patients, (1.0 - share) * patients
    return 0.0, 0.0


def covariate_nodes(cohort: PrintedCohort) -> tuple[np.ndarray, np.ndarray]:
    """Covariate nodes of all groups in a row, and each group's weights on them, shape (group, cell)."""
    if np.ptp(cohort.x) == 0.0 and len(cohort.sizes) == 1:
        return cohort.x[:1], np.ones((1, 1))
    starts = np.cumsum([0, *cohort.sizes])
    own = [cohort.x[a:b] if b > a else np.zeros(1) for a, b in itertools.pairwise(starts)]
    rules = [covariate_rule(x, COVARIATE_NODES) for x in own]
    averages = np.zeros((len(rules), len(rules) * COVARIATE_NODES))
    for group, (_, weight) in enumerate(rules):
        averages[group, group * COVARIATE_NODES : (group + 1) * COVARIATE_NODES] = weight
    return np.concatenate([node for node, _ in rules]), averages


@dataclass(frozen=True, kw_only=True)
class _Rows:
    """What each fitted estimate sums over patients, and its printed value; rows of the two counts come first."""

    rows: np.ndarray
    value: np.ndarray
    noise: np.ndarray
    lower: np.ndarray
    upper: np.ndarray
    known: np.ndarray
    factor: np.ndarray

    @classmethod
    def of(
        cls,
        analysis: Member,
        numbers: Mapping[str, float],
        fitted: Collection[str],
        responders: float | None,
        cohort: PrintedCohort,
        inside: Inside,
    ) -> _Rows:
        items, groups = fitted_survivals(analysis), len(cohort.sizes)
        rows = np.zeros((COUNT_ROWS + len(items), groups, len(INDICATORS)))
        rows[0, :, 0] = rows[1, :, 2] = 1.0
        columns: dict[str, list[float]] = {name: [] for name in ("value", "noise", "lower", "upper", "known", "factor")}
        for k, item in enumerate(items):
            members, indicators, size = _members(analysis, item, responders, cohort)
            printed, half = float(numbers[item.id]), item.value.half_width
            there = item.id in fitted and np.isfinite(printed) and size > 0
            factor = _printed_factor(item, numbers, printed, size, analysis) if there else 0.0
            value, left = (printed, size) if there else (ABSENT, max(size, 1.0))
            if there:
                among, whose = members[inside.group] > 0.0, EVERYBODY
                if indicators[2] == 0.0:
                    among, whose = inside.responded, RESPONDERS_ONLY
                value, left = inside.survival_of_others(printed, size, half, among, whose, item.day, item.id)
                half, there = half * size / max(left, 1.0), left > 0.0
            rows[COUNT_ROWS + k] = np.outer(members, indicators) / max(left, 1.0)
            step = max(0.5 / max(left, 1.0), half)
            columns["value"].append(value)
            columns["noise"].append(max(half**2 / 3.0, LEAST_NOISE) if there else ABSENT_VARIANCE)
            columns["lower"].append(value - step)
            columns["upper"].append(value + step)
            columns["known"].append(float(there))
            columns["factor"].append(factor if there else 0.0)
        arrays = {name: np.array(column, dtype=float) for name, column in columns.items()}
        return cls(rows=rows.reshape(len(rows), -1), **arrays)


def interval_uses(analysis: Member) -> dict[str, IntervalUse]:
    """What is done with the printed interval of each fitted survival that has one, by item id.

    "used" for the width of the estimate; "too narrow" for the group; "no width" where none follows from it, as from an
    interval around 0% or 100%.
    """
    numbers, cohort = printed_values(analysis), baseline(analysis)
    responders = responders_of(analysis, numbers, analysis.table.fit.items)
    uses: dict[str, IntervalUse] = {}
    for item in fitted_survivals(analysis):
        if item.lower is not None:
            size = _members(analysis, item, responders, cohort)[2]
            factor = _interval_factor(item, numbers, numbers[item.id], size, analysis)
            uses[item.id] = "used" if factor > NARROWEST_FACTOR else "too narrow" if factor > 0.0 else "no width"
    return uses


def _members(
    analysis: Member, item: Survival, responders: float | None, cohort: PrintedCohort
) -> tuple[np.ndarray, np.ndarray, float]:
    """Which groups (group,) and which indicators (3,) an estimate sums, and over how many patients."""
    sizes = np.array(cohort.sizes, dtype=float)
    alive = np.array([0.0, 1.0, 1.0])
    subgroup = subgroup_of(analysis.study, item.among, analysis.table.cohort.among)
    if subgroup is not None and subgroup.response is not None:
        return np.ones(sizes.size), np.array([0.0, 1.0, 0.0]), float(responders or 0.0)
    group = None if subgroup is None else subgroup.duration
    if group is None:
        return np.ones(sizes.size), alive, sizes.sum()
    members = np.array([1.0, 0.0]) if group.relation in ("<", "<=") else np.array([0.0, 1.0])
    return members, alive, float(members @ sizes)


def _printed_factor(item: Survival, numbers: Mapping[str, float], value: float, size: float, analysis: Member) -> float:
    """Printed variance over that of ``size`` patients followed to the day; 0 where the print gives no usable one."""
    factor = _interval_factor(item, numbers, value, size, analysis)
    return max(factor, 1.0) if factor > NARROWEST_FACTOR else 0.0


def _interval_factor(
    item: Survival, numbers: Mapping[str, float], value: float, size: float, analysis: Member
) -> float:
    """The same as it is printed, below 1 too; 0 where no width follows from the interval."""
    lower, upper = numbers.get(f"{item.id}.lower", np.nan), numbers.get(f"{item.id}.upper", np.nan)
    if not (0.0 < value < 1.0 and size > 0.0 and np.isfinite(lower) and np.isfinite(upper) and upper > lower):
        return 0.0
    level = item.level or analysis.table.conventions.level
    z = NormalDist().inv_cdf(0.5 + level / 2.0)
    error = _standard_error(value, lower, upper, z, analysis.table.conventions.survival_interval)
    return float(error**2 / (value * (1.0 - value) / size))


def _standard_error(value: float, lower: float, upper: float, z: float, scale: str) -> float:
    """Standard error that an interval implies, by the delta method; a limit at 0 or 1 was cut off there."""
    if scale == "plain":
        if upper >= 1.0:
            return (value - lower) / z
        return (upper - value) / z if lower <= 0.0 else (upper - lower) / (2.0 * z)
    if scale == "log":
        return value * np.log(value / lower) / z if lower > 0.0 else 0.0
    if scale == "log-log" and lower > 0.0 and upper < 1.0:
        return abs(value * np.log(value)) * np.log(np.log(lower) / np.log(upper)) / (2.0 * z)
    return 0.0
