"""The three kinds of page, made of files whose every text is given, from draws of beliefs instead of a posterior."""

from __future__ import annotations

import copy
import itertools
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pandas as pd

from hscb_bayes.analysis.patient_spec import load_patients
from hscb_bayes.analysis.pool import load_pool
from hscb_bayes.analysis.spec import load_analysis
from hscb_bayes.checking.leave_centre_out import CENTRES, NUMBERS
from hscb_bayes.checking.leave_patient_out import leave_patient_out
from hscb_bayes.checking.replicate_patients import check_of_patients
from hscb_bayes.evidence.audit import audit
from hscb_bayes.posterior.reported import reported
from hscb_bayes.report import patient_tables, pooled_tables
from hscb_bayes.report.assemble import write_report
from hscb_bayes.report.patient_page import write_patient_report
from hscb_bayes.report.pooled_page import write_pooled_report
from hscb_bayes.report.results import results_of
from tests.patients.test_predictions import drawn
from tests.pool.conftest import drawn_pool
from tests.report.conftest import CONVERGED, DAYS, judged, prior_posterior, tables_of
from tests.robustness.documents import MODELS, ROOT, document, text_of
from tests.robustness.of_patients import written

TEXTS = (
    "title",
    "citation",
    "doi",
    "time_zero",
    "design",
    "eligibility",
    "read",
    "note",
    "label",
    "place",
    "words",
    "why",
    "question",
    "definition_words",
    "secondary",
    "population_words",
    "response",
    "death",
)
DATA = ROOT / "tests" / "data"
Words = Iterator[str]


def said(tables: Any, words: Words) -> Any:
    """The tables with every free text replaced by the next of the words."""
    if isinstance(tables, list):
        return [said(entry, words) for entry in tables]
    if not isinstance(tables, dict):
        return tables
    made = {key: said(value, words) for key, value in tables.items()}
    for key in TEXTS:
        if isinstance(made.get(key), str) and not (key in ("response", "death") and "time_zero" not in made):
            made[key] = next(words)
    for key in ("readings",):
        if isinstance(made.get(key), dict):
            made[key] = {next(words): group for group in made[key].values()}
    for key in ("handled", "shared_patients", "may_share_patients_with"):
        if isinstance(made.get(key), dict):
            made[key] = {id: next(words) for id in made[key]}
    return made


def _tables(path: Path, words: Words) -> dict[str, Any]:
    return dict(said(copy.deepcopy(dict(document(path).tables)), words))


def _write(folder: Path, name: str, tables: dict[str, Any]) -> Path:
    path = folder / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(text_of(tables))
    return path


def file_name(word: str) -> str:
    """A word as the name of a file."""
    return word.replace("/", "∕")[:100]


def paper(folder: Path, words: Sequence[str]) -> Path:
    """The page of the main analysis."""
    endless = itertools.cycle(words)
    study = f"{file_name(next(endless))}.study.toml"
    _write(folder, study, _tables(MODELS / "evidence/gagelmann2023.toml", endless))
    analysis = _tables(MODELS / "main.toml", endless)
    analysis["report"]["alternatives"] = []
    path = _write(folder, f"{file_name(next(endless))}.toml", analysis | {"study": study})
    loaded = load_analysis(path)
    posterior = judged(prior_posterior(loaded), CONVERGED)
    tables = tables_of(loaded, posterior, reported(posterior, days=DAYS, durations=loaded.durations))
    titles = {"title": next(endless)}
    named = replace(
        tables, alternatives=tables.alternatives.assign(**titles), death_days=tables.death_days.assign(**titles)
    )
    return write_report(results_of(posterior, named), folder / "report.html")


