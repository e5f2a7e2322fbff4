"""An analysis of patients one by one: which table, which columns, which covariates, which priors.

It shares hazards, clocks and beliefs with the analysis of a paper (``spec``): the model is the same, the data are not.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np

from hscb_bayes.analysis.analysis import Analysis
from hscb_bayes.analysis.layers import find_analysis, layers_of
from hscb_bayes.analysis.level import CENTRE, Level
from hscb_bayes.analysis.patient_table import Covariate, PatientAnalysisTable, validated
from hscb_bayes.analysis.priors import PARAMETERS, Parameter
from hscb_bayes.analysis.table_source import patients_in, read_source
from hscb_bayes.errors import InputError
from hscb_bayes.evidence.patients.left_out import LeftOut
from hscb_bayes.evidence.patients.patients import Patients
from hscb_bayes.evidence.patients.reading import Kind, as_text
from hscb_bayes.evidence.patients.stored import patients_of_text
from hscb_bayes.process.pathway import TRANSITIONS
from hscb_bayes.sentences import listed, nearest, quote
from hscb_bayes.toml_file import tables_of_json

FEWEST_CENTRES = 2
RESERVED = ("new", "between")  # a centre that is not in the table, and the spread between centres
OF_RESULTS = (
    "chain",
    "draw",
    "day",
    "state",
    "patient",
    "setting",
    "group",
    "among",
)  # what predictions are laid out by


@dataclass(frozen=True, kw_only=True, eq=False)
class PatientAnalysis(Analysis):
    """An analysis of a table of patients.

    Parameters
    ----------
    patients
        The table's patients.
    """

    table: PatientAnalysisTable
    patients: Patients

    @property
    def left_out(self) -> LeftOut | None:
        """Patients who are left out, as a covariate is missing, with their events; None where nobody is."""
        return self.patients.left_out if self.patients.left_out.patients else None

    @cached_property
    def levels(self) -> Mapping[str, Level]:
        """That of centres, where they are told apart."""
        said = self.table.centres
        return {} if said is None else {CENTRE: said.level(self.centres)}

    @cached_property
    def parameters(self) -> Mapping[str, Parameter]:
        """Parameters of the baselines by id, in the order of the draws."""
        hazards, found = self.table.hazards, dict[str, Parameter]()
        for transition in TRANSITIONS:
            level = "response_median" if transition == "response" else transition
            found |= {level: PARAMETERS[level], **hazards.shape_parameters(transition)}
        if hazards.never_respond:
            found["never_respond"] = PARAMETERS["never_respond"]
        return found

    @cached_property
    def terms(self) -> tuple[str, ...]:
        """What has a hazard ratio: a covariate, or a covariate and a level, "disease[AML]"."""
        return tuple(
            name
            for id, covariate in self.table.covariates.items()
            for name in ([f"{id}[{level}]" for level in covariate.levels[1:]] or [id])
        )

    @cached_property
    def term_deviations(self) -> np.ndarray:
        """Standard deviations of the log hazard ratios, shape (term,)."""
        return np.array(
            [
                covariate.deviation
                for covariate in self.table.covariates.values()
                for _ in (covariate.levels[1:] or [""])
            ]
        )

    @cached_property
    def centres(self) -> tuple[str, ...]:
        """Names of the centres, sorted; none where an analysis does not tell them apart."""
        if self.table.centres is None:
            return ()
        return tuple(sorted(set(as_text(self.patients.covariates[self.table.centres.column]).tolist())))

    @cached_property
    def groups(self) -> Mapping[str, np.ndarray]:
        """Who of the table's patients is in each group that it tells apart, (patient,) each, by name.

        Everybody is "all"; groups are levels of covariates, "disease[ALL]", and centres, "centre[north]".
        """
        found = {"all": np.ones(len(self.patients), dtype=bool)}
        columns = {id: covariate.column for id, covariate in self.table.covariates.items() if covariate.levels}
        levels = {id: self.table.covariates[id].levels for id in columns}
        if self.table.centres is not None:
            columns["centre"], levels["centre"] = self.table.centres.column, self.centres
        for by, column in columns.items():
            text = as_text(self.patients.covariates[column])
            found |= {f"{by}[{level}]": text == level for level in levels[by]}
        return found

    def design(self, covariates: Mapping[str, Any]) -> np.ndarray:
        """Covariates as numbers that log hazard ratios multiply.

        Parameters
        ----------
        covariates
            Values by the covariate's id, each (patient,) or a single value; what is left out is at the reference.

        Returns
        -------
        Shape (patient, term).

        Raises
        ------
        InputError
            When a covariate, or a level of it, is not one of the analysis.
        """
        unknown = [name for name in covariates if name not in self.table.covariates]
        if unknown:
            hint = nearest(unknown[0], self.table.covariates)
            raise InputError(f"{self.path}: there is no covariate {quote(unknown[0])}; {hint}")
        size = max((np.size(values) for values in covariates.values()), default=1)
        columns: list[np.ndarray] = []
        for id, covariate in self.table.covariates.items():
            levels = covariate.levels
            given = covariates.get(id, levels[0] if levels else covariate.reference)
            values = np.broadcast_to(np.asarray(given), (size,))
            if levels:
                text = as_text(values)
                check_levels(text, covariate, f"{self.path}: covariates.{id}")
                columns += [(text == level).astype(float) for level in levels[1:]]
            else:
                columns.append(covariate.numbers(values))
        return np.column_stack(columns) if columns else np.zeros((size, 0))

    @cached_property
    def own_design(self) -> np.ndarray:
        """Of the table's patients, shape (patient, term)."""
        own = {id: self.patients.covariates[covariate.column] for id, covariate in self.table.covariates.items()}
        return self.design(own) if own else np.zeros((len(self.patients), 0))

    @cached_property
    def own_centre(self) -> np.ndarray:
        """Position of each patient's centre among ``centres``, shape (patient,)."""
        if self.table.centres is None:
            return np.zeros(len(self.patients), dtype=int)
        return np.searchsorted(self.centres, as_text(self.patients.covariates[self.table.centres.column]))


