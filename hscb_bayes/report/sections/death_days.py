"""When non-responders die, which no printed number says."""

from __future__ import annotations

import numpy as np
import pandas as pd
from markupsafe import Markup
from matplotlib.axes import Axes

from hscb_bayes.posterior.predict import nonresponder_death_day
from hscb_bayes.report import plot
from hscb_bayes.report.cell import estimate_of
from hscb_bayes.report.curve_figure import LEGEND_CHARACTERS
from hscb_bayes.report.endpoints import words_of
from hscb_bayes.report.fits import Fits
from hscb_bayes.report.limits import LEVELS, named
from hscb_bayes.report.results import Results
from hscb_bayes.report.sections.section import Section, has_one_print
from hscb_bayes.report.style import LOOKS, legend_above, percent_axis
from hscb_bayes.report.svg import inline_svg
from hscb_bayes.report.words import listing, shortened

DEATH_SHARES = np.linspace(0.0, 1.0, 101)
TICKS = (1, 3, 10, 30, 100, 365)
HEIGHT = 2.9  # inches


def death_table(fits: Fits) -> pd.DataFrame:
    """Quantiles of the day of death of non-responders, here and where everybody would respond in the end.

    Returns
    -------
    Columns ``analysis``, ``title``, ``share`` (0, 0.01, ..., 1) and the ``day`` by which that share of them had died.
    """
    share = "with" if fits.analysis.hazards.never_respond else "without"
    titles = {fits.analysis.name: f"this analysis, {share} a share who never respond"}
    for name, other in fits.alternatives.items():
        if not other.analysis.hazards.never_respond:
            titles[name] = other.analysis.table.title
    parts = []
    for name, title in titles.items():
        found = nonresponder_death_day(fits.compared[name], seed=fits.seed).values
        quantiles = np.quantile(found, DEATH_SHARES, method="inverted_cdf") if found.size else np.nan
        parts.append(pd.DataFrame({"analysis": name, "title": title, "share": DEATH_SHARES, "day": quantiles}))
    return pd.concat(parts, ignore_index=True)


def _context(results: Results) -> dict[str, object]:
    table = results.tables["death_days"]
    rows = []
    for title, found in table.groupby("title", sort=False):
        limits = named(np.array([_day(found, share) for share in LEVELS]))
        rows.append({"title": str(title), "days": estimate_of(limits, "days")})
    return {"drawing": _figure(table.dropna(), words_of(results.analysis).time_zero), "rows": rows}


def _figure(table: pd.DataFrame, zero: str) -> Markup:
    by_title = list(table.groupby("title", sort=False))

    def draw(axes: Axes) -> None:
        for look, (title, rows) in zip(LOOKS, by_title, strict=False):
            plot.death_days(rows, axes=axes, look=look, label=shortened(str(title), LEGEND_CHARACTERS))
        axes.set_xscale("log")
        axes.set_xticks(TICKS, [str(day) for day in TICKS])
        axes.minorticks_off()
        axes.set_xlim(0.5, 400.0)
        axes.set_xlabel(f"days since {zero} (logarithmic)")
        percent_axis(axes, "of the non-responders who die")
        legend_above(axes)

    told = listing([f"{title}: median day {_day(rows, 0.5):.0f}" for title, rows in by_title])
    label = f"Distribution of the day of death of non-responders who die within one year. {told}."
    return inline_svg(draw, name="death_days", label=label, height=HEIGHT)


def _day(rows: pd.DataFrame, share: float) -> float:
    return float(rows.loc[np.isclose(rows["share"], share), "day"].iloc[0])


DEATH_DAYS = Section(name="death_days", applies=has_one_print, context=_context, tables={"death_days": death_table})
