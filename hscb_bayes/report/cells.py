"""The tables as the page lays them out: numbers turned into words, rows and columns arranged for reading."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd

from hscb_bayes.analysis.priors import BELIEFS, Belief
from hscb_bayes.analysis.scope import speaks_of
from hscb_bayes.analysis.spec import Analysis, asked_priors
from hscb_bayes.checking.check import OUTSIDE
from hscb_bayes.evidence.kinds.p_value import PValue
from hscb_bayes.evidence.printed import Printed
from hscb_bayes.model.print_arrays import IntervalUse, interval_uses
from hscb_bayes.report.results import Results
from hscb_bayes.report.words import UNDEFINED, as_printed, estimate, number, span, span_as_printed

WIDTHS: Mapping[IntervalUse, str] = {
    "used": "; the interval is fitted as the width of the estimate",
    "too narrow": "; the interval is not used, being narrower than the group allows: only the estimate is fitted",
    "no width": "; the interval is not used, as it gives no width: only the estimate is fitted",
}
LIMITS = ("median", "lower", "upper")
MOVED = 0.25  # of the width of the main interval: a median that lies further off is marked


@dataclass(frozen=True, kw_only=True)
class Cell:
    """A number with its interval, whether it is marked, and what else is to be said of it."""

    median: str
    interval: str
    is_marked: bool = False
    note: str = ""

    @property
    def text(self) -> str:
        """ "59% (42% to 74%)", or "undefined"."""
        return self.median if self.median == UNDEFINED else f"{self.median} ({self.interval})"


def unit_of(row: Mapping[str, object]) -> str:
    """The unit in which a headline quantity is written: contrasts are differences."""
    unit = str(row["unit"])
    differences = {"share": "points", "days": "more days"}
    return differences.get(unit, unit) if str(row["quantity"]).endswith("_contrast") else unit


def summary_rows(table: pd.DataFrame, kind: str) -> list[dict[str, object]]:
    """Prior, posterior, contraction and power-scaling of the rows of one kind ("headline" or "parameter")."""
    return [_summary_row(row) for row in table[table["kind"] == kind].to_dict("records")]


def contrast_rows(table: pd.DataFrame) -> list[dict[str, object]]:
    """Differences between the shortest and the longest duration, as ``summary_rows``."""
    return summary_rows(table[table["quantity"].str.endswith("_contrast")], "headline")


def _summary_row(row: dict[str, object]) -> dict[str, object]:
    unit = unit_of(row)
    return {
        "label": row["label"],
        "prior": _cell(row, unit, "prior_"),
        "posterior": _cell(row, unit),
        "contraction": number(_float(row["contraction"]), "share"),
        "mostly_prior": bool(row["mostly_prior"]),
        "prior_sensitivity": _sensitivity(row["prior_sensitivity"]),
        "likelihood_sensitivity": _sensitivity(row["likelihood_sensitivity"]),
    }


def _sensitivity(value: object) -> str:
    return "" if np.isnan(_float(value)) else f"{_float(value):.2f}"


def check_rows(results: Results) -> list[dict[str, object]]:
    """The check with words for ids, and every number in the digits of the print."""
    study, table = results.analysis.study, results.tables.check
    return [
        _check_row(row, study.labels[str(row["among"])], study.number(str(row["id"])).printed)
        for row in table[table["used"] != OUTSIDE].to_dict("records")
    ]


def _check_row(row: dict[str, object], among: str, printed: Printed) -> dict[str, object]:
    left_out = not np.isnan(_float(row["loo_median"]))
    missed = " (not converged)" if row["loo_converged"] == 0 else ""
    lower, upper = _float(row["loo_lower90"]), _float(row["loo_upper90"])
    return {
        "label": row["label"],
        "among": among,
        "printed": row["printed"],
        "median": as_printed(_float(row["median"]), printed),
        "half": span_as_printed(_float(row["lower50"]), _float(row["upper50"]), printed),
        "most": span_as_printed(_float(row["lower90"]), _float(row["upper90"]), printed),
        "tail": number(_float(row["tail_probability"]), "p"),
        "undefined": number(_float(row["undefined"]), "share"),
        "not_reached": number(_float(row["not_reached"]), "share"),
        "used": row["used"],
        "left_out": as_printed(_float(row["loo_median"]), printed) + missed if left_out else "",
        "left_out_most": span_as_printed(lower, upper, printed) if left_out else "",
        "left_out_tail": number(_float(row["loo_tail_probability"]), "p") if left_out else "",
    }


def prediction_grid(results: Results) -> tuple[list[dict[str, object]], list[tuple[str, list[Cell]]]]:
    """Durations as columns, quantities as rows: (what a column is, and whether it extrapolates), (row, its cells)."""
    table = results.tables.predictions
    durations = table.drop_duplicates("duration")
    columns = [
        {
            "duration": f"{row['duration']:g}",
            "beyond": int(row["patients_beyond"]),
            "extrapolates": bool(row["extrapolates"]),
        }
        for _, row in durations.iterrows()
    ]
    rows = []
    for (quantity, day), found in table.groupby(["quantity", "day"], sort=False, dropna=False):
        by_day = not np.isnan(day)
        words = f"{quantity} {'by' if quantity == 'responded' else 'at'} day {day:g}" if by_day else str(quantity)
        unit = "share" if by_day else "days"
        rows.append((words, [_cell(row, unit) for row in found.sort_values("duration").to_dict("records")]))
    return sorted(columns, key=lambda column: float(str(column["duration"]))), rows


def alternatives_grid(table: pd.DataFrame) -> tuple[list[dict[str, object]], list[tuple[str, list[Cell | None]]]]:
    """Analyses as columns, main first; a cell is marked where its median has moved by a quarter of main's interval."""
    names = list(dict.fromkeys(table["analysis"]))
    heads = table.drop_duplicates("analysis").set_index("analysis")
    columns: list[dict[str, object]] = [
        {"title": heads.loc[name, "title"], "converged": bool(heads.loc[name, "converged"])} for name in names
    ]
    rows: list[tuple[str, list[Cell | None]]] = []
    for (_, label), found in table.groupby(["quantity", "label"], sort=False):
        by_name = {str(row["analysis"]): row for row in found.to_dict("records")}
        main = by_name.get(str(names[0]))
        rows.append((str(label), [_compared(by_name[name], main) if name in by_name else None for name in names]))
    return columns, rows


