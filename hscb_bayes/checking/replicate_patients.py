"""Replicated tables of patients: the same patients, courses drawn from the posterior, followed as long as they were.

What a statistician computes from the real table is computed from each replicate as well. A patient who was last seen
alive had a known time of follow-up. The follow-up of those who died before is drawn from the Kaplan-Meier estimate of
the times of follow-up, beyond the day of death.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd

from hscb_bayes.checking.tail import two_sided_tail
from hscb_bayes.estimators.aalen_johansen import incidence_at
from hscb_bayes.estimators.kaplan_meier import survival_at
from hscb_bayes.evidence.patients.patients import Patients
from hscb_bayes.model.simulated import can_be_replicated, follow_up_of_patients
from hscb_bayes.posterior.posterior import Posterior
from hscb_bayes.posterior.profile import own_pathways
from hscb_bayes.process.simulate import simulate_course

REPLICATES = 400
LIMITS = (0.05, 0.5, 0.95)
STATISTICS = ("response", "survival")
DIGITS = 12  # shares of a replicate that are those of the table may differ from them in the last digit


def replicated_tables(posterior: Posterior, *, seed: int, replicates: int = REPLICATES) -> Patients:
    """Tables of the same patients, a draw of the posterior each; times have shape (replicate, patient).

    Each patient is of the own centre, or all of that which the posterior is of.

    Raises
    ------
    ValueError
        When the table has late entries or days of response that are not known.
    """
    analysis, rng = posterior.analysis, np.random.default_rng(seed)
    real = analysis.patients
    if not can_be_replicated(real):
        raise ValueError(f"{analysis.path}: required patients who were followed from day 0, to known days")
    size = len(posterior.parameters)
    chosen = np.unique(np.linspace(0, size - 1, min(replicates, size)).astype(int))
    pathway, x = own_pathways(posterior, chosen)
    shape = (chosen.size, len(real))
    course = simulate_course(pathway, x, shape=shape, rng=rng)
    end = follow_up_of_patients(real, shape, rng)
    response = np.where(course.response_day < np.minimum(course.death_day, end), course.response_day, np.inf)
    last = np.minimum(course.death_day, end)
    return Patients(
        id=real.id, entry_day=np.zeros(shape), unresponded_until=np.minimum(response, last), response_day=response,
        last_day=last, died=course.death_day <= end,
    )  # fmt: skip


def check_of_patients(posterior: Posterior, *, days: Sequence[float], seed: int) -> pd.DataFrame:
    """Aalen-Johansen incidence of response and Kaplan-Meier survival of the table, beside those of replicated tables.

    Returns
    -------
    Columns ``id``, ``statistic``, ``group``, ``day``, ``printed`` (the table's value, as text), ``value``, ``median``,
    ``lower90``, ``upper90``, ``tail_probability`` (two-sided) and ``used``; no rows where tables cannot be replicated.
    """
    analysis = posterior.analysis
    columns = ["id", "statistic", "group", "day", "printed", "value", "median", "lower90", "upper90",
               "tail_probability", "used"]  # fmt: skip
    if not can_be_replicated(analysis.patients):
        return pd.DataFrame(columns=columns)
    replicated = replicated_tables(posterior, seed=seed)
    rows = []
    for group, members in analysis.groups.items():
        for statistic, day, *compared in compared_with(analysis.patients, replicated, members, days):
            told = f"{statistic}, day {day:g}, {group}"
            rows.append((told, statistic, group, day, f"{compared[0]:.3f}", *compared, "fitted"))
    return pd.DataFrame(rows, columns=columns)


def compared_with(
    real: Patients, replicated: Patients, members: np.ndarray, days: Sequence[float]
) -> list[tuple[str, float, float, float, float, float, float]]:
    """Rows of statistic, day, the table's value, median and 90% of the replicates, and two-sided tail probability."""
    rows = []
    for day in days:
        found, drawn = (np.round(_statistics(of, members, day), DIGITS) for of in (real, replicated))
        for statistic, value, values in zip(STATISTICS, found, drawn, strict=True):
            lower, median, upper = np.quantile(values, LIMITS, method="inverted_cdf")
            tail = two_sided_tail(values, float(value))
            rows.append((statistic, day, float(value), float(median), float(lower), float(upper), tail))
    return rows


def _statistics(patients: Patients, members: np.ndarray, day: float) -> tuple[np.ndarray, np.ndarray]:
    """Incidence of response and survival at a day, (...) each."""
    first = np.minimum(patients.response_day, patients.last_day)
    cause = np.where(patients.responded, 1, np.where(patients.died, 2, 0))
    incidence, _ = incidence_at(first, cause, day, members)
    alive, _ = survival_at(patients.last_day, patients.died, day, members)
    return incidence, alive
