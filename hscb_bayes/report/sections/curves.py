"""Response, survival and the states over time, of a printed study."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
import pandas as pd
import xarray as xr
from markupsafe import Markup
from matplotlib.axes import Axes

from hscb_bayes.analysis.member import Member
from hscb_bayes.evidence.kinds.survival import Survival
from hscb_bayes.posterior.curves import curves
from hscb_bayes.posterior.not_taught import untaught
from hscb_bayes.posterior.posterior import Posterior
from hscb_bayes.posterior.predict import summarise
from hscb_bayes.process.follow_up import YEAR
from hscb_bayes.report import plot
from hscb_bayes.report.curve_figure import Series, Time, curve_figure, finish, mark_in_legend
from hscb_bayes.report.endpoints import words_of
from hscb_bayes.report.fits import Fits
from hscb_bayes.report.groups_in_words import ALL, durations_in_words, in_words
from hscb_bayes.report.headline import headline_in_words, of_the_prior, summary_row
from hscb_bayes.report.points import printed_response, response_points, survival_points
from hscb_bayes.report.results import Results
from hscb_bayes.report.sections.section import Section, has_one_print
from hscb_bayes.report.style import BLACK, LOOKS
from hscb_bayes.report.svg import inline_svg
from hscb_bayes.report.words import listing

CURVE_DAYS = (1.0, 3.0, 5.0, 7.0, 9.0, 11.0, 14.0, 17.0, 21.0, 28.0, 42.0, 60.0, 90.0, 180.0, 270.0, 365.0)
AT_ZERO = {"no_response": 1.0}  # shares at day 0; the others are zero
EARLY_DAYS = 90.0  # shown of the response curve: nearly all responses are in them
NOT_HALF = "Fewer than half of all patients respond within one year"
EARLY_TICKS, YEAR_TICKS = tuple(range(0, 91, 15)), (0, 90, 180, 270, 365)
MOST_YEARS = 20
PANEL = 3.1  # inches
NO_POINTS = pd.DataFrame({"whom": []})
SPEED = ("median_response_all", "median_response_responders", "response_by_28")  # the answers of each sentence
LIVING = ("os_1y", "days_recovered_1y")
SHARES = {"responded_by": ("patients who have responded", "have responded"), "alive": ("patients alive", "are alive")}


def curve_days(analysis: Member) -> tuple[float, ...]:
    """Days of the curves: over one year, and on by quarters to the last printed survival."""
    last = max((item.day for item in analysis.study.items if isinstance(item, Survival)), default=YEAR)
    quarters = (YEAR * (1.0 + k / 4.0) for k in range(1, math.ceil(4.0 * (last - YEAR) / YEAR) + 1))
    return (*CURVE_DAYS, *(min(day, last) for day in quarters))


def _reported(posterior: Posterior, _: int) -> xr.Dataset:
    return curves(posterior, days=curve_days(posterior.analysis), durations=posterior.analysis.durations)


def _judged(found: xr.Dataset) -> xr.Dataset:
    """The curves without what follows from the others: responded is 1 - no_response - dead, and shown by duration."""
    durations = found["duration"].notnull().values
    durations = durations if durations.any() else ~durations
    everybody = found[["responded_by", "dead"]].drop_vars("duration")
    by_duration = found[["no_response", "responded"]].isel(whom=durations).drop_vars("duration")
    return everybody.merge(by_duration.rename(whom="by_duration"))


def curve_table(fits: Fits) -> pd.DataFrame:
    """Medians, 90% intervals and means of ``posterior.curves``, and of survival, from day 0.

    Returns
    -------
    Columns ``whom``, ``quantity`` ("responded_by", "no_response", "responded", "dead" or "alive"), ``day``,
    ``median``, ``lower``, ``upper``, ``mean``.
    """
    curves = fits.reported["curves"]
    found = curves.assign(alive=1.0 - curves["dead"]).drop_vars("duration")
    means = found.mean(("chain", "draw")).to_dataframe().reset_index()
    long = means.melt(id_vars=["whom", "day"], var_name="quantity", value_name="mean")
    table = summarise(found).merge(long, on=["whom", "quantity", "day"])
    first = table[["whom", "quantity"]].drop_duplicates().assign(day=0.0)
    for name in ("median", "lower", "upper", "mean"):
        first[name] = [AT_ZERO.get(quantity, float(quantity == "alive")) for quantity in first["quantity"]]
    columns = ["whom", "quantity", "day", "median", "lower", "upper", "mean"]
    return pd.concat([first, table])[columns].sort_values(["quantity", "whom", "day"], ignore_index=True)


def _sentences(results: Results) -> list[str]:
    """How fast patients respond, and how many live."""
    zero = words_of(results.analysis).time_zero
    is_reached = not np.isinf(summary_row(results, "median_response_all")["median"])
    half = f"Half of all patients respond {_day(results, 'median_response_all')}" if is_reached else NOT_HALF
    alive, recovered = (headline_in_words(results, id) for id in ("os_1y", "days_recovered_1y"))
    speed = (
        f"{half} after {zero}, and of those who respond within one year half do so "
        f"{_day(results, 'median_response_responders')}; "
        f"{headline_in_words(results, 'response_by_28')} of all patients have responded by day 28."
        f"{of_the_prior(results, SPEED)}"
    )
    living = (
        f"One year after {zero} {alive} of the patients are alive, and of the 365 days of that year the average "
        f"patient spends {recovered} alive after a response."
        f"{of_the_prior(results, LIVING)}"
    )
    return [speed, living]


def _day(results: Results, id: str) -> str:
    """A median time as a day: "by day 9.3 (7.3 to 12 days)"."""
    return f"by day {headline_in_words(results, id).replace(' days', '', 1)}"


def _context(results: Results) -> dict[str, object]:
    analysis = results.analysis
    shown = durations_in_words(analysis) or {ALL: "All patients"}
    return {
        "figures": curve_figures(results),
        "states": [(words, _states(results, whom)) for whom, words in shown.items()],
        "untaught": sorted(set(untaught(analysis).values())),
    }


def curve_figures(results: Results) -> dict[str, Markup]:
    """Figures of response and survival, by name."""
    durations = [f"{days:g}" for days in results.analysis.durations]
    groups = [name for name in ("short", "long") if name in set(results.tables["curves"]["whom"])]
    figures = {"response": _response(results), "survival": _by_whom(results, "alive", [ALL], None, "survival")}
    if groups:
        figures["survival_by_group"] = _by_whom(results, "alive", groups, None, "survival_by_group")
    if durations:
        early = _by_whom(results, "responded_by", durations, EARLY_DAYS, "response_by_duration")
        figures["response_by_duration"] = early
        figures["survival_by_duration"] = _by_whom(results, "alive", durations, None, "survival_by_duration")
    return figures


def _response(results: Results) -> Markup:
    """Response in the cohort, with the printed medians in both readings and the printed share of responders."""
    points = _as_used(results, response_points(results.analysis))
    printed = np.array([0.0, *points["day"], *points["day_upper"]])
    latest = float(printed[np.isfinite(printed)].max())  # of what is printed, which is to be seen
    table = _curve(results, "responded_by", ALL, EARLY_DAYS if latest <= EARLY_DAYS else None)
    last = EARLY_DAYS if latest <= EARLY_DAYS else max(latest, float(table["day"].max()))
    share, words = printed_response(results.analysis)
    label = (
        f"Share of patients who have responded by day, rising to {_series(results, table, ALL).at(28.0)} by day 28; "
        "printed medians of response lie on it."
    )

    def draw(axes: Axes) -> None:
        plot.curve(table, axes=axes, look=LOOKS[0], label="all patients")
        for look, (_, point) in zip(LOOKS[1:], points.iterrows(), strict=False):
            plot.printed_points(point.to_frame().T, axes=axes, look=look)
            mark_in_legend(axes, look, point)
        if np.isfinite(share):
            dotted = (0, (1, 2))
            axes.axhline(share, color=BLACK, linestyle=dotted, linewidth=1.2, label=f"printed: {words} responded")
        finish(axes, _time(results, last), SHARES["responded_by"][0])

    return inline_svg(draw, name="response", label=label, height=PANEL + 0.35)


def _by_whom(results: Results, quantity: str, whom: Sequence[str], until: float | None, name: str) -> Markup:
    """One curve each for several groups or durations, with the printed survival of those groups."""
    points = _as_used(results, survival_points(results.analysis)) if quantity == "alive" else NO_POINTS
    series = [
        _series(results, _curve(results, quantity, one, until), one, points[points["whom"] == one]) for one in whom
    ]
    last = max(float(one.table["day"].max()) for one in series)
    day = 28.0 if quantity == "responded_by" else last
    share, done = SHARES[quantity]
    told = listing([f"{one.words} {one.at(day)}" for one in series])
    label = f"Shares who {done} by day; at day {day:g}: {told}."
    return curve_figure(series, name=name, label=label, time=_time(results, last), share=share, height=PANEL)


def _states(results: Results, whom: str) -> Markup:
    """The three states over the first year at one duration, or of all patients, stacked."""
    found = results.tables["curves"]
    within = (found["whom"] == whom) & found["quantity"].isin([state for state, *_ in plot.OCCUPANCY])
    table = found[within & (found["day"] <= YEAR)].rename(columns={"quantity": "state"})
    end = table[table["day"] == table["day"].max()].set_index("state")["mean"]
    told = listing([f"{words} {end[state]:.0%}" for state, words, *_ in reversed(plot.OCCUPANCY)])
    label = f"States over one year, {in_words(results.analysis)[whom]}; at the end {told}."

    def draw(axes: Axes) -> None:
        plot.stacked_states(table, axes=axes)
        finish(axes, _time(results, float(table["day"].max())), "patients in each state", columns=3)
        axes.grid(visible=False)

    return inline_svg(draw, name=f"states_{whom}", label=label, height=PANEL - 0.4)


def _as_used(results: Results, points: pd.DataFrame) -> pd.DataFrame:
    """Printed points; none of them fitted where nothing is."""
    return points.assign(held_out=True) if results.is_prior else points


def _series(results: Results, table: pd.DataFrame, whom: str, points: pd.DataFrame = NO_POINTS) -> Series:
    return Series(words=in_words(results.analysis)[whom], table=table, points=points)


def _curve(results: Results, quantity: str, whom: str, until: float | None) -> pd.DataFrame:
    found = results.tables["curves"]
    table = found[(found["quantity"] == quantity) & (found["whom"] == whom)].sort_values("day")
    return table if until is None else table[table["day"] <= until]


def _time(results: Results, last: float) -> Time:
    later = YEAR_TICKS if last <= YEAR else tuple(YEAR * k for k in range(MOST_YEARS))
    return Time(
        last=last,
        ticks=later if last > EARLY_DAYS else EARLY_TICKS,
        words=f"days since {words_of(results.analysis).time_zero}",
    )


CURVES = Section(
    name="curves",
    link="Response and survival",
    applies=has_one_print,
    context=_context,
    tables={"curves": curve_table},
    reported=_reported,
    judged=_judged,
    sentences=_sentences,
)