def _compared(row: dict[str, object], main: dict[str, object] | None) -> Cell:
    if main is None:
        return _cell(row, unit_of(row), note=_two_humps(row))
    values = [_float(main[name]) for name in ("median", "lower", "upper")] + [_float(row["median"])]
    median, lower, upper, other = values
    moved = bool(np.isfinite(values).all()) and abs(other - median) > MOVED * (upper - lower)
    return _cell(row, unit_of(row), is_marked=moved, note=_two_humps(row))


def _two_humps(row: dict[str, object]) -> str:
    """A hazard ratio whose direction is unknown, below 1 and above it: "17% below 1: 0.61 (0.42 to 0.82); ..."."""
    share = _float(row["share_above"])
    if np.isnan(share):
        return ""
    told = []
    for side, part in (("below", 1.0 - share), ("above", share)):
        if not np.isnan(_float(row[f"{side}_median"])):
            median, lower, upper = (_float(row[f"{side}_{name}"]) for name in LIMITS)
            told.append(f"{number(part, 'share')} {side} 1: {estimate(median, lower, upper, 'ratio')}")
    return "; ".join(told)


def death_rows(table: pd.DataFrame) -> list[dict[str, str]]:
    """Median and 90% range of the day of death of non-responders, by analysis."""
    rows = []
    for title, found in table.groupby("title", sort=False):
        lower, median, upper = (
            found.loc[np.isclose(found["share"], share), "day"].iloc[0] for share in (0.05, 0.5, 0.95)
        )
        rows.append({"title": str(title), "days": estimate(median, lower, upper, "days")})
    return rows


