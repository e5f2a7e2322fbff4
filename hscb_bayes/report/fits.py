"""What a run has made before its tables: the posterior that is reported, and the fits beside it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import pandas as pd
import xarray as xr

from hscb_bayes.posterior.members import average_posterior, next_posterior, study_posterior

AVERAGE, NEXT = "average", "next"


@dataclass(frozen=True, kw_only=True, eq=False)
class Fitted:
    """An analysis and its posterior.

    Parameters
    ----------
    headline
        Of an alternative of one printed study, ``predict.headline`` of the posterior.
    is_converged
        Whether it passed its gate.
    """

    analysis: Any
    posterior: xr.DataTree
    headline: xr.Dataset | None = None
    is_converged: bool = True

    def of(self, study: str) -> Fitted:
        """Of one of the pooled studies."""
        return Fitted(analysis=self.analysis.member(study), posterior=study_posterior(self.posterior, study))

    @property
    def average(self) -> Fitted:
        """Of the average study of a pool."""
        return Fitted(analysis=self.analysis.members[0], posterior=average_posterior(self.posterior))

    def next(self, seed: int) -> Fitted:
        """Of the next study of a pool; the seed is of how it differs from the average one."""
        return Fitted(analysis=self.analysis.members[0], posterior=next_posterior(self.posterior, seed=seed))

    def each(self, seed: int) -> dict[str, Fitted]:
        """Of every study of a pool, of the average one and of the next one, by id."""
        studies = {study: self.of(study) for study in self.analysis.studies}
        return studies | {AVERAGE: self.average, NEXT: self.next(seed)}


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
        Posteriors that were made without a fitted number of a paper, or without a study of a pool, by id; their
        attribute ``converged`` says whether they passed their gate.
    alone
        Posteriors of each study of a pool from its own print, by id.
    centres
        How each centre was foretold from the others, and its numbers, as ``leave_centres_out`` has them.
    alternatives
        The analyses that the report compares, by name.
    """

    main: Fitted
    reported: Mapping[str, xr.Dataset]
    seed: int
    without: Mapping[str, xr.DataTree] = field(default_factory=dict)
    alone: Mapping[str, xr.DataTree] = field(default_factory=dict)
    centres: tuple[pd.DataFrame, pd.DataFrame] | None = None
    alternatives: Mapping[str, Fitted] = field(default_factory=dict)

    @property
    def analysis(self) -> Any:
        """The analysis that is reported."""
        return self.main.analysis

    def other(self, study: str) -> Fitted:
        """Of one of the pooled studies, as the others predict it."""
        return Fitted(analysis=self.analysis, posterior=self.without[study]).of(study)

    @property
    def compared(self) -> dict[str, Fitted]:
        """The reported analysis and its alternatives, by name."""
        return {self.analysis.name: self.main, **self.alternatives}
