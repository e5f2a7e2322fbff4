"""Figures of intervals, one row a number: the check, the comparison by response, the hazard ratios."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pandas as pd
from markupsafe import Markup
from matplotlib.axes import Axes

from hscb_bayes.analysis.subgroups import subgroup_of
from hscb_bayes.checking.check import OUTSIDE
from hscb_bayes.evidence.kinds.survival import Survival
from hscb_bayes.posterior.predict import LANDMARK
from hscb_bayes.process.pathway import TRANSITIONS
from hscb_bayes.report import plot
from hscb_bayes.report.results import Results
from hscb_bayes.report.style import BLUE, GREEN, Look
from hscb_bayes.report.svg import inline_svg
from hscb_bayes.report.words import estimate, listing, number, plural, shortened, span

SHARES = plot.Scale(lower=0.0, upper=1.0, ticks={0.0: "0%", 0.25: "25%", 0.5: "50%", 0.75: "75%", 1.0: "100%"})
WEEKS, MOST_TICKS = 7.0, 6
SHORTEST_AXIS = 30.0  # days
P_VALUES = plot.Scale(
    lower=1e-4, upper=1.0, ticks={1e-4: ".0001", 1e-3: ".001", 0.01: ".01", 0.05: ".05", 0.2: ".2", 1.0: "1"},
    is_log=True, reference=0.05,
)  # fmt: skip
RATIOS = plot.Scale(
    lower=0.25, upper=5.0, ticks={0.25: "1/4", 0.5: "1/2", 1.0: "1", 2.0: "2", 4.0: "4"}, is_log=True, reference=1.0
)
MARGIN = 0.4  # inches, of the horizontal axis
SIDE = 0.03  # of the width, left and right: labels stand over the rows and need no room there
LABEL_CHARACTERS, AMONG_CHARACTERS = 62, 32
NO_PRIOR = dict.fromkeys(("prior_lower", "prior_median", "prior_upper"), np.nan)
ONLY_INTERVAL = {"lower50": np.nan, "upper50": np.nan, "printed": np.nan, "held_out": False}


def row_figures(results: Results) -> dict[str, Markup]:
    """Figures by name; those of the check are left out where the paper prints no such number."""
    return {name: figure for name, figure in _figures(results) if figure is not None}


def _figures(results: Results) -> Iterator[tuple[str, Markup | None]]:
    for name, unit, scale in _check_scales(results):
        yield f"check_{name}", _check(results, unit, scale, name)
    yield "by_response", _by_response(results)
    if results.analysis.by_duration:
        yield "ratios", _ratios(results)


def _check_scales(results: Results) -> tuple[tuple[str, str, plot.Scale], ...]:
    """Name, unit and axis of the figures of the check."""
    return (
        ("shares", "proportion", SHARES),
        ("days", "days", _days(results)),
        ("p_values", "p", P_VALUES),
    )


def _days(results: Results) -> plot.Scale:
    """An axis in weeks that holds every printed day and the middle half of what new studies print."""
    units = {item.id: item.printed.unit for item in results.analysis.study.numbers}
    check = results.tables.check
    days = check.loc[[units[id] == "days" for id in check["id"]], ["value", "upper50"]].to_numpy(dtype=float)
    upper = max(SHORTEST_AXIS, 1.05 * np.max(days, where=np.isfinite(days), initial=0.0))
    step = WEEKS * np.ceil(upper / WEEKS / MOST_TICKS)
    ticks = {float(day): f"{day:g}" for day in np.arange(0.0, upper, step)}
    last = max(ticks)
    return plot.Scale(lower=0.0, upper=float(upper), ticks=ticks | {last: f"{last:g} days"})


def _check(results: Results, unit: str, scale: plot.Scale, name: str) -> Markup | None:
    """Printed numbers of one unit on the intervals of new studies."""
    units = {item.id: item.printed.unit for item in results.analysis.study.numbers}
    check = results.tables.check
    own = check[check["used"] != OUTSIDE]
    chosen = own[[units[id] == unit for id in own["id"]]]
    if chosen.empty:
        return None
    rows = pd.DataFrame(
        {
            "label": chosen["label"].to_numpy(),
            "among": [results.analysis.study.labels[among] for among in chosen["among"]],
            "note": chosen["printed"].to_numpy(),
            "held_out": (chosen["used"] != "fitted").to_numpy(),
            "printed": chosen["value"].to_numpy(),
            "lower": chosen["lower90"].to_numpy(),
            "upper": chosen["upper90"].to_numpy(),
            **{column: chosen[column].to_numpy() for column in ("median", "lower50", "upper50")},
        }
    ).assign(**NO_PRIOR)
    inside = ((rows["lower"] <= rows["printed"]) & (rows["printed"] <= rows["upper"])).sum()
    label = f"{plural(len(rows), 'printed number')} and what new studies print; {inside} lie within the 90% interval."
    return drawn(_with_headings(rows), scale, Look(colour=BLUE), f"check_{name}", label)


def _with_headings(rows: pd.DataFrame) -> pd.DataFrame:
    """The rows of one group after the other, each group under its name where there are several."""
    if rows["among"].nunique() == 1:
        return rows
    parts = []
    for among, found in rows.groupby("among", sort=False):
        heading = {"label": shortened(str(among), LABEL_CHARACTERS), "is_heading": True, "held_out": False, "note": ""}
        parts += [pd.DataFrame([heading]), found]
    return pd.concat(parts, ignore_index=True)


def _by_response(results: Results) -> Markup:
    """Printed survival by response, which looks into the future, beside survival from a landmark, which does not."""
    study, among = results.analysis.study, results.analysis.table.cohort.among
    rows, labels = [], study.labels
    for item in study.items:
        subgroup = subgroup_of(study, item.among, among)
        if isinstance(item, Survival) and subgroup is not None and subgroup.response is not None:
            check = results.tables.check.set_index("id").loc[item.id]
            rows.append(
                {
                    "label": f"biased: {shortened(labels[item.among], AMONG_CHARACTERS)}, from the boost",
                    "note": f"printed {item.value}",
                    "printed": item.value.value,
                    "held_out": check["used"] != "fitted",
                    "median": check["median"],
                    "lower": check["lower90"],
                    "upper": check["upper90"],
                }
            )
    for row in _landmark_rows(results.tables.by_response):
        rows.append({"held_out": False} | row)
    table = pd.DataFrame(rows).assign(lower50=np.nan, upper50=np.nan, **NO_PRIOR)
    table["printed"] = table.get("printed", np.nan)
    told = listing([f"{row['label']}: {estimate(row['median'], row['lower'], row['upper'], 'share')}" for row in rows])
    return drawn(table, SHARES, Look(colour=GREEN), "by_response", f"One-year survival by response. {told}.")


def _landmark_rows(table: pd.DataFrame) -> Iterator[dict[str, object]]:
    words = {"responded": "had responded", "neutropenic": "still neutropenic"}
    chosen = table[table["quantity"] == "landmark_survival"].set_index("state")
    for state, done in words.items():
        row = chosen.loc[state]
        told = {"label": f"fair: alive at day {LANDMARK:g} and {done}", "note": f"{number(row['median'], 'share')}"}
        yield told | {name: row[name] for name in ("median", "lower", "upper")}


def _ratios(results: Results) -> Markup:
    """Posterior and prior of the hazard ratios."""
    summary = results.tables.summary.set_index("quantity")
    ids = [f"hazard_ratio_{transition}" for transition in TRANSITIONS]
    rows = summary.loc[ids].reset_index()
    words = [transition.replace("_", " ") for transition in TRANSITIONS]
    table = rows.assign(
        label=words,
        note=[f"{row['median']:.2f} ({span(row['lower'], row['upper'], 'ratio')})" for _, row in rows.iterrows()],
        **ONLY_INTERVAL,
    )
    told = listing([f"{label} {note}" for label, note in zip(words, table["note"], strict=True)])
    return drawn(table, RATIOS, Look(colour=BLUE), "ratios", f"Hazard ratios with 90% intervals: {told}.")


def drawn(table: pd.DataFrame, scale: plot.Scale, look: Look, name: str, label: str) -> Markup:
    """Rows of intervals as an inline figure; ``table`` as ``plot.interval_rows`` takes it, headings marked or none."""
    headed = table.assign(is_heading=table["is_heading"].eq(other=True) if "is_heading" in table else False)
    height = MARGIN + plot.ROW_INCHES * len(table)

    def draw(axes: Axes) -> None:
        plot.interval_rows(headed, axes=axes, scale=scale, look=look)
        axes.set_position((SIDE, MARGIN / height, 1.0 - 2.0 * SIDE, 1.0 - MARGIN / height))

    return inline_svg(draw, name=name, label=label, height=height)
