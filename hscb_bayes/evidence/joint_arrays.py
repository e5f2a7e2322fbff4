"""The arrays that the joint likelihood of a paper's numbers takes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, fields, replace
from typing import Any

import numpy as np

from hscb_bayes.process.exits import CLASSES
from hscb_bayes.process.incidence import OutcomeNodes

COUNT_ROWS = 2  # the share of responders, and survival among the others: known exactly, conditioned on
ABSENT = 0.5  # stands for an estimate that is not there
ABSENT_VARIANCE = 1e8  # of a number that is not there: it then tells nothing
STEPS = 32  # of the lattice; more shares than that are taken together
OF_CELLS = {"averages": 1, "contrasts": 1, "cell_masks": len(CLASSES)}  # how many columns a cell has
FILLERS = {  # of rows that are not there
    "noise": ABSENT_VARIANCE, "observed": ABSENT, "upper": 1.0, "is_first": 1.0, "excess": -1.0, "patients": 1.0,
}  # fmt: skip
SMALLEST = 1e-9  # floor of a probability before its logarithm


@dataclass(frozen=True, kw_only=True)
class RowArrays:
    """Printed estimates as arrays; the first two rows are the counts.

    ``masks`` (row, group * class)
        1 where a row is of a group, and of a class of ``exits.CLASSES``; ``cell_masks`` (row, cell * class) the same by
        covariate node; ``shares`` (row, group) what takes survival in groups to that of a row of whole groups.
    ``passed``, ``at`` (row, edge)
        1 up to the edge at the end of the printed day, and at that edge; ``passed_start``, ``at_start`` the same where
        the printed day begins.
    ``of_place`` (row, place)
        What each exit counts, of a row that is no curve.
    ``is_curve``, ``is_reverse``, ``is_whole`` (row,)
        Whether a row is a curve, one of follow-up, and one of survival of whole groups.
    ``is_level``, ``is_crossing`` (row,)
        Whether a level is what is known, and whether the curve crosses it on the printed day, or stays above it;
        ``level`` (row, 3) where it is, coefficients of a cubic; ``level_bounds`` (row, 2) and between what.
    ``patients``, ``row_days`` (row,)
        Of how many, and on what day.
    ``previous`` (row, row)
        1 at the row before it of the same curve; ``is_first`` (row,) whether there is none, ``follows_level`` (row,)
        whether it is one of which a level is known.
    ``observed``, ``noise`` (row,)
        Values, and the variance of their rounding; ``lower``, ``upper`` (row,) the lattice step; ``known`` (estimate,)
        whether the number is there.
    ``excess`` (estimate, 2)
        By what its printed interval is too wide in variance, at the least and at the most; below 0 if it says nothing.
    ``of_incidence`` (row, 1)
        1 at the row of a cumulative incidence of response; None where no paper of the analysis has one.
    """

    masks: Any
    cell_masks: Any
    shares: Any
    passed: Any
    passed_start: Any
    at: Any
    at_start: Any
    of_place: Any
    is_curve: Any
    is_reverse: Any
    is_whole: Any
    is_level: Any
    is_crossing: Any
    level: Any
    level_bounds: Any
    patients: Any
    row_days: Any
    previous: Any
    is_first: Any
    follows_level: Any
    observed: Any
    noise: Any
    lower: Any
    upper: Any
    known: Any
    excess: Any
    of_incidence: Any = None


@dataclass(frozen=True, kw_only=True)
class JointArrays(RowArrays):
    """One paper's numbers as arrays (NumPy, or ``pm.Data`` of the same names).

    Shapes, beside those of ``RowArrays``: ``x`` (cell,), the nodes of the covariate in all groups; ``averages``
    (group, cell), rows summing to one; ``sizes`` (group,); ``contrasts`` (2, cell) what takes the mean over all
    patients and the slope in the standardised covariate; ``agrees`` (panel, state) 1 where so many responses by the end
    of a panel agree with the print; ``final`` (4, state) for so many by the day, as ``joint_counts.FINAL`` says: log of
    the ways to choose from them those who are seen, how many are seen and missed, and 1 at the number of patients;
    ``corrected`` () 1 where would-be responses are counted, 0 where those seen; ``merge`` (panel, column) the share of
    a panel that lies in a column: intervals between printed times, then their days; ``interval`` (column,) 1 for
    intervals of which it is known how many responded; ``times`` (column,) how many responses fall into each if a
    printed day is that of one; ``unresponded`` () patients without response; ``neutropenic`` (2,) of them alive and
    dead at the day; ``lattice`` (2, step) shares of them that may be alive between nobody and all, and how many such
    shares each stands for; ``overlap`` () 1 for the joint likelihood, 0 to treat all estimates as independent, which
    counts the same death many times; ``day`` (1,); ``reach`` (2,) a and b of ``FollowUp``.

    Of several papers, all but ``x`` and ``nodes`` have an axis for the study in front (``stacked``).
    """

    nodes: OutcomeNodes
    x: Any
    averages: Any
    sizes: Any
    contrasts: Any
    merge: Any
    interval: Any
    times: Any
    agrees: Any
    final: Any
    corrected: Any
    unresponded: Any
    neutropenic: Any
    lattice: Any
    overlap: Any
    day: Any
    reach: Any


def contrasts(x: np.ndarray, averages: np.ndarray, sizes: np.ndarray) -> np.ndarray:
    """Row 0 takes the mean over all patients of a function of the covariate node, row 1 its slope; (2, group * node).

    The slope is per standard deviation of the covariate ``x`` (group * node,), by least squares; 0 where all are alike.
    """
    weight = sizes / sizes.sum() @ averages
    centred = x - weight @ x
    deviation = np.sqrt(weight @ centred**2)
    return np.stack([weight, weight * centred / deviation if deviation > 0.0 else np.zeros_like(weight)])


def lattice(patients: float) -> np.ndarray:
    """Shares 1/n ... (n - 1)/n of a number of patients, and their weights; shape (2, STEPS).

    All have weight 1 where there are places for them; places that are left over have none.
    """
    between = max(round(patients) - 1, 0)
    used = min(between, STEPS)
    found = np.stack([np.full(STEPS, ABSENT), np.zeros(STEPS)])
    found[0, :used] = (0.5 + (np.arange(used) + 0.5) * between / max(used, 1)) / max(patients, 1.0)
    found[1, :used] = between / max(used, 1)
    return found


def stacked(papers: Sequence[JointArrays]) -> JointArrays:
    """Several papers as one, with an axis for the study in front.

    Cells of all papers are in a row: a paper without a covariate has one, and costs one. Groups and estimates that a
    paper does not have are there as groups of nobody and numbers that are not known. All papers must have the same
    columns (``len(paper.times)``).
    """
    groups = max(len(paper.sizes) for paper in papers)
    estimates = max(len(paper.known) for paper in papers)
    states = max(paper.final.shape[-1] for paper in papers)
    wide = [_widened(paper, groups, estimates, states) for paper in papers]
    cells = [len(paper.x) for paper in papers]
    ends = np.cumsum(cells)
    arrays: dict[str, Any] = {}
    there = [field.name for field in fields(JointArrays) if getattr(papers[0], field.name) is not None]
    for name in (name for name in there if name not in ("nodes", "x")):
        if name in OF_CELLS:
            times = OF_CELLS[name]
            arrays[name] = np.zeros((len(papers), len(getattr(wide[0], name)), times * ends[-1]))
            for k, paper in enumerate(wide):
                arrays[name][k, :, times * (ends[k] - cells[k]) : times * ends[k]] = getattr(paper, name)
        else:
            arrays[name] = np.stack([np.asarray(getattr(paper, name)) for paper in wide])
    arrays["overlap"] = arrays["overlap"][:, None, None]
    first = papers[0].nodes
    each = {field.name: [getattr(paper.nodes, field.name) for paper in papers] for field in fields(OutcomeNodes)}
    nodes = {name: np.repeat(np.stack(values), cells, axis=0) for name, values in each.items()}
    nodes |= {"panels": first.panels, "until": first.until}
    return JointArrays(nodes=OutcomeNodes(**nodes), x=np.concatenate([paper.x for paper in papers]), **arrays)


def cell_members(papers: Sequence[JointArrays]) -> np.ndarray:
    """1 where a cell of ``stacked`` belongs to a study, shape (cell, study)."""
    return np.repeat(np.eye(len(papers)), [len(paper.x) for paper in papers], axis=0)


def with_states(paper: JointArrays, states: int) -> JointArrays:
    """The paper with room for counts of responders that cannot be, up to a number of states."""
    more = ((0, 0), (0, states - paper.final.shape[-1]))
    return replace(paper, agrees=np.pad(paper.agrees, more), final=np.pad(paper.final, more))


def _widened(paper: JointArrays, groups: int, estimates: int, states: int) -> JointArrays:
    """The paper with groups of nobody, estimates that are not there and counts that cannot be, up to the numbers."""
    more, own = estimates - len(paper.known), len(paper.sizes)
    by_group = ((0, more), (0, len(CLASSES) * (groups - own)))
    rows: dict[str, Any] = {
        field.name: np.pad(
            getattr(paper, field.name),
            [(0, more), *[(0, 0)] * (np.ndim(getattr(paper, field.name)) - 1)],
            constant_values=FILLERS.get(field.name, 0.0),
        )
        for field in fields(RowArrays)
        if getattr(paper, field.name) is not None
    }
    rows |= {"masks": np.pad(paper.masks, by_group), "previous": np.pad(paper.previous, (0, more))}
    rows["shares"] = np.pad(paper.shares, ((0, more), (0, groups - own)))
    return replace(
        with_states(paper, states),
        **rows,
        averages=np.pad(paper.averages, ((0, groups - own), (0, 0))),
        sizes=np.pad(paper.sizes, (0, groups - own)),
    )