def by_response_rows(table: pd.DataFrame) -> list[dict[str, object]]:
    """Survival from the landmark and death rates per patient-year, by state."""
    words = {
        ("landmark_survival", "responded"): "alive at one year, if alive at day 28 and responded by then",
        ("landmark_survival", "neutropenic"): "alive at one year, if alive at day 28 and still neutropenic then",
        ("death_rate", "responded"): "deaths per patient-year after response",
        ("death_rate", "neutropenic"): "deaths per patient-year while neutropenic",
    }
    found = table.set_index(["quantity", "state"])
    units = {"landmark_survival": "share", "death_rate": "rate"}
    rows = [(label, found.loc[key].to_dict(), units[key[0]]) for key, label in words.items()]
    return [
        {"label": label, "cell": _cell(row, unit), "mostly_prior": bool(row["mostly_prior"])}
        | {"undefined": number(_float(row["undefined"]), "share") if _float(row["undefined"]) else ""}
        for label, row, unit in rows
    ]


def p_value_rows(table: pd.DataFrame) -> list[dict[str, object]]:
    """Hazard ratio of response under each test and direction of an unnamed P value."""
    return [
        row | {"cell": _cell(row, "ratio"), "left": number(_float(row["effective"]), "count")}
        for row in table.to_dict("records")
    ]


def beliefs(analysis: Analysis) -> list[dict[str, str]]:
    """Priors as sentences: what about, "about 14 days; 95% sure below 60 days", and why."""
    rows = []
    for id in asked_priors(analysis):
        belief, parameter = analysis.table.prior[id], BELIEFS[id]
        rows.append({"label": parameter.label, "belief": _belief(belief, parameter.unit), "why": belief.why})
    return rows


def _belief(belief: Belief, unit: str) -> str:
    side = "below" if belief.below is not None else "above"
    return (
        f"about {number(belief.best_guess, unit)}; {number(belief.sure, 'share')} sure that it is {side} "
        f"{number(belief.limit, unit)}"
    )


def fitted_items(analysis: Analysis) -> tuple[list[str], list[str], list[str]]:
    """Items in words: those fitted, those that are only checked, and those that are not of this analysis."""
    fitted = analysis.table.fit.items
    labels = analysis.study.labels
    width = {id: WIDTHS[use] for id, use in interval_uses(analysis).items()}
    used, checked, outside = [], [], []
    for item in (item for item in analysis.study.items if item.describes_outcomes):
        readings = [group for group in item.groups if f"{item.id}.{group}" in fitted]
        if item.id in fitted:
            used.append(f"{item.describe(labels)}{width.get(item.id, '')}")
        elif readings:
            used.append(f"{item.describe(labels)}; read as of {labels[readings[0]]}")
        elif any(speaks_of(analysis, one) for one in item.numbers):
            checked.append(item.describe(labels))
        else:
            outside.append(item.describe(labels))
    return used, checked, outside


def tests_assumed(analysis: Analysis) -> list[str]:
    """Which test is taken to stand behind each P value that does not name one: "response by duration: cox"."""
    named = analysis.table.conventions.tests
    items = [item for item in analysis.study.items if isinstance(item, PValue) and item.id in named]
    return [f"{item.comparison}: {named[item.id].test}" for item in items]


def _cell(row: Mapping[str, object], unit: str, prefix: str = "", *, is_marked: bool = False, note: str = "") -> Cell:
    median, lower, upper = (_float(row[f"{prefix}{name}"]) for name in LIMITS)
    return Cell(median=number(median, unit), interval=span(lower, upper, unit), is_marked=is_marked, note=note)


def _float(value: object) -> float:
    return float(str(value))
