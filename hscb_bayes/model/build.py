"""The model: beliefs about parameters, what studies and centres add, and what is observed of prints and of patients.

This is the only place where a ``pm.Model`` is built, of a paper, of a pool and of a table of patients alike. All
numbers enter as one ``pm.Data``: analyses of one layout, and replicated studies, are refitted without compiling again.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import pymc as pm
import pytensor.tensor as pt

from hscb_bayes.analysis.analysis import Analysis
from hscb_bayes.analysis.level import CENTRE, SPREAD_WITHIN, STUDY
from hscb_bayes.model.believed import parameter_vector
from hscb_bayes.model.data import arrays_of_table, model_data, named
from hscb_bayes.model.data_vector import DATA_VARIABLE, Built, packed, unpacked
from hscb_bayes.model.known_patients import added_to_known, effect_deviations
from hscb_bayes.model.known_rows import KnownRows, tables_of
from hscb_bayes.model.level_arrays import shifted_effects, study_parameters, study_shifts
from hscb_bayes.model.levels import (
    PAIRS,
    PATIENTS_OF,
    SHIFT_DIMS,
    effects_of_known,
    study_effects,
    unit_effects,
)
from hscb_bayes.model.patient_likelihood import block_sums, coefficients, log_likelihood_of_table
from hscb_bayes.model.patient_rows import ROWS
from hscb_bayes.model.print_arrays import printed_values
from hscb_bayes.model.print_likelihood import (
    CELLS,
    arrays_of,
    fitted_ids,
    log_likelihood_by_study,
    log_likelihood_of_print,
)
from hscb_bayes.model.simulated import simulate_patients, simulate_prints
from hscb_bayes.process.pathway import TRANSITIONS

OBSERVED = ("response_day", "last_day", "died")  # of each patient


def build(analysis: Analysis, *, spare: bool = False) -> Built:
    """Build the model of an analysis, whatever its form.

    The observed variable ``print`` is the fitted numbers of all studies; its random draws are new studies from the
    package's own simulator. The observed variable ``patients`` is what was seen of patients one by one; its random
    draws are other courses of the same patients. Given the parameters the two are drawn apart from each other: where
    patients are inside a print, a new print is of a whole new study, and not of these patients.

    Parameters
    ----------
    spare
        Whether a table has room for any other course of its patients, as simulated tables need it.

    Examples
    --------
    >>> posterior = sample(build(load_analysis("main")), seed=1)  # doctest: +SKIP
    """
    kept = model_data(analysis, spare=spare)
    shapes, whole = {name: value.shape for name, value in kept.items()}, packed(kept)
    with pm.Model(coords=coords_of(analysis)) as model:
        data = unpacked(pt.specify_shape(pm.Data(DATA_VARIABLE, whole), whole.shape), shapes)
        drawn, likelihood = _drawn(analysis, data), _Likelihood.of(analysis, data, shapes)
        if analysis.has_print:
            _observe_prints(likelihood, drawn)
        if likelihood.tables:
            _observe_patients(likelihood, drawn)
    return Built(analysis=analysis, model=model, shapes=shapes)


def coords_of(analysis: Analysis) -> dict[str, list[str]]:
    """Coordinates of the model: those of its parts that are there."""
    tables = tables_of(analysis).values()
    found: dict[str, list[str]] = {"transition": list(TRANSITIONS)}
    if analysis.has_print:
        found["study"] = list(analysis.studies)
        found["number"] = [f"{member.study.id}:{id}" for member in analysis.members for id in fitted_ids(member)]
    if analysis.terms:
        found["term"] = list(analysis.terms)
    if analysis.centres:
        found["centre"] = list(analysis.centres)
        found |= {SPREAD_WITHIN: list(spreads)} if (spreads := analysis.levels[CENTRE].spreads) else {}
    if STUDY in analysis.levels:
        found["effect"] = list(analysis.levels[STUDY].effects)
    if shifts := study_shifts(analysis):
        found |= dict(zip(SHIFT_DIMS, ([shift.name for shift in shifts], list(shifted_effects(analysis))), strict=True))
    if len(analysis.members) > 1:
        found[PATIENTS_OF] = list(effect_deviations(analysis))
    if tables:
        found |= {"patient": patient_ids(analysis), "outcome": list(OBSERVED)}
    if any(level.correlated for level in analysis.levels.values()):
        found |= {"other_transition": list(TRANSITIONS), "pair": list(PAIRS)}
    return found


def patient_ids(analysis: Analysis) -> list[str]:
    """Ids of patients one by one, in the order of the tables; with that of their study where there are prints."""
    return [
        f"{study}:{id}" if analysis.has_print else id
        for study, table in tables_of(analysis).items()
        for id in map(str, table.patients.id)
    ]


@dataclass(frozen=True, kw_only=True, eq=False)
class _Drawn:
    """What a likelihood depends on.

    Shapes: ``parameters`` (parameter,), or (study, parameter) where each study has its own; ``effects`` and
    ``log_probability`` as of ``StudyEffects``; ``of_known`` (table, transition); ``ratios`` (transition, term);
    ``of_centres`` (transition, centre).
    """

    parameters: Any
    effects: Any
    log_probability: Any
    of_known: Any
    ratios: Any
    of_centres: Any


def _drawn(analysis: Analysis, data: Mapping[str, Any]) -> _Drawn:
    """The priors."""
    parameters = parameter_vector(analysis, data["prior_mean"], data["prior_deviation"])
    ratios = of_centres = pt.zeros((len(TRANSITIONS), 0))
    if analysis.terms:
        ratios = pm.Normal("log_hazard_ratio", sigma=data["term_deviation"], dims=("transition", "term"))
    if CENTRE in analysis.levels:
        of_centres = unit_effects(analysis.levels[CENTRE], data).effects[0].T
    studies = study_effects(analysis, data)
    of_known = effects_of_known(data.get("known_deviation"), by_study=len(analysis.members) > 1)
    return _Drawn(
        parameters=parameters,
        effects=studies.effects,
        log_probability=studies.log_probability,
        of_known=of_known,
        ratios=ratios,
        of_centres=of_centres,
    )


@dataclass(frozen=True, kw_only=True, eq=False)
class _Likelihood:
    """The log likelihood of prints and of patients, by component and study."""

    analysis: Analysis
    data: Mapping[str, Any]
    tables: Mapping[str, KnownRows]
    sums: Mapping[str, Any]

    @classmethod
    def of(cls, analysis: Analysis, data: Mapping[str, Any], shapes: Mapping[str, tuple[int, ...]]) -> _Likelihood:
        """Blocks are made once for a table, and serve every component."""
        tables = tables_of(analysis)
        sums = {
            study: block_sums(table, [shapes[named(study, name)][1] for name in ROWS])
            for study, table in tables.items()
        }
        return cls(analysis=analysis, data=data, tables=tables, sums=sums)

    def of_prints(self, parameters: Any, effects: Any) -> Any:
        """Shape (component, study)."""
        arrays, analysis = arrays_of(self.data), self.analysis
        if len(analysis.members) > 1:
            return log_likelihood_by_study(parameters, effects, arrays, self.data[CELLS], analysis, pt)
        own = _by_id(parameters, analysis)
        member = analysis.members[0]
        return log_likelihood_of_print(own, effects.ravel(), arrays, member, pt, self.data).sum()[None, None]

    def of_patients(
        self, parameters: Any, effects: Any, of_known: Any, ratios: Any, of_centres: Any, *, components: int
    ) -> Any:
        """Shape (component, study); 0 of a study of whom nobody is known."""
        studies = self.analysis.studies
        several = len(studies) > 1
        ids = self.analysis.parameter_ids
        each = study_parameters(parameters, effects, ids, pt) if several else parameters[None, None]
        by_component = []
        for component in range(components):
            # PyTensor 3.3.8 takes a slice of a row of a matrix for that of a vector.
            flat = each[component].ravel() if several else parameters
            parts = [
                self._of_table(
                    study,
                    _by_id(flat, self.analysis, place),
                    added_to_known(self.analysis, study, of_known, effects[component, place]),
                    ratios,
                    of_centres,
                )
                if study in self.tables
                else pt.zeros(())
                for place, study in enumerate(studies)
            ]
            by_component.append(pt.stack(parts))
        return pt.stack(by_component)

    def _of_table(self, study: str, values: Mapping[str, Any], own: Any, ratios: Any, of_centres: Any) -> Any:
        table = self.tables[study]
        points = coefficients(table, values, pt, own=own, ratios=ratios, of_centres=of_centres)
        return log_likelihood_of_table(table, points, arrays_of_table(study, self.data), pt, self.sums[study])

    @property
    def power(self) -> Any:
        """Of each study's likelihood."""
        return self.data["power"] if self.analysis.has_hierarchy else 1.0


