"""Study by study: each alone, in the pool, and predicted from the others; the average study and the next one."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd
import xarray as xr
from markupsafe import Markup

from hscb_bayes.posterior.estimands import ESTIMANDS, estimands
from hscb_bayes.posterior.headline import Quantity, hazard_ratios_from_draws, headline_quantities
from hscb_bayes.posterior.not_taught import untaught
from hscb_bayes.posterior.posterior import Posterior
from hscb_bayes.process.pathway import TRANSITIONS
from hscb_bayes.report import plot
from hscb_bayes.report.cell import estimate_of
from hscb_bayes.report.fits import AVERAGE, NEXT, Fits, each_of
from hscb_bayes.report.interval_figure import SHARES, interval_figure
from hscb_bayes.report.limits import NAMES, limits_of
from hscb_bayes.report.results import Results
from hscb_bayes.report.sections.section import Section, has_hierarchy
from hscb_bayes.report.words import listing, number

DAY_TICKS = {2.0: "2", 5.0: "5", 10.0: "10", 20.0: "20", 50.0: "50", 100.0: "100 days"}
AXES = {"share": SHARES, "days": plot.Scale(lower=2.0, upper=120.0, ticks=DAY_TICKS, is_log=True)}
SMALL = 0.05  # agreement below which a study is marked
KINDS = ("alone", "pooled", "others")
NAMED = {AVERAGE: "average study", NEXT: "next study"}


def _reported(posterior: Posterior, seed: int) -> xr.Dataset:
    """Every estimand of every study, of the average one and of the next: "os_1y[first]"."""
    found = {id: estimands(own) for id, own in each_of(posterior, seed=seed).items()}
    return xr.merge([drawn.rename({name: f"{name}[{id}]" for name in drawn.data_vars}) for id, drawn in found.items()])


def estimands_table(fits: Fits) -> pd.DataFrame:
    """Every estimand of every study: alone, in the pool, and predicted from the others; of the average and the next.

    Hazard ratios of duration are those of studies that relate it to outcomes; no difference between studies is modelled
    in them.

    Returns
    -------
    Columns ``study``, ``kind``, ``estimand``, ``label``, ``unit``, ``median``, ``lower``, ``upper``; and ``conflict``
    in the rows of a study alone, twice the smaller of the probabilities that it is below, and above, what the others
    predict: near 0 they disagree.

    References
    ----------
    Marshall EC, Spiegelhalter DJ. Identifying outliers in Bayesian hierarchical models. Bayesian Anal 2007;2:409-444.
    """
    pooled = fits.reported["forest"]
    rows, ratios = list[dict[str, object]](), list[dict[str, object]]()
    for study in (*fits.analysis.studies, AVERAGE, NEXT):
        drawn = {"pooled": {name: pooled[f"{name}[{study}]"] for name in ESTIMANDS}}
        if study in fits.alone:
            own, others = estimands(fits.alone[study]), estimands(fits.other(study))
            drawn = {"alone": {name: own[name] for name in ESTIMANDS}, **drawn}
            drawn["others"] = {name: others[name] for name in ESTIMANDS}
            ratios += _ratios(study, "alone", fits.alone[study])
        if study in fits.analysis.studies:
            ratios += _ratios(study, "pooled", fits.main.of(study=study))
        for kind, values in drawn.items():
            for name, quantity in ESTIMANDS.items():
                disagreement = conflict(values[name], drawn["others"][name]) if kind == "alone" else np.nan
                rows.append(_row(study, kind, name, quantity, values[name].values) | {"conflict": disagreement})
    return pd.DataFrame(rows + ratios)


def _row(study: str, kind: str, name: str, quantity: Quantity, values: np.ndarray) -> dict[str, object]:
    head = {"study": study, "kind": kind, "estimand": name, "label": quantity.label, "unit": quantity.unit}
    return {**head, **limits_of(values)}


def _ratios(study: str, kind: str, posterior: Posterior) -> list[dict[str, object]]:
    """Hazard ratios of duration, of a study that relates it to outcomes."""
    if not posterior.analysis.by_duration:
        return []
    words, drawn = (
        headline_quantities(posterior.analysis),
        hazard_ratios_from_draws(posterior.parameters, posterior.analysis),
    )
    return [_row(study, kind, name, words[name], values) for name, values in drawn.items()]


def conflict(alone: xr.DataArray, predicted: xr.DataArray) -> float:
    """Twice the smaller of P(alone < predicted) and P(alone > predicted), over all pairs of draws."""
    one, other = alone.values.ravel(), np.sort(predicted.values.ravel())
    below = 1.0 - np.searchsorted(other, one, side="right").mean() / other.size
    above = np.searchsorted(other, one, side="left").mean() / other.size
    return float(min(1.0, 2.0 * min(below, above)))


def _answers(results: Results) -> dict[tuple[str, str, str], dict[Any, Any]]:
    """Rows of the table by study, kind and estimand."""
    return {(row["study"], row["kind"], row["estimand"]): row for row in results.tables["estimands"].to_dict("records")}


def _sentences(results: Results) -> list[str]:
    """What the other studies add, and what the next one would show."""
    answers, pool = _answers(results), results.analysis
    first, sentences = pool.studies[0], list[str]()
    for name in ("response_by_28", "os_1y"):
        pooled, alone = estimate_of(answers[first, "pooled", name]), answers.get((first, "alone", name))
        before = "" if alone is None else f"{estimate_of(alone)} {_source(pool.member(first), name)} and "
        sentences.append(
            f"{ESTIMANDS[name].label.capitalize()} in {first} is {before}"
            f"{pooled} with the other studies beside it; the next study like it would have "
            f"{estimate_of(answers[NEXT, 'pooled', name])}, before chance in its own patients."
            f"{_of_no_study(pool, name)}"
        )
    return [*sentences, _who_relates_duration(pool)]


def _source(member: Any, name: str) -> str:
    """Where a study's own answer is from: its print, or the prior where it has no number of the kind."""
    is_prior = name in untaught(member)
    return "from the prior alone, its own print having no such number," if is_prior else "from its own print"