def check_levels(values: np.ndarray, covariate: Covariate, address: str, ids: np.ndarray | None = None) -> None:
    """Refuse a value that is none of the levels; ids say whose values they are."""
    unknown = ~np.isin(values.astype(str), covariate.levels)
    if unknown.any():
        first = int(np.flatnonzero(unknown)[0])
        whose = "" if ids is None else f" for patient {ids[first]}"
        raise InputError(
            f"{address}: {covariate.column}: required one of the levels {listed(list(covariate.levels))}, found "
            f"{quote(str(values[first]))}{whose}"
        )


def is_of_patients(path: str | Path) -> bool:
    """Whether an analysis file is about a table of patients."""
    return "patients" in layers_of(find_analysis(path))[0][-1][1]


def load_patients(path: str | Path) -> PatientAnalysis:
    """Read an analysis file and the table of patients that it names.

    Raises
    ------
    InputError
        A sentence that says which file, column and patient, what is required and what was found.
    """
    file = find_analysis(path)
    layers, sources = layers_of(file)
    data = layers[-1][1]
    table = validated(data, str(file))
    frame, source, read = read_source(table.patients, file, "patients")
    return patient_analysis(
        frame, table, name=file.stem, path=str(file), address=source, text=json.dumps(data), sources={**sources, **read}
    )


def patient_analysis(
    frame: Any,
    table: PatientAnalysisTable,
    *,
    name: str,
    path: str,
    address: str,
    text: str = "{}",
    sources: Mapping[str, str] | None = None,
) -> PatientAnalysis:
    """An analysis of a data frame that is in memory.

    Parameters
    ----------
    frame
        A pandas DataFrame of the form that ``table`` says.
    address
        What errors about it begin with.

    Raises
    ------
    InputError
        As ``load_patients`` does.
    """
    _check_kinds(table, path)
    patients = patients_in(frame, table.patients, covariates=kinds_of_columns(table), address=address)
    made = PatientAnalysis(name=name, table=table, patients=patients, path=path, sources=sources or {}, text=text)
    _check_covariates(made, address)
    return made


