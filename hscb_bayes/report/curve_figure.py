"""Figures of shares over time: the model's curves, and printed or observed points on them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import pandas as pd
from markupsafe import Markup
from matplotlib.axes import Axes

from hscb_bayes.report import plot
from hscb_bayes.report.cell import estimate_of
from hscb_bayes.report.style import BLACK, LOOKS, Look, legend_above, percent_axis
from hscb_bayes.report.svg import inline_svg
from hscb_bayes.report.words import shortened

LEGEND_CHARACTERS = 52


@dataclass(frozen=True, kw_only=True, eq=False)
class Series:
    """A curve and its points.

    Parameters
    ----------
    words
        Of the legend.
    table
        As ``plot.curve`` takes it.
    points
        As ``plot.printed_points`` takes them; with a ``label`` for the legend, or without.
    """

    words: str
    table: pd.DataFrame
    points: pd.DataFrame

    def at(self, day: float) -> str:
        """The share at the last day of the curve up to ``day``, in words."""
        return estimate_of(self.table[self.table["day"] <= day].iloc[-1].to_dict(), "share")


@dataclass(frozen=True, kw_only=True)
class Time:
    """The horizontal axis: its end in days, its ticks and its words."""

    last: float
    ticks: Sequence[float]
    words: str


def curve_figure(series: Sequence[Series], *, name: str, label: str, time: Time, share: str, height: float) -> Markup:
    """One curve each for several groups, durations or states.

    Parameters
    ----------
    name, label, height
        As ``inline_svg`` takes them.
    share
        Words of the vertical axis.
    """

    def draw(axes: Axes) -> None:
        for look, one in zip(LOOKS, series, strict=False):
            plot.curve(one.table, axes=axes, look=look, label=shortened(one.words, LEGEND_CHARACTERS))
            plot.printed_points(one.points, axes=axes, look=look)
            if len(one.points) and "label" in one.points:
                mark_in_legend(axes, look, one.points.iloc[0])
        finish(axes, time, share)

    return inline_svg(draw, name=name, label=label, height=height)


def mark_in_legend(axes: Axes, look: Look, point: pd.Series) -> None:
    """An entry of the legend for printed points."""
    face = "white" if bool(point["held_out"]) else look.colour
    label = shortened(str(point["label"]), LEGEND_CHARACTERS)
    axes.plot([], [], look.marker, color=BLACK, markerfacecolor=face, label=label)


def finish(axes: Axes, time: Time, share: str, columns: int = 1) -> None:
    """Limits, ticks and words of the axes, and the legend."""
    axes.set_xlim(0.0, time.last * 1.02)
    axes.set_xticks(_up_to(time.ticks, time.last))
    axes.set_xlabel(time.words)
    percent_axis(axes, share)
    legend_above(axes, columns)


def _up_to(ticks: Iterable[float], last: float) -> list[float]:
    return [tick for tick in ticks if tick <= last]
