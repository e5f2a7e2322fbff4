"""The check: what is printed, or seen in a table, beside what new studies or new tables from the model show."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np
import pandas as pd
from markupsafe import Markup

from hscb_bayes.checking import replicate_patients
from hscb_bayes.checking.check import OUTSIDE, check
from hscb_bayes.checking.replicate import REPLICATES
from hscb_bayes.evidence.printed import Printed
from hscb_bayes.report import plot
from hscb_bayes.report.endpoints import words_of
from hscb_bayes.report.fits import Fits
from hscb_bayes.report.interval_figure import SHARES, interval_figure
from hscb_bayes.report.results import Results
from hscb_bayes.report.sections.section import Section
from hscb_bayes.report.words import as_printed, number, plural, shortened, span, span_as_printed

WEEKS, MOST_TICKS = 7.0, 6
SHORTEST_AXIS = 30.0  # days
P_VALUES = plot.Scale(
    lower=1e-4, upper=1.0, ticks={1e-4: ".0001", 1e-3: ".001", 0.01: ".01", 0.05: ".05", 0.2: ".2", 1.0: "1"},
    is_log=True, reference=0.05,
)  # fmt: skip
DIFFERENCES = plot.Scale(
    lower=-1.0, upper=1.0, ticks={-1.0: "−100%", -0.5: "−50%", 0.0: "0", 0.5: "50%", 1.0: "100%"}, reference=0.0
)
RATIOS = plot.Scale(
    lower=0.02, upper=50.0, ticks={0.02: ".02", 0.1: ".1", 0.5: ".5", 1.0: "1", 2.0: "2", 10.0: "10", 50.0: "50"},
    is_log=True, reference=1.0,
)  # fmt: skip
LABEL_CHARACTERS, BESIDE_A_PRINT = 62, 50
LIMITS = (", lower limit", ", upper limit")
ALL = "all"
Row = Mapping[Any, Any]


def check_table(fits: Fits) -> pd.DataFrame:
    """The check of the print, each number also predicted from fits without it or without its study."""
    return check(fits.main, seed=fits.seed, left_out=fits.without)


def foreseen(table: pd.DataFrame) -> tuple[int, int]:
    """Numbers of items not fitted in any reading: how many lie in their 90% predictive interval, of how many."""
    fitted = table.loc[table["used"] == "fitted", "item"]
    held_out = table[(table["used"] == "held out") & ~table["item"].isin(fitted)]
    inside = (held_out["lower90"] <= held_out["value"]) & (held_out["value"] <= held_out["upper90"])
    return int(inside.sum()), len(held_out)


def _foreseen(results: Results) -> tuple[int, int]:
    """How many numbers lie in their interval, of how many: those not fitted, or predicted from others, or all."""
    table = results.tables["check"]
    if results.analysis.has_one_study:
        return foreseen(table)
    prefix = "loo_" if results.analysis.has_print else ""
    known = table[~table[f"{prefix}median"].isna()]
    inside = (known[f"{prefix}lower90"] <= known["value"]) & (known["value"] <= known[f"{prefix}upper90"])
    return int(inside.sum()), len(known)


def _sentences(results: Results) -> Iterator[str]:
    (inside, total), analysis = _foreseen(results), results.analysis
    if analysis.has_hierarchy and total:
        yield (
            f"Predicted from the other studies, {inside} of {total} {_numbers(analysis)} about outcomes lie within "
            "their 90% intervals."
        )
    if not analysis.has_print and total:
        yield (
            f"{inside} of {total} numbers of the table lie within 90% of what {replicate_patients.REPLICATES} tables "
            "of new patients from this model show."
        )
    if not analysis.has_print and (far := _far_of_all(results)):
        new = (f"{row['label']} {row['printed']}, and in new tables {row['median']} ({row['most']})" for row in far)
        yield f"Outside, of all patients: {'; '.join(new)}."


def _numbers(analysis: Any) -> str:
    """What is compared, of several studies."""
    all_printed = all(member.is_printed for member in analysis.members)
    return "printed numbers" if all_printed else "numbers of prints and tables"


def _context(results: Results) -> dict[str, object]:
    analysis = results.analysis
    inside, total = _foreseen(results)
    return {
        "replicates": REPLICATES if analysis.has_print else replicate_patients.REPLICATES,
        "figures": _figures(results) if analysis.has_one_study else [],
        "size": sum(member.size for member in analysis.members),
        "by_study": _rows(results),
        "inside": inside,
        "total": total,
        "numbers": _numbers(analysis),
        "outside": plural(total - inside, "number"),
        "is_off": not analysis.has_print and bool(_far_of_all(results)),
    }


def _rows(results: Results) -> list[tuple[str, list[dict[str, Any]]]]:
    """The rows of each study, or those of a table."""
    table = results.tables["check"]
    if not results.analysis.has_print:
        return [("", [_row_of_table(results, row) for row in table.to_dict("records")])] if len(table) else []
    found = []
    for member in results.analysis.prints:
        study = member.study
        own = table[table["study"] == study.id] if "study" in table else table
        if not member.is_printed:
            found.append((study.id, [_row_among_prints(results, row) for row in own.to_dict("records")]))
            continue
        printed, labels = {item.id: item.printed for item in study.numbers}, study.labels
        rows = [
            _row(row, labels[row["among"]], printed[row["id"]])
            for row in own[own["used"] != OUTSIDE].to_dict("records")
        ]
        found.append((study.id, rows))
    return found


def _row(row: Row, among: str, printed: Printed) -> dict[str, Any]:
    """A printed number, in the digits of the print."""
    is_left_out = not np.isnan(row["loo_median"])
    missed = " (not converged)" if row["loo_converged"] == 0 else ""
    return {
        "label": row["label"],
        "among": among,
        "printed": row["printed"],
        "median": as_printed(row["median"], printed),
        "half": span_as_printed(row["lower50"], row["upper50"], printed),
        "most": span_as_printed(row["lower90"], row["upper90"], printed),
        "tail": number(row["tail_probability"], "p"),
        "undefined": number(row["undefined"], "share"),
        "not_reached": number(row["not_reached"], "share"),
        "used": row["used"],
        "left_out": as_printed(row["loo_median"], printed) + missed if is_left_out else "",
        "left_out_most": span_as_printed(row["loo_lower90"], row["loo_upper90"], printed) if is_left_out else "",
        "left_out_tail": number(row["loo_tail_probability"], "p") if is_left_out else "",
        "is_far": _is_outside(row, "loo_" if is_left_out else ""),
    }


def _row_of_table(results: Results, row: Row) -> dict[str, Any]:
    """A number of a table's patients."""
    words = words_of(results.analysis)
    return {
        "group": row["group"],
        "label": f"{words.statistics[row['statistic']]} by day {row['day']:g}",
        "among": words.groups[row["group"]],
        "printed": number(row["value"], "share"),
        "median": number(row["median"], "share"),
        "most": span(row["lower90"], row["upper90"], "share"),
        "tail": number(row["tail_probability"], "p"),
        "is_far": _is_outside(row, ""),
    }


