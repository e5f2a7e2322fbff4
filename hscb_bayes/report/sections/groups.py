"""Groups of a table's patients, each as it is."""

from __future__ import annotations

from markupsafe import Markup

from hscb_bayes.posterior.predict import summarise
from hscb_bayes.process import pathway
from hscb_bayes.report.cell import estimate_of
from hscb_bayes.report.curve_figure import LEGEND_CHARACTERS
from hscb_bayes.report.endpoints import words_of
from hscb_bayes.report.results import Results
from hscb_bayes.report.sections.section import Section, has_table_alone
from hscb_bayes.report.sections.states import observed_figure, observed_series, share_by
from hscb_bayes.report.style import MOST_SERIES
from hscb_bayes.report.words import shortened


def _context(results: Results) -> dict[str, object]:
    words, days = words_of(results.analysis), results.analysis.table.report.days
    return {
        "days": days,
        "rows": [_row(results, group, label) for group, label in words.groups.items()],
        "figures": _figures(results),
    }


def _row(results: Results, group: str, label: str) -> dict[str, object]:
    """Incidence of response and the other event at each day, and the time after the response."""
    times, days = results.tables["times"], results.analysis.table.report.days
    own = times[(times["group"] == group) & (times["state"] == "responded")].iloc[0].to_dict()
    return {
        "label": label,
        "patients": int(results.analysis.groups[group].sum()),
        "cells": [share_by(results, group, quantity, day) for day in days for quantity in ("responded_by", "dead")],
        "days": estimate_of(own, "days"),
    }


def _figures(results: Results) -> list[tuple[str, Markup]]:
    """Each later state by each covariate, and by centre, with its title."""
    words = words_of(results.analysis)
    by = dict.fromkeys(name.partition("[")[0] for name in words.groups if name != "all")
    groupings = [[name for name in words.groups if name.startswith(f"{one}[")] for one in by]
    found = []
    for k, names in enumerate(groupings):
        for state in pathway.STATES[1:] if len(names) <= MOST_SERIES else ():
            title = f"{words.states[state]}, by {words.groups[names[0]].rpartition(':')[0] or 'centre'}"
            labels = {name: words.groups[name].rpartition(": ")[2] for name in names}
            series = [observed_series(results, name, state, label) for name, label in labels.items()]
            share = shortened(words.states[state], LEGEND_CHARACTERS)
            found.append((title, observed_figure(results, series, name=f"group_{k}_{state}", share=share)))
    return found


GROUPS = Section(
    name="groups",
    link="Groups",
    applies=has_table_alone,
    context=_context,
    tables={"times": lambda fits: summarise(fits.reported["states"]["days_in_state"]).drop(columns="quantity")},
)
