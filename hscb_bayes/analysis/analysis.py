"""An analysis: what every form of it can be asked for; each form says what differs."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any, ClassVar

from hscb_bayes.analysis.hazards import Hazards
from hscb_bayes.analysis.level import Level
from hscb_bayes.analysis.priors import Belief, Parameter
from hscb_bayes.analysis.shift import Shift


@dataclass(frozen=True, kw_only=True, eq=False)
class Analysis:
    """What is assumed, and the data: of a printed study, of a pool of them, or of a table of patients.

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
    """

    name: str
    table: Any
    path: str
    sources: Mapping[str, str]
    text: str

    members: ClassVar[Any] = ()  # the printed studies, each a ``Member``

    @property
    def studies(self) -> tuple[str, ...]:
        """Their ids."""
        return tuple(member.study.id for member in self.members)

    @property
    def hazards(self) -> Hazards:
        """Families, shapes and clock."""
        hazards: Hazards = self.table.hazards
        return hazards

    @property
    def prior(self) -> Mapping[str, Belief]:
        """Beliefs by id; of a pool about the average study."""
        beliefs: Mapping[str, Belief] = self.table.prior
        return beliefs

    @property
    def parameters(self) -> Mapping[str, Parameter]:
        """Parameters of the hazards by id, in the order of the draws; some may have no part."""
        raise NotImplementedError

    @property
    def parameter_ids(self) -> tuple[str, ...]:
        """Their ids."""
        return tuple(self.parameters)

    @property
    def by_duration(self) -> bool:
        """Whether durations of neutropenia have a part, in some study."""
        return any(member.by_duration for member in self.members)

    @cached_property
    def believed(self) -> tuple[str, ...]:
        """Ids of the parameters that have a part: those that are variables of the model."""
        hazards = self.hazards
        absent = {f"{transition}_shape" for transition in hazards.cuts}
        absent |= set() if hazards.never_respond else {"never_respond"}
        absent |= set() if hazards.never_respond_by_duration else {"odds_ratio_never_respond"}
        absent |= {"lost_by_one_year"} if self.is_complete else set()
        absent |= set() if self.by_duration else {id for id, one in self.parameters.items() if one.of_duration}
        return tuple(id for id in self.parameters if id not in absent)

    @property
    def is_complete(self) -> bool:
        """Whether everybody was followed to one year or death."""
        return False

    @property
    def has_hierarchy(self) -> bool:
        """Whether studies are around an average one."""
        return False

    @property
    def each_alone(self) -> bool:
        """Whether each study has parameters of its own."""
        return False

    @property
    def powers(self) -> Mapping[str, float]:
        """Of each study's likelihood, by id."""
        return dict.fromkeys(self.studies, 1.0)

    @property
    def levels(self) -> Mapping[str, Level]:
        """Units that differ with a spread, by name: "study", "centre"."""
        return {}

    @property
    def shifts(self) -> tuple[Shift, ...]:
        """What tells studies, or patients known one by one, apart without a spread."""
        return tuple(shift for member in self.members for shift in member.shifts)

    @property
    def terms(self) -> tuple[str, ...]:
        """What has a log hazard ratio beside the parameters."""
        return ()

    @property
    def term_deviations(self) -> Any:
        """Standard deviations of the log hazard ratios, shape (term,)."""
        return ()

    @property
    def has_print(self) -> bool:
        """Whether a printed study is among what it is of."""
        return bool(self.members)

    @property
    def has_one_print(self) -> bool:
        """Whether it is of one printed study, on its own."""
        return len(self.members) == 1 and not self.has_hierarchy

    @property
    def has_patients(self) -> bool:
        """Whether some patients are known one by one."""
        return not self.members or any(member.known is not None for member in self.members)

    @property
    def has_table_alone(self) -> bool:
        """Whether it is of patients one by one, without a print."""
        return not self.members

    @property
    def durations(self) -> tuple[float, ...]:
        """Durations of neutropenia that are reported, in days; none where they have no part."""
        return ()

    @property
    def centres(self) -> tuple[str, ...]:
        """Names of the centres; none where they are not told apart."""
        return ()

    @property
    def left_out(self) -> Any:
        """Patients one by one who are left out, as a value is missing, with their events; None where nobody is."""
        return None

    @property
    def alternatives(self) -> tuple[str, ...]:
        """Names of the analyses beside it that the report compares, itself not among them."""
        return ()
