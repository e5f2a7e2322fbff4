"""The page of an analysis of patients one by one, in the words of the table's own endpoints."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
from markupsafe import Markup
from matplotlib.axes import Axes

from hscb_bayes.analysis.patient_spec import PatientAnalysis
from hscb_bayes.checking.replicate_patients import REPLICATES
from hscb_bayes.posterior.posterior import Posterior
from hscb_bayes.process.pathway import STATES, TRANSITIONS
from hscb_bayes.report import plot
from hscb_bayes.report.assemble import page_environment
from hscb_bayes.report.folder import write_whole
from hscb_bayes.report.patient_tables import PatientTables
from hscb_bayes.report.rows import ONLY_INTERVAL, RATIOS, drawn
from hscb_bayes.report.style import BLUE, LOOKS, MOST_SERIES, Look, legend_above, percent_axis
from hscb_bayes.report.svg import inline_svg
from hscb_bayes.report.words import UNDEFINED, estimate, listing, number, plural, shortened

PANEL = 3.2  # inches
TICKS = 5
LEGEND_CHARACTERS = 52
FARTHEST = 2  # numbers of a centre that are told
SURE = 0.05  # of a tail: below it an interval of 90% leaves 1 out


@dataclass(frozen=True, kw_only=True, eq=False)
class PatientPage:
    """What the page is made of."""

    analysis: PatientAnalysis
    posterior: Posterior
    tables: PatientTables

    @property
    def states(self) -> dict[str, str]:
        """Words for the states, in their order."""
        said = self.analysis.table.endpoints
        return dict(zip(STATES, (f"no {said.response} yet", f"after {said.response}", said.death), strict=True))

    @property
    def transitions(self) -> dict[str, str]:
        """Words for what a hazard is of."""
        said = self.analysis.table.endpoints
        words = (said.response, f"{said.death} before {said.response}", f"{said.death} after {said.response}")
        return dict(zip(TRANSITIONS, words, strict=True))

    @property
    def statistics(self) -> dict[str, str]:
        """Words for what replicated tables are compared in."""
        said = self.analysis.table.endpoints
        return {"response": said.response, "survival": f"no {said.death}"}

    @property
    def terms(self) -> dict[str, str]:
        """Words for the hazard ratios."""
        found: dict[str, str] = {}
        for id, covariate in self.analysis.table.covariates.items():
            reference = covariate.levels[0] if covariate.levels else ""
            found |= {f"{id}[{level}]": f"{level}, against {reference}" for level in covariate.levels[1:]}
            step = "for every doubling" if covariate.form == "log2" else f"for every {covariate.per:g}"
            plain = covariate.form == "linear" and covariate.per == 1.0
            if not covariate.levels:
                found[id] = covariate.label if plain else f"{covariate.label}, {step}"
        return found

    @property
    def groups(self) -> dict[str, str]:
        """Words for the groups."""
        found = {"all": "all patients"}
        for id, covariate in self.analysis.table.covariates.items():
            found |= {f"{id}[{level}]": f"{covariate.label}: {level}" for level in covariate.levels}
        return found | {f"centre[{name}]": f"centre {name}" for name in self.analysis.centres}


def write_patient_report(posterior: Posterior, tables: PatientTables, path: Path) -> Path:
    """Write the page to a temporary name, then rename it; returns its path."""
    page = PatientPage(analysis=posterior.analysis, posterior=posterior, tables=tables)
    return write_whole(path, _render(page))


def _render(page: PatientPage) -> str:
    analysis = page.analysis
    days = analysis.table.report.days
    return (
        page_environment()
        .get_template("patients.html.j2")
        .render(
            table=analysis.table,
            patients=len(analysis.patients),
            left_out=analysis.patients.left_out,
            answer=list(_answer(page)),
            states=page.states,
            days=days,
            rows=[_group_row(page, group, days) for group in page.groups],
            figures=_figures(page),
            ratios=_ratio_rows(page),
            contrasts=list(_contrast_rows(page)),
            centres=_centre_rows(page),
            foretold=list(_foretold(page)),
            foretold_density=_sum_of(page.tables.left_out_centres["log_predictive_density"]),
            check=_check_rows(page),
            inside=_inside(page),
            is_off=bool(_far_of_all(page)),
            influential=plural(int(page.tables.loo["is_influential"].sum()), "patient"),
            predicted=_sum_of(page.tables.loo["log_predictive_density"]),
            replicates=REPLICATES,
            baselines=_baseline_rows(page),
            hazards=_hazards(page),
            verdict=page.posterior.verdict,
            settings=page.posterior.settings,
            versions=page.posterior.versions,
            sources=analysis.sources,
            text=analysis.text,
        )
    )


def _answer(page: PatientPage) -> Iterator[str]:
    said, patients = page.analysis.table.endpoints, page.analysis.patients
    yield (
        f"Seen in {plural(len(patients), 'patient')}: {said.response} in {int(patients.responded.sum())}, {said.death} "
        f"in {int(patients.died.sum())}."
    )
    for day in (page.analysis.table.report.days[0], page.analysis.table.report.days[-1]):
        response, death = (_said(_state(page, "all", name, day), "share") for name in ("responded_by", "dead"))
        yield f"By day {day:g}, in patients like these: {said.response} in {response}, {said.death} in {death}."
    ratios = page.tables.ratios
    clear = ratios[(ratios["share_above"] < SURE) | (ratios["share_above"] > 1.0 - SURE)]
    for row in clear.to_dict("records"):
        yield (
            f"{page.terms[row['term']]}: the hazard of {page.transitions[row['transition']]} is {_said(row, 'ratio')} "
            "times as high."
        )
    if len(ratios) and clear.empty:
        yield "No hazard ratio is clearly away from 1: each interval of 90% holds it."
    between = page.tables.centres[page.tables.centres["centre"] == "between"]
    if len(between):
        told = [
            f"{_said(row, 'ratio')} for {page.transitions[row['transition']]}" for row in between.to_dict("records")
        ]
        yield f"Two centres typically differ in their hazards by a factor of {listing(told)}."
    inside = _inside(page)
    if inside["all"]:
        yield (
            f"{inside['inside']} of {inside['all']} numbers of the table lie within 90% of what {REPLICATES} tables of "
            "new patients from this model show."
        )
    far = [f"{row['what']} {row['value']}, and in new tables {row['model']}" for row in _far_of_all(page)]
    if far:
        yield f"Outside, of all patients: {'; '.join(far)}."


def _said(row: Mapping[str, float], unit: str) -> str:
    return estimate(row["median"], row["lower"], row["upper"], unit)


def _state(page: PatientPage, group: str, quantity: str, day: float) -> dict[str, float]:
    table = page.tables.occupancy
    chosen = table[(table["group"] == group) & (table["quantity"] == quantity) & np.isclose(table["day"], day)]
    return dict(chosen.iloc[0])


def _group_row(page: PatientPage, group: str, days: Sequence[float]) -> dict[str, object]:
    """A row of the table of groups: incidence of response and the other event at each day."""
    members = page.analysis.groups[group]
    cells = [
        (_said(_state(page, group, "responded_by", day), "share"), _said(_state(page, group, "dead", day), "share"))
        for day in days
    ]
    times = page.tables.times
    own = times[(times["group"] == group) & (times["state"] == "responded")].iloc[0]
    return {
        "label": page.groups[group],
        "patients": int(members.sum()),
        "cells": cells,
        "days": _said(dict(own), "days"),
    }


def _figures(page: PatientPage) -> dict[str, list[tuple[str, Markup]]]:
    """Pictures by section, each with its title."""
    by = dict.fromkeys(name.partition("[")[0] for name in page.groups if name != "all")
    groupings = [[name for name in page.groups if name.startswith(f"{one}[")] for one in by]
    return {
        "states": [("All patients", _curves(page, [("all", state) for state in STATES], "states_all"))],
        "groups": [
            (_title(page, names[0], state), _curves(page, [(name, state) for name in names], f"group_{k}_{state}"))
            for k, names in enumerate(groupings)
            if len(names) <= MOST_SERIES
            for state in STATES[1:]
        ],
        "ratios": [("Hazard ratios", _forest(page))] if len(page.tables.ratios) else [],
    }


def _title(page: PatientPage, group: str, state: str) -> str:
    by = page.groups[group].rpartition(":")[0] or "centre"
    return f"{page.states[state]}, by {by}"


def _curves(page: PatientPage, series: Sequence[tuple[str, str]], name: str) -> Markup:
    """Model curves with 90% bands, and Aalen-Johansen estimates of the table with 90% limits where there are any."""
    last = page.analysis.table.report.days[-1]
    differs = len({group for group, _ in series}) > 1
    told = []

    def draw(axes: Axes) -> None:
        for look, (group, state) in zip(LOOKS, series, strict=False):
            table = page.tables.occupancy
            own = table[(table["group"] == group) & (table["quantity"] == state)]
            words = page.groups[group].rpartition(": ")[2] if differs else page.states[state]
            plot.curve(own, axes=axes, look=look, label=shortened(words, LEGEND_CHARACTERS))
            plot.printed_points(_points(page, group, state), axes=axes, look=look)
            told.append(f"{words} {_said(_state(page, group, state, last), 'share')}")
        axes.set_xlim(0.0, last * 1.02)
        axes.set_xticks(np.linspace(0.0, last, TICKS).round(0))
        axes.set_xlabel(f"days since {page.analysis.table.endpoints.time_zero}")
        percent_axis(axes, shortened(page.states[series[0][1]], LEGEND_CHARACTERS) if differs else "in each state")
        legend_above(axes)

    height = PANEL + 0.16 * len(series)
    label = "Shares of patients by day, the model's curves and the table's own estimates."
    drawing = inline_svg(draw, name=name, label=label, height=height)
    return Markup(str(drawing).replace(label, f"{label} At day {last:g}: {listing(told)}.".replace('"', ""), 1))


def _points(page: PatientPage, group: str, state: str) -> pd.DataFrame:
    observed = page.tables.observed
    own = observed[(observed["group"] == group) & (observed["quantity"] == state)]
    return pd.DataFrame(
        {
            "day": own["day"].astype(float), "share": own["estimate"].astype(float), "held_out": False,
            "share_lower": own["lower"].astype(float), "share_upper": own["upper"].astype(float),
            "day_lower": np.nan, "day_upper": np.nan,
        }
    )  # fmt: skip


def _forest(page: PatientPage) -> Markup:
    rows: list[dict[str, object]] = []
    for transition, words in page.transitions.items():
        own = page.tables.ratios[page.tables.ratios["transition"] == transition]
        rows.append({"label": words, "note": "", "is_heading": True, "held_out": False})
        for row in own.to_dict("records"):
            limits = {name: row[name] for name in row if name.endswith(("median", "lower", "upper"))}
            told = {"label": page.terms[row["term"]], "note": _said(row, "ratio"), "is_heading": False}
            rows.append(told | limits | ONLY_INTERVAL)
    words = "; ".join(f"{row['label']} {row['note']}" for row in rows if not row["is_heading"])
    return drawn(pd.DataFrame(rows), RATIOS, Look(colour=BLUE), "ratios", f"Hazard ratios: {words}.")


def _ratio_rows(page: PatientPage) -> list[dict[str, str]]:
    return [
        {
            "transition": page.transitions[row["transition"]],
            "term": page.terms[row["term"]],
            "before": estimate(row["prior_median"], row["prior_lower"], row["prior_upper"], "ratio"),
            "after": _said(row, "ratio"),
            "above": number(row["share_above"], "share"),
        }
        for row in page.tables.ratios.to_dict("records")
    ]


def _contrast_rows(page: PatientPage) -> Iterator[dict[str, object]]:
    """A row for each value of a covariate: shares, were all patients to have it, and differences from the first."""
    table = page.tables.contrasts
    for (id, value), own in table.groupby(["covariate", "value"], sort=False):
        covariate = page.analysis.table.covariates[str(id)]
        cells, days = [], page.analysis.table.report.days
        for quantity, day in (("responded_by", days[0]), ("dead", days[-1])):
            row = own[(own["quantity"] == quantity) & np.isclose(own["day"], day)].to_dict("records")[0]
            moved = _named_limits(row, "difference_")
            is_first = np.isnan(moved["median"])
            cells.append((_said(row, "share"), "reference" if is_first else _said(moved, "points")))
        yield {"label": covariate.label, "value": value if covariate.levels else f"{float(value):g}", "cells": cells}


def _named_limits(row: Mapping[str, float], before: str) -> dict[str, float]:
    return {name: row[f"{before}{name}"] for name in ("median", "lower", "upper")}


def _sum_of(densities: pd.Series) -> str:
    """The sum in words: undefined where one of them is."""
    total = float(densities.sum(skipna=False))
    return f"{total:.1f}" if np.isfinite(total) else UNDEFINED


def _foretold(page: PatientPage) -> Iterator[dict[str, object]]:
    """A row for each centre: how its patients' density and numbers were foretold from the other centres."""
    numbers = page.tables.left_out_numbers
    for row in page.tables.left_out_centres.to_dict("records"):
        own = numbers[numbers["centre"] == row["centre"]]
        far = own[(own["value"] < own["lower90"]) | (own["value"] > own["upper90"])].sort_values("tail_probability")
        told = [
            f"{page.statistics[one['statistic']]} by day {one['day']:g}: {number(one['value'], 'share')}, foretold "
            f"{estimate(one['median'], one['lower90'], one['upper90'], 'share')}"
            for one in far[:FARTHEST].to_dict("records")
        ]
        told += [f"{len(far) - FARTHEST} more in left_out_numbers.csv"] * (len(far) > FARTHEST)
        yield {
            "centre": page.groups[f"centre[{row['centre']}]"],
            "patients": row["patients"],
            "density": _sum_of(pd.Series([row["log_predictive_density"]])),
            "inside": f"{len(own) - len(far)} of {len(own)}" if len(own) else "",
            "far": told,
            "converged": bool(row["converged"]),
        }


