"""Draw the picture of the README from a results directory: ``.venv/bin/python docs/figures.py results/main``.

Left, who has responded; right, who is alive, by duration of neutropenia before the boost. Lines are posterior medians,
bands 90% intervals, diamonds what the paper prints.
"""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
import pandas as pd
import xarray as xr
from hscb_bayes.model.fit import load_posterior
from matplotlib import rc_context
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import PercentFormatter

import hscb_bayes as hb

IMAGE = Path(__file__).parent / "images" / "main.svg"
STYLE = {"svg.fonttype": "none", "svg.hashsalt": "main", "font.family": "sans-serif", "font.size": 9}
BLUE, ORANGE, GREY = "#0072B2", "#D55E00", "#444444"  # blue and orange after Okabe and Ito
EARLY = np.concatenate([np.arange(0.0, 21.0), np.arange(22.0, 61.0, 2.0)])
LATE = np.concatenate([np.arange(0.0, 30.0, 3.0), np.arange(30.0, 361.0, 15.0), [365.0]])
BEYOND = 8.0  # days after one year at which printed survivals are drawn, one beside the other


def band(axes: Axes, curve: xr.DataArray, colour: str, style: str, label: str) -> None:
    """Median and 90% interval over draws."""
    lower, middle, upper = curve.quantile([0.05, 0.5, 0.95], dim=("chain", "draw")).transpose("quantile", "day").values
    axes.fill_between(curve["day"], lower, upper, color=colour, alpha=0.18, linewidth=0)
    axes.plot(curve["day"], middle, style, color=colour, label=label)


def printed(check: pd.DataFrame, id: str) -> tuple[float, float, float, str]:
    """Value, limits and text of a printed number; without an interval the limits are the value."""
    rows = check.set_index("id")
    value = float(rows["value"][id])
    low, high = (float(rows["value"].get(f"{id}.{end}", value)) for end in ("lower", "upper"))
    return value, low, high, str(rows["printed"][id])


def response(axes: Axes, posterior: hb.Posterior, check: pd.DataFrame) -> None:
    """Incidence of response, the printed median with its limits, and how many responded."""
    band(axes, hb.cumulative_incidence(posterior, days=EARLY), GREY, "-", "all patients, model")
    value, low, high, text = printed(check, "response_median.all")
    axes.errorbar(
        value, 0.5, xerr=[[value - low], [high - value]], fmt="D", color="black", capsize=3, markersize=5,
        label=f"printed median, {text} ({low:g} to {high:g})",
    )  # fmt: skip
    share, _, _, text = printed(check, "response.percent")
    axes.plot(EARLY[-1], share, "o", color="black", clip_on=False, label=f"printed, {text} responded")
    axes.set(title="Responded", xlim=(0, EARLY[-1]))


def survival(axes: Axes, posterior: hb.Posterior, check: pd.DataFrame) -> None:
    """Survival of the two groups by duration, and the printed values at one year."""
    groups = (("short", BLUE, "-", "38 days or less"), ("long", ORANGE, "--", "more than 38 days"))
    for k, (group, colour, style, label) in enumerate(groups):
        band(axes, hb.survival(posterior, days=LATE, groups=[group]).squeeze("group"), colour, style, f"{label}, model")
        value, low, high, text = printed(check, f"os_1y_{group}")
        axes.errorbar(
            LATE[-1] + BEYOND * (k + 1), value, yerr=[[value - low], [high - value]], fmt="D", color=colour, capsize=3,
            markersize=5, clip_on=False, label=f"printed, {text} ({100 * low:.0f} to {100 * high:.0f})",
        )  # fmt: skip
    axes.set(title="Alive, by days of neutropenia before the boost", xlim=(0, LATE[-1] + 3 * BEYOND))


def main(results: Path) -> None:
    """Draw."""
    posterior, check = load_posterior(results / "posterior.nc"), pd.read_csv(results / "check.csv")
    with rc_context(STYLE):
        figure = Figure(figsize=(8.2, 3.5), layout="constrained")
        for axes, draw in zip(figure.subplots(1, 2, sharey=True), (response, survival), strict=True):
            draw(axes, posterior, check)
            axes.set(xlabel="days since the boost", ylim=(0, 1))
            axes.yaxis.set_major_formatter(PercentFormatter(1.0, decimals=0))
            axes.spines[["top", "right"]].set_visible(False)
            axes.legend(fontsize=8, frameon=False, loc="lower right" if draw is response else "lower left")
        IMAGE.parent.mkdir(exist_ok=True)
        figure.savefig(IMAGE, metadata={"Date": None, "Creator": None})


if __name__ == "__main__":
    main(Path(sys.argv[1]))
