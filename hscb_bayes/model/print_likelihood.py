"""The joint likelihood of prints: of one study, or of several over an axis of studies.

The text of the likelihood is that of one study. Of several it runs over an axis of studies, and over another of
components where studies may be on their own. Cells, the nodes of the covariate, of all studies are in a row: a study
without a covariate has one.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import fields, replace
from typing import Any

import numpy as np

from hscb_bayes.analysis.analysis import Analysis
from hscb_bayes.analysis.level import ON_HAZARDS
from hscb_bayes.analysis.member import Member
from hscb_bayes.analysis.scope import fitted_p_values
from hscb_bayes.evidence.joint import log_likelihood_terms
from hscb_bayes.evidence.joint_arrays import JointArrays, cell_members, stacked, with_states
from hscb_bayes.model.grades import grade_data, grade_term
from hscb_bayes.model.level_arrays import study_parameters
from hscb_bayes.model.marks import columns_needed
from hscb_bayes.model.pathways import follow_up_of, pathway_of
from hscb_bayes.model.print_arrays import fitted_day, joint_arrays, printed_values
from hscb_bayes.model.print_rows import edges_needed, fits_incidence
from hscb_bayes.process.incidence import OutcomeNodes, Outcomes, outcome_probabilities

NODE_FIELDS = tuple(field.name for field in fields(OutcomeNodes))
ARRAY_FIELDS = tuple(field.name for field in fields(JointArrays) if field.name != "nodes")
NO_GRADES: Mapping[str, Any] = {}
CELLS = "members"  # array: which cell belongs to which study


def print_data(
    members: Sequence[Member],
    numbers: Mapping[str, Mapping[str, float]] | None = None,
    *,
    without: Mapping[str, Collection[str]],
    states: Mapping[str, int] | None = None,
) -> dict[str, np.ndarray]:
    """Arrays of the prints of some studies by name; of several they have an axis of studies, and say whose a cell is.

    Parameters
    ----------
    numbers
        By study id, its numbers by id; those printed if left out.
    without
        By study id, fitted items to leave out.
    states
        By study id, for how many counts of responders there is room; for as many as there can be if left out.
    """
    room, states = max(columns_needed(member) for member in members), states or {}
    edge_room, incidence = max(edges_needed(member) for member in members), any(map(fits_incidence, members))
    given = numbers or {}
    papers = []
    for member in members:
        own = given.get(member.study.id, printed_values(member))
        left = without.get(member.study.id, ())
        paper = joint_arrays(member, own, without=left, room=room, edge_room=edge_room, incidence=incidence)
        papers.append(with_states(paper, states.get(member.study.id, paper.final.shape[-1])))
    arrays = papers[0] if len(papers) == 1 else stacked(papers)
    data = {name: getattr(arrays, name) for name in ARRAY_FIELDS if getattr(arrays, name) is not None}
    data |= {name: getattr(arrays.nodes, name) for name in NODE_FIELDS}
    if len(papers) > 1:
        return data | {CELLS: cell_members(papers)}
    (member,) = members
    own = given.get(member.study.id, printed_values(member))
    return data | grade_data(member, own, without.get(member.study.id, ()), fitted_day(member))


def states_of(member: Member) -> int:
    """How many counts of responders there can be, were none of the study's patients known one by one."""
    return joint_arrays(replace(member, known=None), printed_values(member)).final.shape[-1]


def arrays_of(data: Mapping[str, Any]) -> JointArrays:
    """The arrays of ``print_data`` by their own names, in whatever graph they are."""
    nodes = OutcomeNodes(**{name: data[name] for name in NODE_FIELDS})
    return JointArrays(nodes=nodes, **{name: data[name] for name in ARRAY_FIELDS if name in data})


def fitted_ids(analysis: Member) -> tuple[str, ...]:
    """Numbers that the likelihood of one print is of, without P values that are fitted: these weight the draws."""
    weighting = {item.id for item in fitted_p_values(analysis)}
    return tuple(id for id in analysis.fit.items if id not in weighting)


def log_likelihood_of_print(
    parameters: Any, effect: Any, arrays: JointArrays, analysis: Member, xp: Any, grades: Mapping[str, Any] = NO_GRADES
) -> Any:
    """Log likelihood of each term of one print.

    Parameters
    ----------
    parameters
        By id, on their unbounded scales, shape (1,) each.
    effect
        What the study adds to each log hazard, shape (transition,).
    grades
        Has what ``grade_data`` returns.
    """
    follow_up = follow_up_of(parameters["lost_by_one_year"], xp, (arrays.reach[0], arrays.reach[1]))
    outcomes = outcome_probabilities(
        pathway_of(parameters, analysis, xp, effect), arrays.x, arrays.nodes, follow_up, xp
    )
    terms = log_likelihood_terms(outcomes, arrays, follow_up, xp)
    if not analysis.grades:
        return terms
    return xp.concatenate([terms, grade_term(parameters, analysis, grades, xp)], axis=-1)


def log_likelihood_by_study(
    parameters: Any, effects: Any, arrays: JointArrays, members: Any, pool: Analysis, xp: Any
) -> Any:
    """Log likelihood of each study's print.

    Parameters
    ----------
    parameters
        Of the average study, shape (..., parameter), with an axis of length one for every axis of ``effects`` but the
        last, or none.
    effects
        Shape (..., study, effect).
    members
        What ``cell_members`` returns.

    Returns
    -------
    Shape (..., study).
    """
    each = study_parameters(parameters, effects, pool.parameter_ids, xp)
    cells, added = xp.matmul(members, each), xp.matmul(members, effects[..., :ON_HAZARDS])
    values = {id: cells[..., k : k + 1] for k, id in enumerate(pool.parameter_ids)}
    on_hazards = [added[..., k : k + 1] for k in range(ON_HAZARDS)]
    reach = xp.matmul(members, arrays.reach)
    of_cells = follow_up_of(values["lost_by_one_year"], xp, (reach[..., :1], reach[..., 1:]))
    pathway = pathway_of(values, pool.members[0], xp, on_hazards)
    outcomes = outcome_probabilities(pathway, arrays.x, arrays.nodes, of_cells, xp)
    each_study = {field.name: _over_studies(getattr(outcomes, field.name), field.name) for field in fields(Outcomes)}
    lost = pool.parameter_ids.index("lost_by_one_year")
    of_studies = follow_up_of(each[..., lost : lost + 1], xp, (arrays.reach[..., :1], arrays.reach[..., 1:]))
    return log_likelihood_terms(Outcomes(**each_study), arrays, of_studies, xp).sum(axis=-1)


def _over_studies(values: Any, name: str) -> Any:
    """Outcomes of all cells, with an axis of length one for the study before that of the cells."""
    return values[..., None, :, :, :] if name == "exits" else values[..., None, :, :]
