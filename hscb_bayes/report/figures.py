"""The report's figures as inline SVG: text stays text, colours for the colour-blind, line styles for grey print."""

from __future__ import annotations

import io
import re
from collections.abc import Callable, Sequence
from typing import Any

import matplotlib as mpl
import numpy as np
import pandas as pd
import xarray as xr
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from hscb_bayes.analysis.predict import cumulative_incidence, state_occupancy, survival
from hscb_bayes.analysis.spec import Analysis
from hscb_bayes.evidence.kinds.median_time import MedianTime
from hscb_bayes.evidence.kinds.survival import Survival

COLOURS = ("#0072B2", "#D55E00", "#009E73")  # Okabe and Ito
STATE_COLOURS = {"neutropenic": "#E69F00", "responded": "#56B4E9", "dead": "#666666"}
STYLES = ("-", "--", ":")
RC: Any = {"svg.fonttype": "none", "font.family": "sans-serif", "font.size": 10, "axes.spines.top": False}
WIDE, NARROW = (7.0, 4.2), (6.0, 3.8)


def svg(draw: Callable[[Axes], None], *, size: tuple[float, float], name: str, alt: str) -> str:
    """One figure as an SVG element whose label says what it shows; ids carry ``name`` so that they never collide."""
    with mpl.rc_context():
        mpl.rcParams.update(RC)
        mpl.rcParams["svg.hashsalt"] = name
        figure = Figure(figsize=size, layout="constrained")
        axes = figure.subplots()
        axes.spines["right"].set_visible(False)
        draw(axes)
        buffer = io.StringIO()
        figure.savefig(buffer, format="svg", metadata={"Date": None, "Creator": None, "Format": None, "Type": None})
    text = buffer.getvalue()
    text = text[text.index("<svg") :]
    text = re.sub(r"<metadata>.*?</metadata>", "", text, flags=re.DOTALL)
    text = re.sub(r'(id="|href="#|url\(#)', rf"\1{name}-", text)
    label = alt.replace("&", "&amp;").replace("<", "&lt;").replace('"', "&quot;")
    return re.sub(r'width="[\d.]+pt" height="[\d.]+pt"', f'role="img" aria-label="{label}"', text, count=1)


def response_figure(posterior: xr.DataTree, analysis: Analysis, days: Sequence[float]) -> str:
    """Cumulative incidence of response in the cohort, with the printed median on it."""
    early = [day for day in days if day <= 90]
    curve = cumulative_incidence(posterior, days=early)

    def draw(axes: Axes) -> None:
        _band(axes, early, curve, 0, "all patients, posterior median and 90% interval")
        for item in analysis.study.items:
            if isinstance(item, MedianTime):
                value = item.value.value
                low, high = (limit.value if limit else value for limit in (item.lower, item.upper))
                axes.errorbar(
                    value, 0.5, xerr=[[value - low], [high - value]], fmt="D", color="black", capsize=4,
                    label=f"printed median {item.value} (if of all patients)",
                )  # fmt: skip
        axes.set(xlabel="days since the boost", ylabel="patients who have responded", ylim=(0, 1), xlim=(0, 90))
        _finish(axes)

    middle = curve.sel(day=28).median().item()
    return svg(draw, size=WIDE, name="response", alt=f"Share of patients who responded by day: {middle:.0%} by day 28.")


def survival_figure(posterior: xr.DataTree, analysis: Analysis, days: Sequence[float]) -> str:
    """Survival at the durations of the report, and the printed one-year values."""
    durations = list(analysis.table.report.durations)
    curves = survival(posterior, days=days, duration=durations)

    def draw(axes: Axes) -> None:
        for k, duration in enumerate(durations):
            _band(axes, days, curves.sel(duration=duration), k, f"{duration:g} days of prior neutropenia")
        shown = [item for item in analysis.study.items if isinstance(item, Survival)]
        for k, item in enumerate(item for item in shown if item.among not in ("responders", "nonresponders")):
            value, day = item.value.value, item.day + 6.0 * k
            arms = [[value - item.lower.value], [item.upper.value - value]] if item.lower and item.upper else None
            axes.errorbar(
                day, value, yerr=arms, fmt="oDs"[k % 3], color="black", capsize=3, label=_printed(item, analysis)
            )
        axes.set(xlabel="days since the boost", ylabel="patients alive", ylim=(0, 1.02), xlim=(0, 392))
        _finish(axes)

    last = ", ".join(f"{curves.sel(duration=d, day=365).median().item():.0%} at {d:g} days" for d in durations)
    return svg(draw, size=WIDE, name="survival", alt=f"Survival by duration of prior neutropenia; at one year {last}.")


def _printed(item: Survival, analysis: Analysis) -> str:
    return f"printed, {analysis.study.labels.get(item.among, item.among)}: {item.value}"


