"""What a section of the page is: when it applies, what it reports, computes and says."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from operator import attrgetter
from typing import Any

import pandas as pd
import xarray as xr

from hscb_bayes.posterior.posterior import Posterior
from hscb_bayes.report.fits import Fits
from hscb_bayes.report.results import Results

Applies = Callable[[Any], bool]  # of an analysis
has_print: Applies = attrgetter("has_print")
has_one_print: Applies = attrgetter("has_one_print")
has_hierarchy: Applies = attrgetter("has_hierarchy")
has_one_study: Applies = attrgetter("has_one_study")
has_arms: Applies = attrgetter("has_arms")
has_patients: Applies = attrgetter("has_patients")
has_table_alone: Applies = attrgetter("has_table_alone")


def has_terms(analysis: Any) -> bool:
    """Whether it is of patients one by one alone, or has hazard ratios of their covariates."""
    return bool(analysis.has_table_alone or analysis.terms)


def has_centres(analysis: Any) -> bool:
    """Whether it is of patients one by one alone, or has centres."""
    return bool(analysis.has_table_alone or analysis.centres)


@dataclass(frozen=True, kw_only=True)
class Section:
    """A part of the page with tables of its own.

    Parameters
    ----------
    name
        Of the section in the page, and of its template.
    link
        Words of the link to it; empty where there is none.
    applies
        Whether an analysis has what the section is about.
    context
        From results to what its template is given beside them; None where there is nothing to show.
    tables
        From the fits of a run to each table, by the name of its CSV file.
    texts
        From the fits to what else is written, by the file's name.
    reported
        From the main posterior and the run's seed to what is reported of it, with dimensions ``chain`` and ``draw``.
    judged
        What of it the gate judges: what does not follow from the rest.
    sentences
        From results to the sentences that the section has in the answer.
    """

    name: str
    link: str = ""
    applies: Applies = lambda _: True
    context: Callable[[Results], Mapping[str, object] | None] = lambda _: {}
    tables: Mapping[str, Callable[[Fits], pd.DataFrame]] = field(default_factory=dict)
    texts: Mapping[str, Callable[[Fits], str]] = field(default_factory=dict)
    reported: Callable[[Posterior, int], xr.Dataset] | None = None
    judged: Callable[[xr.Dataset], xr.Dataset] = lambda reported: reported
    sentences: Callable[[Results], Iterable[str]] = lambda _: ()

    @property
    def files(self) -> tuple[str, ...]:
        """Names of the files that it writes."""
        return (*(f"{name}.csv" for name in self.tables), *self.texts)
