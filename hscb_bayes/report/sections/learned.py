"""What was learned from the print: every answer and every parameter before and after it."""

from __future__ import annotations

from collections.abc import Iterator

import pandas as pd

from hscb_bayes.analysis.member import asked_priors
from hscb_bayes.posterior.predict import headline
from hscb_bayes.posterior.sensitivity import sensitivity
from hscb_bayes.process.pathway import TRANSITIONS
from hscb_bayes.report.fits import Fits
from hscb_bayes.report.headline import unit_of
from hscb_bayes.report.results import Results
from hscb_bayes.report.sections.check import foreseen
from hscb_bayes.report.sections.section import Section, has_one_study
from hscb_bayes.report.words import listing, number, plural


def summary_table(fits: Fits) -> pd.DataFrame:
    """Every answer and parameter, as ``sensitivity`` has them."""
    return sensitivity(fits.main, fitted=fits.reported["learned"], seed=fits.seed)


def _context(results: Results) -> dict[str, object]:
    cohort = results.analysis.members[0].cohort
    return {
        "rows": [row | {"unit": unit_of(row)} for row in results.tables["summary"].to_dict("records")],
        "reference": number(cohort.reference, "days") if cohort.form == "log2" else "the shorter durations",
    }


def _sentences(results: Results) -> Iterator[str]:
    """How sure the answer is."""
    (findings,) = results.findings.values()
    conflicts = [finding for finding in findings if finding.severity == "conflict"]
    shared = set.intersection(*(set(finding.items) for finding in conflicts)) if len(conflicts) > 1 else set()
    same = ", all about the same number" if shared else ""
    answers = results.tables["summary"][results.tables["summary"]["kind"] == "headline"]
    prior = answers[answers["mostly_prior"].astype(bool)]
    inside, total = foreseen(results.tables["check"])
    told = (
        f"{inside} of the {total} printed numbers about what was not fitted lie, one by one, within what the model "
        "predicts for them (90% intervals), "
        if total
        else "every printed number of this analysis is fitted, "
    )
    every = prior["quantity"].str.startswith("hazard_ratio").sum() == len(TRANSITIONS)
    among = ", all hazard ratios among them," if every else ""
    yield (
        f"How sure is this: the audit finds {plural(len(conflicts), 'contradiction')} in the print{same}, {told}"
        f"and {len(prior)} of the {len(answers)} answers below{among} rest more on what was believed before than on "
        f'this paper ("mostly prior").{_taken(results)}'
    )


def _taken(results: Results) -> str:
    """Words that beliefs are those of analyses of other studies; nothing where none is."""
    analysis = results.analysis
    asked = [analysis.prior[id] for id in asked_priors(analysis.members[0])]
    taken = [belief.origin for belief in asked if belief.origin is not None]
    names = listing([repr(name) for name in dict.fromkeys(taken)])
    return f" Of {len(asked)} beliefs {len(taken)} are taken from {names}, of another study." if taken else ""


LEARNED = Section(
    name="learned",
    link="What was learned",
    applies=has_one_study,
    context=_context,
    tables={"summary": summary_table},
    reported=lambda posterior, _: headline(posterior),
    sentences=_sentences,
)