def patients(folder: Path, words: Sequence[str]) -> Path:
    """The page of a table whose arms, centres, ids, columns and file are named so."""
    endless = itertools.cycle(words)
    (arm, arms, centres, columns) = (
        next(endless),
        [next(endless), next(endless)],
        [next(endless), next(endless)],
        [next(endless), next(endless)],
    )
    rows = [
        {
            "id": f"{next(endless)}{k}",
            "response_day": str(5 + k % 7) if k % 3 else "",
            "last_day": str(60 + 11 * k),
            "died": str(k % 2),
            columns[0]: arms[k % 2],
            columns[1]: centres[k // 2 % 2],
            "age": str(40 + k),
        }
        for k in range(40)
    ]
    name = f"{file_name(next(endless))}.csv"
    (folder / name).write_text(written(rows), encoding="utf-8")
    tables = _tables(DATA / "bmt.toml", endless)
    tables["patients"] = {"file": name, "units": "days", "why": next(endless)}
    tables["covariates"] = {
        "arm": tables["covariates"]["disease"] | {"column": columns[0], "levels": arms, "label": arm},
        "age": tables["covariates"]["age"],
    }
    tables["centres"]["column"] = columns[1]
    path = _write(folder, f"{file_name(next(endless))}.toml", tables)
    analysis = load_patients(path)
    posterior = judged(drawn(analysis, chains=2, draws=60), CONVERGED)
    curves = patient_tables.reported_curves(posterior)
    made = patient_tables.PatientTables(
        check=check_of_patients(posterior, days=analysis.table.report.days, seed=1),
        occupancy=patient_tables.occupancy_table(curves),
        observed=patient_tables.observed_table(analysis),
        times=patient_tables.times_table(curves),
        ratios=patient_tables.ratio_table(posterior),
        contrasts=patient_tables.contrast_table(posterior),
        centres=patient_tables.centre_table(posterior),
        left_out_centres=pd.DataFrame([(name, 20, -3.5, True) for name in analysis.centres], columns=list(CENTRES)),
        left_out_numbers=pd.DataFrame(columns=list(NUMBERS)),
        baselines=patient_tables.baseline_table(posterior),
        loo=leave_patient_out(posterior),
    )
    return write_patient_report(posterior, made, folder / "report.html")


def pool(folder: Path, words: Sequence[str]) -> Path:
    """The page of a pool of two studies."""
    endless = itertools.cycle(words)
    _write(folder, "main.toml", _tables(MODELS / "main.toml", endless) | {"report": {"durations": [14.0, 38.0, 90.0]}})
    for name in ("gagelmann2023", "stasia2014"):
        _write(folder, f"evidence/{name}.toml", _tables(MODELS / f"evidence/{name}.toml", endless))
    _write(folder, "stasia2014.toml", _tables(MODELS / "stasia2014.toml", endless))
    tables = _tables(MODELS / "pooled.toml", endless)
    for key in ("report", "shared_patients"):
        tables.pop(key, None)
    tables["studies"] = ["main", "stasia2014"]
    tables["populations"] = {"poor_graft_function": tables["populations"]["poor_graft_function"]}
    tables["definitions"] = {"trilineage": tables["definitions"]["trilineage"]}
    loaded = load_pool(_write(folder, f"{file_name(next(endless))}.toml", tables))
    posterior = judged(drawn_pool(loaded), CONVERGED)
    fits = pooled_tables.PooledFits(
        pooled=posterior,
        alone={study: posterior.of(study=study) for study in loaded.studies},
        without=dict.fromkeys(loaded.studies, posterior),
    )
    made = {
        "estimands": pooled_tables.estimands_table(fits, loaded, seed=1),
        "check": pooled_tables.pooled_check_table(fits, loaded, seed=1),
        "heterogeneity": pooled_tables.heterogeneity_table(posterior, loaded),
        "alternatives": pooled_tables.alternatives_table(fits, loaded, {next(endless): (loaded, posterior)}),
        "weights": pooled_tables.weights_table({loaded.name: (loaded, posterior)}),
        "borrowing": pooled_tables.borrowing_table(posterior.next(seed=1)),
    }
    findings = {member.study.id: audit(member.study) for member in loaded.members}
    return write_pooled_report(posterior, made, findings, folder / "report.html")


PAGES: dict[str, Callable[[Path, Sequence[str]], Path]] = {"paper": paper, "patients": patients, "pool": pool}
