"""From results to one self-contained HTML page."""

from __future__ import annotations

from importlib.resources import files
from pathlib import Path

import jinja2

from hscb_bayes.analysis.against_study import duration_summary
from hscb_bayes.analysis.spec import Analysis
from hscb_bayes.checking.replicate import REPLICATES
from hscb_bayes.posterior.headline import ratio_words
from hscb_bayes.posterior.predict import LANDMARK
from hscb_bayes.posterior.taught import untaught
from hscb_bayes.process.follow_up import YEAR
from hscb_bayes.report import cells
from hscb_bayes.report.answer import foreseen, four_sentences
from hscb_bayes.report.figures import all_figures
from hscb_bayes.report.folder import write_whole
from hscb_bayes.report.results import Results
from hscb_bayes.report.rows import row_figures
from hscb_bayes.report.whom import ALL
from hscb_bayes.report.words import number, plural, sentence

SEVERITIES = ("conflict", "note", "ok")


def write_report(results: Results, path: str | Path) -> Path:
    """Write the page to a temporary name, then rename it; returns its path."""
    return write_whole(Path(path), render(results))


def page_environment() -> jinja2.Environment:
    """The templates; everything that comes from a file is escaped."""
    folder = files("hscb_bayes.report") / "templates"
    environment = jinja2.Environment(
        autoescape=True,
        loader=jinja2.FunctionLoader(lambda name: folder.joinpath(name).read_text(encoding="utf-8")),
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters |= {"number": number, "sentence": sentence, "plural": plural}
    return environment


def render(results: Results) -> str:
    """The page as text."""
    return (
        page_environment()
        .get_template("page.html.j2")
        .render(
            figures=all_figures(results) | row_figures(results),
            **_said(results),
            **_tabled(results),
        )
    )


def _said(results: Results) -> dict[str, object]:
    """What is said in words: the answer, the findings, the assumptions."""
    analysis = results.analysis
    return {
        "table": analysis.table,
        "study": analysis.study,
        "sources": analysis.sources,
        "text": analysis.text,
        "answer": four_sentences(results),
        "findings": {kind: [f for f in results.findings if f.severity == kind] for kind in SEVERITIES},
        "verdict": results.verdict,
        "settings": results.settings,
        "versions": results.versions,
        "beliefs": cells.beliefs(analysis),
        "tests": cells.tests_assumed(analysis),
        "fitted": cells.fitted_items(analysis),
        "sizes": _sizes(analysis),
        "untaught": sorted(set(untaught(analysis).values())),
        "by_duration": analysis.by_duration,
        "patients": analysis.patients,
        "known": None
        if analysis.known is None
        else {"count": len(analysis.known), "left_out": analysis.known.patients.left_out},
        "durations": duration_summary(analysis.study, analysis.table.cohort.among) if analysis.by_duration else None,
        "shown": {f"{days:g}": f"{days:g} days of prior neutropenia" for days in analysis.durations}
        or {ALL: "All patients"},
        "unnamed": _unnamed(results),
        "reference": number(analysis.table.cohort.reference, "days")
        if analysis.table.cohort.form == "log2"
        else "the shorter durations",
        "per": ratio_words(analysis),
        "replicates": REPLICATES,
        "landmark": LANDMARK,
        "horizon": YEAR,
    }


def _tabled(results: Results) -> dict[str, object]:
    """What is shown in tables."""
    tables = results.tables
    return {
        "check": cells.check_rows(results),
        "foreseen": foreseen(tables.check),
        "headline": cells.summary_rows(tables.summary, "headline"),
        "parameters": cells.summary_rows(tables.summary, "parameter"),
        "predictions": cells.prediction_grid(results),
        "contrasts": cells.contrast_rows(tables.summary),
        "alternatives": cells.alternatives_grid(tables.alternatives),
        "deaths": cells.death_rows(tables.death_days),
        "by_response": cells.by_response_rows(tables.by_response),
        "p_values": cells.p_value_rows(tables.p_values),
        "probabilities": tables.probabilities.to_dict("records"),
    }


def _unnamed(results: Results) -> list[str]:
    """The P values whose test and direction are not printed, in words."""
    items = {item.id: item for item in results.analysis.study.items}
    return [items[id].describe(results.analysis.study.labels) for id in results.tables.p_values["item"].unique()]


def _sizes(analysis: Analysis) -> list[str]:
    """How many patients the analysis puts into each group whose size it declares, and into those that have the rest."""
    given, study, n = analysis.table.cohort.sizes, analysis.study, analysis.patients
    found = []
    for id, size in given.items():
        found.append(f"{size} {study.labels[id]}")
        rest = (other for other in study.groups.values() if other.is_complement_of(study.groups[id]))
        if study.groups[id].by == "duration":
            found += [f"{n - size} {other.label}" for other in rest if other.id not in given]
    return found