def _by_id(flat: Any, analysis: Analysis, place: int = 0) -> dict[str, Any]:
    """Parameters of one of several studies by id, shape (1,) each."""
    ids = analysis.parameter_ids
    first = place * len(ids)
    return {id: flat[first + k : first + k + 1] for k, id in enumerate(ids)}


def _summed(weighted: Any, components: int) -> Any:
    """Log of the sum over components, added up over studies."""
    return pt.logsumexp(weighted, axis=0).sum() if components > 1 else weighted.sum()


def _components(drawn: _Drawn) -> int:
    return int(drawn.log_probability.type.shape[0])


def _observe_prints(likelihood: _Likelihood, drawn: _Drawn) -> None:
    analysis, components = likelihood.analysis, _components(drawn)

    def logp(_value: Any, parameters: Any, effects: Any, log_probability: Any, _numbers: Any) -> Any:
        by_study = likelihood.of_prints(parameters, effects)
        return _summed(likelihood.power * by_study + log_probability, components)

    def random(
        parameters: np.ndarray,
        effects: np.ndarray,
        log_probability: np.ndarray,
        _numbers: np.ndarray,
        rng: np.random.Generator,
        size: Any,
    ) -> np.ndarray:
        return simulate_prints(analysis, parameters, effects, log_probability, rng=rng)

    printed = np.array([printed_values(member)[id] for member in analysis.members for id in fitted_ids(member)])
    pm.CustomDist(
        "print",
        drawn.parameters,
        drawn.effects,
        drawn.log_probability,
        np.zeros(printed.size),
        logp=logp,
        random=random,
        signature=f"{_of_parameters(analysis)},(c,s,k),(c,s),(t)->(t)",
        observed=printed,
        dims="number",
    )