def _centre_rows(page: PatientPage) -> list[tuple[str, list[str]]]:
    """A row a centre, a cell a transition; the spread last."""
    table = page.tables.centres
    rows: list[tuple[str, list[str]]] = []
    for centre in (*page.analysis.centres, "between") if len(table) else ():
        own = table[table["centre"] == centre].set_index("transition")
        label = "between two centres" if centre == "between" else page.groups[f"centre[{centre}]"]
        rows.append((label, [_said(dict(own.loc[transition]), "ratio") for transition in TRANSITIONS]))
    return rows


def _check_rows(page: PatientPage) -> list[dict[str, object]]:
    return [
        {
            "group": page.groups[row["group"]],
            "what": f"{page.statistics[row['statistic']]} by day {row['day']:g}",
            "value": number(row["value"], "share"),
            "model": estimate(row["median"], row["lower90"], row["upper90"], "share"),
            "tail": f"{row['tail_probability']:.2g}",
            "is_far": not row["lower90"] <= row["value"] <= row["upper90"],
        }
        for row in page.tables.check.to_dict("records")
    ]


def _far_of_all(page: PatientPage) -> list[dict[str, object]]:
    """Rows of the check about all patients that the model does not show."""
    return [row for row in _check_rows(page) if row["is_far"] and row["group"] == page.groups["all"]]


