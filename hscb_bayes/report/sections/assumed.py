"""What was assumed: the course of a patient, hazards, follow-up, and what was believed before the data were seen."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from hscb_bayes.analysis.against_study import duration_summary
from hscb_bayes.analysis.exchangeable import Exchangeable
from hscb_bayes.analysis.level import STUDY, Level
from hscb_bayes.analysis.member import asked_priors
from hscb_bayes.analysis.patient_table import Centres
from hscb_bayes.analysis.priors import BELIEFS, Belief
from hscb_bayes.evidence.kinds.p_value import PValue
from hscb_bayes.report.endpoints import words_of
from hscb_bayes.report.items import items_by_use
from hscb_bayes.report.results import Results
from hscb_bayes.report.sections.section import Section
from hscb_bayes.report.words import listing, number, sentence


def _context(results: Results) -> dict[str, object]:
    analysis = results.analysis
    words = words_of(analysis)
    shared: dict[str, object] = {
        "hazards": [
            (said, analysis.hazards.family(name).replace("_", " ")) for name, said in words.transitions.items()
        ],
        "multiplied": list(_what_multiplies(analysis)),
        "beliefs": list(_beliefs(analysis)),
        "print": None,
    }
    return shared | {"print": _of_print(analysis)} if analysis.has_one_study else shared


def _what_multiplies(analysis: Any) -> Iterator[str]:
    """What hazards depend on, a sentence each."""
    if not analysis.has_print:
        yield "Covariates multiply hazards; losses to follow-up say nothing about what would have happened."
    for covariate in analysis.covariates.values():
        rarely = f"{covariate.hazard_ratio_rarely_above:g}"
        yield f"{covariate.label}: a hazard ratio is rarely above {rarely}. {sentence(covariate.why)}"
    for centres in _centres_of(analysis):
        yield f"Centres: {sentence(centres.why)}"
    if analysis.has_arms:
        yield from _of_arms(analysis)
    for member in analysis.prints:
        of = "" if analysis.has_one_study else f"{member.study.id}: "
        cohort = member.cohort
        if cohort.form == "log2":
            reference = number(cohort.reference, "days")
            ratio = "multiplies each rate by a hazard ratio"
            yield f"{of}Every doubling of prior {member.study.condition} {ratio}; {reference} is the reference."
        elif member.by_duration:
            yield f"{of}Each rate changes once, between the shorter and the longer durations."
        elif analysis.has_one_study:
            yield "Durations before time zero have no part: rates are those of patients as they were."
    for level in analysis.levels.values():
        yield from _of_level(level, analysis)


def _of_arms(analysis: Any) -> Iterator[str]:
    """How arms are believed to differ."""
    arms, labels = analysis.table.arms, analysis.members[0].study.labels
    others = listing([labels[arm] for arm in arms.compared])
    odds = ""
    if analysis.hazards.never_respond:
        odds = f", and the odds of never responding by one rarely above {arms.odds_ratio:g}"
    yield (
        f"Hazards of {others} are those of {labels[arms.reference]} times ratios rarely above "
        f"{arms.hazard_ratio_rarely_above:g} or below its inverse, one for each step{odds}. Shapes of the hazards and "
        f"losses to follow-up are alike. {sentence(arms.why)}"
    )


def _centres_of(analysis: Any) -> list[Centres]:
    """What is said of centres, once for each table that has some."""
    tables = (member.table for member in analysis.members if not member.is_printed)
    return [table.centres for table in tables if table.centres is not None]


def _of_level(level: Level, analysis: Any) -> Iterator[str]:
    """What is special about studies, or centres: that their effects are correlated, that some may be on their own."""
    if level.correlated:
        several = "studies" if level.name == STUDY else "centres"
        yield f"Effects of {several} on the three hazards are correlated, with an LKJ(2) prior of the correlations."
    if level.is_mixed:
        of_level: Any = analysis.table if level.name == STUDY else _centres_of(analysis)[0]
        said: Exchangeable = of_level.exchangeable
        others = "; ".join(f"{unit}: {number(weight, 'share')}" for unit, weight in said.weights.items())
        yield (
            f"A {level.name} is taken to be one of a kind with probability {number(said.weight, 'share')}"
            f"{others and f' ({others})'}; on its own, its hazards are rarely {said.ratio_apart_rarely_above:g} times "
            f"the average ones. {sentence(said.why)}"
        )


def _of_print(analysis: Any) -> dict[str, object]:
    """What is assumed of the patients of one printed study, and fitted of its print."""
    known = None if analysis.has_arms else analysis.known
    return {
        "items": items_by_use(analysis),
        "tests": _tests(analysis),
        "sizes": _sizes(analysis),
        "durations": _durations(analysis),
        "size": sum(member.size for member in analysis.members),
        "known": None if known is None else {"count": len(known), "left_out": known.patients.left_out},
    }


def _durations(analysis: Any) -> tuple[float, float, float] | None:
    """Median and range that the durations of patients were made to fit; None of arms, which may have one each."""
    if analysis.has_arms or not analysis.by_duration:
        return None
    return duration_summary(analysis.study, analysis.cohort.among)


def _beliefs(analysis: Any) -> Iterator[dict[str, str]]:
    """What about, "about 14 days; 95% sure that it is below 60 days", and why; of a pool of its average study."""
    if analysis.has_print:
        known = {**analysis.parameters, **BELIEFS}
        for id in asked_priors(analysis.members[0]):
            yield _belief(known[id].label, analysis.prior[id], known[id].unit)
        return
    words, ids = words_of(analysis).parameters, analysis.hazards.beliefs
    for id in (id for id in words if id in analysis.believed):
        yield _belief(words[id], analysis.prior[ids.get(id, id)], analysis.parameters[id].unit)


def _belief(label: str, belief: Belief, unit: str) -> dict[str, str]:
    side = "below" if belief.below is not None else "above"
    told = (
        f"about {number(belief.best_guess, unit)}; {number(belief.sure, 'share')} sure that it is {side} "
        f"{number(belief.limit, unit)}"
    )
    taken = "" if belief.origin is None else f"; taken from the analysis {belief.origin!r}, of another study"
    return {"label": label, "belief": told, "why": f"{belief.why}{taken}"}


def _tests(analysis: Any) -> list[str]:
    """Which test is taken to stand behind each P value that does not name one: "response by duration: cox"."""
    named = analysis.members[0].conventions.tests
    items = [item for item in analysis.members[0].study.items if isinstance(item, PValue) and item.id in named]
    return [f"{item.comparison}: {named[item.id].test}" for item in items]


def _sizes(analysis: Any) -> list[str]:
    """How many patients the analysis puts into each group whose size it declares, and into those that have the rest."""
    first = analysis.members[0]
    given, study, n = first.cohort.sizes, first.study, first.size
    found = []
    for id, size in given.items():
        found.append(f"{size} {study.labels[id]}")
        rest = (other for other in study.groups.values() if other.is_complement_of(study.groups[id]))
        if study.groups[id].by == "duration":
            found += [f"{n - size} {other.label}" for other in rest if other.id not in given]
    return found


ASSUMED = Section(name="assumed", link="Assumptions", context=_context)