def kinds_of_columns(table: PatientAnalysisTable) -> dict[str, Kind]:
    """Whether each column that an analysis names is of numbers or of labels."""
    found = {covariate.column: covariate.kind for covariate in table.covariates.values()}
    return found if table.centres is None else found | {table.centres.column: "text"}


def patients_from_text(*, name: str, path: str, text: str, table: str, sources: Mapping[str, str]) -> PatientAnalysis:
    """An analysis from the provenance of its posterior; raises what ``load_patients`` raises."""
    made = PatientAnalysis(
        name=name,
        table=validated(tables_of_json(text, path), path),
        patients=patients_of_text(table, path),
        path=path,
        sources=sources,
        text=text,
    )
    needed = kinds_of_columns(made.table)
    for column, kind in needed.items():
        values = made.patients.covariates.get(column)
        if values is None or (kind == "number") != np.issubdtype(values.dtype, np.number):
            raise InputError(f"{path}: required a column {quote(column)} of type {kind} in the patients that are kept")
    for id, covariate in made.table.covariates.items():
        if covariate.levels:
            check_levels(made.patients.covariates[covariate.column], covariate, f"{path}: covariate {id!r}")
    return made


def _check_kinds(table: PatientAnalysisTable, path: str) -> None:
    """Refuse a column that is to be numbers in one place and labels in another, and names that results have."""
    kinds = kinds_of_columns(table)
    for id, covariate in table.covariates.items():
        if covariate.kind != kinds[covariate.column]:
            raise InputError(
                f"{path}: covariates.{id}: the column {quote(covariate.column)} is of numbers in one place and of "
                "labels in another; required one of them"
            )
        if id in OF_RESULTS:
            raise InputError(
                f"{path}: covariates.{id}: required another name (the column may keep its own); results have "
                f"dimensions called {listed(list(OF_RESULTS))}"
            )


def _check_covariates(analysis: PatientAnalysis, address: str) -> None:
    """Numbers that are numbers, levels that are there, columns that differ, centres that are several."""
    for id, covariate in analysis.table.covariates.items():
        values, where = analysis.patients.covariates[covariate.column], f"{address}: {covariate.column}"
        if covariate.levels:
            check_levels(values, covariate, f"{address}: covariate {id!r}", analysis.patients.id)
            unused = set(covariate.levels) - set(values)
            if unused:
                raise InputError(f"{where}: no patient has the level {quote(min(unused))}; required at least one")
            continue
        if covariate.form == "log2" and np.any(values <= 0):
            first = int(np.flatnonzero(values <= 0)[0])
            raise InputError(
                f"{where}: required numbers above 0 for doublings, found {values[first]:g} for patient "
                f"{analysis.patients.id[first]}"
            )
        if np.all(values == values[0]):
            raise InputError(f"{where}: is {values[0]:g} for every patient; a hazard ratio of it cannot be learned")
    if analysis.table.centres and set(RESERVED) & set(analysis.centres):
        name = min(set(RESERVED) & set(analysis.centres))
        raise InputError(
            f"{address}: {analysis.table.centres.column}: required another name for the centre {quote(name)}; in "
            "predictions and tables it stands for something else"
        )
    if analysis.table.centres and "centre" in analysis.table.covariates:
        raise InputError(
            f"{analysis.path}: covariates.centre: required another name; groups of [centres] are called so"
        )
    if analysis.table.centres and len(analysis.centres) < FEWEST_CENTRES:
        raise InputError(f"{address}: {analysis.table.centres.column}: required at least two centres, found one")
    _check_weights(analysis)


def _check_weights(analysis: PatientAnalysis) -> None:
    """Refuse the weight of a centre that is not in the table."""
    centres = analysis.table.centres
    for name in {} if centres is None or centres.exchangeable is None else centres.exchangeable.weights:
        if name not in analysis.centres:
            hint = nearest(name, analysis.centres)
            raise InputError(f"{analysis.path}: centres.exchangeable.weights: unknown centre {quote(name)}; {hint}")
