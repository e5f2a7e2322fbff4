"""A compiled model and its data: compiled once for a layout, then given whatever data has that layout."""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np

from hscb_bayes.analysis.patient_spec import PatientAnalysis
from hscb_bayes.analysis.pool import Pool
from hscb_bayes.analysis.scope import fitted_p_values
from hscb_bayes.analysis.spec import Analysis
from hscb_bayes.model.build import model_data
from hscb_bayes.model.data_vector import Built, packed
from hscb_bayes.model.patient_model import patient_data
from hscb_bayes.model.patient_rows import padded
from hscb_bayes.model.pooled_model import pool_data, same_layout
from hscb_bayes.model.program import Program, compile_program
from hscb_bayes.process.pathway import TRANSITIONS

# Attributes of a posterior of other data than the analysis': studies or patients that are left out, other numbers.
LEFT_OUT, NUMBERS, LEFT_OUT_PATIENTS = "left_out_studies", "numbers", "left_out_patients"


@dataclass(frozen=True, kw_only=True, eq=False)
class Compiled:
    """A compiled model, ready for any data of its layout.

    ``analysis`` is of one study, of a pool or of patients; ``shapes`` are those of the data's arrays; ``p_values`` are
    the fitted P values by item id, which weight its draws; ``told`` is what a posterior must know of its data besides:
    other numbers, and who is left out.
    """

    analysis: Any
    program: Program
    shapes: Mapping[str, tuple[int, ...]]
    p_values: Mapping[str, float] = field(default_factory=dict)
    told: Mapping[str, str] = field(default_factory=dict)


def compile_model(built: Built) -> Compiled:
    """Compile log density and gradient; the slow step, done once for a layout."""
    analysis = built.analysis
    program = compile_program(built.model)
    p_values = p_values_of(analysis, None, ()) if isinstance(analysis, Analysis) else {}
    return Compiled(analysis=analysis, program=program, shapes=built.shapes, p_values=p_values)


def with_analysis(
    compiled: Compiled,
    analysis: Analysis,
    numbers: Mapping[str, float] | None = None,
    *,
    without: Collection[str] = (),
) -> Compiled:
    """The same program on other data: another analysis of its layout, a replicate's numbers, or a number left out."""
    if layout_of(analysis, numbers) != layout_of(compiled.analysis):
        raise ValueError(f"{analysis.path}: required an analysis of the layout that was compiled")
    program = compiled.program.with_data(packed(model_data(analysis, numbers, without=without)))
    return replace(compiled, analysis=analysis, program=program, p_values=p_values_of(analysis, numbers, without))


def with_pool(
    compiled: Compiled,
    pool: Pool,
    numbers: Mapping[str, Mapping[str, float]] | None = None,
    *,
    without: Collection[str] = (),
) -> Compiled:
    """The same program on another pool of its layout, on other numbers by study id, or without some studies."""
    if not same_layout(compiled.analysis, pool, numbers):
        raise ValueError(f"{pool.path}: required a pool of the layout that was compiled")
    data = pool_data(pool, numbers, without=without)
    told = {LEFT_OUT: json.dumps(sorted(without))} | ({} if numbers is None else {NUMBERS: json.dumps(numbers)})
    return replace(compiled, analysis=pool, program=compiled.program.with_data(packed(data)), told=told)


def with_patients(compiled: Compiled, analysis: PatientAnalysis, *, without: np.ndarray | None = None) -> Compiled:
    """The same program on another table of patients of the same covariates and centres, or without some of them.

    Parameters
    ----------
    without
        Who is left out, shape (patient,); nobody if left out.

    Raises
    ------
    ValueError
        When the analysis says another model, or there are more rows than the program has room for.
    """
    if _model_of(compiled.analysis) != _model_of(analysis):
        raise ValueError(f"{analysis.path}: required an analysis of the model that was compiled")
    data = packed(padded(patient_data(analysis, without=without), compiled.shapes))
    told = {} if without is None else {LEFT_OUT_PATIENTS: json.dumps(analysis.patients.id[without].tolist())}
    return replace(compiled, analysis=analysis, program=compiled.program.with_data(data), told=told)


def _model_of(analysis: PatientAnalysis) -> tuple[object, ...]:
    """What is said of patients that is in the compiled program."""
    table = analysis.table
    return (table.hazards, table.covariates, table.centres, tuple(table.prior), analysis.centres)


def p_values_of(analysis: Analysis, numbers: Mapping[str, float] | None, without: Collection[str]) -> dict[str, float]:
    """The P values that are fitted and there, of the paper or of a replicate."""
    printed = {item.id: (numbers or {}).get(item.id, item.value.value) for item in fitted_p_values(analysis)}
    return {id: value for id, value in printed.items() if id not in without and np.isfinite(value)}


def layout_of(analysis: Analysis, numbers: Mapping[str, float] | None = None) -> tuple[Any, ...]:
    """What two analyses must share to share a compiled program, whatever their numbers."""
    shapes = {name: value.shape for name, value in model_data(analysis, numbers).items()}
    hazards, between = analysis.table.hazards, analysis.table.between_studies
    families = tuple((hazards.family(transition), hazards.cuts.get(transition)) for transition in TRANSITIONS)
    spread = None if between is None else between.deviation
    apart = None if analysis.known is None else analysis.known.said.deviation
    return (families, hazards.clock, hazards.never_respond_by_duration, spread, apart, tuple(sorted(shapes.items())))


def same_but_for_p_values(one: Analysis, other: Analysis) -> bool:
    """Whether two analyses give the sampler the same model and data, fitted P values apart."""
    if layout_of(one) != layout_of(other) or fitted_p_values(one):
        return False
    return np.array_equal(packed(model_data(one)), packed(model_data(other)))
