"""Pictures of tables: a DataFrame in, matplotlib Axes out.

Curves need the columns ``day``, ``median``, ``lower``, ``upper``; rows of intervals are described at ``interval_rows``.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes

from hscb_bayes.report.style import BAND, BLACK, GREY, ORANGE, SKY, VERMILLION, Look

ROW_INCHES = 0.40  # height of a row: its label above, its interval below
LABEL_ABOVE = 0.36  # in rows
HEADING_ABOVE = 0.06
PRIOR_BELOW = 0.17
EDGE = 0.02  # of an axis' width, kept free beyond its limits for arrows
OCCUPANCY = (
    ("dead", "dead", "#b8b8b8", ""),
    ("no_response", "no response yet", ORANGE, "////"),
    ("responded", "responded, alive", SKY, ""),
)


@dataclass(frozen=True, kw_only=True)
class Scale:
    """The horizontal axis of rows: its limits, ticks with their words, and whether it is logarithmic."""

    lower: float
    upper: float
    ticks: Mapping[float, str]
    is_log: bool = False
    reference: float | None = None

    def clip(self, values: pd.Series) -> np.ndarray:
        """Values moved onto the axis; inf to its end."""
        return np.clip(values.to_numpy(dtype=float), self.lower, self.upper)


def curve(table: pd.DataFrame, *, axes: Axes, look: Look, label: str) -> Axes:
    """One median curve with its 90% band."""
    axes.fill_between(table["day"], table["lower"], table["upper"], color=look.colour, alpha=BAND, linewidth=0)
    axes.plot(table["day"], table["median"], color=look.colour, linestyle=look.line, label=label)
    return axes


def printed_points(points: pd.DataFrame, *, axes: Axes, look: Look) -> Axes:
    """Printed numbers with their printed intervals.

    Parameters
    ----------
    points
        Columns ``day``, ``share``, ``held_out`` (an open marker), and the limits ``share_lower``, ``share_upper``,
        ``day_lower``, ``day_upper``; NaN where none is printed, inf for a limit that is not reached and is not drawn.
    """
    for point in points.itertuples():
        axes.errorbar(
            point.day,
            point.share,
            xerr=_arms(point.day, point.day_lower, point.day_upper),
            yerr=_arms(point.share, point.share_lower, point.share_upper),
            fmt=look.marker,
            color=BLACK,
            markerfacecolor="white" if point.held_out else look.colour,
            markersize=6.5,
            capsize=3,
            linewidth=1.2,
            zorder=5,
            clip_on=False,
        )
    return axes


def _arms(value: float, lower: float, upper: float) -> np.ndarray | None:
    if np.isnan(lower) or np.isnan(upper):
        return None
    return np.array([[value - lower], [upper - value if np.isfinite(upper) else 0.0]])


def stacked_states(table: pd.DataFrame, *, axes: Axes) -> Axes:
    """Shares of patients in each state over time, stacked to one; columns ``state``, ``day``, ``mean``."""
    wide = table.pivot(index="day", columns="state", values="mean")
    bottom = np.zeros(len(wide))
    for state, words, colour, hatch in OCCUPANCY:
        top = bottom + wide[state].to_numpy()
        axes.fill_between(
            wide.index, bottom, top, facecolor=colour, hatch=hatch, edgecolor="white", linewidth=0.6, label=words
        )
        bottom = top
    return axes


def interval_rows(table: pd.DataFrame, *, axes: Axes, scale: Scale, look: Look) -> Axes:
    """One row a number: its label, its interval, and what it is compared with.

    Parameters
    ----------
    table
        Columns ``label``, ``note``, ``is_heading`` (words over the next rows, no number); ``median``, ``lower``,
        ``upper`` (thin line); ``lower50``, ``upper50`` (thick line); ``printed`` (diamond), ``held_out`` (an open
        diamond); ``prior_lower``, ``prior_median``, ``prior_upper`` (grey dashes below). NaN where there is none, inf
        for a time that is not reached.
    """
    rows = np.arange(len(table), dtype=float)
    _set_axis(axes, scale, len(table))
    clipped = {name: scale.clip(table[name]) for name in INTERVAL_COLUMNS}
    axes.hlines(rows, clipped["lower"], clipped["upper"], color=look.colour, linewidth=1.6)
    axes.hlines(rows, clipped["lower50"], clipped["upper50"], color=look.colour, linewidth=5.0, alpha=0.55)
    axes.plot(clipped["median"], rows, "|", color=look.colour, markersize=10, markeredgewidth=2.2, zorder=4)
    below = rows + PRIOR_BELOW
    axes.hlines(below, clipped["prior_lower"], clipped["prior_upper"], color=GREY, linewidth=1.2, linestyle=(0, (3, 2)))
    axes.plot(clipped["prior_median"], below, "|", color=GREY, markersize=6)
    _arrows(table, axes, scale, rows, look)
    _diamonds(table, axes, clipped["printed"], rows)
    _label(table, axes, rows)
    return axes


def _label(table: pd.DataFrame, axes: Axes, rows: np.ndarray) -> None:
    """Labels over the intervals, notes at the right edge; neither takes room from the axes."""
    place: dict[str, Any] = {"transform": axes.get_yaxis_transform(), "va": "center", "in_layout": False}
    for row, label, note, is_heading in zip(rows, table["label"], table["note"], table["is_heading"], strict=True):
        if is_heading:
            axes.text(0.0, row - HEADING_ABOVE, label, fontsize=8.8, fontweight="bold", **place)
        else:
            axes.text(0.0, row - LABEL_ABOVE, label, fontsize=8.8, **place)
            axes.text(1.0, row - LABEL_ABOVE, note, ha="right", fontsize=8.2, color="#444444", **place)


INTERVAL_COLUMNS = (
    "median", "lower", "upper", "lower50", "upper50", "printed", "prior_lower", "prior_median", "prior_upper",
)  # fmt: skip


def _set_axis(axes: Axes, scale: Scale, rows: int) -> None:
    if scale.is_log:
        axes.set_xscale("log")
        axes.minorticks_off()
    width = scale.upper / scale.lower if scale.is_log else scale.upper - scale.lower
    free = width**EDGE if scale.is_log else width * EDGE
    limits = (scale.lower / free, scale.upper * free) if scale.is_log else (scale.lower - free, scale.upper + free)
    axes.set_xlim(*limits)
    axes.set_ylim(rows - 0.55, -0.72)
    axes.set_xticks(list(scale.ticks), list(scale.ticks.values()))
    axes.set_yticks([])
    axes.spines["left"].set_visible(False)
    axes.grid(visible=True, axis="x")
    if scale.reference is not None:
        axes.axvline(scale.reference, color="#444444", linewidth=0.9)


def _arrows(table: pd.DataFrame, axes: Axes, scale: Scale, rows: np.ndarray, look: Look) -> None:
    """Arrow heads where an interval leaves the axis."""
    beyond = table["upper"].to_numpy(dtype=float) > scale.upper
    axes.plot(np.full(beyond.sum(), scale.upper), rows[beyond], ">", color=look.colour, markersize=5, clip_on=False)
    under = table["lower"].to_numpy(dtype=float) < scale.lower
    axes.plot(np.full(under.sum(), scale.lower), rows[under], "<", color=look.colour, markersize=5, clip_on=False)


def _diamonds(table: pd.DataFrame, axes: Axes, printed: np.ndarray, rows: np.ndarray) -> None:
    held_out = table["held_out"].to_numpy(dtype=bool)
    for mask, face in ((~held_out, VERMILLION), (held_out, "white")):
        axes.plot(
            printed[mask], rows[mask], "D", markerfacecolor=face, markeredgecolor=VERMILLION, markeredgewidth=1.6,
            markersize=6.5, zorder=6, clip_on=False,
        )  # fmt: skip


def death_days(table: pd.DataFrame, *, axes: Axes, look: Look, label: str) -> Axes:
    """Distribution function of a day; columns ``day`` and ``share``."""
    axes.plot(table["day"], table["share"], color=look.colour, linestyle=look.line, label=label)
    return axes
