"""The page of a pooled analysis."""

from __future__ import annotations

from collections.abc import Hashable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from markupsafe import Markup

from hscb_bayes.analysis.pool import Pool
from hscb_bayes.analysis.spec import Analysis
from hscb_bayes.checking.check import OUTSIDE
from hscb_bayes.checking.replicate import REPLICATES
from hscb_bayes.evidence.audit import Finding
from hscb_bayes.evidence.item import Item
from hscb_bayes.evidence.printed import Printed
from hscb_bayes.posterior.estimands import ESTIMANDS
from hscb_bayes.posterior.posterior import Posterior
from hscb_bayes.posterior.taught import untaught
from hscb_bayes.process.pathway import TRANSITIONS
from hscb_bayes.report import plot
from hscb_bayes.report.assemble import page_environment
from hscb_bayes.report.folder import write_whole
from hscb_bayes.report.pooled_tables import AVERAGE, NEXT
from hscb_bayes.report.rows import NO_PRIOR, ONLY_INTERVAL, SHARES, drawn
from hscb_bayes.report.style import BLUE, Look
from hscb_bayes.report.words import as_printed, estimate, listing, number, plural, span_as_printed

DAY_TICKS = {2.0: "2", 5.0: "5", 10.0: "10", 20.0: "20", 50.0: "50", 100.0: "100 days"}
DAYS = plot.Scale(lower=2.0, upper=120.0, ticks=DAY_TICKS, is_log=True)
AXES = {"share": SHARES, "days": DAYS}
SMALL = 0.05  # agreement below which a study is marked
KINDS = {"alone": "alone", "pooled": "in the pool", "others": "predicted from the others"}


@dataclass(frozen=True, kw_only=True, eq=False)
class PooledPage:
    """What the page is made of: the pooled posterior, its tables by name, and the findings by study id."""

    pool: Pool
    posterior: Posterior
    tables: Mapping[str, pd.DataFrame]
    findings: Mapping[str, tuple[Finding, ...]]


def write_pooled_report(
    posterior: Posterior,
    tables: Mapping[str, pd.DataFrame],
    findings: Mapping[str, tuple[Finding, ...]],
    path: Path,
) -> Path:
    """Write the page to a temporary name, then rename it; returns its path."""
    page = PooledPage(pool=posterior.analysis, posterior=posterior, tables=tables, findings=findings)
    return write_whole(path, _render(page))


def _render(page: PooledPage) -> str:
    told = page.posterior.verdict
    pool = page.pool
    return (
        page_environment()
        .get_template("pooled.html.j2")
        .render(
            table=pool.table,
            population=pool.table.population_words or pool.table.population.replace("_", " "),
            definition=_definition(pool),
            pool=pool,
            answer=_answer(page),
            studies=[_study_row(pool, study) for study in pool.studies],
            conflicts=[
                (study, finding, pool.member(study).table.handled.get(finding.id, "it is not handled"))
                for study, found in page.findings.items()
                for finding in found
                if finding.severity == "conflict"
            ],
            notes=[
                (study, finding)
                for study, found in page.findings.items()
                for finding in found
                if finding.severity == "note" and study != pool.studies[0]
            ],
            forests=[(name, quantity.label, _forest(page, name)) for name, quantity in ESTIMANDS.items()],
            estimands=_estimand_rows(page),
            check=_check_rows(page),
            far=_far(page),
            heterogeneity=_heterogeneity_rows(page),
            alternatives=_alternative_rows(page),
            weights=page.tables["weights"].to_dict("records"),
            borrowing=page.tables["borrowing"].to_dict("records"),
            replicates=REPLICATES,
            verdict=told,
            settings=page.posterior.settings,
            versions=page.posterior.versions,
            ratios=_ratio_rows(page),
            duration=_who_relates_duration(page),
        )
    )


def _definition(pool: Pool) -> str:
    """The definition of response that is asked about, in the words of the first study that has it."""
    asked = pool.table.definition
    words = (member.study.definition_words for member in pool.members if member.study.definition == asked)
    return next(words, None) or asked


def _study_row(pool: Pool, study: str) -> dict[str, object]:
    member = pool.member(study)
    own = member.study
    return {
        "id": study,
        "citation": own.citation,
        "patients": _patients_of(member),
        "population": _population(pool, own.population or ""),
        "definition": own.definition_words or own.definition,
        "source": own.secondary or own.read,
        "fitted": [item.describe(own.labels) for item in _fitted(member)],
        "assumed": member.table.cohort.why,
        "shares": own.may_share_patients_with,
    }


