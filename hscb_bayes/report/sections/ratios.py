"""Hazard ratios of covariates, and what they come to in the patients of a table."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from typing import Any

import numpy as np
import pandas as pd
from markupsafe import Markup

from hscb_bayes.analysis.patient_analysis import PatientAnalysis
from hscb_bayes.estimators.intervals import normal_quantile
from hscb_bayes.posterior.posterior import Posterior
from hscb_bayes.posterior.predict import cumulative_incidence, survival
from hscb_bayes.posterior.profile import Profile
from hscb_bayes.process.pathway import TRANSITIONS
from hscb_bayes.report.cell import estimate_of
from hscb_bayes.report.endpoints import words_of
from hscb_bayes.report.interval_figure import RATIOS as RATIO_AXIS
from hscb_bayes.report.interval_figure import interval_figure
from hscb_bayes.report.limits import NAMES, limits_of, named
from hscb_bayes.report.results import Results
from hscb_bayes.report.sections.section import Section, has_table_alone

INTERVAL = np.array([-1.0, 0.0, 1.0]) * normal_quantile(0.9)
QUARTILES = (0.25, 0.75)
SURE = 0.05  # of a tail: below it an interval of 90% leaves 1 out


def ratio_table(posterior: Posterior) -> pd.DataFrame:
    """Hazard ratios: ``transition``, ``term``, the interval before and after, and ``share_above`` 1."""
    rows, dataset = list[dict[str, object]](), posterior.dataset
    for transition in TRANSITIONS:
        for term, deviation in zip(posterior.analysis.terms, posterior.analysis.term_deviations, strict=True):
            draws = np.exp(dataset["log_hazard_ratio"].sel(transition=transition, term=term).values.ravel())
            rows.append(
                {"transition": transition, "term": term}
                | limits_of(draws)
                | named(np.exp(INTERVAL * deviation), "prior_")
                | {"share_above": float(np.mean(draws > 1.0))}
            )
    return pd.DataFrame(rows, columns=["transition", "term", *NAMES, *(f"prior_{x}" for x in NAMES), "share_above"])


def settings_of(analysis: PatientAnalysis) -> dict[str, list[Any]]:
    """Values of each covariate that are compared, the reference first: its levels, or the quartiles of its numbers."""
    found: dict[str, list[Any]] = {}
    for id, covariate in analysis.table.covariates.items():
        values = analysis.patients.covariates[covariate.column]
        quartiles = [] if covariate.levels else np.quantile(values.astype(float), QUARTILES, method="inverted_cdf")
        found[id] = list(covariate.levels) or list(dict.fromkeys(map(float, quartiles)))
    return {id: values for id, values in found.items() if len(values) > 1}


def contrast_table(posterior: Posterior) -> pd.DataFrame:
    """All patients of the table with one value of a covariate, and against its reference, all else as it is.

    Columns ``covariate``, ``value``, ``quantity`` ("responded_by" or "dead"), ``day``, the interval of the share, and
    that of the ``difference_`` from the first value, empty there.
    """
    reported = posterior.analysis.table.report.days
    days, rows = [reported[0], reported[-1]], list[dict[str, object]]()
    for id, values in settings_of(posterior.analysis).items():
        profile: Profile = {"standardised": {id: values}}
        shares = {
            "responded_by": cumulative_incidence(posterior, days=days, **profile),
            "dead": 1.0 - survival(posterior, days=days, **profile),
        }
        for quantity, share in shares.items():
            for (k, value), day in itertools.product(enumerate(values), days):
                own, reference = (share.sel(setting=at, day=day).values.ravel() for at in (k, 0))
                row: dict[str, object] = {"covariate": id, "value": str(value), "quantity": quantity, "day": day}
                difference = own - reference if k else np.full(1, np.nan)
                rows.append(row | limits_of(own) | limits_of(difference, "difference_"))
    columns = ["covariate", "value", "quantity", "day", *NAMES, *(f"difference_{name}" for name in NAMES)]
    return pd.DataFrame(rows, columns=columns)


def _sentences(results: Results) -> Iterator[str]:
    table, words = results.tables["ratios"], words_of(results.analysis)
    clear = table[(table["share_above"] < SURE) | (table["share_above"] > 1.0 - SURE)]
    for row in clear.to_dict("records"):
        yield (
            f"{words.terms[row['term']]}: the hazard of {words.transitions[row['transition']]} is "
            f"{estimate_of(row, 'ratio')} times as high."
        )
    if len(table) and clear.empty:
        yield "No hazard ratio is clearly away from 1: each interval of 90% holds it."


def _context(results: Results) -> dict[str, object] | None:
    if not results.analysis.terms:
        return None
    return {
        "days": results.analysis.table.report.days,
        "drawing": _figure(results),
        "contrasts": list(_contrasts(results)),
    }


def _figure(results: Results) -> Markup:
    table, words = results.tables["ratios"], words_of(results.analysis)
    rows: list[dict[Any, Any]] = []
    for transition, heading in words.transitions.items():
        rows.append({"label": heading, "note": "", "is_heading": True})
        for row in table[table["transition"] == transition].to_dict("records"):
            rows.append(
                row | {"label": words.terms[row["term"]], "note": estimate_of(row, "ratio"), "is_heading": False}
            )
    told = "; ".join(f"{row['label']} {row['note']}" for row in rows if not row["is_heading"])
    return interval_figure(pd.DataFrame(rows), RATIO_AXIS, name="ratios", label=f"Hazard ratios: {told}.")


def _contrasts(results: Results) -> Iterator[dict[str, object]]:
    """A row for each value of a covariate: shares, were all patients to have it, and differences from the first."""
    days = results.analysis.table.report.days
    for (id, value), own in results.tables["contrasts"].groupby(["covariate", "value"], sort=False):
        covariate, cells = results.analysis.table.covariates[str(id)], list[str]()
        for quantity, day in (("responded_by", days[0]), ("dead", days[-1])):
            row = own[(own["quantity"] == quantity) & np.isclose(own["day"], day)].to_dict("records")[0]
            is_first = np.isnan(row["difference_median"])
            difference = "reference" if is_first else estimate_of(row, "points", "difference_")
            cells += [estimate_of(row, "share"), difference]
        yield {"label": covariate.label, "value": value if covariate.levels else f"{float(value):g}", "cells": cells}


RATIOS = Section(
    name="ratios",
    link="Hazard ratios",
    applies=has_table_alone,
    context=_context,
    tables={"ratios": lambda fits: ratio_table(fits.main), "contrasts": lambda fits: contrast_table(fits.main)},
    sentences=_sentences,
)
