"""Figures of intervals, one row a number."""

from __future__ import annotations

import numpy as np
import pandas as pd
from markupsafe import Markup
from matplotlib.axes import Axes

from hscb_bayes.report import plot
from hscb_bayes.report.style import BLUE, Look
from hscb_bayes.report.svg import inline_svg

SHARES = plot.Scale(lower=0.0, upper=1.0, ticks={0.0: "0%", 0.25: "25%", 0.5: "50%", 0.75: "75%", 1.0: "100%"})
RATIOS = plot.Scale(
    lower=0.25, upper=5.0, ticks={0.25: "1/4", 0.5: "1/2", 1.0: "1", 2.0: "2", 4.0: "4"}, is_log=True, reference=1.0
)
MARGIN = 0.4  # inches, of the horizontal axis
SIDE = 0.03  # of the width, left and right: labels stand over the rows and need no room there
NOWHERE = dict.fromkeys(
    ("lower50", "upper50", "printed", "prior_lower", "prior_median", "prior_upper"), np.nan
)  # of what a row need not have
BLUE_LINES = Look(colour=BLUE)


def interval_figure(
    table: pd.DataFrame, scale: plot.Scale, *, name: str, label: str, look: Look = BLUE_LINES
) -> Markup:
    """Rows of intervals as an inline figure.

    Parameters
    ----------
    table
        As ``plot.interval_rows`` takes it; columns that are missing are of nothing.
    name, label
        As ``inline_svg`` takes them.
    """
    missing = {column: value for column, value in NOWHERE.items() if column not in table}
    rows = table.assign(**missing)
    for flag in ("is_heading", "held_out"):
        rows[flag] = rows[flag].eq(other=True) if flag in rows else False
    height = MARGIN + plot.ROW_INCHES * len(rows)

    def draw(axes: Axes) -> None:
        plot.interval_rows(rows, axes=axes, scale=scale, look=look)
        axes.set_position((SIDE, MARGIN / height, 1.0 - 2.0 * SIDE, 1.0 - MARGIN / height))

    return inline_svg(draw, name=name, label=label, height=height)