def _patients_of(member: Analysis) -> str:
    """How many patients a study has, and how many are known one by one."""
    of = "" if member.patients == member.study.n else f" of {member.study.n}"
    if member.known is None:
        return f"{member.patients}{of}"
    among = "of them" if member.known.said.inside else "others"
    gone = member.known.patients.left_out
    left_out = f" ({gone} are left out: a value is missing)" if gone.patients else ""
    return f"{member.patients}{of}, and {len(member.known)} {among} one by one{left_out}"


def _population(pool: Pool, id: str) -> str:
    """A population in words: those of the pool for the one that is asked about."""
    asked = pool.table.population_words if id == pool.table.population else None
    return asked or id.replace("_", " ")


def _fitted(member: Analysis) -> list[Item]:
    """The items that an analysis fits."""
    ids = {id.partition(".")[0] for id in member.table.fit.items}
    return [item for item in member.study.items if item.id in ids]


def _row(page: PooledPage, study: str, kind: str, name: str) -> dict[str, object]:
    table = page.tables["estimands"]
    chosen = table[(table["study"] == study) & (table["kind"] == kind) & (table["estimand"] == name)]
    return dict(chosen.iloc[0])


def _said(row: Mapping[str, object]) -> str:
    return estimate(float(row["median"]), float(row["lower"]), float(row["upper"]), str(row["unit"]))  # type: ignore[arg-type]


def _answer(page: PooledPage) -> list[str]:
    """What the other studies add, how much studies differ, and what the next one would show."""
    first = page.pool.studies[0]
    sentences = []
    for name in ("response_by_28", "os_1y"):
        alone, pooled = (_row(page, first, kind, name) for kind in ("alone", "pooled"))
        following = _row(page, NEXT, "pooled", name)
        label = ESTIMANDS[name].label
        sentences.append(
            f"{label.capitalize()} in {first} is {_said(alone)} {_source(page, first, name)} and {_said(pooled)} with "
            f"the other studies beside it; the next study like it would have {_said(following)}, before chance in its "
            f"own patients.{_of_no_study(page, name)}"
        )
    ratios = page.tables["heterogeneity"].set_index("effect")
    if "response" in ratios.index:
        response = ratios.loc["response"]
        learned = estimate(response["median"], response["lower"], response["upper"], "ratio")
        sentences.append(
            "Of two studies of one kind, the one with the higher hazard of response typically has "
            f"{learned} times the other's; before the studies were read, {number(response['prior_median'], 'ratio')} "
            "was believed."
        )
    far = _far(page)
    sentences.append(
        f"Predicted from the other studies, {far['inside']} of {far['all']} printed numbers about outcomes lie within "
        f"their 90% intervals. {_who_relates_duration(page)}"
    )
    return sentences


def _source(page: PooledPage, study: str, name: str) -> str:
    """Where a study's own answer is from: its print, or the prior where it has no number of the kind."""
    is_prior = name in untaught(page.pool.member(study))
    return "from the prior alone, its own print having no such number," if is_prior else "from its own print"


def _of_no_study(page: PooledPage, name: str) -> str:
    """Words that an answer is the prior's where no study of the pool has a number of the kind; else nothing."""
    found = [untaught(member).get(name) for member in page.pool.members]
    missing = next((words for words in found if words is not None), None)
    return f" No study has a {missing} that is fitted: this is the prior's." if missing and None not in found else ""


def _who_relates_duration(page: PooledPage) -> str:
    studies = [member.study.id for member in page.pool.members if member.by_duration]
    if not studies:
        return "No study relates duration of neutropenia to outcomes."
    verb, others = ("relates", "the others") if len(studies) == 1 else ("relate", "others")
    return f"Only {listing(studies)} {verb} duration of neutropenia to outcomes: {others} say nothing about it."


def _forest(page: PooledPage, name: str) -> Markup:
    rows = []
    for study in (*page.pool.studies, AVERAGE, NEXT):
        pooled = _row(page, study, "pooled", name)
        prior = dict(NO_PRIOR)
        if study in page.pool.studies:
            alone = _row(page, study, "alone", name)
            prior = {f"prior_{key}": float(alone[key]) for key in ("lower", "median", "upper")}  # type: ignore[arg-type]
        words = {AVERAGE: "average study", NEXT: "next study"}.get(study, study)
        limits = {key: pooled[key] for key in ("median", "lower", "upper")}
        rows.append({"label": words, "note": _said(pooled)} | limits | prior)
    table = pd.DataFrame(rows).assign(**ONLY_INTERVAL)
    told = "; ".join(f"{row['label']} {row['note']}" for row in rows)
    quantity = ESTIMANDS[name]
    return drawn(table, AXES[quantity.unit], Look(colour=BLUE), f"forest_{name}", f"{quantity.label}: {told}.")


