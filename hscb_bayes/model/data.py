"""All that the model of an analysis takes as data: beliefs, prints, and patients one by one."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from hscb_bayes.analysis.analysis import Analysis
from hscb_bayes.analysis.level import Level
from hscb_bayes.model.believed import prior_data
from hscb_bayes.model.held_out import NOTHING, HeldOut
from hscb_bayes.model.known_patients import effect_deviations
from hscb_bayes.model.known_rows import tables_of
from hscb_bayes.model.level_arrays import level_arrays, shift_arrays, shifted_effects, study_shifts
from hscb_bayes.model.levels import beliefs_needed, of_level
from hscb_bayes.model.patient_rows import events_of_centres, padded, room_for_any, table_data
from hscb_bayes.model.print_likelihood import print_data, states_of
from hscb_bayes.process.pathway import TRANSITIONS

HALF_CENTRED = 200.0  # events of a centre that tell as much of its effect as a spread of 0.07 between centres does


def model_data(
    analysis: Analysis,
    numbers: Mapping[str, Mapping[str, float]] | None = None,
    *,
    without: HeldOut = NOTHING,
    spare: bool = False,
) -> dict[str, np.ndarray]:
    """Arrays by name; their shapes depend on the layout alone, and of a table on its rows.

    Parameters
    ----------
    analysis
        Of a paper, of a pool, or of a table of patients.
    numbers
        By study id, its numbers by id; those printed if left out.
    without
        What is left out.
    spare
        Whether a table that is a whole analysis has room for any other course of its patients.
    """
    without.check(analysis)
    data: dict[str, Any] = dict(prior_data(analysis))
    left_out = without.patients_by_study(analysis)
    for level in analysis.levels.values():
        arrays = level_arrays(level) | ({"centred": _centred(analysis, level, left_out)} if level.centred else {})
        data |= {of_level(level, name): arrays[name] for name in beliefs_needed(level)}
    data |= shift_arrays(analysis) if study_shifts(analysis) else {}
    data |= {"power": list(analysis.powers.values())} if analysis.has_hierarchy else {}
    data |= {name: value for name, value in _deviations(analysis).items() if value is not None}
    if analysis.has_print:
        states = {member.study.id: states_of(member) for member in analysis.members if member.known is not None}
        members, items = without.members_of(analysis), without.items_of(analysis)
        data |= print_data(members, numbers, without=items, states=states)
    for study, table in tables_of(analysis).items():
        gone = left_out[study]
        arrays = table_data(table, without=gone)
        if spare or analysis.has_print:
            arrays = padded(arrays, room_for_any(table, table_data(table)))
        data |= {named(study, name): value for name, value in arrays.items()}
    return {name: np.asarray(value, dtype=float) for name, value in data.items()}


def named(study: str, name: str) -> str:
    """What an array of the patients of a study is called among all."""
    return f"{study}.{name}"


def is_of_table(name: str) -> bool:
    """Whether an array is of patients one by one."""
    return "." in name


def arrays_of_table(study: str, data: Mapping[str, Any]) -> dict[str, Any]:
    """The arrays of the patients of a study by their own names."""
    start = named(study, "")
    return {name.removeprefix(start): value for name, value in data.items() if name.startswith(start)}


def in_shapes(data: Mapping[str, np.ndarray], shapes: Mapping[str, tuple[int, ...]]) -> dict[str, np.ndarray]:
    """Data of fewer patients in the shapes of a compiled model: rows that are not needed have no weight."""
    of_tables = {name: shape for name, shape in shapes.items() if is_of_table(name)}
    own = {name: value for name, value in data.items() if is_of_table(name)}
    return {name: value for name, value in data.items() if name not in own} | padded(own, of_tables)


def layout_of(analysis: Analysis, numbers: Mapping[str, Mapping[str, float]] | None = None) -> tuple[Any, ...]:
    """What two analyses must share to share a compiled program, whatever their numbers."""
    shapes = {name: value.shape for name, value in model_data(analysis, numbers).items()}
    return (structure_of(analysis), tuple(sorted(shapes.items())))


def structure_of(analysis: Analysis) -> tuple[Any, ...]:
    """What of an analysis is in its compiled program, the shapes of its data apart."""
    hazards = analysis.hazards
    families = tuple((hazards.family(transition), hazards.cuts.get(transition)) for transition in TRANSITIONS)
    tables = tuple(
        (study, each.terms, each.centres, hazards.never_respond) for study, each in tables_of(analysis).items()
    )
    levels = tuple(
        (name, each.effects, each.correlated, each.components, each.within) for name, each in analysis.levels.items()
    )
    with_effect = tuple(effect_deviations(analysis))
    flags = (hazards.clock, hazards.never_respond_by_duration)
    shifts = (tuple(shift.name for shift in study_shifts(analysis)), shifted_effects(analysis))
    parameters = (analysis.parameter_ids, analysis.believed)
    return families, flags, parameters, analysis.studies, analysis.each_alone, levels, with_effect, tables, shifts


def _deviations(analysis: Analysis) -> dict[str, Any]:
    """Scales of what known patients and covariates add; None where they add nothing."""
    of_known = effect_deviations(analysis)
    return {
        "known_deviation": list(of_known.values()) or None,
        "term_deviation": analysis.term_deviations if len(analysis.term_deviations) else None,
    }


def _centred(analysis: Analysis, level: Level, without: Mapping[str, np.ndarray]) -> np.ndarray:
    """How far effects of centres are centred, shape (centre, transition): more, the more events a centre has.

    Those of a centre that may be on its own are centred whole: an effect far beyond the spread is no multiple of it.
    """
    tables = {study: table for study, table in tables_of(analysis).items() if table.centres}
    events = np.sum([events_of_centres(table, without=without[study]) for study, table in tables.items()], axis=0).T
    may_be_apart = np.array(list(map(level.may_be_apart, level.units)))
    return np.where(may_be_apart[:, None], 1.0, events / (events + HALF_CENTRED))
