"""Grades of the response: how many of the responses, and of all patients, are of each."""

from __future__ import annotations

from typing import Any

import pandas as pd
import xarray as xr

from hscb_bayes.posterior.grades import shares_of_grades
from hscb_bayes.posterior.headline import EARLY
from hscb_bayes.posterior.posterior import Posterior
from hscb_bayes.posterior.predict import cumulative_incidence, summarise
from hscb_bayes.process.follow_up import YEAR
from hscb_bayes.report.cell import estimate_of
from hscb_bayes.report.fits import Fits
from hscb_bayes.report.results import Results
from hscb_bayes.report.sections.section import Section
from hscb_bayes.report.words import listing

DAYS = (EARLY, YEAR)


def has_grades(analysis: Any) -> bool:
    """Whether it is of one printed study of which numbers with a grade of the response are fitted."""
    return bool(analysis.has_one_print and analysis.grades)


def _reported(posterior: Posterior, _: int) -> xr.Dataset:
    grades = pd.Index(posterior.analysis.grades, name="grade")
    by_day = xr.concat([cumulative_incidence(posterior, days=DAYS, grade=grade) for grade in grades], dim=grades)
    return xr.Dataset({"share_of_responses": shares_of_grades(posterior), "responded_by": by_day})


def grade_table(fits: Fits) -> pd.DataFrame:
    """The share of each grade among responses, and of patients who have responded with it by a day.

    Returns
    -------
    Columns ``grade``, ``label``, ``quantity`` ("share_of_responses" or "responded_by"), ``day`` (NaN of a share of
    responses), ``median``, ``lower``, ``upper``.
    """
    found = summarise(fits.reported["grades"])
    words = {grade: fits.analysis.study.events[grade].words for grade in fits.analysis.grades}
    return found.assign(label=found["grade"].map(words))[
        ["grade", "label", "quantity", "day", "median", "lower", "upper"]
    ]


def _context(results: Results) -> dict[str, object]:
    rows = []
    for label, found in results.tables["grades"].groupby("label", sort=False):
        of_responses = found[found["quantity"] == "share_of_responses"]
        parts = pd.concat([of_responses, found[found["quantity"] == "responded_by"].sort_values("day")])
        rows.append((label, [estimate_of(row | {"unit": "share"}) for row in parts.to_dict("records")]))
    return {"days": [f"{day:g}" for day in DAYS], "rows": rows}


def _sentences(results: Results) -> list[str]:
    table = results.tables["grades"]
    rows = table[table["quantity"] == "share_of_responses"].to_dict("records")
    parts = [f"{estimate_of(row | {'unit': 'share'})} are graded {row['label']}" for row in rows[:-1]]
    return [f"Of the responses {listing(parts)}"]


GRADES = Section(
    name="grades",
    link="Grades",
    applies=has_grades,
    context=_context,
    tables={"grades": grade_table},
    reported=_reported,
    judged=lambda found: found[["share_of_responses"]],
    sentences=_sentences,
)