def _estimand_rows(page: PooledPage) -> list[dict[str, object]]:
    rows: list[dict[str, object]] = []
    for study in page.pool.studies:
        for name, quantity in ESTIMANDS.items():
            cells = {kind: _said(_row(page, study, kind, name)) for kind in KINDS}
            disagreement = float(str(_row(page, study, "alone", name)["conflict"]))
            if name in untaught(page.pool.member(study)):
                cells["alone"] += " (prior)"
            told = {"conflict": _tail(disagreement), "is_far": disagreement < SMALL}
            rows.append({"study": study, "label": quantity.label} | cells | told)
    return rows


def _check_rows(page: PooledPage) -> list[tuple[str, list[dict[str, object]]]]:
    found = []
    for study, table in page.tables["check"].groupby("study", sort=False):
        printed = {item.id: item.printed for item in page.pool.member(str(study)).study.numbers}
        labels = page.pool.member(str(study)).study.labels
        rows = [_check_row(row, labels[row["among"]], printed[row["id"]]) for row in table.to_dict("records")]
        found.append((str(study), rows))
    return found


def _check_row(row: dict[Hashable, Any], among: str, printed: Printed) -> dict[str, object]:
    told: dict[str, object] = {"label": row["label"], "among": among, "printed": row["printed"], "used": row["used"]}
    if row["used"] == OUTSIDE:
        return told | {"pooled": "", "tail": "", "others": "", "others_tail": "", "is_far": False}
    most = span_as_printed(row["lower90"], row["upper90"], printed)
    others_most = span_as_printed(row["loo_lower90"], row["loo_upper90"], printed)
    return told | {
        "pooled": f"{as_printed(row['median'], printed)} ({most})",
        "tail": _tail(row["tail_probability"]),
        "others": f"{as_printed(row['loo_median'], printed)} ({others_most})",
        "others_tail": _tail(row["loo_tail_probability"]),
        "is_far": not row["loo_lower90"] <= row["value"] <= row["loo_upper90"],
    }


def _tail(value: float) -> str:
    return "" if np.isnan(value) else f"{value:.2g}"


def _far(page: PooledPage) -> dict[str, object]:
    """How many printed numbers lie within what the other studies predict."""
    table = page.tables["check"]
    known = table[~table["loo_median"].isna()]
    inside = (known["loo_lower90"] <= known["value"]) & (known["value"] <= known["loo_upper90"])
    return {"inside": int(inside.sum()), "all": len(known), "outside": plural(int((~inside).sum()), "number")}


def _heterogeneity_rows(page: PooledPage) -> list[dict[str, object]]:
    rows: list[dict[str, object]] = []
    for row in page.tables["heterogeneity"].to_dict("records"):
        rows.append(
            {
                "label": row["label"],
                "prior": estimate(row["prior_median"], row["prior_lower"], row["prior_upper"], "ratio"),
                "posterior": estimate(row["median"], row["lower"], row["upper"], "ratio"),
                "contraction": number(max(row["contraction"], 0.0), "share"),
                "mostly_prior": row["contraction"] < 0.5,
            }
        )
    return rows


def _alternative_rows(page: PooledPage) -> tuple[list[str], list[dict[str, object]]]:
    """Columns, and a row an analysis."""
    table, first = page.tables["alternatives"], page.pool.studies[0]
    columns = [(of, name) for name in ("response_by_28", "os_1y") for of in (AVERAGE, first)]
    words = [f"{ESTIMANDS[name].label}, {'average study' if of == AVERAGE else of}" for of, name in columns]
    rows = []
    for (_, title, converged), group in table.groupby(["analysis", "title", "converged"], sort=False):
        cells = []
        for of, name in columns:
            chosen = group[(group["of"] == of) & (group["estimand"] == name)]
            cells.append("" if chosen.empty else _said(dict(chosen.iloc[0])))
        rows.append({"title": title, "cells": cells, "converged": bool(converged)})
    return words, rows


def _ratio_rows(page: PooledPage) -> list[dict[str, str]]:
    """Hazard ratios of duration of each study that relates it to outcomes, alone and in the pool."""
    return [
        {"study": member.study.id, "label": str(_row(page, member.study.id, "alone", name)["label"])}
        | {kind: _said(_row(page, member.study.id, kind, name)) for kind in ("alone", "pooled")}
        for member in page.pool.members
        if member.by_duration
        for name in (f"hazard_ratio_{transition}" for transition in TRANSITIONS)
    ]
