"""What every analysis can be asked for, whatever its form; each form says what differs."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cached_property
from typing import Any

from hscb_bayes.analysis.hazards import Hazards
from hscb_bayes.analysis.priors import Belief, Parameter


class Assumed:
    """An analysis of a paper, of a pool, or of a table of patients, as the model takes it."""

    table: Any
    members: Any  # the analyses of single studies with a print

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
    def deviation_between_studies(self) -> float | None:
        """Scale of the spread of the only study's effects; None where studies are not said to differ."""
        return None

    @property
    def terms(self) -> tuple[str, ...]:
        """What has a log hazard ratio beside the parameters."""
        return ()

    @property
    def term_deviations(self) -> Any:
        """Standard deviations of the log hazard ratios, shape (term,)."""
        return ()

    @property
    def deviation_between_centres(self) -> float | None:
        """Scale of the spread of centre effects; None where centres are not told apart."""
        return None

    @property
    def has_correlated_centres(self) -> bool:
        """Whether a centre's three effects are correlated."""
        return False
