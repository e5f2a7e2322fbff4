"""Patients drawn from the pathway by inverting the cumulative hazards."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from hscb_bayes.process.pathway import Hazard, Pathway

SMALLEST_SHARE = 1e-300  # of patients without response; keeps a quotient finite


@dataclass(frozen=True, kw_only=True)
class Course:
    """What happens to patients, followed for ever: days since time zero, each (..., patient).

    ``response_day`` is inf for a patient who never responds (dead first, or never-responding); ``death_day`` is inf
    where the hazard of death dies out before.
    """

    response_day: np.ndarray
    death_day: np.ndarray


@np.errstate(over="ignore")  # a day beyond all numbers is one that never comes
def simulate_course(
    pathway: Pathway,
    x: np.ndarray,
    *,
    shape: tuple[int, ...],
    rng: np.random.Generator,
    entry_day: np.ndarray | float = 0.0,
) -> Course:
    """Draw one course per patient.

    Parameters
    ----------
    pathway
        Parameters are scalars, or shape (replicate, 1, 1): one cohort per replicate.
    x
        The patients' covariate, shape (patient,) or (replicate, patient).
    shape
        Shape of the result, (patient,) or (replicate, patient).
    entry_day
        Day on which patients are alive and without response, shape (patient,): courses given that.
    """
    log_relative = [pathway.log_relative_hazard(k, x)[..., 0] for k in range(3)]
    log_exponential = np.log(rng.exponential(size=(3, *shape)))
    with np.errstate(divide="ignore"):
        log_entry = np.log(np.asarray(entry_day, dtype=float))[..., None]
    baselines = (pathway.response, pathway.death_without_response)
    passed = [
        np.where(np.isfinite(log_entry), _log_cumulative(hazard, log_entry), -np.inf)[..., 0] for hazard in baselines
    ]
    share = pathway.never_share(x, np)[..., 0]
    left = (1.0 - share) * np.exp(-np.exp(passed[0] + log_relative[0]))
    never = rng.uniform(size=shape) < share / np.maximum(share + left, SMALLEST_SHARE)

    at = [np.logaddexp(passed[k], log_exponential[k] - log_relative[k]) for k in range(2)]
    net_response = np.where(never, np.inf, np.exp(_time_at(pathway.response, at[0])))
    first_death = np.exp(_time_at(pathway.death_without_response, at[1]))
    responds = net_response < first_death

    late = pathway.death_after_response
    log_risk = log_exponential[2] - log_relative[2]
    if pathway.clock == "reset":
        later_death = net_response + np.exp(_time_at(late, log_risk))
    else:
        log_response = np.log(np.where(responds, net_response, 1.0))
        at_response = np.exp(late.log_cumulative_hazard(log_response[..., None], np)[..., 0])
        later_death = np.exp(_time_at(late, np.log(at_response + np.exp(log_risk))))
    return Course(
        response_day=np.where(responds, net_response, np.inf),
        death_day=np.where(responds, later_death, first_death),
    )


def _log_cumulative(hazard: Hazard, log_time: np.ndarray) -> np.ndarray:
    """log H, where there is a time before which it counts."""
    return np.asarray(hazard.log_cumulative_hazard(np.where(np.isfinite(log_time), log_time, 0.0), np))


def _time_at(hazard: Hazard, log_cumulative: np.ndarray) -> np.ndarray:
    """Log day at which each patient's cumulative hazard is reached."""
    return np.asarray(hazard.log_time_at(log_cumulative[..., None], np))[..., 0]
