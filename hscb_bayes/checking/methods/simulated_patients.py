"""Simulated tables of patients: those of an analysis, with truths from its priors and courses from these.

Who is in the table, covariates, centres, the day from which a patient is followed and the day to which one is, are
those of the table. A patient whose response is known there only between two visits is visited as often in the
simulated table, and looked at on the last day. One who is followed from later on comes without response to that day:
then it is no chance what is known of the time before, and the likelihood, which does not use it, is whole.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from hscb_bayes.analysis.patient_analysis import PatientAnalysis
from hscb_bayes.errors import InputError
from hscb_bayes.evidence.patients.patients import Patients
from hscb_bayes.posterior.posterior import Posterior
from hscb_bayes.posterior.predict import cumulative_incidence, survival
from hscb_bayes.posterior.profile import own_pathways
from hscb_bayes.process.pathway import TRANSITIONS
from hscb_bayes.process.simulate import simulate_course


def simulated_table(analysis: PatientAnalysis, truth: Posterior, *, rng: np.random.Generator) -> PatientAnalysis:
    """The analysis with simulated courses in the place of its own.

    Raises
    ------
    InputError
        When a patient is both visited and followed from later on.
    """
    real = analysis.patients
    if np.any(~real.is_exact & (real.entry_day > 0.0)):
        raise InputError(f"{analysis.path}: required patients who are either seen at visits or followed from later on")
    pathway, x = own_pathways(truth)
    course = simulate_course(pathway, x, shape=(1, len(real)), rng=rng, entry_day=real.entry_day)
    response, death = course.response_day[0], course.death_day[0]
    return replace(analysis, patients=_recorded(real, response, death))


def _recorded(real: Patients, response: np.ndarray, death: np.ndarray) -> Patients:
    """What the table says of true courses: at the day, or at visits."""
    died, last = death <= real.last_day, np.minimum(death, real.last_day)
    seen = response < last
    shown = np.where(seen, response, np.inf)
    until = np.where(seen, response, last)
    visited = ~real.is_exact
    gap = np.where(visited, np.minimum(real.response_day, real.last_day) - real.unresponded_until, 1.0)
    last_visit = np.floor(last / gap) * gap  # before the last day, on which the living are looked at too
    visit = np.ceil(np.where(seen, response, 0.0) / gap) * gap
    by_visit = seen & (visit <= last_visit)
    at_end = seen & ~by_visit & ~died
    unknown = np.where(by_visit, visit - gap, np.where(died | at_end, last_visit, last))
    return replace(
        real,
        response_day=np.where(visited, np.where(by_visit, visit, np.where(at_end, last, np.inf)), shown),
        unresponded_until=np.where(visited, np.maximum(unknown, 0.0), until),
        last_day=last,
        died=died,
    )


def patient_quantities(posterior: Posterior, analysis: PatientAnalysis) -> dict[str, np.ndarray]:
    """The calibrated quantities of a posterior, or of a truth, shape (draw,) each.

    Parameters of the baselines, log hazard ratios, spreads between centres and the effects of the first centre; and of
    the table's patients on average the incidence of response by the first day of the report, and survival at the last.
    """
    draws, days = posterior.parameters, analysis.table.report.days
    found = {id: draws[:, k] for k, id in enumerate(analysis.parameter_ids)}
    ratios, effects = posterior.log_hazard_ratios, posterior.centre_effects
    for k, transition in enumerate(TRANSITIONS):
        found |= {f"log_hazard_ratio:{transition}:{term}": ratios[:, k, j] for j, term in enumerate(analysis.terms)}
        if analysis.centres:
            found[f"between_centres:{transition}"] = posterior.flat("between_centres")[:, k]
            found[f"centre_effect:{transition}:{analysis.centres[0]}"] = effects[:, k, 0]
    found[f"response_by_{days[0]:g}"] = cumulative_incidence(posterior, days=days[:1]).values.ravel()
    found[f"survival_{days[-1]:g}"] = survival(posterior, days=days[-1:]).values.ravel()
    return found
