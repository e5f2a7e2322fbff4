"""Results from draws that are there, as a run computes them: every section's tables, and nothing is sampled."""

from __future__ import annotations

from typing import Any

import pandas as pd

from hscb_bayes.posterior.posterior import Posterior
from hscb_bayes.report.fits import Fits
from hscb_bayes.report.reported import reported_by_section
from hscb_bayes.report.results import Results, results_of
from hscb_bayes.report.sections import sections_of

SEED = 1


def fits_of(posterior: Posterior, **others: Any) -> Fits:
    """What tables are made of, with other fits as ``Fits`` takes them."""
    return Fits(main=posterior, reported=reported_by_section(posterior, seed=SEED), seed=SEED, **others)


def results_from(fits: Fits, **tables: pd.DataFrame) -> Results:
    """Results of a judged posterior.

    Parameters
    ----------
    tables
        By name, instead of those that would be computed.
    """
    sections = sections_of(fits.analysis)
    made = {name: table for section in sections for name, table in section.tables.items() if name not in tables}
    return results_of(fits.main, {name: table(fits) for name, table in made.items()} | tables)
