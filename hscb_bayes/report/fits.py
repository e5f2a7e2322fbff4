"""What a run has made before its tables: the posterior that is reported, and the fits beside it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import pandas as pd
import xarray as xr

from hscb_bayes.posterior.posterior import Posterior

AVERAGE, NEXT = "average", "next"


def each_of(pooled: Posterior, *, seed: int) -> dict[str, Posterior]:
    """Posteriors of every study of a pool, of the average one and of the next one, by id.

    Parameters
    ----------
    seed
        Of how the next study differs from the average one.
    """
    studies = {study: pooled.of(study=study) for study in pooled.analysis.studies}
    return studies | {AVERAGE: pooled.average, NEXT: pooled.next(seed=seed)}


@dataclass(frozen=True, kw_only=True, eq=False)
class Fits:
    """What tables are made of.

    Parameters
    ----------
    main
        The posterior that is reported.
    reported
        What each section reports of it, by the section's name: dimensions ``chain`` and ``draw``, and others.
    seed
        Of the run.
    without
        Posteriors that were made without a fitted number of a paper, or without a study of a pool, by id.
    alone
        Posteriors of each study of a pool from its own print, by id.
    centres
        How each centre was foretold from the others, and its numbers, as ``leave_centres_out`` has them.
    alternatives
        Posteriors of the analyses that the report compares, by name.
    headlines
        Of alternatives of one printed study, what the section of its answers reports, by name.
    """

    main: Posterior
    reported: Mapping[str, xr.Dataset]
    seed: int
    without: Mapping[str, Posterior] = field(default_factory=dict)
    alone: Mapping[str, Posterior] = field(default_factory=dict)
    centres: tuple[pd.DataFrame, pd.DataFrame] | None = None
    alternatives: Mapping[str, Posterior] = field(default_factory=dict)
    headlines: Mapping[str, xr.Dataset] = field(default_factory=dict)

    @property
    def analysis(self) -> Any:
        """The analysis that is reported."""
        return self.main.analysis

    def other(self, study: str) -> Posterior:
        """The posterior of one of the pooled studies, as the others predict it."""
        return self.without[study].of(study=study)

    @property
    def compared(self) -> dict[str, Posterior]:
        """The reported analysis and its alternatives, by name."""
        return {self.analysis.name: self.main, **self.alternatives}