def _of_no_study(pool: Any, name: str) -> str:
    """Words that an answer is the prior's where no study of the pool has a number of the kind; else nothing."""
    found = [untaught(member).get(name) for member in pool.members]
    missing = next((words for words in found if words is not None), None)
    return f" No study has a {missing} that is fitted: this is the prior's." if missing and None not in found else ""


def _who_relates_duration(pool: Any) -> str:
    studies = [member.study.id for member in pool.members if member.by_duration]
    condition = pool.members[0].study.condition
    if not studies:
        return f"No study relates duration of {condition} to outcomes."
    verb, others = ("relates", "the others") if len(studies) == 1 else ("relate", "others")
    return f"Only {listing(studies)} {verb} duration of {condition} to outcomes: {others} say nothing about it."


def _context(results: Results) -> dict[str, object]:
    answers, pool = _answers(results), results.analysis
    return {
        "figures": [(quantity.label, _figure(answers, pool, name)) for name, quantity in ESTIMANDS.items()],
        "rows": [
            _compared(answers, member, name)
            for member in pool.members
            for name in ESTIMANDS
            if (member.study.id, "alone", name) in answers
        ],
        "duration": _who_relates_duration(pool),
        "ratios": [
            {"study": study, "label": answers[study, "pooled", name]["label"]}
            | {kind: estimate_of(found) if (found := answers.get((study, kind, name))) else "" for kind in KINDS[:2]}
            for study in (member.study.id for member in pool.members if member.by_duration)
            for name in (f"hazard_ratio_{transition}" for transition in TRANSITIONS)
        ],
    }


def _figure(answers: Mapping[tuple[str, str, str], dict[Any, Any]], pool: Any, name: str) -> Markup:
    rows, quantity = list[dict[str, Any]](), ESTIMANDS[name]
    for study in (*pool.studies, AVERAGE, NEXT):
        pooled, alone = answers[study, "pooled", name], answers.get((study, "alone", name), {})
        limits = {key: pooled[key] for key in NAMES} | {f"prior_{key}": alone.get(key, np.nan) for key in NAMES}
        rows.append({"label": NAMED.get(study, study), "note": estimate_of(pooled)} | limits)
    told = "; ".join(f"{row['label']} {row['note']}" for row in rows)
    label = f"{quantity.label}: {told}."
    return interval_figure(pd.DataFrame(rows), AXES[quantity.unit], name=f"forest_{name}", label=label)


def _compared(answers: Mapping[tuple[str, str, str], dict[Any, Any]], member: Any, name: str) -> dict[str, object]:
    study = member.study.id
    cells = {kind: estimate_of(answers[study, kind, name]) for kind in KINDS}
    if name in untaught(member):
        cells["alone"] += " (prior)"
    agreement = float(answers[study, "alone", name]["conflict"])
    told = {"agreement": "" if np.isnan(agreement) else number(agreement, "p"), "is_far": agreement < SMALL}
    return {"study": study, "label": ESTIMANDS[name].label} | cells | told


FOREST = Section(
    name="forest",
    link="Study by study",
    applies=has_hierarchy,
    context=_context,
    tables={"estimands": estimands_table},
    reported=_reported,
    sentences=_sentences,
)
