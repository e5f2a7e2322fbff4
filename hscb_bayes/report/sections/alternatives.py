"""What moves under other assumptions, and without each study of a pool."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd
import xarray as xr

from hscb_bayes.analysis.member import Member
from hscb_bayes.analysis.scope import fitted_p_values
from hscb_bayes.posterior.contrasts import summarise_contrasts
from hscb_bayes.posterior.estimands import ESTIMANDS, estimands
from hscb_bayes.posterior.headline import headline_quantities
from hscb_bayes.posterior.p_value import assumed_test
from hscb_bayes.posterior.posterior import Posterior
from hscb_bayes.posterior.predict import summarise
from hscb_bayes.process.pathway import TRANSITIONS
from hscb_bayes.report.cell import Cell, cell, estimate_of
from hscb_bayes.report.fits import AVERAGE, Fits
from hscb_bayes.report.headline import unit_of
from hscb_bayes.report.limits import NAMES, limits_of
from hscb_bayes.report.results import Results
from hscb_bayes.report.sections.arms import ARMS, UNITS, contrasts_of, label_of
from hscb_bayes.report.sections.learned import LEARNED
from hscb_bayes.report.sections.section import Section, has_print
from hscb_bayes.report.words import number

RATIO = f"hazard_ratio_{TRANSITIONS[0]}"
FEW_DRAWS = 20  # fewer, and an interval of them is noise
MOVED = 0.25  # of the width of the main interval: a median that lies further off is marked
SHOWN = ("response_by_28", "os_1y")  # of the estimands of a pool
THIS = "This analysis"


def alternatives_table(fits: Fits) -> pd.DataFrame:
    """As ``alternatives_of_pool``, or of one print as ``alternatives_of_print``."""
    if fits.analysis.has_hierarchy:
        return alternatives_of_pool(fits)
    own = fits.reported[answers_of(fits.analysis).name]
    found: dict[str, tuple[Any, Any, bool]] = {fits.analysis.name: (fits.analysis, own, True)}
    for name, other in fits.alternatives.items():
        found[name] = (other.analysis, fits.headlines[name], bool(other.converged))
    return alternatives_of_arms(found) if fits.analysis.has_arms else alternatives_of_print(found)


def answers_of(analysis: Any) -> Section:
    """The section that has the answers of an analysis of one study."""
    return ARMS if analysis.has_arms else LEARNED


def answers(posterior: Posterior, *, seed: int) -> xr.Dataset:
    """What that section reports."""
    section = answers_of(posterior.analysis)
    if section.reported is None:
        raise ValueError(f"{section.name}: required a section that reports something")
    return section.reported(posterior, seed)


def alternatives_of_arms(found: Mapping[str, tuple[Any, Any, bool]]) -> pd.DataFrame:
    """Contrasts under each analysis: name to (analysis, what the section of arms reports, whether it converged)."""
    parts = []
    for name, (analysis, reported, is_converged) in found.items():
        table = summarise_contrasts(contrasts_of(reported))
        table = table.assign(analysis=name, title=analysis.table.title, converged=is_converged)
        table["quantity"], table["unit"] = table["contrast"], table["contrast"].map(UNITS).fillna("ratio")
        table["label"] = [label_of(row, analysis) for row in table.to_dict("records")]
        parts.append(table[["analysis", "title", "quantity", "label", "unit", "median", "lower", "upper", "converged"]])
    return pd.concat(parts, ignore_index=True)


def alternatives_of_print(found: Mapping[str, tuple[Any, Any, bool]]) -> pd.DataFrame:
    """Headline quantities under each analysis: name to (analysis, ``predict.headline``, whether it converged).

    Where a P value of unknown direction is fitted, the hazard ratio of response has two humps: ``share_above`` 1, and
    the median and interval ``below_...`` and ``above_...`` it; NaN elsewhere.
    """
    parts = []
    for name, (analysis, headline, is_converged) in found.items():
        table = summarise(headline)
        words = headline_quantities(analysis)
        table.insert(0, "analysis", name)
        table.insert(1, "title", analysis.table.title)
        table["label"] = [words[id].label for id in table["quantity"]]
        table["unit"] = [words[id].unit for id in table["quantity"]]
        for column, value in _two_humps(analysis, headline).items():
            table[column] = np.where(table["quantity"] == RATIO, value, np.nan)
        parts.append(table.assign(converged=is_converged))
    return pd.concat(parts, ignore_index=True)


def _two_humps(analysis: Member, headline: Any) -> dict[str, float]:
    """The hazard ratio of response below 1 and above it, where a P value of unknown direction is fitted."""
    sides = ("below", "above")
    found = {"share_above": np.nan} | {f"{side}_{name}": np.nan for side in sides for name in NAMES}
    if all(assumed_test(item, analysis).direction is not None for item in fitted_p_values(analysis)):
        return found
    ratio = headline[RATIO].values.ravel()
    found["share_above"] = float(np.mean(ratio > 1.0))
    for side, values in zip(sides, (ratio[ratio <= 1.0], ratio[ratio > 1.0]), strict=True):
        if values.size >= FEW_DRAWS:
            found |= limits_of(values, f"{side}_")
    return found


def alternatives_of_pool(fits: Fits) -> pd.DataFrame:
    """Estimands of the average and of the first study under other beliefs, and without each study.

    Columns ``analysis``, ``title``, ``of``, ``converged``, ``estimand``, ``unit``, ``lower``, ``median``, ``upper``.
    """
    first, rows = fits.analysis.studies[0], list[dict[str, object]]()
    found = [(fits.analysis.name, "this analysis", fits.main)]
    found += [(name, other.analysis.table.title, other) for name, other in fits.alternatives.items()]
    found += [(f"without_{study}", f"without {study}", left) for study, left in fits.without.items()]
    for name, title, posterior in found:
        parts = {AVERAGE: posterior.average}
        parts |= {first: posterior.of(study=first)} if name != f"without_{first}" else {}
        for of, part in parts.items():
            head = {"analysis": name, "title": title, "of": of, "converged": float(bool(posterior.converged))}
            for estimand, values in estimands(part).data_vars.items():
                unit = ESTIMANDS[str(estimand)].unit
                rows.append(head | {"estimand": estimand, "unit": unit} | limits_of(values.values))
    return pd.DataFrame(rows)


def _context(results: Results) -> dict[str, object] | None:
    table = results.tables["alternatives"]
    if table["analysis"].nunique() == 1:
        return None
    columns, rows = grid(named_quantities(table))
    return {"columns": columns, "rows": rows, "head": "analysis" if columns[0]["title"] != THIS else "quantity"}


def named_quantities(table: pd.DataFrame) -> pd.DataFrame:
    """The table with each quantity in a column ``label``: of a pool, of whom it is beside what it is."""
    if "label" in table:
        return table
    chosen = table[table["estimand"].isin(SHOWN)].sort_values(
        "estimand", key=lambda ids: ids.map(SHOWN.index), kind="stable"
    )
    labels = [
        f"{ESTIMANDS[row['estimand']].label}, {'average study' if row['of'] == AVERAGE else row['of']}"
        for row in chosen.to_dict("records")
    ]
    return chosen.assign(label=labels, quantity=chosen["estimand"])


def grid(table: pd.DataFrame) -> tuple[list[dict[str, Any]], list[tuple[dict[str, Any], list[Cell | None]]]]:
    """Heads of columns, and rows with their heads; a head is ``title`` and ``converged``.

    Quantities are rows and analyses columns, this one first, or the other way round where there are more analyses. A
    cell is marked where its median has moved by a quarter of this analysis's interval; None where an analysis has no
    such quantity.
    """
    names, labels = list(dict.fromkeys(table["analysis"])), list(dict.fromkeys(table["label"]))
    heads = table.drop_duplicates("analysis").set_index("analysis")
    analyses = [
        {
            "title": THIS if name == names[0] else heads.loc[name, "title"],
            "converged": bool(heads.loc[name, "converged"]),
        }
        for name in names
    ]
    quantities = [{"title": str(label), "converged": True} for label in labels]
    by = {(row["analysis"], row["label"]): row for row in table.to_dict("records")}
    cells = {key: _compared(row, by.get((names[0], key[1]))) for key, row in by.items()}
    if len(names) > len(labels):
        return quantities, [
            (head, [cells.get((name, label)) for label in labels]) for head, name in zip(analyses, names, strict=True)
        ]
    return analyses, [
        (head, [cells.get((name, label)) for name in names]) for head, label in zip(quantities, labels, strict=True)
    ]


def _compared(row: dict[Any, Any], main: dict[Any, Any] | None) -> Cell:
    note = _humps_in_words(row)
    if main is None:
        return cell(row, unit_of(row), note=note)
    median, lower, upper, other = (
        float(value) for value in (main["median"], main["lower"], main["upper"], row["median"])
    )
    moved = bool(np.isfinite([median, lower, upper, other]).all()) and abs(other - median) > MOVED * (upper - lower)
    return cell(row, unit_of(row), is_marked=moved, note=note)


def _humps_in_words(row: dict[Any, Any]) -> str:
    """A hazard ratio whose direction is unknown, below 1 and above it: "17% below 1: 0.61 (0.42 to 0.82); ..."."""
    share = float(row.get("share_above", np.nan))
    sides = (("below", 1.0 - share), ("above", share)) if not np.isnan(share) else ()
    return "; ".join(
        f"{number(part, 'share')} {side} 1: {estimate_of(row, 'ratio', f'{side}_')}"
        for side, part in sides
        if not np.isnan(float(row[f"{side}_median"]))
    )


ALTERNATIVES = Section(
    name="alternatives",
    link="Other assumptions",
    applies=has_print,
    context=_context,
    tables={"alternatives": alternatives_table},
)
