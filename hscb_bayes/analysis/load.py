"""The three forms of an analysis file, and the one reader that tells them apart."""

from __future__ import annotations

from pathlib import Path

from hscb_bayes.analysis.analysis import Analysis
from hscb_bayes.analysis.layers import file_inside, find_analysis, names_in
from hscb_bayes.analysis.read_paper import load_paper
from hscb_bayes.analysis.read_pool import is_pool, load_pool
from hscb_bayes.analysis.read_table import is_of_patients, load_patients
from hscb_bayes.errors import InputError, Refusals
from hscb_bayes.sentences import nearest, quote


def load(path: str | Path) -> Analysis:
    """Read an analysis file of a paper, of a pool or of a table of patients; a bare name means a shipped analysis.

    Raises
    ------
    InputError
        As ``load_paper``, ``load_pool`` and ``load_patients`` do.

    Examples
    --------
    >>> analysis = load("main")  # doctest: +SKIP
    """
    if is_pool(path):
        return load_pool(path)
    return load_patients(path) if is_of_patients(path) else load_paper(path)


def load_alternatives(analysis: Analysis) -> dict[str, Analysis]:
    """The analyses that the report of an analysis compares it with, by name.

    Raises
    ------
    InputError
        As ``load`` does; of a pool, when one of them is not a pool, or has another first study.
    """
    file = find_analysis(analysis.path)
    beside = {name: file_inside(file, f"{name}.toml", "report.alternatives") for name in analysis.alternatives}
    if analysis.has_hierarchy:
        _require_pools(analysis, beside)
    found, refusals = dict[str, Analysis](), Refusals()
    for name, path in beside.items():
        with refusals.of_a_part():
            found[name] = other = load(path)
            if analysis.has_hierarchy and other.studies[0] != analysis.studies[0]:
                raise InputError(
                    f"{analysis.path}: report.alternatives: {quote(name)} has another first study, "
                    f"{other.studies[0]!r}; required {analysis.studies[0]!r}"
                )
    refusals.say()
    return found


def _require_pools(pool: Analysis, beside: dict[str, Path]) -> None:
    refusals = Refusals()
    for name, path in beside.items():
        if not path.is_file() or not is_pool(path):
            folder = path.parent
            known = [other for other in names_in(folder) if is_pool(folder / f"{other}.toml")]
            refusals.add(
                f"{pool.path}: report.alternatives: there is no pool {quote(name)} in {folder}; {nearest(name, known)}"
            )
    refusals.say()
