"""From printed numbers to the arrays of the joint likelihood: the same for a paper and for its replicates.

Every array has a shape that depends on the layout alone (groups, fitted survival items), so that a compiled model takes
any numbers: "not reached", 0%, 100%, nobody without response, or a number left out.
"""

from __future__ import annotations

import itertools
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from hscb_bayes.analysis.against_study import duration_summary, last_day
from hscb_bayes.analysis.member import Member
from hscb_bayes.errors import InputError
from hscb_bayes.evidence.cohort import recorded_days
from hscb_bayes.evidence.durations import expected_durations
from hscb_bayes.evidence.joint_arrays import JointArrays, contrasts, lattice
from hscb_bayes.evidence.kinds.survival import Survival
from hscb_bayes.model.marks import columns_needed, marks_of, responders_of, response_arrays
from hscb_bayes.model.pathways import pathway_of, prior_normals
from hscb_bayes.model.print_intervals import IntervalUse, width_of
from hscb_bayes.model.print_rows import (
    Patients,
    edges_needed,
    fits_incidence,
    fitted_estimates,
    response_value,
    rows_of,
    size_of,
)
from hscb_bayes.model.remainder import NO_RESPONSE, WHOSE, Inside
from hscb_bayes.model.row_arrays import edges_of, of_incidence, row_arrays
from hscb_bayes.process.incidence import survival
from hscb_bayes.process.quadrature import covariate_rule

COVARIATE_NODES = 4
EARLIEST = 0.5  # day: who is lost on day 0 is lost in its first half


@dataclass(frozen=True, kw_only=True)
class PrintedCohort:
    """The cohort's covariate: durations (patient,) in days, increasing; x (patient,); group sizes in that order."""

    durations: np.ndarray
    x: np.ndarray
    sizes: tuple[int, ...]


def baseline(analysis: Member) -> PrintedCohort:
    """The patients' durations from the printed summary or a table, split by rank; all alike if they have no part."""
    n, cohort = analysis.size, analysis.cohort
    if not analysis.is_printed and analysis.known is not None and analysis.known.duration is not None:
        own = np.sort(analysis.known.duration)
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
    n, groups = analysis.size, analysis.study.groups
    for id, size in analysis.cohort.sizes.items():
        if groups[id].by == "duration":
            return (size, n - size) if groups[id].relation in ("<", "<=") else (n - size, size)
    return (n,)


def in_long_group(analysis: Member, days: np.ndarray) -> np.ndarray:
    """Who has a duration of the group with the longer ones, by the rule of the sized group, or of the reference."""
    cohort = analysis.cohort
    for id in cohort.sizes:
        group = analysis.study.groups[id]
        if group.cut is not None:
            return days >= group.cut.value if group.relation in ("<", ">=") else days > group.cut.value
    return days > cohort.reference


def covariate_at(analysis: Member, duration: Sequence[float] | np.ndarray) -> np.ndarray:
    """The covariate x at durations of the condition: log2(duration / reference), or 0 and 1 in the step form.

    Raises
    ------
    InputError
        When a duration is not a positive number of days.
    """
    days = np.atleast_1d(np.asarray(duration, dtype=float))
    if not days.size or not np.all((days > 0.0) & np.isfinite(days)):
        raise InputError(f"duration: required durations above 0 days, found {list(map(float, days))}")
    cohort = analysis.cohort
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
            spent=np.empty((0, WHOSE)),
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


def fitted_day(analysis: Member) -> float:
    """Up to which day responses are looked for, as ``last_day`` has it of what is fitted."""
    return last_day(item for item in analysis.study.items if item.id in analysis.fit.items)


