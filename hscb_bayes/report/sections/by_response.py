"""Survival by response: what is printed, which looks into the future, beside two comparisons that do not."""

from __future__ import annotations

import pandas as pd
import xarray as xr
from markupsafe import Markup

from hscb_bayes.analysis.subgroups import subgroup_of
from hscb_bayes.evidence.kinds.survival import Survival
from hscb_bayes.posterior.predict import LANDMARK, landmark_survival, summarise
from hscb_bayes.posterior.sensitivity import MOSTLY_PRIOR, by_response_contraction
from hscb_bayes.process.pathway import STATES
from hscb_bayes.report.cell import cell, estimate_of
from hscb_bayes.report.endpoints import words_of
from hscb_bayes.report.fits import Fits
from hscb_bayes.report.interval_figure import SHARES, interval_figure
from hscb_bayes.report.results import Results
from hscb_bayes.report.sections.section import Section, has_one_print
from hscb_bayes.report.style import GREEN, Look
from hscb_bayes.report.words import listing, number, shortened

UNDEFINED = -1.0  # stands for a probability or a rate that a draw leaves undefined, where ranks are diagnosed
AMONG_CHARACTERS = 32
WORDS = {
    ("landmark_survival", "responded"): "alive at one year, if alive at day 28 and responded by then",
    ("landmark_survival", "no_response"): "alive at one year, if alive at day 28 and without a response by then",
    ("death_rate", "responded"): "deaths per patient-year after response",
    ("death_rate", "no_response"): "deaths per patient-year before a response",
}
UNITS = {"landmark_survival": "share", "death_rate": "rate"}
AT_LANDMARK = {"responded": "had responded", "no_response": "had not"}


def _judged(found: xr.Dataset) -> xr.Dataset:
    """Where a comparison by response is undefined, as nobody comes into the state, it counts as below any other."""
    return found.fillna(UNDEFINED).rename(state="at_landmark")


def by_response_table(fits: Fits) -> pd.DataFrame:
    """Survival from the landmark and death rates, by state.

    Returns
    -------
    Columns ``quantity``, ``state``, the interval, ``undefined`` (the share of draws in which nobody comes into the
    state), ``contraction`` and ``mostly_prior``.
    """
    reported = fits.reported["by_response"]
    contractions = by_response_contraction(fits.main, reported, seed=fits.seed)
    found = reported.sel(state=list(STATES[:2]))
    table, undefined = summarise(found), found.isnull().mean(("chain", "draw"))
    keys = list(zip(table["quantity"], table["state"], strict=True))
    table["undefined"] = [float(undefined[quantity].sel(state=state)) for quantity, state in keys]
    table["contraction"] = [contractions[key] for key in keys]
    return table.assign(mostly_prior=~(table["contraction"] >= MOSTLY_PRIOR))


def _context(results: Results) -> dict[str, object]:
    return {"drawing": _figure(results), "rows": _rows(results.tables["by_response"]), "landmark": LANDMARK}


def _rows(table: pd.DataFrame) -> list[dict[str, object]]:
    """Survival from the landmark and death rates per patient-year, by state."""
    found = table.set_index(["quantity", "state"])
    rows = [(label, found.loc[key].to_dict(), UNITS[key[0]]) for key, label in WORDS.items()]
    return [
        {"label": label, "cell": cell(row, unit), "mostly_prior": bool(row["mostly_prior"])}
        | {"undefined": number(row["undefined"], "share") if row["undefined"] else ""}
        for label, row, unit in rows
    ]


def _figure(results: Results) -> Markup:
    """Printed survival by response beside survival from a landmark."""
    study, among = results.analysis.study, results.analysis.cohort.among
    zero = words_of(results.analysis).time_zero
    rows, check = list[dict[str, object]](), results.tables["check"].set_index("id")
    for item in study.items:
        subgroup = subgroup_of(study, item.among, among)
        if isinstance(item, Survival) and subgroup is not None and subgroup.response is not None:
            new = check.loc[item.id]
            rows.append(
                {
                    "label": f"biased: {shortened(study.labels[item.among], AMONG_CHARACTERS)}, from {zero}",
                    "note": f"printed {item.value}",
                    "printed": item.value.value,
                    "held_out": new["used"] != "fitted",
                    "median": new["median"],
                    "lower": new["lower90"],
                    "upper": new["upper90"],
                }
            )
    table = results.tables["by_response"]
    chosen = table[table["quantity"] == "landmark_survival"].set_index("state")
    for state, done in AT_LANDMARK.items():
        row = chosen.loc[state].to_dict()
        words = {"label": f"fair: alive at day {LANDMARK:g} and {done}", "note": number(row["median"], "share")}
        rows.append(words | {name: row[name] for name in ("median", "lower", "upper")})
    told = listing([f"{row['label']}: {estimate_of(row, 'share')}" for row in rows])
    label = f"One-year survival by response. {told}."
    return interval_figure(pd.DataFrame(rows), SHARES, name="by_response", label=label, look=Look(colour=GREEN))


BY_RESPONSE = Section(
    name="by_response",
    link="Survival by response",
    applies=has_one_print,
    context=_context,
    tables={"by_response": by_response_table},
    reported=lambda posterior, _: landmark_survival(posterior),
    judged=_judged,
)
