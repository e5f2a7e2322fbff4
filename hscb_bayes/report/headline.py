"""The answers that an analysis of a printed study gives, in words."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

from hscb_bayes.posterior.not_taught import untaught
from hscb_bayes.report.cell import estimate_of
from hscb_bayes.report.results import Results

PRIORS = "this is the prior's: what was believed before, and not what the paper says."
LITTLE = 0.3  # of what is known of an answer: less of it from the print is not enough to call it known from there


def summary_row(results: Results, id: str) -> dict[Any, Any]:
    """The row of a quantity in the summary."""
    return dict(results.tables["summary"].set_index("quantity").loc[id])


def headline_in_words(results: Results, id: str) -> str:
    """ "59% (42% to 74%)", of a quantity of the summary."""
    return estimate_of(summary_row(results, id))


def of_the_prior(results: Results, ids: Sequence[str], *, like: str | None = None) -> str:
    """Words that answers of a sentence are not from the paper; nothing where all of them are.

    Where no number of the kind of the first, or of ``like``, is fitted, none of them is. Else those are named of which
    the print says less than ``LITTLE`` of what is known.
    """
    words = untaught(results.analysis).get(like or ids[0])
    if words is not None:
        return f" No {words} is fitted, so that {PRIORS}"
    rows = [summary_row(results, id) for id in ids]
    return not_known([str(row["label"]) for row in rows if is_little(row["contraction"])])


def is_little(contraction: float) -> bool:
    """Whether too little of what is known of an answer is from the print; as it is where that is not known."""
    return math.isnan(contraction) or contraction < LITTLE


def not_known(labels: Sequence[str]) -> str:
    """Words that some answers are not known from the print; nothing where there are none."""
    return f" Not known from this print, but mostly believed before: {'; '.join(labels)}." if labels else ""


def unit_of(row: Mapping[Any, Any]) -> str:
    """The unit in which a quantity of the summary is written: contrasts are differences."""
    unit = str(row["unit"])
    differences = {"share": "points", "days": "more days"}
    return differences.get(unit, unit) if str(row["quantity"]).endswith("_contrast") else unit
