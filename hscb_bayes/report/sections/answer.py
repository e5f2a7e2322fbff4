"""The question, and its answer in the sentences of the other sections."""

from __future__ import annotations

from typing import Any

from hscb_bayes.evidence.cohort import DEATH, RESPONSE
from hscb_bayes.process.follow_up import YEAR
from hscb_bayes.report.results import Results
from hscb_bayes.report.sections.section import Section
from hscb_bayes.report.words import plural, sentence


def patients_in_words(analysis: Any) -> str:
    """Which studies, or which patients, an analysis is about."""
    if analysis.has_one_study:
        study, size = analysis.members[0].study, sum(member.size for member in analysis.members)
        doi = f"; doi {study.doi}" if study.doi else ""
        part = "" if size == study.n else f", {size} of whom this is about"
        return f"{study.citation}{doi}. {study.n} patients{part}; {study.design}. Read: {study.read}."
    if analysis.has_print:
        asked = analysis.table
        population = asked.population_words or asked.population.replace("_", " ")
        return (
            f"{len(analysis.studies)} studies. The answers are about {population}, and a response is: "
            f"{_definition(analysis)}."
        )
    left_out = "" if analysis.left_out is None else f"; {analysis.left_out}, without a value of some covariate, are "
    told = f"{left_out}left out" if left_out else ""
    return f"{plural(len(analysis.patients), 'patient')}, one by one{told}. {sentence(analysis.table.patients.why)}"


def _definition(pool: Any) -> str:
    """The definition of response that is asked about, in the words of the first study that has it."""
    asked = pool.table.definition
    words = (member.study.definition_words for member in pool.members if member.study.definition == asked)
    return next(words, None) or str(asked)


def _events(analysis: Any) -> str:
    """ "response is neutrophil recovery and death is progression or death", as far as the study declares it."""
    events = analysis.members[0].study.events
    named = (RESPONSE, DEATH) if analysis.has_one_study else (DEATH,)
    said = {name: events[name].words for name in named if name in events and events[name].words != name}
    return " and ".join(f"{name} is {words}" for name, words in said.items())


def _context(results: Results) -> dict[str, object]:
    analysis = results.analysis
    return {
        "horizon": YEAR,
        "events": _events(analysis),
        "known": analysis.table.known_patients if analysis.has_one_print else None,
    }


ANSWER = Section(name="answer", context=_context)
