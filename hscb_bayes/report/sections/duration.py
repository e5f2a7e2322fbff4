"""What the duration of the condition goes with, in a printed study."""

from __future__ import annotations

import numpy as np
import pandas as pd
import xarray as xr
from markupsafe import Markup

from hscb_bayes.evidence.kinds.covariate_summary import CovariateSummary
from hscb_bayes.evidence.kinds.survival import Survival
from hscb_bayes.evidence.study import Study
from hscb_bayes.posterior.headline import CONTRASTS, contrast_durations, headline_quantities, ratio_words
from hscb_bayes.posterior.posterior import Posterior
from hscb_bayes.posterior.predict import restricted_mean_time
from hscb_bayes.process.follow_up import YEAR
from hscb_bayes.process.pathway import TRANSITIONS
from hscb_bayes.report.cell import Cell, cell, estimate_of
from hscb_bayes.report.fits import Fits
from hscb_bayes.report.groups_in_words import groups_by_duration, in_words
from hscb_bayes.report.headline import headline_in_words, of_the_prior, summary_row
from hscb_bayes.report.interval_figure import RATIOS, interval_figure
from hscb_bayes.report.predictions import prediction_table
from hscb_bayes.report.results import Results
from hscb_bayes.report.sections.section import Section, has_one_print
from hscb_bayes.report.words import listing, number, span

TABLE_DAYS = (7.0, 14.0, 28.0, 365.0)
GROUPS = ("short", "long")
RATIO = f"hazard_ratio_{TRANSITIONS[0]}"
COMPARED = (*(f"os_1y_{group}" for group in GROUPS), "os_1y_contrast")


def _reported(posterior: Posterior, _: int) -> xr.Dataset:
    return restricted_mean_time(posterior, duration=posterior.analysis.durations or None).to_dataset(
        name="days_in_state"
    )


def duration_table(fits: Fits) -> pd.DataFrame:
    """As ``prediction_table``, at the durations that the analysis reports."""
    return prediction_table(fits.main, duration=fits.analysis.durations, days=TABLE_DAYS)


def probability_table(fits: Fits) -> pd.DataFrame:
    """Probabilities of statements about duration: columns ``id``, ``statement``, ``probability``."""
    headline, analysis = fits.reported["learned"], fits.analysis
    condition = analysis.study.condition
    words = headline_quantities(analysis)
    rows = []
    for transition in TRANSITIONS if analysis.by_duration else ():
        id = f"hazard_ratio_{transition}"
        rows.append((id, f"{words[id].label} above 1", float((headline[id] > 1.0).mean())))
    if "os_1y_short" in headline:
        higher = float((headline["os_1y_short"] > headline["os_1y_long"]).mean())
        rows.append(("os_1y_short", f"one-year survival higher with short than with long {condition}", higher))
    ends = contrast_durations(analysis)
    if ends:
        versus = f"higher after {ends[0]:g} than after {ends[1]:g} days of {condition}"
        contrasts = [(f"{id}_contrast", label) for id, label, _ in CONTRASTS]
        rows += [(id, f"{label} {versus}", float((headline[id] > 0.0).mean())) for id, label in contrasts]
    return pd.DataFrame(rows, columns=["id", "statement", "probability"])


def _sentences(results: Results) -> list[str]:
    study = results.analysis.study
    parts = [part for part in (_by_group(results), _by_duration(results)) if part]
    caution = f"an association in one small series, not proof that an earlier {study.time_zero} helps"
    if not parts and not results.analysis.by_duration:
        return [f"The duration of {study.condition} has no part in this analysis."] if _is_of_durations(study) else []
    if not parts:
        return [f"The analysis compares no durations of {study.condition}; what one goes with would be {caution}."]
    there = set(results.tables["summary"]["quantity"])
    known = of_the_prior(results, [id for id in COMPARED if id in there], like=RATIO)
    told = f"{'; '.join(parts)}: {caution}.{known}"
    return [told[:1].upper() + told[1:]]


def _is_of_durations(study: Study) -> bool:
    """Whether something is printed of how long patients had their condition."""
    return any(isinstance(item, CovariateSummary) and item.covariate == "duration" for item in study.items)


def _by_group(results: Results) -> str:
    if "os_1y_short" not in set(results.tables["summary"]["quantity"]):
        return ""
    words = in_words(results.analysis)
    short, long = (f"{headline_in_words(results, f'os_1y_{group}')} of {words[group]}" for group in GROUPS)
    return f"At one year {short} and {long} are alive{_as_printed(results)}"