def _observe_patients(likelihood: _Likelihood, drawn: _Drawn) -> None:
    analysis, components = likelihood.analysis, _components(drawn)

    def logp(
        _value: Any,
        parameters: Any,
        effects: Any,
        log_probability: Any,
        of_known: Any,
        ratios: Any,
        of_centres: Any,
        _seen: Any,
    ) -> Any:
        drawn_ones = (parameters, effects, of_known, ratios, of_centres)
        by_study = likelihood.power * likelihood.of_patients(*drawn_ones, components=components)
        if components == 1:
            return by_study.sum()
        of_prints = likelihood.power * likelihood.of_prints(parameters, effects) + log_probability
        return _summed(of_prints + by_study, components) - _summed(of_prints, components)

    def random(*drawn_and_rng: Any, rng: np.random.Generator, size: Any) -> np.ndarray:
        return simulate_patients(analysis, likelihood.tables, *drawn_and_rng[:-1], rng=rng)

    patients = [table.patients for table in likelihood.tables.values()]
    seen = np.concatenate([np.column_stack([getattr(each, name) for name in OBSERVED]) for each in patients])
    pm.CustomDist(
        "patients",
        drawn.parameters,
        drawn.effects,
        drawn.log_probability,
        drawn.of_known,
        drawn.ratios,
        drawn.of_centres,
        np.zeros(seen.shape),
        logp=logp,
        random=random,
        signature=f"{_of_parameters(analysis)},(c,s,k),(c,s),(w,h),(h,q),(h,r),(n,f)->(n,f)",
        observed=seen.astype(float),
        dims=("patient", "outcome"),
    )


def _of_parameters(analysis: Analysis) -> str:
    return "(s,p)" if analysis.each_alone else "(p)"
