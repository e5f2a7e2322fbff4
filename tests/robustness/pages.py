"""The three kinds of page, made of files whose every text is given, from draws of beliefs instead of a posterior."""

from __future__ import annotations

import copy
import itertools
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pandas as pd

from hscb_bayes.analysis.member import load_analysis
from hscb_bayes.analysis.patient_analysis import load_patients
from hscb_bayes.analysis.pool import load_pool
from hscb_bayes.checking.leave_centre_out import CENTRES, NUMBERS
from hscb_bayes.report.page import write_report
from tests.patients.test_predictions import drawn
from tests.pool.conftest import drawn_pool
from tests.report.conftest import CONVERGED, judged, prior_posterior, results_from_prior
from tests.results_of_draws import fits_of, results_from
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
    results = results_from_prior(judged(prior_posterior(load_analysis(path)), CONVERGED))
    title = next(endless)
    named = {id: results.tables[id].assign(title=title) for id in ("alternatives", "death_days")}
    return write_report(replace(results, tables={**results.tables, **named}), folder / "report.html")


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
    foretold = pd.DataFrame([(name, 20, -3.5, True) for name in analysis.centres], columns=list(CENTRES))
    fits = fits_of(posterior, centres=(foretold, pd.DataFrame(columns=list(NUMBERS))))
    return write_report(results_from(fits), folder / "report.html")


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
    fits = fits_of(
        posterior,
        alone={study: posterior.of(study=study) for study in loaded.studies},
        without=dict.fromkeys(loaded.studies, posterior),
        alternatives={next(endless): posterior},
    )
    return write_report(results_from(fits), folder / "report.html")


PAGES: dict[str, Callable[[Path, Sequence[str]], Path]] = {"paper": paper, "patients": patients, "pool": pool}
