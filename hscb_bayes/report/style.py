"""How figures look: colours that colour-blind readers tell apart, line styles that grey print tells apart."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import matplotlib as mpl
from matplotlib.axes import Axes

# Okabe M, Ito K. Color universal design. 2008. https://jfly.uni-koeln.de/color/
BLUE, VERMILLION, GREEN, ORANGE = "#0072B2", "#D55E00", "#009E73", "#E69F00"
SKY, PURPLE, BLACK, GREY = "#56B4E9", "#CC79A7", "#1a1a1a", "#8a8a8a"

WIDTH = 4.6  # inches; a panel fills a phone, and two stand side by side on a desk
BAND = 0.18  # opacity of an interval behind a curve

RC: Any = {
    "font.family": "sans-serif",
    "font.sans-serif": ["DejaVu Sans", "Verdana", "Arial", "Helvetica", "sans-serif"],
    "font.size": 9.0,
    "axes.titlesize": 9.5,
    "axes.titleweight": "bold",
    "axes.titlelocation": "left",
    "axes.labelsize": 9.0,
    "axes.edgecolor": "#666666",
    "axes.linewidth": 0.8,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.grid": True,
    "axes.axisbelow": True,
    "grid.color": "#e3e3e3",
    "grid.linewidth": 0.7,
    "xtick.color": "#444444",
    "ytick.color": "#444444",
    "legend.frameon": False,
    "legend.fontsize": 8.5,
    "lines.linewidth": 1.9,
    "hatch.linewidth": 0.7,
    "text.parse_math": False,  # a dollar sign in a label is a dollar sign
    "svg.fonttype": "none",  # text stays text
    "svg.hashsalt": "hscb_bayes",  # the same results give the same file
}


@dataclass(frozen=True, kw_only=True)
class Look:
    """How one series is drawn."""

    colour: str
    line: str = "-"
    marker: str = "o"


MOST_SERIES = 12  # in one figure
_COLOURS, _LINES, _MARKERS = (BLUE, VERMILLION, GREEN, PURPLE, ORANGE, BLACK), ("-", "--", "-.", ":"), "os^D"
LOOKS = tuple(
    Look(colour=_COLOURS[k % len(_COLOURS)], line=_LINES[k % len(_LINES)], marker=_MARKERS[k % len(_MARKERS)])
    for k in range(MOST_SERIES)
)


@contextmanager
def house_style() -> Iterator[None]:
    """Draw within: fonts, grid and text as the report wants them, nothing global left behind."""
    with mpl.rc_context(RC):
        yield


def legend_above(axes: Axes, columns: int = 1) -> None:
    """The legend over the axes, where it covers no data."""
    axes.legend(loc="lower left", bbox_to_anchor=(0.0, 1.0), ncols=columns, borderaxespad=0.2, handlelength=2.6)


def percent_axis(axes: Axes, label: str) -> None:
    """A share from 0 to 100% upwards."""
    axes.set_ylim(0.0, 1.0)
    axes.set_yticks([0.0, 0.25, 0.5, 0.75, 1.0], ["0%", "25%", "50%", "75%", "100%"])
    axes.set_ylabel(label)
