"""How well each centre is foretold from the others: a fit without its patients, who are then those of a new centre."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import partial

import numpy as np
import pandas as pd
from scipy.special import logsumexp

from hscb_bayes.analysis.patient_analysis import PatientAnalysis
from hscb_bayes.checking.leave_out import each_centre, folds_of, leave_out, short_fit
from hscb_bayes.checking.replicate_patients import compared_with, replicated_tables
from hscb_bayes.model.compiled import Compiled
from hscb_bayes.model.patient_likelihood import ByPatient
from hscb_bayes.model.simulated import can_be_replicated
from hscb_bayes.posterior.posterior import Posterior
from hscb_bayes.posterior.sample import derived_seed

PURPOSE = "left out centre"  # of the seeds of fits
CENTRES = ("centre", "patients", "log_predictive_density", "converged")
NUMBERS = ("centre", "statistic", "day", "value", "median", "lower90", "upper90", "tail_probability")


def leave_centres_out(
    compiled: Compiled, *, seed: int, target_accept: float, step: Callable[[int, int], None] | None = None
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Fit the table without each centre, or each of ten sets of centres, and foretell who was left out.

    Parameters
    ----------
    compiled
        What ``compile_model`` returned for an analysis of patients with centres.
    seed
        Each fit has one of its own, derived from it.
    step
        Told before each fit which one it is, from 1, and how many there are.

    Returns
    -------
    A row for each centre: the sum over its patients of their ``log_predictive_density``, each in a new centre that is
    drawn; and whether the fit ``converged``. The sum over centres compares analyses of one table by how they foretell
    patients of a new centre. And a row for each centre, statistic and day: its Kaplan-Meier survival and its
    Aalen-Johansen incidence of response beside those of replicated tables of its patients; no rows where tables cannot
    be replicated.
    """
    analysis, centres, numbers = compiled.analysis, list[tuple[object, ...]](), list[tuple[object, ...]]()
    sets = folds_of(analysis)
    fits = leave_out(
        compiled,
        each_centre(analysis),
        purpose=PURPOSE,
        seed=seed,
        fit=partial(short_fit, target_accept=target_accept),
        step=step,
    )
    for position, (names, posterior) in enumerate(zip(sets, fits.values(), strict=True)):
        own = derived_seed(seed, PURPOSE, position)
        for name in names:
            members = analysis.groups[f"centre[{name}]"]
            left = replace(analysis, patients=analysis.patients.of(members))
            density = float(log_densities_in_new(posterior, left, seed=own).sum())
            centres.append((name, int(members.sum()), density, bool(posterior.converged)))
            numbers += [(name, *row) for row in _numbers(posterior, analysis, members, seed=own)]
    return pd.DataFrame(centres, columns=list(CENTRES)), pd.DataFrame(numbers, columns=list(NUMBERS))


def log_densities_in_new(posterior: Posterior, left: PatientAnalysis, *, seed: int) -> np.ndarray:
    """Log predictive density of each patient in a new centre, one for each draw of the posterior; shape (patient,).

    Parameters
    ----------
    left
        The analysis with the patients of one centre alone.
    """
    each, following = ByPatient(analysis=left), posterior.next(seed=seed)
    ratios, effects = following.log_hazard_ratios, following.centre_effects
    logs = np.array(
        [
            each.at(dict(zip(left.parameter_ids, point, strict=True)), ratios[k], effects[k])
            for k, point in enumerate(posterior.parameters)
        ]
    )
    return np.asarray(logsumexp(logs, axis=0) - np.log(len(logs)))


def _numbers(
    posterior: Posterior, analysis: PatientAnalysis, members: np.ndarray, *, seed: int
) -> Sequence[tuple[object, ...]]:
    if not can_be_replicated(analysis.patients):
        return []
    replicated = replicated_tables(posterior.next(seed=seed), seed=seed)
    return compared_with(analysis.patients, replicated, members, analysis.table.report.days)
