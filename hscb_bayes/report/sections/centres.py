"""How centres differ, and how well each is foretold from the others."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pandas as pd

from hscb_bayes.analysis.analysis import Analysis
from hscb_bayes.analysis.level import CENTRE, SPREAD_WITHIN
from hscb_bayes.checking import leave_centre_out
from hscb_bayes.estimators.intervals import normal_quantile
from hscb_bayes.posterior.posterior import Posterior
from hscb_bayes.process.pathway import TRANSITIONS
from hscb_bayes.report.cell import estimate_of
from hscb_bayes.report.endpoints import words_of
from hscb_bayes.report.limits import NAMES, limits_of
from hscb_bayes.report.results import Results
from hscb_bayes.report.sections.section import Section, has_centres
from hscb_bayes.report.weights import weights_table
from hscb_bayes.report.words import listing, number, sum_of_densities

TYPICAL = np.sqrt(2.0) * normal_quantile(0.5)  # median distance of two normals, in their standard deviations
BETWEEN = "between"
LEARNED = ("weight", "probability")
FARTHEST = 2  # numbers of a centre that are told


def _nobody_foretold() -> tuple[pd.DataFrame, pd.DataFrame]:
    return pd.DataFrame(columns=list(leave_centre_out.CENTRES)), pd.DataFrame(columns=list(leave_centre_out.NUMBERS))


def centre_table(posterior: Posterior) -> pd.DataFrame:
    """Hazards of a centre against the average centre: ``transition``, ``centre`` ("between" for the spread), interval.

    The spread is the hazard ratio between two centres that differ by as much as two typically do.
    """
    rows, level = [], posterior.analysis.levels.get(CENTRE)
    for transition in () if level is None else TRANSITIONS:
        found = posterior.dataset.sel(transition=transition)
        effects = {name: np.exp(found["centre_effect"].sel(centre=name).values) for name in posterior.analysis.centres}
        spread = found["between_centres"]
        for study in level.spreads or ("",):
            own = spread.sel({SPREAD_WITHIN: study}) if study else spread
            effects[between_in(study)] = np.exp(TYPICAL * own.values)
        for name, draws in effects.items():
            rows.append({"transition": transition, "centre": name} | limits_of(draws))
    return pd.DataFrame(rows, columns=["transition", "centre", *NAMES])


def _sentences(results: Results) -> list[str]:
    table, words = results.tables["centres"], words_of(results.analysis)
    found = []
    for name, of in _spreads(results.analysis).items():
        between = table[table["centre"] == name].to_dict("records")
        told = [f"{estimate_of(row, 'ratio')} for {words.transitions[row['transition']]}" for row in between]
        found.append(f"Two centres{of} typically differ in their hazards by a factor of {listing(told)}.")
    return found


def between_in(study: str) -> str:
    """What the spread between the centres of a study is called in the table."""
    return f"{BETWEEN}[{study}]" if study else BETWEEN


def _spreads(analysis: Analysis) -> dict[str, str]:
    """What each spread between centres is called in the table, and in words of whose centres it is."""
    level = analysis.levels.get(CENTRE)
    if level is None:
        return {}
    return {between_in(study): f" of {study}" for study in level.spreads} if level.within else {BETWEEN: ""}


def _context(results: Results) -> dict[str, object] | None:
    analysis, words, tables = results.analysis, words_of(results.analysis), results.tables
    if not analysis.centres:
        return None
    by = tables["centres"].set_index(["centre", "transition"])
    labels = {name: words.groups[f"centre[{name}]"] for name in analysis.centres}
    labels |= {name: f"between two centres{of}" for name, of in _spreads(analysis).items()}
    return {
        "heads": [(said, "n") for said in words.transitions.values()],
        "rows": [
            (label, [estimate_of(by.loc[(name, transition)].to_dict(), "ratio") for transition in TRANSITIONS])
            for name, label in labels.items()
        ],
        "apart": [
            (words.groups[f"centre[{row['centre']}]"], [number(row[name], "share") for name in LEARNED])
            for row in tables["centre_weights"].to_dict("records")
        ],
        "foretold": list(_foretold(results)),
        "density": sum_of_densities(tables["left_out_centres"]["log_predictive_density"]),
    }


def _foretold(results: Results) -> Iterator[dict[str, object]]:
    """A row for each centre: how its patients' density and numbers were foretold from the other centres."""
    numbers, words = results.tables["left_out_numbers"], words_of(results.analysis)
    for row in results.tables["left_out_centres"].to_dict("records"):
        own = numbers[numbers["centre"] == row["centre"]].rename(columns={"lower90": "lower", "upper90": "upper"})
        far = own[(own["value"] < own["lower"]) | (own["value"] > own["upper"])].sort_values("tail_probability")
        told = [
            f"{words.statistics[one['statistic']]} by day {one['day']:g}: {number(one['value'], 'share')}, foretold "
            f"{estimate_of(one, 'share')}"
            for one in far[:FARTHEST].to_dict("records")
        ]
        told += [f"{len(far) - FARTHEST} more in left_out_numbers.csv"] * (len(far) > FARTHEST)
        yield {
            "centre": words.groups[f"centre[{row['centre']}]"],
            "patients": row["patients"],
            "density": sum_of_densities([row["log_predictive_density"]]),
            "inside": f"{len(own) - len(far)} of {len(own)}" if len(own) else "",
            "far": told,
            "converged": bool(row["converged"]),
        }


CENTRES = Section(
    name="centres",
    link="Centres",
    applies=has_centres,
    context=_context,
    tables={
        "centres": lambda fits: centre_table(fits.main),
        "centre_weights": lambda fits: weights_table(fits.compared, CENTRE),
        "left_out_centres": lambda fits: (fits.centres or _nobody_foretold())[0],
        "left_out_numbers": lambda fits: (fits.centres or _nobody_foretold())[1],
    },
    sentences=_sentences,
)
