"""What happens to patients, in the words of the analysis: states, transitions, covariates and groups."""

from __future__ import annotations

from dataclasses import dataclass

from hscb_bayes.analysis.analysis import Analysis
from hscb_bayes.evidence.cohort import DEATH, RESPONSE
from hscb_bayes.process.pathway import STATES, TRANSITIONS


@dataclass(frozen=True, kw_only=True)
class Words:
    """Words for what an analysis is of.

    Parameters
    ----------
    response, death
        The two events.
    time_zero
        From when days are counted.
    condition
        What patients have had before, whose duration is the covariate of a print.
    """

    analysis: Analysis
    response: str
    death: str
    time_zero: str
    condition: str

    @property
    def states(self) -> dict[str, str]:
        """Of the states, in their order."""
        return dict(zip(STATES, (f"no {self.response} yet", f"after {self.response}", self.death), strict=True))

    @property
    def transitions(self) -> dict[str, str]:
        """Of what a hazard is of."""
        words = (self.response, f"{self.death} before {self.response}", f"{self.death} after {self.response}")
        return dict(zip(TRANSITIONS, words, strict=True))

    @property
    def statistics(self) -> dict[str, str]:
        """Of what replicated tables are compared in."""
        return {"response": self.response, "survival": f"no {self.death}"}

    @property
    def terms(self) -> dict[str, str]:
        """Of the hazard ratios of covariates."""
        found: dict[str, str] = {}
        for id, covariate in self.analysis.covariates.items():
            reference = covariate.levels[0] if covariate.levels else ""
            found |= {f"{id}[{level}]": f"{level}, against {reference}" for level in covariate.levels[1:]}
            step = "for every doubling" if covariate.form == "log2" else f"for every {covariate.per:g}"
            plain = covariate.form == "linear" and covariate.per == 1.0
            if not covariate.levels:
                found[id] = covariate.label if plain else f"{covariate.label}, {step}"
        return found

    @property
    def groups(self) -> dict[str, str]:
        """Of the groups of patients."""
        found = {"all": "all patients"}
        for id, covariate in self.analysis.covariates.items():
            found |= {f"{id}[{level}]": f"{covariate.label}: {level}" for level in covariate.levels}
        return found | {f"centre[{name}]": f"centre {name}" for name in self.analysis.centres}

    @property
    def parameters(self) -> dict[str, str]:
        """Of the parameters of a table's baselines."""
        found: dict[str, str] = {}
        for transition, words in self.transitions.items():
            is_first = transition == TRANSITIONS[0]
            what = f"median time to {words}" if is_first else f"{words} within a year"
            found["response_median" if is_first else transition] = f"{what}, were nothing else to come first"
            for id in self.analysis.hazards.shape_parameters(transition):
                found[id] = f"{id.removeprefix(f'{transition}_').replace('_', ' ')} of the hazard of {words}"
        return found | {"never_respond": f"share who would never have {self.response}"}


def words_of(analysis: Analysis) -> Words:
    """The words of a table's own endpoints, or of a study's events; those of several prints are response and death."""
    if analysis.has_print:
        study = analysis.members[0].study
        own = {name: event.words for name, event in study.events.items()} if analysis.has_one_study else {}
        response, death = own.get(RESPONSE, RESPONSE), own.get(DEATH, DEATH)
        zero = f"the {study.time_zero}"
        return Words(analysis=analysis, response=response, death=death, time_zero=zero, condition=study.condition)
    said, condition = analysis.table.endpoints, analysis.members[0].study.condition
    return Words(
        analysis=analysis, response=said.response, death=said.death, time_zero=said.time_zero, condition=condition
    )
