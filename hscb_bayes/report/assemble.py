"""From results to one self-contained HTML page."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path

import jinja2
import numpy as np
import pandas as pd
import xarray as xr
from markupsafe import Markup

from hscb_bayes.analysis.averages import patients_beyond
from hscb_bayes.analysis.convergence import Verdict
from hscb_bayes.analysis.fit import draws_of
from hscb_bayes.analysis.p_value import RATIO, reweighted
from hscb_bayes.analysis.priors import PARAMETERS
from hscb_bayes.analysis.spec import Analysis, needed_priors
from hscb_bayes.evidence.audit import Finding
from hscb_bayes.report import figures

TEMPLATE = "template.html.j2"
ORDER = ("conflict", "note", "ok")


@dataclass(frozen=True, kw_only=True, eq=False)
class Results:
    """All that a report is made of."""

    analysis: Analysis
    findings: tuple[Finding, ...]
    posterior: xr.DataTree
    verdict: Verdict
    check: pd.DataFrame
    summary: pd.DataFrame
    alternatives: pd.DataFrame
    predictions: pd.DataFrame
    curve_days: Sequence[float]
    seed: int


def write_report(results: Results, path: str | Path) -> Path:
    """Write the page to a temporary name, then rename it; returns its path."""
    final = Path(path)
    temporary = final.with_name(f".{final.name}.part")
    temporary.write_text(render(results), encoding="utf-8")
    temporary.replace(final)
    return final


def render(results: Results) -> str:
    """The page as text; everything that comes from a file is escaped."""
    loader = jinja2.FunctionLoader(lambda name: files("hscb_bayes.report").joinpath(name).read_text(encoding="utf-8"))
    environment = jinja2.Environment(autoescape=True, loader=loader, undefined=jinja2.StrictUndefined, trim_blocks=True)
    environment.filters |= {"percent": _percent, "short": _short, "interval": _interval}
    analysis, posterior = results.analysis, results.posterior
    durations = list(analysis.table.report.durations)
    drawn = {
        "response": figures.response_figure(posterior, analysis, results.curve_days),
        "survival": figures.survival_figure(posterior, analysis, results.curve_days),
        "ratios": figures.ratio_figure(results.summary),
        "check": figures.check_figure(results.check),
        "check_days": figures.check_days_figure(results.check),
    }
    states = [Markup(figures.occupancy_figure(posterior, duration, results.curve_days)) for duration in durations]
    return environment.get_template(TEMPLATE).render(
        analysis=analysis,
        table=analysis.table,
        study=analysis.study,
        findings=[f for severity in ORDER for f in results.findings if f.severity == severity],
        verdict=results.verdict,
        summary={row["quantity"]: row for row in results.summary.to_dict("records")},
        check=results.check.to_dict("records"),
        alternatives=_by_quantity(results.alternatives),
        predictions=results.predictions.to_dict("records"),
        beyond=dict(zip(durations, patients_beyond(analysis, durations), strict=True)),
        priors=[(PARAMETERS[id], analysis.table.prior[id]) for id in needed_priors(analysis.table)],
        p_values=p_value_rows(results),
        figures={name: Markup(text) for name, text in drawn.items()},
        states=states,
        settings=json.loads(posterior.attrs["settings"]),
        versions=json.loads(posterior.attrs["versions"]),
    )


def p_value_rows(results: Results) -> list[dict[str, str | float]]:
    """Hazard ratio of response were the unnamed P value fitted, under each test and direction."""
    parameters = draws_of(results.posterior)
    order = np.argsort(parameters[:, RATIO])
    ratio = np.exp(parameters[order, RATIO])
    rows = []
    for reading in reweighted(parameters, results.analysis, seed=results.seed):
        reached = np.cumsum(reading.weights[order])
        lower, median, upper = (float(ratio[np.searchsorted(reached, q)]) for q in (0.05, 0.5, 0.95))
        row: dict[str, str | float] = {"item": reading.item, "test": reading.test, "direction": reading.direction}
        rows.append(row | {"median": median, "lower": lower, "upper": upper, "effective": reading.effective})
    return rows


def _by_quantity(table: pd.DataFrame) -> dict[str, list[dict[str, object]]]:
    return {label: rows.to_dict("records") for label, rows in table.groupby("label", sort=False)}


def _percent(value: float) -> str:
    return f"{100.0 * value:.0f}%"


def _short(value: object) -> str:
    """A number with as many digits as matter; "not reached" for a time that is not."""
    if not isinstance(value, int | float) or np.isnan(value):
        return "" if isinstance(value, float) else str(value)
    return "not reached" if np.isinf(value) else f"{value:.3g}"


def _interval(row: dict[str, float], prefix: str = "") -> str:
    return f"{_short(row[f'{prefix}median'])} ({_short(row[f'{prefix}lower'])} to {_short(row[f'{prefix}upper'])})"