def _row_among_prints(results: Results, row: Row) -> dict[str, Any]:
    """A number of a table that is one of several studies, as a printed number has its row."""
    is_left_out = not np.isnan(row["loo_median"])
    missed = " (not converged)" if row["loo_converged"] == 0 else ""
    return _row_of_table(results, row) | {
        "half": "",
        "undefined": "",
        "not_reached": "",
        "used": row["used"],
        "left_out": number(row["loo_median"], "share") + missed if is_left_out else "",
        "left_out_most": span(row["loo_lower90"], row["loo_upper90"], "share") if is_left_out else "",
        "left_out_tail": number(row["loo_tail_probability"], "p") if is_left_out else "",
        "is_far": _is_outside(row, "loo_" if is_left_out else ""),
    }


def _is_outside(row: Row, prefix: str) -> bool:
    return bool(row["value"] < row[f"{prefix}lower90"] or row["value"] > row[f"{prefix}upper90"])


def _far_of_all(results: Results) -> list[dict[str, Any]]:
    """Rows about all patients of a table that the model does not show."""
    return [row for _, rows in _rows(results) for row in rows if row["is_far"] and row["group"] == ALL]


def _figures(results: Results) -> list[list[tuple[str, Markup]]]:
    """The pictures of each column with their titles; those of which the paper prints no number are left out."""
    study = results.analysis.members[0].study
    units = {item.id: item.printed.unit for item in study.numbers}
    table = results.tables["check"][results.tables["check"]["used"] != OUTSIDE]
    columns = (
        (("shares", "Printed shares", "proportion", SHARES),),
        (
            ("days", "Printed times to response", "days", _days(table, units)),
            ("differences", "Printed differences", "difference", DIFFERENCES),
            ("ratios", "Printed ratios", "ratio", RATIOS),
            ("p_values", "Printed P values", "p", P_VALUES),
        ),
    )
    found = []
    for column in columns:
        chosen = [
            (name, title, table[[units[id] == unit for id in table["id"]]], scale)
            for name, title, unit, scale in column
        ]
        found.append(
            [(title, _figure(own, study.labels, scale, name)) for name, title, own, scale in chosen if len(own)]
        )
    return found


