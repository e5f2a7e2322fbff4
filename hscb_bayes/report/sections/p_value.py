"""The P value that is not fitted, as neither its test nor its direction is printed."""

from __future__ import annotations

import numpy as np
import pandas as pd

from hscb_bayes.posterior.headline import ratio_words
from hscb_bayes.posterior.p_value import RATIO, reweighted
from hscb_bayes.posterior.posterior import Posterior
from hscb_bayes.report.cell import cell
from hscb_bayes.report.limits import LEVELS
from hscb_bayes.report.results import Results
from hscb_bayes.report.sections.section import Section, has_one_print
from hscb_bayes.report.words import number

COLUMNS = ("item", "test", "direction", "median", "lower", "upper", "effective")


def p_value_table(posterior: Posterior, *, seed: int) -> pd.DataFrame:
    """Hazard ratio of response were an unnamed P value fitted, under each test and direction.

    Returns
    -------
    Columns ``item``, ``test``, ``direction``, ``median``, ``lower``, ``upper`` and ``effective``, the draws that the
    weights leave, all NaN where the test is undefined; no rows where no such P value is printed.
    """
    parameters, column = posterior.parameters, posterior.analysis.parameter_ids.index(RATIO)
    order = np.argsort(parameters[:, column])
    ratio = np.exp(parameters[order, column])
    rows = []
    for reading in reweighted(parameters, posterior.analysis, posterior.effect, seed=seed):
        reached = np.cumsum(reading.weights[order])
        limits = ratio[np.minimum(np.searchsorted(reached, LEVELS), ratio.size - 1)]
        lower, median, upper = np.where(np.isnan(reading.effective), np.nan, limits)
        row = {"item": reading.item, "test": reading.test, "direction": reading.direction}
        rows.append(row | {"median": median, "lower": lower, "upper": upper, "effective": reading.effective})
    return pd.DataFrame(rows, columns=list(COLUMNS))


def p_value_rows(table: pd.DataFrame) -> list[dict[str, object]]:
    """Hazard ratio of response under each test and direction of an unnamed P value, in words."""
    return [
        row | {"cell": cell(row, "ratio"), "left": number(float(row["effective"]), "count")}
        for row in table.to_dict("records")
    ]


def _context(results: Results) -> dict[str, object] | None:
    table, study = results.tables["p_values"], results.analysis.study
    if table.empty or not results.analysis.by_duration:
        return None
    items = {item.id: item for item in study.items}
    return {
        "items": [items[id].describe(study.labels) for id in table["item"].unique()],
        "rows": p_value_rows(table),
        "per": ratio_words(results.analysis),
    }


P_VALUE = Section(
    name="p_value",
    applies=has_one_print,
    context=_context,
    tables={"p_values": lambda fits: p_value_table(fits.main, seed=fits.seed)},
)
