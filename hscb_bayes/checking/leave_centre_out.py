"""How well each centre is foretold from the others: a fit without its patients, who are then those of a new centre."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import Executor

import numpy as np
import pandas as pd
from scipy.special import logsumexp

from hscb_bayes.analysis.level import CENTRE
from hscb_bayes.analysis.member import Member
from hscb_bayes.checking.leave_out import each_centre, folds_of, leave_out, short_attempts
from hscb_bayes.checking.replicate_patients import compared_with, replicated_tables
from hscb_bayes.model.compiled import Compiled
from hscb_bayes.model.known_rows import tables_of
from hscb_bayes.model.patient_likelihood import ByPatient
from hscb_bayes.model.simulated import can_be_replicated
from hscb_bayes.posterior.posterior import Posterior
from hscb_bayes.posterior.sample import derived_seed

PURPOSE = "left out centre"  # of the seeds of fits
CENTRES = ("centre", "patients", "log_predictive_density", "converged")
NUMBERS = ("centre", "statistic", "day", "value", "median", "lower90", "upper90", "tail_probability")


def leave_centres_out(
    compiled: Compiled,
    *,
    executor: Executor | None = None,
    seed: int,
    target_accept: float,
    step: Callable[[int, int], None] | None = None,
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Fit the table without each centre, or each of ten sets of centres, and foretell who was left out.

    Parameters
    ----------
    compiled
        What ``compile_model`` returned for an analysis of patients with centres.
    executor
        As ``leave_out`` takes it.
    seed
        Each fit has one of its own, derived from it.
    step
        Told before each fit, or before it is waited for, which one it is, from 1, and how many there are.

    Returns
    -------
    A row for each centre: the sum over its patients of their ``log_predictive_density``, each in a new centre that is
    drawn, and that is on its own as often as the weight of the centre has it; and whether the fit ``converged``. The
    sum over centres compares analyses of one table by how they foretell patients of a new centre. And a row for each
    centre, statistic and day: its Kaplan-Meier survival and its Aalen-Johansen incidence of response beside those of
    replicated tables of its patients; no rows where tables cannot be replicated.
    """
    analysis, centres, numbers = compiled.analysis, list[tuple[object, ...]](), list[tuple[object, ...]]()
    sets = folds_of(analysis)
    fits = leave_out(
        compiled,
        each_centre(analysis),
        purpose=PURPOSE,
        attempts=short_attempts(target_accept),
        executor=executor,
        seed=seed,
        step=step,
    )
    for position, (names, posterior) in enumerate(zip(sets, fits.values(), strict=True)):
        own = derived_seed(seed, PURPOSE, position)
        for name in names:
            members = analysis.groups[f"centre[{name}]"]
            left = analysis.with_patients(analysis.patients.of(members))
            following = posterior.next(seed=own, exchangeable=analysis.levels[CENTRE].weight_of(name))
            density = float(log_densities_in_new(following, left).sum())
            centres.append((name, int(members.sum()), density, bool(posterior.converged)))
            numbers += [(name, *row) for row in _numbers(following, analysis, members, seed=own)]
    return pd.DataFrame(centres, columns=list(CENTRES)), pd.DataFrame(numbers, columns=list(NUMBERS))


def log_densities_in_new(following: Posterior, left: Member) -> np.ndarray:
    """Log predictive density of each patient in a new centre, one for each draw of the posterior; shape (patient,).

    Parameters
    ----------
    following
        The posterior of a new centre.
    left
        The analysis with the patients of one centre alone.
    """
    each = ByPatient(table=tables_of(left)[left.study.id])
    ratios, effects = following.log_hazard_ratios, following.centre_effects
    logs = np.array(
        [
            each.at(dict(zip(left.parameter_ids, point, strict=True)), ratios[k], effects[k])
            for k, point in enumerate(following.parameters)
        ]
    )
    return np.asarray(logsumexp(logs, axis=0) - np.log(len(logs)))


def _numbers(following: Posterior, analysis: Member, members: np.ndarray, *, seed: int) -> Sequence[tuple[object, ...]]:
    if not can_be_replicated(analysis.patients):
        return []
    replicated = replicated_tables(following, seed=seed)
    return compared_with(analysis.patients, replicated, members, analysis.table.report.days)
