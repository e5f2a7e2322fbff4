"""New studies from a posterior: the same size, durations, follow-up and rounding, and what they would print.

They come from the simulator of patients alone, never from the likelihood, which is conditional on the counts that were
seen.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from hscb_bayes.analysis.known import EFFECT
from hscb_bayes.errors import InputError
from hscb_bayes.evidence.cohort import Cohort
from hscb_bayes.model.print_arrays import known_positions
from hscb_bayes.model.simulate import printed_between_arms, printed_by, simulate_cohort
from hscb_bayes.posterior.posterior import Posterior

REPLICATES = 4000


@dataclass(frozen=True, kw_only=True, eq=False)
class Replicates:
    """New studies, one a draw.

    Parameters
    ----------
    cohort
        Their patients, shape (replicate, patient).
    numbers
        What they would print, by number id, rounded as the paper rounds, shape (replicate,). NaN where a number is
        undefined (nobody in the group), inf where a time is not reached.
    """

    cohort: Cohort
    numbers: Mapping[str, np.ndarray]


def effects_of_patients(posterior: Posterior) -> np.ndarray | None:
    """What is added to the log hazards of the study's patients: (draw, transition), or (draw, patient, transition).

    None where nothing is added.
    """
    analysis, of_study = posterior.analysis, posterior.effect
    known = analysis.known
    if known is None or not known.said.inside or EFFECT not in posterior.dataset:
        return of_study
    of_known = known_positions(analysis)[:, None] * posterior.flat(EFFECT)[:, None]
    return of_known if of_study is None else of_known + of_study[:, None]


def replicate(posterior: Posterior, *, replicates: int = REPLICATES, seed: int) -> Replicates:
    """Simulate new studies from the draws of a posterior.

    Draws are taken evenly along the chains, and as equally often as the number of replicates allows. Where the analysis
    believes that studies differ, a replicate keeps the effect of the study that was fitted: it repeats this study. So
    it does with patients inside the print who are known one by one.

    Parameters
    ----------
    posterior
        What ``sample`` or ``load_posterior`` returned.
    replicates
        Number of new studies.
    seed
        Of the patients; the same seed gives the same studies.

    Raises
    ------
    InputError
        When no replicate is asked for.

    Examples
    --------
    >>> replicate(load_posterior("results/posterior.nc"), seed=1).numbers["os_1y"].mean()  # doctest: +SKIP
    """
    if replicates < 1:
        raise InputError(f"replicates: required 1 or more, found {replicates}")
    analysis, rng = posterior.analysis, np.random.default_rng(seed)
    if not analysis.has_arms:
        return _of_one(posterior, replicates, rng)
    arms = [_of_one(posterior.of(study=arm), replicates, rng) for arm in analysis.studies]
    cohort = Cohort.joined([arm.cohort for arm in arms])
    numbers = {id: values for arm in arms for id, values in arm.numbers.items()}
    return Replicates(cohort=cohort, numbers=numbers | printed_between_arms(analysis, cohort))


def _of_one(posterior: Posterior, replicates: int, rng: np.random.Generator) -> Replicates:
    """Of one study, or of one arm."""
    analysis, draws, effect = posterior.analysis, posterior.parameters, effects_of_patients(posterior)
    taken = np.arange(replicates) * len(draws) // replicates
    cohort = simulate_cohort(analysis, draws[taken], None if effect is None else effect[taken], rng=rng)
    return Replicates(cohort=cohort, numbers=printed_by(analysis, cohort))
