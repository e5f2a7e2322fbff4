"""What is reported of a posterior, evaluated once with its draws: the gate judges it, the tables tell it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import xarray as xr

from hscb_bayes.posterior.gate import Verdict, verdict
from hscb_bayes.posterior.posterior import Posterior
from hscb_bayes.report.sections import sections_of


@dataclass(frozen=True, kw_only=True, eq=False)
class Reported:
    """What each section reports, by its name, and the verdict on the posterior and on all of it."""

    by_section: Mapping[str, xr.Dataset]
    verdict: Verdict


def reported_of(posterior: Posterior, *, seed: int) -> Reported:
    """Evaluate all that a report says of a posterior, and judge it: every scalar, and every number that is reported.

    Parameters
    ----------
    seed
        Of the run.
    """
    found = reported_by_section(posterior, seed=seed)
    return Reported(by_section=found, verdict=verdict_on(posterior, found))


def reported_by_section(posterior: Posterior, *, seed: int) -> dict[str, xr.Dataset]:
    """What each section reports of a posterior, by its name."""
    sections = sections_of(posterior.analysis)
    return {section.name: section.reported(posterior, seed) for section in sections if section.reported is not None}


def verdict_on(posterior: Posterior, by_section: Mapping[str, xr.Dataset]) -> Verdict:
    """The verdict on every scalar of a posterior, and on what sections report of it."""
    sections = {section.name: section for section in sections_of(posterior.analysis)}
    judged = [sections[name].judged(reported) for name, reported in by_section.items()]
    return verdict(posterior, xr.merge(judged))
