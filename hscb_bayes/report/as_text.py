"""Results of a run as plain text, for the command line."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

import pandas as pd

from hscb_bayes import csv_file
from hscb_bayes.errors import InputError
from hscb_bayes.posterior.compare import compare
from hscb_bayes.posterior.posterior import Posterior
from hscb_bayes.posterior.predict import state_occupancy, summarise
from hscb_bayes.report.fits import each_of
from hscb_bayes.report.folder import failures_in_sentences, partial
from hscb_bayes.report.manifest import check_manifest
from hscb_bayes.report.predictions import prediction_table
from hscb_bayes.report.results import read_posterior, read_table

CHECKED = ("study", "id", "printed", "median", "lower90", "upper90", "tail_probability", "used")


def check_as_text(folder: Path) -> str:
    """The check table of a results directory.

    Raises
    ------
    InputError
        As ``check_manifest`` does.
    """
    check_manifest(folder)
    table = read_table(folder / "check.csv")
    table = table[[name for name in CHECKED if name in table]]
    return table.to_string(index=False, float_format=lambda value: f"{value:.3g}")


def comparison_as_text(folders: Sequence[Path], *, out: Path | None = None) -> str:
    """The answers of several results directories beside each other, and what was assumed and fitted differently.

    Parameters
    ----------
    out
        A CSV file for the answers; none if left out.

    Raises
    ------
    InputError
        As ``read_posterior`` and ``compare`` do, and when ``out`` cannot be written.
    """
    by_name = {folder.name: folder for folder in folders}
    named = by_name if len(by_name) == len(folders) else {str(folder): folder for folder in folders}
    found = compare({name: read_posterior(folder) for name, folder in named.items()})
    if out is not None:
        with failures_in_sentences(out):
            csv_file.write_csv(found.answers, partial(out))
            partial(out).replace(out)
    parts = [
        found.answers.to_string(index=False, float_format=lambda value: f"{value:.3g}", na_rep=""),
        _titled("assumed differently", found.assumed),
        _titled("fitted", found.fitted.replace({True: "yes", False: ""})),
        *(f"{caution}." for caution in found.cautions),
    ]
    return "\n\n".join(part for part in parts if part)


def _titled(title: str, table: pd.DataFrame) -> str:
    return f"{title}:\n{table.to_string(index=False)}" if len(table) else ""


def predictions_as_text(folder: Path, *, duration: Sequence[float] | None, days: Sequence[float], seed: int) -> str:
    """Predictions from the posterior of a results directory.

    Parameters
    ----------
    duration
        Durations of the condition in days; those that the analysis reports if left out. Of a pool, all patients of each
        study, of the average and of the next one, and with arms of each arm; with durations, those of them for which
        these have a part.
    seed
        Of the next study.
    """
    posterior = read_posterior(folder)
    analysis = posterior.analysis
    if analysis.has_hierarchy:
        table = _of_each(each_of(posterior, seed=seed), "study", duration=duration or (), days=days)
    elif analysis.has_arms:
        arms = {arm: posterior.of(study=arm) for arm in analysis.studies}
        table = _of_each(arms, "arm", duration=duration or (), days=days)
    elif analysis.has_print:
        asked = analysis.durations if duration is None else duration
        table = prediction_table(posterior, duration=asked, days=days)
    else:
        if duration is not None:
            raise InputError(f"{folder}: durations have no part in an analysis of patients, found {list(duration)}")
        found = state_occupancy(posterior, days=days, groups=list(analysis.groups))
        table = summarise(found).drop(columns="quantity")
    return table.to_string(index=False, float_format=lambda value: f"{value:.3g}", na_rep="")


def _of_each(
    each: Mapping[str, Posterior], kind: str, *, duration: Sequence[float], days: Sequence[float]
) -> pd.DataFrame:
    """Of several posteriors by id; with durations, of those in whose analysis they have a part.

    They stand in a column named ``kind``.
    """
    asked = {id: one for id, one in each.items() if one.analysis.by_duration} if len(duration) else each
    tables = [prediction_table(one, duration=duration, days=days).assign(**{kind: id}) for id, one in asked.items()]
    if not tables:
        (first, *_) = each.values()
        return prediction_table(first, duration=duration, days=days)
    table = pd.concat(tables, ignore_index=True)
    return table[[kind, *(name for name in table.columns if name != kind)]]
