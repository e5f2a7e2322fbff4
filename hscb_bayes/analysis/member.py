"""A member: one study with what is printed of it, with its patients one by one, or with both; alone or among others."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any

import numpy as np

from hscb_bayes.analysis.against_study import patients_of
from hscb_bayes.analysis.analysis import Analysis
from hscb_bayes.analysis.covariate import Covariate
from hscb_bayes.analysis.grades import grade_beliefs, grade_parameters, grades_fitted
from hscb_bayes.analysis.hazards import Hazards
from hscb_bayes.analysis.known import DURATION, Known
from hscb_bayes.analysis.level import CENTRE, STUDY, Level
from hscb_bayes.analysis.paper_table import (
    AnalysisTable,
    CohortAssumptions,
    Fit,
    FollowUpAssumption,
    needed_priors,
)
from hscb_bayes.analysis.priors import PARAMETERS, Belief, Parameter
from hscb_bayes.analysis.shift import Shift
from hscb_bayes.errors import InputError
from hscb_bayes.evidence.cohort import Conventions
from hscb_bayes.evidence.patients.left_out import LeftOut
from hscb_bayes.evidence.patients.patients import Patients
from hscb_bayes.evidence.patients.reading import as_text
from hscb_bayes.evidence.study import Study
from hscb_bayes.process.follow_up import reach_of
from hscb_bayes.process.pathway import TRANSITIONS
from hscb_bayes.sentences import listed, nearest, quote


@dataclass(frozen=True, kw_only=True, eq=False)
class Member(Analysis):
    """An analysis of one study: on its own, or a member of another.

    Parameters
    ----------
    study
        What is printed; of a table of patients nothing.
    known
        Patients known one by one.
    first
        Of a table that is a member of another analysis: the first member of that, which says beliefs and follow-up.
    """

    study: Study
    known: Known | None = None
    first: Member | None = None
    members: tuple[Member, ...] = field(init=False, repr=False)

    def __post_init__(self) -> None:
        """An analysis of one study has itself as its only member."""
        object.__setattr__(self, "members", (self,))

    @property
    def is_printed(self) -> bool:
        """Whether something is printed of the study."""
        return isinstance(self.table, AnalysisTable)

    @property
    def hazards(self) -> Hazards:
        """Families, shapes and clock."""
        hazards: Hazards = self.table.hazards
        return hazards

    @property
    def prior(self) -> Mapping[str, Belief]:
        """Beliefs by id."""
        prior: Mapping[str, Belief] = self.table.prior if self.first is None else self.first.prior
        return {**prior, **grade_beliefs(self.table.grades, self.grades)} if self.grades else prior

    @cached_property
    def parameters(self) -> Mapping[str, Parameter]:
        """Parameters of the hazards by id, in the order of the draws; some may have no part."""
        found = dict(PARAMETERS)
        for transition in TRANSITIONS:
            found |= self.hazards.shape_parameters(transition)
        return found | grade_parameters(self.grades, self.study)

    @cached_property
    def grades(self) -> tuple[str, ...]:
        """Grades of the response, of which some number is fitted; none where none is."""
        return grades_fitted(self.fit.items, self.study)

    @property
    def fit(self) -> Fit:
        """Which numbers are fitted; of a table none."""
        if self.is_printed:
            fit: Fit = self.table.fit
            return fit
        return Fit.model_construct(items=(), overlap=True, why="nothing is printed")

    @property
    def cohort(self) -> CohortAssumptions:
        """What is assumed of the patients' durations; those of a table are known, and tell beside other studies."""
        if self.is_printed:
            cohort: CohortAssumptions = self.table.cohort
            return cohort
        if self.first is None or self.known is None or self.known.said.duration is None:
            return CohortAssumptions(form="none", why="nothing is printed")
        return CohortAssumptions(reference=self.first.cohort.reference, form="log2", why="every duration is known")

    @property
    def follow_up(self) -> FollowUpAssumption:
        """How long patients were followed; of a table that is known."""
        if self.is_printed:
            follow_up: FollowUpAssumption = self.table.follow_up
            return follow_up
        return FollowUpAssumption(why="it is known") if self.first is None else self.first.follow_up

    @property
    def conventions(self) -> Conventions:
        """How the authors computed."""
        conventions: Conventions = self.table.conventions if self.is_printed else Conventions()
        return conventions

    @property
    def handled(self) -> Mapping[str, str]:
        """Conflict in the print to how it is handled."""
        handled: Mapping[str, str] = self.table.handled if self.is_printed else {}
        return handled

    @property
    def size(self) -> int:
        """How many patients the analysis is about."""
        return patients_of(self.study, self.cohort.among)

    @property
    def patients(self) -> Patients:
        """Those known one by one.

        Raises
        ------
        InputError
            When nobody is.
        """
        if self.known is None:
            raise InputError(f"{self.path}: required an analysis that knows patients one by one")
        return self.known.patients

    def with_patients(self, patients: Patients) -> Member:
        """The same of other patients one by one; of a table they are all that there are."""
        study = self.study if self.is_printed else replace(self.study, n=len(patients))
        return replace(self, study=study, known=None if self.known is None else replace(self.known, patients=patients))

    @property
    def is_complete(self) -> bool:
        """Whether everybody was followed to one year or death."""
        return self.follow_up.complete

    @property
    def reach(self) -> tuple[float, float]:
        """How long patients can be followed, as ``FollowUp`` has it."""
        return reach_of(self.follow_up.shortest, self.follow_up.longest)

    @property
    def by_duration(self) -> bool:
        """Whether the patients' durations of the condition have a part."""
        return self.cohort.form != "none"

    @property
    def durations(self) -> tuple[float, ...]:
        """Durations of the condition that are reported, in days; none where they have no part."""
        return tuple(self.table.report.durations) if self.is_printed and self.by_duration else ()

    @property
    def alternatives(self) -> tuple[str, ...]:
        """Names of the analyses beside it that the report compares, itself not among them."""
        return super().alternatives if self.is_printed else ()

    @property
    def left_out(self) -> LeftOut | None:
        """Patients of a table who are left out, as a value is missing, with their events; None where nobody is."""
        gone = None if self.is_printed or self.known is None else self.known.patients.left_out
        return gone if gone is not None and gone.patients else None

    @property
    def has_hierarchy(self) -> bool:
        """Whether studies are around an average one."""
        return False

    @property
    def powers(self) -> Mapping[str, float]:
        """Of the study's likelihood, by id."""
        return dict.fromkeys(self.studies, 1.0)

    @property
    def shifts(self) -> tuple[Shift, ...]:
        """What its patients known one by one differ by from the others."""
        deviation = None if self.known is None else self.known.said.deviation
        if deviation is None:
            return ()
        each = dict.fromkeys(TRANSITIONS, deviation)
        return (Shift(name=f"patients:{self.study.id}", studies=self.studies, deviations=each, applies_to="patients"),)

    @cached_property
    def levels(self) -> Mapping[str, Level]:
        """That of studies, where they are said to differ: this one is its only unit; and that of its centres."""
        if self.is_printed:
            between = self.table.between_studies
            if between is None:
                return {}
            effects = dict.fromkeys(TRANSITIONS, between.deviation)
            return {STUDY: Level(name="study", units=self.studies, between=effects)}
        said = self.table.centres
        if said is None:
            return {}
        own = tuple(sorted(set(self._labels(said.column).tolist())))
        return {CENTRE: said.level(own, None if self.first is None else self.study.id)}

    def _labels(self, column: str) -> np.ndarray:
        """A column of its patients as text, shape (patient,)."""
        return as_text(self.patients.covariates[column])

    @property
    def covariates(self) -> Mapping[str, Covariate]:
        """Columns of its table that change the hazards, by id; durations are not among them beside other studies."""
        if self.is_printed:
            return {}
        return {id: one for id, one in self.table.covariates.items() if self.first is None or id != DURATION}

    @cached_property
    def groups(self) -> Mapping[str, np.ndarray]:
        """Who of the table's patients is in each group that it tells apart, (patient,) each, by name.

        Everybody is "all"; groups are levels of covariates, "disease[ALL]", and centres, "centre[north]".
        """
        found = {"all": np.ones(0 if self.known is None else len(self.known), dtype=bool)}
        for id, covariate in self.covariates.items():
            found |= {f"{id}[{level}]": self._labels(covariate.column) == level for level in covariate.levels}
        found |= {f"centre[{name}]": self.own_centre == k for k, name in enumerate(self.centres)}
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
        unknown = [name for name in covariates if name not in self.covariates]
        if unknown:
            raise InputError(
                f"{self.path}: there is no covariate {quote(unknown[0])}; {nearest(unknown[0], self.covariates)}"
            )
        size = max((np.size(values) for values in covariates.values()), default=1)
        columns: list[np.ndarray] = []
        for id, covariate in self.covariates.items():
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
        """Of its patients, shape (patient, term)."""
        if self.known is None:
            return np.zeros((0, len(self.terms)))
        own = {id: self.known.patients.covariates[covariate.column] for id, covariate in self.covariates.items()}
        return self.design(own) if own else np.zeros((len(self.known), 0))

    @cached_property
    def own_centre(self) -> np.ndarray:
        """Position of each of its patients' centre among ``centres``, shape (patient,)."""
        if CENTRE not in self.levels:
            return np.zeros(0 if self.known is None else len(self.known), dtype=int)
        own = self._labels(self.table.centres.column)
        return np.searchsorted(sorted(set(own.tolist())), own)


def asked_priors(member: Member) -> tuple[str, ...]:
    """Beliefs about what the posterior of a printed study tells of."""
    return *needed_priors(member.table), *grade_parameters(member.grades, member.study)


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
