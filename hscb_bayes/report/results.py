"""What a run leaves: the posterior, its tables, and the page, in a directory that is there whole or not at all."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import pandas as pd

from hscb_bayes.csv_file import read_csv, write_csv
from hscb_bayes.errors import InputError
from hscb_bayes.evidence.audit import Finding, audit
from hscb_bayes.posterior.gate import Verdict
from hscb_bayes.posterior.posterior import Posterior
from hscb_bayes.posterior.stored import load_posterior, save
from hscb_bayes.report.folder import failures_in_sentences, partial
from hscb_bayes.report.manifest import MANIFEST, PAGE, check_manifest, files_of
from hscb_bayes.sentences import quote

POSTERIOR = "posterior.nc"
QUICK = "quick"  # setting of a posterior beside which nothing was fitted
TEXTS = ("whom", "printed", "group", "centre", "term")  # columns of text, whatever they look like


@dataclass(frozen=True, kw_only=True, eq=False)
class Results:
    """All that a page is made of, and what a directory of results holds.

    Parameters
    ----------
    findings
        Of the audit, by study id.
    verdict
        Of the gate, on the posterior and all that is reported of it.
    tables
        By name, a CSV file each.
    texts
        Other files that are written beside them, by name.
    """

    posterior: Posterior
    findings: Mapping[str, tuple[Finding, ...]]
    verdict: Verdict
    tables: Mapping[str, pd.DataFrame]
    texts: Mapping[str, str] = field(default_factory=dict)

    @property
    def analysis(self) -> Any:
        """The analysis that is reported."""
        return self.posterior.analysis

    @property
    def is_prior(self) -> bool:
        """Whether nothing was fitted at all."""
        return self.posterior.is_prior

    @property
    def is_quick(self) -> bool:
        """Whether nothing was fitted beside the posterior."""
        return bool(self.posterior.settings.get(QUICK))


def results_of(
    posterior: Posterior, tables: Mapping[str, pd.DataFrame], texts: Mapping[str, str] | None = None
) -> Results:
    """Put a judged posterior, its tables and other files together."""
    if posterior.verdict is None:
        raise ValueError(f"{posterior.analysis.path}: required a judged posterior")
    return Results(
        posterior=posterior,
        findings={member.study.id: audit(member.study) for member in posterior.analysis.prints},
        verdict=posterior.verdict,
        tables=tables,
        texts=texts or {},
    )


def accepted(posterior: Posterior, verdict: Verdict, tried: str, *, address: str, allow_unconverged: bool) -> Posterior:
    """The posterior with the verdict, where a report may be made of it.

    Parameters
    ----------
    tried
        What was tried, and what could be.
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
        raise InputError(f"{address}: the posterior has not converged: {'; '.join(verdict.failures)}; {tried}")
    return replace(posterior, verdict=verdict, converged=verdict.is_converged)


def refuse_strangers(out: Path, names: Collection[str]) -> None:
    """Refuse a place that holds something else than what such a run writes, which would be lost.

    Parameters
    ----------
    out
        Where results are to be.
    names
        Of the files that the run writes beside posterior, page and list.

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
    files = {POSTERIOR, PAGE, MANIFEST, *names}
    strangers = sorted(found - files - {partial(Path(name)).name for name in files})
    if strangers:
        raise InputError(
            f"{out}: required a new directory or one that hscb run made; it holds something else, {quote(strangers[0])}"
        )


def write_results(results: Results, folder: Path) -> None:
    """Write the posterior, every table and every other file into a folder; the page and the list are not among them."""
    save(results.posterior, folder / POSTERIOR)
    for name, table in results.tables.items():
        write_csv(table, folder / f"{name}.csv")
    for name, text in results.texts.items():
        (folder / name).write_text(text, encoding="utf-8")


def read_results(folder: Path) -> Results:
    """Read what ``hscb run`` wrote: the posterior and every table.

    Raises
    ------
    InputError
        As ``read_posterior`` does.
    """
    posterior = read_posterior(folder)
    names = [Path(name) for name in files_of(folder)]
    return results_of(posterior, {name.stem: read_table(folder / name) for name in names if name.suffix == ".csv"})


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
