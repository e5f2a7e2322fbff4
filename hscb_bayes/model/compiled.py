"""A compiled model and its data: compiled once for a layout, then given whatever data has that layout."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np

from hscb_bayes.analysis.analysis import Analysis
from hscb_bayes.analysis.member import Member
from hscb_bayes.analysis.scope import fitted_p_values
from hscb_bayes.model.data import in_shapes, layout_of, model_data, structure_of
from hscb_bayes.model.data_vector import Built, packed
from hscb_bayes.model.held_out import NOTHING, HeldOut
from hscb_bayes.model.program import Program, compile_program


@dataclass(frozen=True, kw_only=True, eq=False)
class Compiled:
    """A compiled model, ready for any data of its layout.

    ``analysis`` is of one study, of a pool or of patients; ``shapes`` are those of the data's arrays; ``p_values`` are
    the fitted P values by item id, which weight its draws; ``numbers`` by study id those that stand in the place of
    what is printed; ``without`` is what is left out; ``compiled_for`` is the analysis that was compiled, where it is
    another one of the layout.
    """

    analysis: Any
    program: Program
    shapes: Mapping[str, tuple[int, ...]]
    p_values: Mapping[str, float] = field(default_factory=dict)
    numbers: Mapping[str, Mapping[str, float]] = field(default_factory=dict)
    without: HeldOut = NOTHING
    compiled_for: Any = None

    @property
    def model(self) -> Any:
        """The analysis that was compiled: chains start in the middle of its prior."""
        return self.analysis if self.compiled_for is None else self.compiled_for


def compile_model(built: Built) -> Compiled:
    """Compile log density and gradient; the slow step, done once for a layout."""
    analysis = built.analysis
    program, p_values = compile_program(built.model), p_values_of(analysis, None, NOTHING)
    return Compiled(analysis=analysis, program=program, shapes=built.shapes, p_values=p_values)


def with_data(
    compiled: Compiled,
    analysis: Analysis,
    numbers: Mapping[str, Mapping[str, float]] | None = None,
    *,
    without: HeldOut = NOTHING,
) -> Compiled:
    """The same program on other data: another analysis of its layout, replicated numbers, or something left out.

    Parameters
    ----------
    numbers
        By study id, its numbers by id; those printed if left out.

    Raises
    ------
    ValueError
        When the analysis has another layout, or its table more rows than the program has room for.
    """
    data = model_data(analysis, numbers, without=without)
    is_same = structure_of(analysis) == structure_of(compiled.analysis)
    data = in_shapes(data, compiled.shapes) if is_same else data
    if not is_same or {name: value.shape for name, value in data.items()} != dict(compiled.shapes):
        raise ValueError(f"{analysis.path}: required an analysis of the layout that was compiled")
    return replace(
        compiled,
        analysis=analysis,
        program=compiled.program.with_data(packed(data)),
        p_values=p_values_of(analysis, numbers, without),
        numbers=numbers or {},
        without=without,
        compiled_for=compiled.model,
    )


def p_values_of(
    analysis: Analysis, numbers: Mapping[str, Mapping[str, float]] | None, without: HeldOut
) -> dict[str, float]:
    """The P values that are fitted and there, of the paper or of a replicate; none in a pool, which fits none."""
    found, left_out = dict[str, float](), without.items_of(analysis)
    for member in analysis.members:
        own = (numbers or {}).get(member.study.id, {})
        printed = {item.id: own.get(item.id, item.value.value) for item in fitted_p_values(member)}
        gone = left_out[member.study.id]
        found |= {id: value for id, value in printed.items() if id not in gone and np.isfinite(value)}
    return found


def same_but_for_p_values(one: Member, other: Member) -> bool:
    """Whether two analyses give the sampler the same model and data, fitted P values apart."""
    if layout_of(one) != layout_of(other) or fitted_p_values(one):
        return False
    return np.array_equal(packed(model_data(one)), packed(model_data(other)))
