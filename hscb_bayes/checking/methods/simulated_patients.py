"""Simulated tables of patients: those of an analysis, with truths from its priors and courses from these.

Who is in the table, covariates, centres, the day from which a patient is followed and the day to which one is, are
those of the table. A patient whose response is known there only between two visits is visited as often in the
simulated table, and looked at on the last day. One who is followed from later on comes without response to that day:
then it is no chance what is known of the time before, and the likelihood, which does not use it, is whole.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import xarray as xr

from hscb_bayes.analysis.patient_spec import PatientAnalysis
from hscb_bayes.errors import InputError
from hscb_bayes.evidence.patients.patients import Patients
from hscb_bayes.model.data_vector import PARAMETERS_VARIABLE
from hscb_bayes.model.fit import draws_of, provenance
from hscb_bayes.model.levels import LKJ
from hscb_bayes.model.pathways import prior_normals
from hscb_bayes.posterior.predict import cumulative_incidence, survival
from hscb_bayes.posterior.profile import centre_effects, log_hazard_ratios, patient_pathways
from hscb_bayes.process.pathway import TRANSITIONS
from hscb_bayes.process.simulate import simulate_course


def true_patients(analysis: PatientAnalysis, *, rng: np.random.Generator) -> xr.DataTree:
    """A posterior of one draw, which is from the prior: whatever takes a posterior of patients takes the truth."""
    mean, deviation = prior_normals(analysis)
    one, size = ("chain", "draw"), len(TRANSITIONS)
    drawn = mean + deviation * rng.normal(size=mean.size)
    variables: dict[str, tuple[tuple[str, ...], np.ndarray]] = {
        PARAMETERS_VARIABLE: ((*one, "parameter"), drawn[None, None])
    }
    coords = {"chain": [0], "draw": [0], "parameter": list(analysis.parameter_ids), "transition": list(TRANSITIONS)}
    if analysis.terms:
        ratios = analysis.term_deviations * rng.normal(size=(size, len(analysis.terms)))
        variables["log_hazard_ratio"] = ((*one, "transition", "term"), ratios[None, None])
        coords["term"] = list(analysis.terms)
    said = analysis.table.centres
    if said is not None:
        spread, standard = abs(said.deviation * rng.normal(size=size)), rng.normal(size=(size, len(analysis.centres)))
        if said.correlated:
            correlation = drawn_correlation(LKJ, rng=rng)
            standard = np.linalg.cholesky(correlation) @ standard
            variables["centre_correlation"] = (
                (*one, "transition", "other_transition"), correlation[None, None],
            )  # fmt: skip
        variables["between_centres"] = ((*one, "transition"), spread[None, None])
        variables["centre_effect"] = ((*one, "transition", "centre"), (spread[:, None] * standard)[None, None])
        coords["centre"] = list(analysis.centres)
    tree = xr.DataTree.from_dict({"posterior": xr.Dataset(variables, coords)})
    tree.attrs.update(provenance(analysis, {"sampler": "the prior"}))
    return tree


def drawn_correlation(eta: float, *, rng: np.random.Generator) -> np.ndarray:
    """Correlations of three from the LKJ distribution, shape (3, 3), by partial correlations.

    References
    ----------
    Lewandowski D, Kurowicka D, Joe H. Generating random correlation matrices based on vines and extended onion method.
    J Multivar Anal 2009;100:1989-2001.
    """
    first, second = 2.0 * rng.beta(eta + 0.5, eta + 0.5, size=2) - 1.0
    partial = 2.0 * rng.beta(eta, eta) - 1.0
    third = partial * np.sqrt((1.0 - first**2) * (1.0 - second**2)) + first * second
    return np.array([[1.0, first, second], [first, 1.0, third], [second, third, 1.0]])


def simulated_table(analysis: PatientAnalysis, truth: xr.DataTree, *, rng: np.random.Generator) -> PatientAnalysis:
    """The analysis with simulated courses in the place of its own.

    Raises
    ------
    InputError
        When a patient is both visited and followed from later on.
    """
    real = analysis.patients
    if np.any(~real.is_exact & (real.entry_day > 0.0)):
        raise InputError(f"{analysis.path}: required patients who are either seen at visits or followed from later on")
    effects = centre_effects(truth, analysis)[:, :, analysis.own_centre]
    pathway = patient_pathways(truth, analysis, analysis.own_design, effects)(slice(None))
    course = simulate_course(pathway, np.zeros(len(real)), shape=(1, len(real)), rng=rng, entry_day=real.entry_day)
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


def patient_quantities(posterior: xr.DataTree, analysis: PatientAnalysis) -> dict[str, np.ndarray]:
    """The calibrated quantities of a posterior, or of a truth, shape (draw,) each.

    Parameters of the baselines, log hazard ratios, spreads between centres and the effects of the first centre; and of
    the table's patients on average the incidence of response by the first day of the report, and survival at the last.
    """
    draws, days = draws_of(posterior), analysis.table.report.days
    found = {id: draws[:, k] for k, id in enumerate(analysis.parameter_ids)}
    ratios, effects = log_hazard_ratios(posterior, analysis), centre_effects(posterior, analysis)
    for k, transition in enumerate(TRANSITIONS):
        found |= {f"log_hazard_ratio:{transition}:{term}": ratios[:, k, j] for j, term in enumerate(analysis.terms)}
        if analysis.centres:
            spread = posterior["posterior"]["between_centres"].sel(transition=transition)
            found[f"between_centres:{transition}"] = spread.transpose("chain", "draw").values.ravel()
            found[f"centre_effect:{transition}:{analysis.centres[0]}"] = effects[:, k, 0]
    found[f"response_by_{days[0]:g}"] = cumulative_incidence(posterior, days=days[:1]).values.ravel()
    found[f"survival_{days[-1]:g}"] = survival(posterior, days=days[-1:]).values.ravel()
    return found
