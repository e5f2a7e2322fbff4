"""The figures of the page, composed from the tables: names to SVG."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd
from markupsafe import Markup
from matplotlib.axes import Axes

from hscb_bayes.process.follow_up import YEAR
from hscb_bayes.report import plot
from hscb_bayes.report.points import printed_response, response_points, survival_points
from hscb_bayes.report.results import Results
from hscb_bayes.report.style import BLACK, LOOKS, Look, legend_above, percent_axis
from hscb_bayes.report.svg import inline_svg
from hscb_bayes.report.whom import ALL, in_words
from hscb_bayes.report.words import estimate, listing, shortened

EARLY_DAYS = 90.0  # shown of the response curve: nearly all responses are in them
YEAR_TICKS = (0, 90, 180, 270, 365)
MOST_YEARS = 20
PANEL = 3.1  # inches
LEGEND_CHARACTERS = 52
SINCE = "days since the boost"


def all_figures(results: Results) -> dict[str, Markup]:
    """Every figure by name; those by duration are called "states_14" and so on."""
    durations = [f"{days:g}" for days in results.analysis.durations]
    groups = [name for name in ("short", "long") if name in set(results.tables.curves["whom"])]
    figures = {
        "response": _response(results),
        "survival": _by_whom(results, "alive", [ALL], None, "survival"),
        "death_days": _death_days(results),
    }
    if groups:
        figures["survival_by_group"] = _by_whom(results, "alive", groups, None, "survival_by_group")
    if durations:
        early = _by_whom(results, "responded_by", durations, EARLY_DAYS, "response_by_duration")
        figures["response_by_duration"] = early
        figures["survival_by_duration"] = _by_whom(results, "alive", durations, None, "survival_by_duration")
    return figures | {f"states_{whom}": _states(results, whom) for whom in durations or [ALL]}


def _response(results: Results) -> Markup:
    """Response in the cohort, with the printed medians in both readings and the printed share of responders."""
    points = response_points(results.analysis)
    latest = float(np.nanmax([0.0, *points["day"], *points["day_upper"]]))  # of what is printed, which is to be seen
    table = _curve(results, "responded_by", ALL, EARLY_DAYS if latest <= EARLY_DAYS else None)
    last = EARLY_DAYS if latest <= EARLY_DAYS else max(latest, float(table["day"].max()))
    share, printed = printed_response(results.analysis)

    def draw(axes: Axes) -> None:
        plot.curve(table, axes=axes, look=LOOKS[0], label="all patients")
        for look, (_, point) in zip(LOOKS[1:], points.iterrows(), strict=False):
            plot.printed_points(point.to_frame().T, axes=axes, look=look)
            _legend_marker(axes, look, str(point["label"]), held_out=bool(point["held_out"]))
        if np.isfinite(share):
            axes.axhline(
                share, color=BLACK, linestyle=(0, (1, 2)), linewidth=1.2, label=f"printed: {printed} responded"
            )
        _finish(axes, last, "have responded")

    at = _told(table, 28.0)
    label = (
        f"Share of patients who have responded by day, rising to {at} by day 28; printed medians of response lie on it."
    )
    return inline_svg(draw, name="response", label=label, height=PANEL + 0.35)


def _by_whom(results: Results, quantity: str, whom: Sequence[str], until: float | None, name: str) -> Markup:
    """One curve each for several groups or durations, with the printed survival of those groups."""
    words = in_words(results.analysis)
    tables = {one: _curve(results, quantity, one, until) for one in whom}
    points = survival_points(results.analysis) if quantity == "alive" else pd.DataFrame({"whom": []})
    last = max(table["day"].max() for table in tables.values())

    def draw(axes: Axes) -> None:
        for look, (one, table) in zip(LOOKS, tables.items(), strict=False):
            plot.curve(table, axes=axes, look=look, label=shortened(words[one], LEGEND_CHARACTERS))
            printed = points[points["whom"] == one]
            if len(printed):
                plot.printed_points(printed, axes=axes, look=look)
                _legend_marker(axes, look, str(printed["label"].iloc[0]), held_out=bool(printed["held_out"].iloc[0]))
        _finish(axes, last, "have responded" if quantity == "responded_by" else "alive")

    day = 28.0 if quantity == "responded_by" else last
    told = listing([f"{words[one]} {_told(table, day)}" for one, table in tables.items()])
    done = "have responded" if quantity == "responded_by" else "are alive"
    return inline_svg(draw, name=name, label=f"Shares who {done} by day; at day {day:g}: {told}.", height=PANEL)


def _states(results: Results, whom: str) -> Markup:
    """The three states over the first year at one duration, or of all patients, stacked."""
    curves = results.tables.curves
    states = [state for state, *_ in plot.OCCUPANCY]
    within = (curves["whom"] == whom) & curves["quantity"].isin(states) & (curves["day"] <= YEAR)
    table = curves[within].rename(columns={"quantity": "state"})
    end = table[table["day"] == table["day"].max()].set_index("state")["mean"]

    def draw(axes: Axes) -> None:
        plot.stacked_states(table, axes=axes)
        _finish(axes, float(table["day"].max()), "in each state", columns=3)
        axes.grid(visible=False)

    told = listing([f"{words} {end[state]:.0%}" for state, words, *_ in reversed(plot.OCCUPANCY)])
    label = f"States over one year, {in_words(results.analysis)[whom]}; at the end {told}."
    return inline_svg(draw, name=f"states_{whom}", label=label, height=PANEL - 0.4)


def _death_days(results: Results) -> Markup:
    """When non-responders die, under each family of hazards."""
    table = results.tables.death_days.dropna()
    by_title = list(table.groupby("title", sort=False))

    def draw(axes: Axes) -> None:
        for look, (title, rows) in zip(LOOKS, by_title, strict=False):
            plot.death_days(rows, axes=axes, look=look, label=shortened(str(title), LEGEND_CHARACTERS))
        axes.set_xscale("log")
        ticks = (1, 3, 10, 30, 100, 365)
        axes.set_xticks(ticks, [str(day) for day in ticks])
        axes.minorticks_off()
        axes.set_xlim(0.5, 400.0)
        axes.set_xlabel(f"{SINCE} (logarithmic)")
        percent_axis(axes, "of the non-responders who die")
        legend_above(axes)

    told = listing([f"{title}: median day {_median_day(rows):.0f}" for title, rows in by_title])
    label = f"Distribution of the day of death of non-responders who die within one year. {told}."
    return inline_svg(draw, name="death_days", label=label, height=PANEL - 0.2)


def _median_day(rows: pd.DataFrame) -> float:
    return float(rows.loc[np.isclose(rows["share"], 0.5), "day"].iloc[0])


def _curve(results: Results, quantity: str, whom: str, until: float | None) -> pd.DataFrame:
    curves = results.tables.curves
    table = curves[(curves["quantity"] == quantity) & (curves["whom"] == whom)].sort_values("day")
    return table if until is None else table[table["day"] <= until]


def _told(table: pd.DataFrame, day: float) -> str:
    """The estimate at the last day of the table up to ``day``, in words."""
    row = table[table["day"] <= day].iloc[-1]
    return estimate(row["median"], row["lower"], row["upper"], "share")


def _legend_marker(axes: Axes, look: Look, label: str, *, held_out: bool) -> None:
    """An entry of the legend for printed points."""
    face = "white" if held_out else look.colour
    axes.plot([], [], look.marker, color=BLACK, markerfacecolor=face, label=shortened(label, LEGEND_CHARACTERS))


def _finish(axes: Axes, last: float, done: str, columns: int = 1) -> None:
    axes.set_xlim(0.0, last * 1.02)
    later = YEAR_TICKS if last <= YEAR else tuple(YEAR * k for k in range(MOST_YEARS))
    axes.set_xticks([day for day in (later if last > EARLY_DAYS else range(0, 91, 15)) if day <= last])
    axes.set_xlabel(SINCE)
    percent_axis(axes, f"patients who {done}" if done == "have responded" else f"patients {done}")
    legend_above(axes, columns)
