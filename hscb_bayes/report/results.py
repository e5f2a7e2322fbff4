"""What a run leaves: the posterior, its tables, and the page, in a directory that is there whole or not at all."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields, replace
from pathlib import Path
from typing import TYPE_CHECKING

import pandas as pd

from hscb_bayes.analysis.spec import Analysis
from hscb_bayes.csv_file import read_csv, write_csv
from hscb_bayes.errors import InputError
from hscb_bayes.evidence.audit import Finding, audit
from hscb_bayes.posterior.gate import Verdict
from hscb_bayes.posterior.posterior import Posterior
from hscb_bayes.posterior.stored import load_posterior, save
from hscb_bayes.report.folder import failures_in_sentences, partial
from hscb_bayes.report.manifest import MANIFEST, PAGE, check_manifest
from hscb_bayes.report.patient_tables import patient_predictions
from hscb_bayes.report.pooled_tables import pooled_predictions
from hscb_bayes.report.tables import audit_table, prediction_table
from hscb_bayes.sentences import quote

if TYPE_CHECKING:
    from _typeshed import DataclassInstance

POSTERIOR, AUDIT = "posterior.nc", "audit.csv"
NEXT_DRAWS, NEXT_BELIEFS = "next_study.csv", "next_study.toml"
NEXT_MIXTURES = {name: f"next_study_{name}.json" for name in ("response_by_28", "os_1y")}
TEXTS = ("whom", "printed", "group", "centre", "term")  # columns of text, whatever they look like
SHOWN = ("id", "printed", "median", "lower90", "upper90", "tail_probability", "used")


@dataclass(frozen=True, kw_only=True, eq=False)
class Tables:
    """A CSV file each: ``check``, ``sensitivity`` and the tables of ``report.tables``."""

    check: pd.DataFrame
    summary: pd.DataFrame
    alternatives: pd.DataFrame
    predictions: pd.DataFrame
    curves: pd.DataFrame
    by_response: pd.DataFrame
    death_days: pd.DataFrame
    p_values: pd.DataFrame
    probabilities: pd.DataFrame


@dataclass(frozen=True, kw_only=True, eq=False)
class Results:
    """All that a page is made of.

    Parameters
    ----------
    settings, versions
        Of the sampler and the packages, from the posterior.
    """

    analysis: Analysis
    findings: tuple[Finding, ...]
    verdict: Verdict
    settings: Mapping[str, object]
    versions: Mapping[str, str]
    tables: Tables


def results_of(posterior: Posterior, tables: Tables) -> Results:
    """Put a judged posterior and its tables together."""
    if posterior.verdict is None:
        raise ValueError(f"{posterior.analysis.path}: required a judged posterior")
    return Results(
        analysis=posterior.analysis,
        findings=audit(posterior.analysis.study),
        verdict=posterior.verdict,
        settings=posterior.settings,
        versions=posterior.versions,
        tables=tables,
    )


def accepted(posterior: Posterior, verdict: Verdict, *, address: str, allow_unconverged: bool) -> Posterior:
    """The posterior with the verdict, where a report may be made of it.

    Parameters
    ----------
    address
        Path of the analysis, named where it is refused.
    allow_unconverged
        Whether a posterior that has not converged is taken too; its report says so.

    Raises
    ------
    InputError
        When the posterior has not converged and that is not allowed.
    """
    if not verdict.is_converged and not allow_unconverged:
        raise InputError(f"{address}: the posterior has not converged: {'; '.join(verdict.failures)}")
    return replace(posterior, verdict=verdict, converged=verdict.is_converged)


def refuse_strangers(out: Path, tables: type[DataclassInstance], *others: str) -> None:
    """Refuse a place that holds something else than what such a run writes, which would be lost.

    Parameters
    ----------
    out
        Where results are to be.
    tables
        Class whose fields are tables of the run, a CSV file each.
    others
        Names of files that it writes besides.

    Raises
    ------
    InputError
        When ``out`` exists and is not a directory that such a run made.
    """
    if out in (Path.cwd(), *Path.cwd().parents):
        raise InputError(f"{out}: required a directory below or beside the current one, which cannot be replaced")
    with failures_in_sentences(out):
        if not out.exists():
            return
        if not out.is_dir():
            raise InputError(f"{out}: required a new directory or one that hscb run made, found a file")
        found = {entry.name for entry in out.iterdir()}
    files = {POSTERIOR, PAGE, MANIFEST, *(f"{table.name}.csv" for table in fields(tables)), *others}
    strangers = sorted(found - files - {partial(Path(name)).name for name in files})
    if strangers:
        raise InputError(
            f"{out}: required a new directory or one that hscb run made; it holds something else, {quote(strangers[0])}"
        )


def write_tables(results: Results, posterior: Posterior, folder: Path) -> None:
    """Write the posterior and every table into a folder."""
    save(posterior, folder / POSTERIOR)
    write_csv(audit_table(results.findings), folder / AUDIT)
    write_csv_files(results.tables, folder)


def write_csv_files(tables: DataclassInstance, folder: Path) -> None:
    """A CSV file for each table of a dataclass of tables."""
    for field in fields(tables):
        write_csv(getattr(tables, field.name), folder / f"{field.name}.csv")


def read_csv_files(kind: type[DataclassInstance], folder: Path) -> dict[str, pd.DataFrame]:
    """The tables of a dataclass by name, as ``write_csv_files`` wrote them; raises what ``read_table`` raises."""
    return {field.name: read_table(folder / f"{field.name}.csv") for field in fields(kind)}


def read_posterior(folder: Path) -> Posterior:
    """The judged posterior of a results directory that is whole.

    Raises
    ------
    InputError
        As ``check_manifest`` and ``load_posterior`` do, and when nothing has judged the posterior.
    """
    check_manifest(folder)
    posterior = load_posterior(folder / POSTERIOR)
    if posterior.verdict is None:
        raise InputError(f"{folder / POSTERIOR}: required a posterior that hscb run wrote; it holds no verdict")
    return posterior


def read_results(folder: Path) -> Results:
    """Read what ``hscb run`` wrote.

    Raises
    ------
    InputError
        As ``read_posterior`` does.
    """
    posterior = read_posterior(folder)
    return results_of(posterior, Tables(**read_csv_files(Tables, folder)))


def read_table(path: Path) -> pd.DataFrame:
    """A table of a results directory.

    Raises
    ------
    InputError
        When there is none.
    """
    if not path.is_file():
        raise InputError(f"{path}: there is no such file; make it with hscb run")
    table = read_csv(path, dtype=dict.fromkeys(TEXTS, str), keep_default_na=False, na_values=["", "nan"])
    return table.fillna({"unit": ""})  # a shape or a ratio has no unit


def check_as_text(folder: Path) -> str:
    """The check table of a results directory.

    Raises
    ------
    InputError
        As ``check_manifest`` does.
    """
    check_manifest(folder)
    table = read_table(folder / "check.csv")
    table = table[[*(["study"] if "study" in table else []), *SHOWN]]
    return table.to_string(index=False, float_format=lambda value: f"{value:.3g}")


def predictions_as_text(folder: Path, *, duration: Sequence[float] | None, days: Sequence[float], seed: int) -> str:
    """Predictions from the posterior of a results directory.

    Parameters
    ----------
    duration
        Durations of neutropenia in days; those that the analysis reports if left out. Of a pool, all patients of each
        study, of the average and of the next one; with durations, those of them for which these have a part.
    seed
        Of the next study.
    """
    posterior = read_posterior(folder)
    if not posterior.analysis.members:
        if duration is not None:
            raise InputError(f"{folder}: durations have no part in an analysis of patients, found {list(duration)}")
        table = patient_predictions(posterior, days=days)
    elif len(posterior.analysis.members) > 1:
        table = pooled_predictions(posterior, duration=duration or (), days=days, seed=seed)
    else:
        asked = posterior.analysis.durations if duration is None else duration
        table = prediction_table(posterior, duration=asked, days=days)
    return table.to_string(index=False, float_format=lambda value: f"{value:.3g}", na_rep="")
