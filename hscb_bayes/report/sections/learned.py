"""What was learned from the print: every answer and every parameter before and after it."""

from __future__ import annotations

import numpy as np
import pandas as pd

from hscb_bayes.posterior.predict import headline
from hscb_bayes.posterior.sensitivity import sensitivity
from hscb_bayes.process.pathway import TRANSITIONS
from hscb_bayes.report.cell import cell
from hscb_bayes.report.fits import Fits
from hscb_bayes.report.headline import unit_of
from hscb_bayes.report.results import Results
from hscb_bayes.report.sections.check import foreseen
from hscb_bayes.report.sections.section import Section, has_one_print
from hscb_bayes.report.words import number, plural


def _tables(fits: Fits) -> dict[str, pd.DataFrame]:
    return {"summary": sensitivity(fits.main.posterior, fitted=fits.reported["learned"], seed=fits.seed)}


def _context(results: Results) -> dict[str, object]:
    cohort = results.analysis.table.cohort
    return {
        "headline": _rows(results.tables["summary"], "headline"),
        "parameters": _rows(results.tables["summary"], "parameter"),
        "reference": number(cohort.reference, "days") if cohort.form == "log2" else "the shorter durations",
    }


def _rows(table: pd.DataFrame, kind: str) -> list[dict[str, object]]:
    """Prior, posterior, contraction and power-scaling of the rows of one kind ("headline" or "parameter")."""
    return [
        {
            "label": row["label"],
            "prior": cell(row, unit_of(row), "prior_"),
            "posterior": cell(row, unit_of(row)),
            "contraction": number(float(row["contraction"]), "share"),
            "mostly_prior": bool(row["mostly_prior"]),
            "prior_sensitivity": _sensitivity(float(row["prior_sensitivity"])),
            "likelihood_sensitivity": _sensitivity(float(row["likelihood_sensitivity"])),
        }
        for row in table[table["kind"] == kind].to_dict("records")
    ]


def _sensitivity(value: float) -> str:
    return "" if np.isnan(value) else f"{value:.2f}"


def _sentences(results: Results) -> list[str]:
    """How sure the answer is."""
    findings = results.findings[results.analysis.study.id]
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
        else "every printed number about outcomes is fitted, "
    )
    every = prior["quantity"].str.startswith("hazard_ratio").sum() == len(TRANSITIONS)
    among = ", all hazard ratios among them," if every else ""
    return [
        f"How sure is this: the audit finds {plural(len(conflicts), 'contradiction')} in the print{same}, {told}"
        f"and {len(prior)} of the {len(answers)} answers below{among} rest more on what was believed before than on "
        'this paper ("mostly prior").'
    ]


LEARNED = Section(
    name="learned",
    link="What was learned",
    applies=has_one_print,
    context=_context,
    files=("summary.csv",),
    tables=_tables,
    reported=lambda fit, _: headline(fit.posterior),
    sentences=_sentences,
)
