"""What a section of the page is: when it applies, what it reports, computes and says."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import pandas as pd
import xarray as xr

from hscb_bayes.report.fits import Fits, Fitted
from hscb_bayes.report.results import Results


@dataclass(frozen=True, kw_only=True)
class Section:
    """A part of the page with tables of its own; its template has its name.

    Parameters
    ----------
    name
        Of the section in the page, and of its template.
    link
        Words of the link to it; empty where there is none.
    applies
        Whether an analysis has what the section is about.
    context
        From results to what the template is given; None where there is nothing to show.
    files
        Names of the files that it writes.
    tables
        From the fits of a run to the tables by name, a CSV file each.
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
    applies: Callable[[Any], bool]
    context: Callable[[Results], Mapping[str, object] | None]
    files: tuple[str, ...] = ()
    tables: Callable[[Fits], dict[str, pd.DataFrame]] = lambda _: {}
    texts: Callable[[Fits], dict[str, str]] = lambda _: {}
    reported: Callable[[Fitted, int], xr.Dataset] | None = None
    judged: Callable[[xr.Dataset], xr.Dataset] = lambda reported: reported
    sentences: Callable[[Results], Sequence[str]] = lambda _: ()


def is_any(_: Any) -> bool:
    """Every analysis."""
    return True


def has_print(analysis: Any) -> bool:
    """An analysis of printed studies."""
    return bool(analysis.has_print)


def has_one_print(analysis: Any) -> bool:
    """An analysis of one printed study on its own."""
    return bool(analysis.has_one_print)


def has_hierarchy(analysis: Any) -> bool:
    """An analysis of several studies around an average one."""
    return bool(analysis.has_hierarchy)


def has_no_print(analysis: Any) -> bool:
    """An analysis of patients one by one alone."""
    return not analysis.has_print
