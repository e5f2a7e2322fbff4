"""The three forms of an analysis file, and the one reader that tells them apart."""

from __future__ import annotations

from pathlib import Path

from hscb_bayes.analysis.patient_spec import PatientAnalysis, is_of_patients, load_patients
from hscb_bayes.analysis.pool import Pool, is_pool, load_pool
from hscb_bayes.analysis.spec import Analysis, load_analysis


def load(path: str | Path) -> Analysis | Pool | PatientAnalysis:
    """Read an analysis file of a paper, of a pool or of a table of patients; a bare name means a shipped analysis.

    Raises
    ------
    InputError
        As ``load_analysis``, ``load_pool`` and ``load_patients`` do.

    Examples
    --------
    >>> analysis = load("main")  # doctest: +SKIP
    """
    if is_pool(path):
        return load_pool(path)
    return load_patients(path) if is_of_patients(path) else load_analysis(path)
