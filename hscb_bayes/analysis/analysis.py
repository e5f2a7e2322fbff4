"""An analysis: which studies, what is taken to be alike in them and how they are believed to differ."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from hscb_bayes.analysis.covariate import Covariate
from hscb_bayes.analysis.hazards import Hazards
from hscb_bayes.analysis.level import CENTRE, EFFECTS, STUDY, Level
from hscb_bayes.analysis.priors import BELIEFS, Belief, Parameter
from hscb_bayes.analysis.shift import Shift
from hscb_bayes.errors import InputError
from hscb_bayes.evidence.patients.left_out import LeftOut
from hscb_bayes.notebook import html_of
from hscb_bayes.sentences import nearest, quote

if TYPE_CHECKING:
    from hscb_bayes.analysis.member import Member


@dataclass(frozen=True, kw_only=True, eq=False)
class Analysis:
    """What is assumed, and the data: members, covariates, shifts and levels. An analysis of one study is a ``Member``.

    Parameters
    ----------
    name
        The file's name without its ending.
    table
        Everything the file says, checked.
    path
        Of the file.
    sources
        Path to SHA-256 of each file that was read.
    text
        The merged tables as JSON, for provenance.
    members
        The studies, in the file's order; the first says hazards and beliefs.
    pooling
        "partial": studies are around an average one; "none": each is on its own, from its data and the same beliefs;
        "arms": they are arms of one study, which differ from the first of them by shifts.
    """

    name: str
    table: Any
    path: str
    sources: Mapping[str, str]
    text: str
    members: tuple[Member, ...]
    pooling: Literal["partial", "none", "arms"] = "partial"

    def _repr_html_(self) -> str:
        """Title, question, what is fitted and what is believed, in a notebook."""
        rows = [
            ("fitted", f"{member.study.id}: {item.id}", item.describe(member.study.labels))
            for member in self.members
            for item in (member.study.items if member.is_printed else ())
            if item.id in member.fit.items
        ]
        rows += [
            ("patients", member.study.id, f"{member.size} in a table")
            for member in self.members
            if not member.is_printed
        ]
        known = {**BELIEFS, **self.members[0].parameters}
        rows += [
            ("belief", f"{id}: {known[id].label}" if id in known else id, f"{belief}; {belief.why}")
            for id, belief in self.prior.items()
        ]
        return html_of(self.table.title, [self.table.question], ("", "what", "as printed, or as believed"), rows)

    def member(self, study: str) -> Member:
        """One study.

        Raises
        ------
        InputError
            When there is none of that id.
        """
        for member in self.members:
            if member.study.id == study:
                return member
        raise InputError(f"{self.path}: there is no study {quote(study)}; {nearest(study, self.studies)}")

    @property
    def prints(self) -> tuple[Member, ...]:
        """Members whose prints are all that there are: of arms, which have one, the first."""
        return self.members[:1] if self.has_arms else self.members

    @property
    def studies(self) -> tuple[str, ...]:
        """Their ids."""
        return tuple(member.study.id for member in self.members)

    @property
    def hazards(self) -> Hazards:
        """Families, shapes and clock, of all members."""
        return self.members[0].hazards

    @property
    def prior(self) -> Mapping[str, Belief]:
        """Beliefs by id; of several studies about the average one."""
        return self.members[0].prior

    @property
    def parameters(self) -> Mapping[str, Parameter]:
        """Parameters of the hazards by id, in the order of the draws; some may have no part."""
        return self.members[0].parameters

    @property
    def parameter_ids(self) -> tuple[str, ...]:
        """Their ids."""
        return tuple(self.parameters)

    @cached_property
    def believed(self) -> tuple[str, ...]:
        """Ids of the parameters that have a part: those that are variables of the model."""
        hazards = self.hazards
        absent = {f"{transition}_shape" for transition in hazards.cuts}
        absent |= set() if hazards.never_respond else {"never_respond"}
        absent |= set() if hazards.never_respond_by_duration else {"odds_ratio_never_respond"}
        absent |= {"lost_by_one_year"} if self.is_complete or not self.has_print else set()
        absent |= set() if self.by_duration else {id for id, one in self.parameters.items() if one.of_duration}
        return tuple(id for id in self.parameters if id not in absent)

    @property
    def by_duration(self) -> bool:
        """Whether durations of the condition have a part, in some study."""
        return any(member.by_duration for member in self.members)

    @property
    def is_complete(self) -> bool:
        """Whether everybody was followed to one year or death."""
        return self.members[0].is_complete

    @cached_property
    def covariates(self) -> Mapping[str, Covariate]:
        """Columns of patients one by one that change the hazards, of whatever member, by id."""
        return {id: covariate for member in self.members for id, covariate in member.covariates.items()}

    @cached_property
    def terms(self) -> tuple[str, ...]:
        """What has a hazard ratio: a covariate, or a covariate and a level, "disease[AML]"."""
        return tuple(name for id, covariate in self.covariates.items() for name in covariate.terms(id))

    @cached_property
    def term_deviations(self) -> np.ndarray:
        """Standard deviations of the log hazard ratios, shape (term,)."""
        each = ([covariate.deviation] * len(covariate.terms(id)) for id, covariate in self.covariates.items())
        return np.array([deviation for deviations in each for deviation in deviations])

    @cached_property
    def levels(self) -> Mapping[str, Level]:
        """Units that differ with a spread, by name: "study", where studies are around an average one, and "centre"."""
        found = {STUDY: self._studies} if self.has_hierarchy else {}
        centres = [member.levels[CENTRE] for member in self.members if CENTRE in member.levels]
        return found | ({CENTRE: Level.joined(centres)} if centres else {})

    @cached_property
    def _studies(self) -> Level:
        table, borrowing = self.table, self.table.borrowing
        widest = {effect: table.between_studies.deviation(effect) for effect in EFFECTS}
        apart = table.exchangeable.apart(widest)
        by_shifts = {effect for shift in self._of_kinds for effect, width in shift.deviations.items() if width > 0.0}
        between = {effect: width for effect, width in widest.items() if width > 0.0 or effect in by_shifts}
        return Level(
            name="study",
            units=self.studies,
            between=between,
            weights={study: table.exchangeable.weight_of(study) for study in self.studies},
            apart={effect: apart[effect] for effect in between},
            correlated=table.between_studies.correlated,
            average=self.studies[0] if borrowing is not None and borrowing.commensurate else None,
        )

    @property
    def shifts(self) -> tuple[Shift, ...]:
        """What tells studies, arms, or patients known one by one, apart without a spread.

        Shifts of populations and definitions are there where studies are around an average one.
        """
        of_patients = tuple(shift for member in self.members for shift in member.shifts)
        if self.has_arms:
            return self.table.arms.shifts(never_respond=self.hazards.never_respond) + of_patients
        return self._of_kinds + of_patients if self.has_hierarchy else of_patients

    @cached_property
    def _of_kinds(self) -> tuple[Shift, ...]:
        found = []
        for kind, said in (("population", self.table.populations), ("definition", self.table.definitions)):
            for id, difference in said.items():
                studies = tuple(member.study.id for member in self.members if getattr(member.study, kind) == id)
                deviations = {effect: difference.deviation(effect) for effect in EFFECTS}
                if any(deviations.values()):
                    found.append(Shift(name=f"{kind}:{id}", studies=studies, deviations=deviations))
        return tuple(found)

    @property
    def powers(self) -> Mapping[str, float]:
        """Of each study's likelihood, by id."""
        given = {} if self.has_arms or self.table.borrowing is None else self.table.borrowing.power
        return {study: given.get(study, 1.0) for study in self.studies}

    @property
    def has_hierarchy(self) -> bool:
        """Whether studies are around an average one."""
        return self.pooling == "partial"

    @property
    def each_alone(self) -> bool:
        """Whether each of several studies has parameters of its own."""
        return self.pooling == "none"

    @property
    def has_arms(self) -> bool:
        """Whether its members are arms of one study; the first is the reference."""
        return self.pooling == "arms"

    @property
    def has_print(self) -> bool:
        """Whether a printed study is among its members."""
        return any(member.is_printed for member in self.members)

    @property
    def has_one_print(self) -> bool:
        """Whether it is of one printed study."""
        return len(self.members) == 1 and self.has_print

    @property
    def has_one_study(self) -> bool:
        """Whether it is of one printed study, or of arms of one."""
        return self.has_one_print or self.has_arms

    @property
    def has_patients(self) -> bool:
        """Whether some patients are known one by one."""
        return any(member.known is not None for member in self.members)

    @property
    def has_table_alone(self) -> bool:
        """Whether it is of patients one by one, without a print."""
        return not self.has_print

    @property
    def durations(self) -> tuple[float, ...]:
        """Durations of the condition that are reported, in days; none where they have no part."""
        return ()

    @property
    def centres(self) -> tuple[str, ...]:
        """Names of the centres; none where they are not told apart."""
        return self.levels[CENTRE].units if CENTRE in self.levels else ()

    @property
    def left_out(self) -> LeftOut | None:
        """Patients of a table who are left out, as a value is missing, with their events; None where nobody is."""
        return None

    @property
    def alternatives(self) -> tuple[str, ...]:
        """Names of the analyses beside it that the report compares, itself not among them."""
        return tuple(name for name in self.table.report.alternatives if name != self.name)
