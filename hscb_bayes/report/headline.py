"""The answers that an analysis of a printed study gives, in words."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from hscb_bayes.analysis.member import Member
from hscb_bayes.posterior.not_taught import untaught
from hscb_bayes.report.cell import estimate_of
from hscb_bayes.report.results import Results


def summary_row(results: Results, id: str) -> dict[Any, Any]:
    """The row of a quantity in the summary."""
    return dict(results.tables["summary"].set_index("quantity").loc[id])


def headline_in_words(results: Results, id: str) -> str:
    """ "59% (42% to 74%)", of a quantity of the summary."""
    return estimate_of(summary_row(results, id))


def of_the_prior(analysis: Member, id: str) -> str:
    """Words that a quantity of whose kind no number is fitted is not from the paper; nothing where one is."""
    words = untaught(analysis).get(id)
    if words is None:
        return ""
    return f" No {words} is fitted, so that this is the prior's: what was believed before, and not what the paper says."


def unit_of(row: Mapping[Any, Any]) -> str:
    """The unit in which a quantity of the summary is written: contrasts are differences."""
    unit = str(row["unit"])
    differences = {"share": "points", "days": "more days"}
    return differences.get(unit, unit) if str(row["quantity"]).endswith("_contrast") else unit