def joint_arrays(
    analysis: Member,
    numbers: Mapping[str, float],
    *,
    without: Collection[str] = (),
    room: int | None = None,
    edge_room: int | None = None,
    incidence: bool | None = None,
) -> JointArrays:
    """Arrays of the likelihood for the numbers that the analysis fits.

    Parameters
    ----------
    numbers
        Value by number id: the paper's, or a replicate's. NaN and inf are "not there" and "not reached".
    without
        Fitted items or readings to leave out.
    room
        For how many marks on the days of response; as many as the layout needs if left out.
    edge_room
        For how many edges of exits; as many as the layout needs if left out.
    incidence
        Whether there is room for an incidence at the end of follow-up; where the layout needs it if left out.
    """
    fitted = [id for id in analysis.fit.items if id not in without]
    everybody, day = baseline(analysis), fitted_day(analysis)
    responders, inside = responders_of(analysis, numbers, fitted, day), inside_of(analysis)
    cohort, left = others_of(everybody, inside), inside.left_of(responders)
    room = columns_needed(analysis) if room is None else room
    marks = marks_of(analysis, numbers, fitted, responders, day)
    others = inside.removed_from([mark for mark in marks if np.isfinite(mark.day)], left)
    response = response_arrays(marks, others, inside.response_day, left, sum(cohort.sizes), day, room)
    lived, died = _neutropenic(analysis, numbers, fitted, responders, inside)
    x, averages = covariate_nodes(cohort)
    sizes = np.array(cohort.sizes, dtype=float)
    patients = Patients(sizes=np.array(everybody.sizes, dtype=float), left=sizes, responders=responders, inside=inside)
    counts = np.array(
        [np.nan if left is None else left / sizes.sum(), lived / (lived + died) if lived + died > 0.0 else np.nan]
    )
    estimates = rows_of(analysis, numbers, fitted, patients, day)
    own_edges = edges_needed(analysis)
    edges = edges_of(estimates, day, own_edges, own_edges if edge_room is None else edge_room)
    rows = row_arrays(estimates, counts, patients, averages, day, edges)
    if fits_incidence(analysis) if incidence is None else incidence:
        rows = replace(rows, of_incidence=of_incidence(estimates))
    return JointArrays(
        nodes=replace(response.nodes, log_edges=np.log(edges)),
        x=x,
        averages=averages,
        sizes=sizes,
        contrasts=contrasts(x, averages, sizes),
        merge=response.merge,
        interval=response.interval,
        times=response.times,
        agrees=response.agrees,
        final=response.final,
        corrected=np.float64(response.corrected),
        unresponded=np.float64(response.unresponded),
        neutropenic=np.array([lived, died]),
        lattice=lattice(lived + died),
        overlap=np.float64(analysis.fit.overlap),
        day=np.array([day]),
        reach=np.array(analysis.reach),
        **vars(rows),
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
        if isinstance(item, Survival) and item.id in fitted and response_value(analysis, item) == "no":
            share = numbers[item.id]
            if responders is not None and np.isfinite(share) and responders < analysis.size:
                patients, step = analysis.size - responders, item.value.half_width
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


def interval_uses(analysis: Member) -> dict[str, IntervalUse]:
    """What is done with the printed interval of each fitted survival that has one, by item id.

    "used" for how many were lost; "too narrow" for the group; "no width" where none follows from it, as from an
    interval around 0% or 100%; "complete" where nobody was lost.
    """
    numbers, cohort = printed_values(analysis), baseline(analysis)
    sizes = np.array(cohort.sizes, dtype=float)
    responders = responders_of(analysis, numbers, analysis.fit.items, fitted_day(analysis))
    patients = Patients(sizes=sizes, left=sizes, responders=responders, inside=inside_of(analysis))
    uses: dict[str, IntervalUse] = {}
    for item in fitted_estimates(analysis):
        if isinstance(item, Survival) and item.lower is not None:
            width = width_of(item, numbers, numbers[item.id], size_of(analysis, item, patients), analysis.conventions)
            if width is None:
                uses[item.id] = "no width"
            elif width.is_too_narrow:
                uses[item.id] = "too narrow"
            else:
                uses[item.id] = "complete" if analysis.is_complete else "used"
    return uses