def occupancy_figure(posterior: xr.DataTree, duration: float, days: Sequence[float]) -> str:
    """Share of patients in each state over the first year at one duration."""
    states = state_occupancy(posterior, days=days, duration=[duration]).isel(duration=0).mean(("chain", "draw"))

    def draw(axes: Axes) -> None:
        order = ["dead", "neutropenic", "responded"]
        layers = [states.sel(state=state).values for state in order]
        hatches = ["", "///", ""]
        drawn = axes.stackplot(days, layers, labels=order, colors=[STATE_COLOURS[s] for s in order])
        for layer, hatch in zip(drawn, hatches, strict=True):
            layer.set_hatch(hatch)
        axes.set(xlabel="days since the boost", ylabel="share of patients", ylim=(0, 1), xlim=(days[0], days[-1]))
        axes.set_title(f"{duration:g} days of prior neutropenia", loc="left", fontsize=10)
        axes.legend(loc="center right", frameon=True, fontsize=8)

    at_end = states.isel(day=-1)
    told = ", ".join(f"{state} {at_end.sel(state=state).item():.0%}" for state in ("responded", "neutropenic", "dead"))
    return svg(draw, size=NARROW, name=f"states{duration:g}", alt=f"States over one year; at the end {told}.")


def check_figure(check: pd.DataFrame) -> str:
    """Printed shares on their predictive intervals."""
    table = check[check["value"].between(0, 1) & ~check["id"].str.startswith("p_")].iloc[::-1].reset_index(drop=True)
    return _rows(
        table, names=table["id"], limits=(-0.03, 1.03), label="share of patients", name="check-shares",
        alt=f"{len(table)} printed shares and the 50% and 90% intervals of new studies.",
    )  # fmt: skip


def check_days_figure(check: pd.DataFrame) -> str:
    """Printed days on their predictive intervals."""
    table = check[check["id"].str.startswith("response_median")].iloc[::-1].reset_index(drop=True)
    return _rows(
        table, names=table["id"], limits=(0, 40), label="days since the boost", name="check-days",
        alt=f"{len(table)} printed days and the 50% and 90% intervals of new studies.",
    )  # fmt: skip


def _rows(
    table: pd.DataFrame, *, names: Sequence[str], limits: tuple[float, float], label: str, name: str, alt: str
) -> str:
    def draw(axes: Axes) -> None:
        for row, line in table.iterrows():
            axes.plot(np.clip([line["lower90"], line["upper90"]], *limits), [row, row], color=COLOURS[0], lw=1.5)
            axes.plot(np.clip([line["lower50"], line["upper50"]], *limits), [row, row], color=COLOURS[0], lw=5)
            fitted = line["used"] == "fitted"
            axes.plot(line["value"], row, "D", color="black", mfc="black" if fitted else "white", ms=6)
        axes.set_yticks(range(len(table)), list(names))
        axes.set(xlim=limits, xlabel=f"{label} (filled: fitted; open: only checked)")

    return svg(draw, size=(7.0, 0.9 + 0.3 * len(table)), name=name, alt=alt)


def ratio_figure(summary: pd.DataFrame) -> str:
    """Hazard ratios per doubling: posterior over prior."""
    table = summary[summary["quantity"].str.startswith("hazard_ratio")].iloc[::-1].reset_index(drop=True)

    def draw(axes: Axes) -> None:
        for row, line in table.iterrows():
            axes.plot([line["prior_lower"], line["prior_upper"]], [row - 0.18] * 2, color="#999999", ls="--")
            axes.plot([line["posterior_lower"], line["posterior_upper"]], [row] * 2, color=COLOURS[0], lw=2.5)
            axes.plot(line["posterior_median"], row, "o", color=COLOURS[0])
        axes.axvline(1.0, color="black", lw=0.8)
        axes.set_xscale("log")
        axes.set_xticks([0.25, 0.5, 1, 2, 4], ["0.25", "0.5", "1", "2", "4"])
        axes.minorticks_off()
        axes.set_yticks(range(len(table)), [label.removeprefix("hazard ratio of ") for label in table["label"]])
        axes.set(xlabel="hazard ratio per doubling of prior neutropenia, 90% intervals (dashed: prior)")

    told = "; ".join(f"{row['label']} {row['posterior_median']:.2f}" for _, row in table.iterrows())
    return svg(draw, size=(7.0, 2.6), name="ratios", alt=told)


def _band(axes: Axes, days: Sequence[float], curve: xr.DataArray, k: int, label: str) -> None:
    lower, middle, upper = curve.quantile([0.05, 0.5, 0.95], dim=("chain", "draw")).values
    axes.plot(days, middle, color=COLOURS[k % 3], ls=STYLES[k % 3], lw=2, label=label)
    axes.fill_between(days, lower, upper, color=COLOURS[k % 3], alpha=0.15, lw=0)


def _finish(axes: Axes) -> None:
    axes.yaxis.set_major_formatter(mpl.ticker.PercentFormatter(1.0, decimals=0))
    axes.legend(fontsize=8, frameon=False, loc="best")