def _days(table: pd.DataFrame, units: Mapping[str, str]) -> plot.Scale:
    """An axis in weeks that holds every printed day and the middle half of what new studies print."""
    days = table.loc[[units[id] == "days" for id in table["id"]], ["value", "upper50"]].to_numpy(dtype=float)
    upper = max(SHORTEST_AXIS, 1.05 * np.max(days, where=np.isfinite(days), initial=0.0))
    step = WEEKS * np.ceil(upper / WEEKS / MOST_TICKS)
    ticks = {float(day): f"{day:g}" for day in np.arange(0.0, upper, step)}
    last = max(ticks)
    return plot.Scale(lower=0.0, upper=float(upper), ticks=ticks | {last: f"{last:g} days"})


def _figure(table: pd.DataFrame, labels: Mapping[str, str], scale: plot.Scale, name: str) -> Markup:
    """Printed numbers of one unit on the intervals of new studies."""
    rows = table.assign(
        among=[labels[among] for among in table["among"]], note=table["printed"], printed=table["value"],
        label=[_in_figure(label) for label in table["label"]],
        held_out=table["used"] != "fitted", lower=table["lower90"], upper=table["upper90"],
    )  # fmt: skip
    inside = ((rows["lower"] <= rows["printed"]) & (rows["printed"] <= rows["upper"])).sum()
    label = f"{plural(len(rows), 'printed number')} and what new studies print; {inside} lie within the 90% interval."
    return interval_figure(_with_headings(rows), scale, name=f"check_{name}", label=label)


def _in_figure(label: str) -> str:
    """A label that leaves room for what is printed; which limit it is stays."""
    limit = next((end for end in LIMITS if label.endswith(end)), "")
    return shortened(label.removesuffix(limit), BESIDE_A_PRINT - len(limit)) + limit


def _with_headings(rows: pd.DataFrame) -> pd.DataFrame:
    """The rows of one group after the other, each group under its name where there are several."""
    if rows["among"].nunique() == 1:
        return rows
    parts = []
    for among, found in rows.groupby("among", sort=False):
        heading = {"label": shortened(str(among), LABEL_CHARACTERS), "is_heading": True, "held_out": False, "note": ""}
        parts += [pd.DataFrame([heading]), found]
    return pd.concat(parts, ignore_index=True)


CHECK = Section(
    name="check",
    link="Check",
    context=_context,
    tables={"check": check_table},
    sentences=_sentences,
)