def _inside(page: PatientPage) -> dict[str, int]:
    rows = _check_rows(page)
    return {"inside": sum(not row["is_far"] for row in rows), "all": len(rows)}


def _baseline_rows(page: PatientPage) -> list[dict[str, str]]:
    beliefs, found = page.analysis.table.prior, page.analysis.table.hazards.beliefs
    words = _parameter_words(page)
    return [
        {
            "label": words[row["parameter"]],
            "before": estimate(row["prior_median"], row["prior_lower"], row["prior_upper"], row["unit"]),
            "after": _said(row, row["unit"]),
            "why": beliefs[found.get(row["parameter"], row["parameter"])].why,
        }
        for row in page.tables.baselines.to_dict("records")
    ]


def _parameter_words(page: PatientPage) -> dict[str, str]:
    """What the parameters of the baselines are, in the words of the endpoints."""
    said, found = page.analysis.table.endpoints, dict[str, str]()
    for transition, words in page.transitions.items():
        level = "response_median" if transition == TRANSITIONS[0] else transition
        is_first = transition == TRANSITIONS[0]
        what = f"median time to {words}" if is_first else f"{words} within a year"
        found[level] = f"{what}, were nothing else to come first"
        for id in page.analysis.table.hazards.shape_parameters(transition):
            found[id] = f"{id.removeprefix(f'{transition}_').replace('_', ' ')} of the hazard of {words}"
    return found | {"never_respond": f"share who would never have {said.response}"}


def _hazards(page: PatientPage) -> list[tuple[str, str]]:
    """What a hazard is of, and its family."""
    hazards = page.analysis.table.hazards
    return [(words, hazards.family(name).replace("_", " ")) for name, words in page.transitions.items()]
