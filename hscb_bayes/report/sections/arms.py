"""Arms beside each other: response and survival of each, and each against the reference."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np
import pandas as pd
import xarray as xr
from markupsafe import Markup

from hscb_bayes.analysis.analysis import Analysis
from hscb_bayes.analysis.member import Member
from hscb_bayes.evidence.item import Item
from hscb_bayes.posterior.contrasts import contrasts, summarise_contrasts
from hscb_bayes.posterior.not_taught import SURVIVAL, TIME, untaught
from hscb_bayes.posterior.posterior import Posterior
from hscb_bayes.posterior.predict import cumulative_incidence, summarise, survival
from hscb_bayes.posterior.prior_draws import draw_prior
from hscb_bayes.posterior.sensitivity import MOSTLY_PRIOR, PRIOR_DRAWS
from hscb_bayes.process.follow_up import YEAR
from hscb_bayes.report.cell import estimate_of
from hscb_bayes.report.curve_figure import Series, Time, curve_figure
from hscb_bayes.report.endpoints import words_of
from hscb_bayes.report.fits import Fits
from hscb_bayes.report.headline import is_little, not_known
from hscb_bayes.report.points import response_points, share_points, survival_points
from hscb_bayes.report.results import Results
from hscb_bayes.report.sections.section import Section, has_arms
from hscb_bayes.report.words import listing, number

CURVE_POINTS, EARLY = 24, 1.7  # days of a curve, the earlier the closer
MOST_DAYS = 4  # of tables
PANEL = 3.2  # inches
TICKS = 5
CURVES = {"responded_by": "patients who have responded", "alive": "patients alive"}
UNITS = {"response_difference": "points", "survival_difference": "points", "time_difference": "more days"}
LIKELY = 0.95  # probability from which a difference is called clear


def answer_days(analysis: Analysis) -> tuple[float, ...]:
    """Days of the tables: those for which something fitted is printed, at most four; one year where none is."""
    items = [member.study.item(id.partition(".")[0]) for member in analysis.members for id in member.fit.items]
    days = sorted({day for day in map(_day_of, items) if day is not None})
    if not days:
        return (YEAR,)
    return tuple(days[k] for k in sorted({round(k) for k in np.linspace(0, len(days) - 1, min(len(days), MOST_DAYS))}))


def _day_of(item: Item) -> float | None:
    at = getattr(item, "at", None)
    return None if at is None else float(at.value)


def _curve_days(analysis: Analysis) -> list[float]:
    last, days = answer_days(analysis)[-1], answer_days(analysis)
    spread = last * (np.arange(1, CURVE_POINTS + 1) / CURVE_POINTS) ** EARLY
    return sorted({*spread.round(1).tolist(), *days})


def _reported(posterior: Posterior, _: int) -> xr.Dataset:
    """Curves of each arm (arm, curve_day), and contrasts (compared, ...), as of ``contrasts``."""
    analysis = posterior.analysis
    days = _curve_days(analysis)
    curves = {
        "responded_by": cumulative_incidence(posterior, days=days),
        "alive": survival(posterior, days=days),
    }
    names = {"study": "arm", "day": "curve_day"}
    found = xr.Dataset({name: values.rename(names) for name, values in curves.items()})
    return found.merge(_contrasts(posterior))


def _contrasts(posterior: Posterior) -> xr.Dataset:
    """Contrasts at the days of the tables, along ``compared``."""
    days = answer_days(posterior.analysis)
    return contrasts(posterior, days=days, horizon=days[-1]).rename(arm="compared")


def arm_table(fits: Fits) -> pd.DataFrame:
    """Columns ``arm``, ``quantity`` ("responded_by" or "alive"), ``day``, ``median``, ``lower``, ``upper``."""
    table = summarise(fits.reported["arms"][list(CURVES)]).rename(columns={"curve_day": "day"})
    return table[["arm", "quantity", "day", "median", "lower", "upper"]]


def contrast_table(fits: Fits) -> pd.DataFrame:
    """As ``summarise_contrasts`` has it, and ``mostly_prior``, a contraction below one half."""
    before = draw_prior(fits.analysis, draws=PRIOR_DRAWS, chains=1, seed=fits.seed)
    table = summarise_contrasts(contrasts_of(fits.reported["arms"]), contrasts_of(_contrasts(before)))
    return table.assign(mostly_prior=~(table["contraction"] >= MOSTLY_PRIOR))


def contrasts_of(reported: xr.Dataset) -> xr.Dataset:
    """The contrasts among what the section reports, as of ``contrasts``."""
    own = [str(name) for name, values in reported.data_vars.items() if "compared" in values.dims]
    return reported[own].rename(compared="arm")


def _sentences(results: Results) -> Iterator[str]:
    analysis = results.analysis
    labels, words = analysis.members[0].study.labels, words_of(analysis)
    first, *others = analysis.studies
    day = answer_days(analysis)[-1]
    told = (
        ("response_difference", "responded_by", f"By day {day:g} after {words.time_zero}, {words.response} is seen in"),
        ("survival_difference", "alive", f"On day {day:g}, alive are"),
    )
    for contrast, quantity, said in told:
        for arm in others:
            row = _contrast(results, contrast, arm, day)
            yield (
                f"{said} {_share(results, arm, quantity, day)} of {labels[arm]} and "
                f"{_share(results, first, quantity, day)} of {labels[first]}: a difference of "
                f"{estimate_of(row, 'points')}, above zero with probability "
                f"{number(float(row['probability_more']), 'share')}."
                f"{_of_the_prior(analysis, quantity) or _not_known(row)}"
            )


def _of_the_prior(analysis: Analysis, quantity: str) -> str:
    """Words that a quantity is not from the print of some arms; nothing where it is of all of them."""
    kind, id = (SURVIVAL, "os_1y") if quantity == "alive" else (TIME, "response_by_28")
    missing = [member.study.labels[member.study.id] for member in analysis.members if id in untaught(member)]
    if not missing:
        return ""
    return f" No {kind} is fitted of {listing(missing)}: that rests on what was believed before."


def _not_known(row: Mapping[Any, Any]) -> str:
    return not_known(["the difference"] if is_little(row["contraction"]) else [])


def _share(results: Results, arm: str, quantity: str, day: float) -> str:
    table = results.tables["arms"]
    own = table[(table["arm"] == arm) & (table["quantity"] == quantity) & np.isclose(table["day"], day)]
    return estimate_of(own.iloc[0].to_dict(), "share")


def _contrast(results: Results, contrast: str, arm: str, day: float) -> Mapping[Any, Any]:
    table = results.tables["arm_contrasts"]
    own = (table["contrast"] == contrast) & (table["arm"] == arm) & np.isclose(table["day"].astype(float), day)
    return dict(table[own].iloc[0])


def _context(results: Results) -> dict[str, object]:
    analysis = results.analysis
    labels = analysis.members[0].study.labels
    return {
        "figures": [_figure(results, quantity) for quantity in CURVES],
        "reference": labels[analysis.studies[0]],
        "rows": list(_rows(results)),
        "of_arms": [
            (labels[arm], [_share(results, arm, quantity, day) for quantity in CURVES for day in answer_days(analysis)])
            for arm in analysis.studies
        ],
        "heads": [
            (f"{'response by' if quantity == 'responded_by' else 'alive on'} day {day:g}", "n")
            for quantity in CURVES
            for day in answer_days(analysis)
        ],
        "sizes": [(labels[member.study.id], member.size) for member in analysis.members],
    }


def label_of(row: Mapping[Any, Any], analysis: Analysis) -> str:
    """What a contrast is of, in words; of several compared arms with the arm."""
    words, last = words_of(analysis), answer_days(analysis)[-1]
    match row["contrast"]:
        case "hazard_ratio":
            told = f"hazard ratio of {words.transitions[row['transition']]}"
        case "odds_ratio_never_respond":
            told = f"odds ratio of never having {words.response}"
        case "response_difference":
            told = f"{words.response} by day {row['day']:g}"
        case "survival_difference":
            told = f"alive on day {row['day']:g}"
        case _:
            told = f"days up to day {last:g}: {words.states[row['state']]}"
    arm = analysis.members[0].study.labels[row["arm"]]
    return told if len(analysis.studies) == 2 else f"{told}, {arm}"


def _rows(results: Results) -> Iterator[dict[str, object]]:
    """Contrasts in words, a row each."""
    for row in results.tables["arm_contrasts"].to_dict("records"):
        yield {
            "label": label_of(row, results.analysis),
            "estimate": estimate_of(row, UNITS.get(row["contrast"], "ratio")),
            "more": number(float(row["probability_more"]), "share"),
            "is_clear": not 1.0 - LIKELY < row["probability_more"] < LIKELY,
            "mostly_prior": bool(row["mostly_prior"]),
        }


def _figure(results: Results, quantity: str) -> Markup:
    """A curve for each arm, with its printed numbers."""
    analysis, table = results.analysis, results.tables["arms"]
    series, last = [], answer_days(analysis)[-1]
    for member in analysis.members:
        arm = member.study.id
        points = survival_points(member) if quantity == "alive" else _points_of_response(member)
        points = points.assign(held_out=True) if results.is_prior else points
        own = table[(table["arm"] == arm) & (table["quantity"] == quantity)]
        first = {"day": 0.0, "median": float(quantity == "alive")}
        start = pd.DataFrame([first | {"lower": first["median"], "upper": first["median"]}])
        series.append(
            Series(
                words=member.study.labels[arm],
                table=pd.concat([start, own], ignore_index=True),
                points=points[(points["whom"] == "all") & (points["day"] <= last)].drop(columns="label"),
            )
        )
    told = listing([f"{one.words} {one.at(last)}" for one in series])
    ticks = [float(tick) for tick in np.linspace(0.0, last, TICKS).round(0)]
    time = Time(last=last, ticks=ticks, words=f"days since {words_of(analysis).time_zero}")
    label = f"{CURVES[quantity].capitalize()} by day; at day {last:g}: {told}."
    return curve_figure(series, name=f"arms_{quantity}", label=label, time=time, share=CURVES[quantity], height=PANEL)


def _points_of_response(member: Member) -> pd.DataFrame:
    """Printed shares of responses by a day, and medians."""
    parts = [part for part in (share_points(member), response_points(member)) if len(part)]
    return pd.concat(parts, ignore_index=True) if parts else response_points(member)


ARMS = Section(
    name="arms",
    link="Arms",
    applies=has_arms,
    context=_context,
    tables={"arms": arm_table, "arm_contrasts": contrast_table},
    reported=_reported,
    sentences=_sentences,
)
