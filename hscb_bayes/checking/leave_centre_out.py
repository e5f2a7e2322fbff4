"""How well each centre is foretold from the others: a fit without its patients, who are then those of a new centre."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace

import numpy as np
import pandas as pd
from scipy.special import logsumexp

from hscb_bayes.analysis.patient_spec import PatientAnalysis
from hscb_bayes.checking.leave_one_out import fitted
from hscb_bayes.checking.replicate_patients import compared_with, replicated_tables
from hscb_bayes.model.compiled import Compiled, with_data
from hscb_bayes.model.held_out import HeldOut
from hscb_bayes.model.patient_likelihood import ByPatient
from hscb_bayes.model.simulated import can_be_replicated
from hscb_bayes.posterior.posterior import Posterior
from hscb_bayes.posterior.sample import derived_seed

MOST_FITS = 10  # of more centres than that, several are left out together
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
    for position, names in enumerate(sets):
        if step is not None:
            step(position + 1, len(sets))
        own = derived_seed(seed, "left out centre", position)
        without = np.isin(analysis.own_centre, [analysis.centres.index(name) for name in names])
        program = with_data(compiled, analysis, without=HeldOut(patients=without))
        posterior = fitted(program, seed=own, target_accept=target_accept)
        converged = bool(posterior.converged)
        for name in names:
            members = analysis.groups[f"centre[{name}]"]
            left = replace(analysis, patients=analysis.patients.of(members))
            centres.append(
                (name, int(members.sum()), float(log_densities_in_new(posterior, left, seed=own).sum()), converged)
            )
            numbers += [(name, *row) for row in _numbers(posterior, analysis, members, seed=own)]
    return pd.DataFrame(centres, columns=list(CENTRES)), pd.DataFrame(numbers, columns=list(NUMBERS))


def folds_of(analysis: PatientAnalysis) -> list[list[str]]:
    """Sets of centres that are left out together, of about as many patients each."""
    size = {name: int(analysis.groups[f"centre[{name}]"].sum()) for name in analysis.centres}
    if len(size) <= MOST_FITS:
        return [[name] for name in analysis.centres]
    sets: list[list[str]] = [[] for _ in range(MOST_FITS)]
    for name in sorted(size, key=lambda name: -size[name]):
        min(sets, key=lambda names: sum(size[one] for one in names)).append(name)
    return sets


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