def _as_printed(results: Results) -> str:
    """The paper's own survival of the two groups, which the model draws together as far as it believes duration to."""
    analysis, groups = results.analysis, groups_by_duration(results.analysis)
    at_one_year = (item for item in analysis.study.items if isinstance(item, Survival) and item.day == YEAR)
    found = {item.among: item for item in at_one_year}
    items = [found[groups[name]] for name in GROUPS if groups.get(name) in found]
    if len(items) != len(GROUPS):
        return ""
    short, long = (item.value.value for item in items)
    modelled = summary_row(results, "os_1y_short")["median"] - summary_row(results, "os_1y_long")["median"]
    is_fitted = all(item.id in analysis.fit.items for item in items)
    is_drawn = is_fitted and 0.0 < modelled * (short - long) < (short - long) ** 2
    drawn = ", which so few patients and the beliefs about hazard ratios draw together" if is_drawn else ""
    return f" (printed: {listing([str(item.value) for item in items])}{drawn})"


def _by_duration(results: Results) -> str:
    ends = contrast_durations(results.analysis)
    if not ends:
        return ""
    probability = results.tables["probabilities"].set_index("id").loc["os_1y_contrast", "probability"]
    difference = estimate_of(summary_row(results, "os_1y_contrast"), "points").replace("points", "percentage points")
    return (
        f"one-year survival after {ends[0]:g} rather than {ends[1]:g} days of {results.analysis.study.condition}"
        f"{_at_the_edge(results, ends)} differs by {difference}, and the probability that it is higher is "
        f"{number(probability, 'share')}"
    )


def _at_the_edge(results: Results, ends: tuple[float, float]) -> str:
    table = results.tables["predictions"]
    edge = [end for end in ends if table.loc[table["duration"] == end, "extrapolates"].astype(bool).any()]
    if not edge:
        return ""
    return (
        ", both at the edge of the series," if len(edge) == len(ends) else f", {edge[0]:g} at the edge of the series,"
    )


def _context(results: Results) -> dict[str, object] | None:
    if not results.analysis.by_duration:
        return None
    columns, rows = _grid(results.tables["predictions"])
    return {
        "per": ratio_words(results.analysis),
        "drawing": _ratios(results),
        "columns": columns,
        "rows": rows,
    }


def _grid(table: pd.DataFrame) -> tuple[list[dict[str, object]], list[tuple[str, list[Cell]]]]:
    """Durations as columns, quantities as rows: (what a column is, and whether it extrapolates), (row, its cells)."""
    columns = [
        {
            "duration": f"{row['duration']:g}",
            "beyond": int(row["patients_beyond"]),
            "extrapolates": bool(row["extrapolates"]),
        }
        for _, row in table.drop_duplicates("duration").sort_values("duration").iterrows()
    ]
    rows = []
    for (quantity, day), found in table.groupby(["quantity", "day"], sort=False, dropna=False):
        by_day = not np.isnan(day)
        words = f"{quantity} {'by' if quantity == 'responded' else 'at'} day {day:g}" if by_day else str(quantity)
        unit = "share" if by_day else "days"
        rows.append((words, [cell(row, unit) for row in found.sort_values("duration").to_dict("records")]))
    return columns, rows


def _ratios(results: Results) -> Markup:
    """Posterior and prior of the hazard ratios."""
    rows = results.tables["summary"].set_index("quantity").loc[[f"hazard_ratio_{name}" for name in TRANSITIONS]]
    words = [transition.replace("_", " ") for transition in TRANSITIONS]
    notes = [f"{row['median']:.2f} ({span(row['lower'], row['upper'], 'ratio')})" for row in rows.to_dict("records")]
    told = listing([f"{label} {note}" for label, note in zip(words, notes, strict=True)])
    label = f"Hazard ratios with 90% intervals: {told}."
    return interval_figure(rows.assign(label=words, note=notes), RATIOS, name="ratios", label=label)


DURATION = Section(
    name="duration",
    link="Duration",
    applies=has_one_print,
    context=_context,
    tables={"predictions": duration_table, "probabilities": probability_table},
    reported=_reported,
    judged=lambda found: found.drop_vars("patients_beyond", errors="ignore"),
    sentences=_sentences,
)
