"""The joint likelihood over many draws at once, in NumPy: the text that the sampler runs, without compiling."""

from __future__ import annotations

from collections.abc import Collection, Mapping

import numpy as np

from hscb_bayes.analysis.member import Member
from hscb_bayes.evidence.joint import log_likelihood_terms
from hscb_bayes.model.grades import grade_data, grade_term
from hscb_bayes.model.pathways import follow_up_of, pathway_of_draws, prior_normals
from hscb_bayes.model.print_arrays import fitted_day, joint_arrays, printed_values
from hscb_bayes.process.incidence import outcome_probabilities


def log_likelihood(
    parameters: np.ndarray,
    analysis: Member,
    numbers: Mapping[str, float] | None = None,
    effect: np.ndarray | None = None,
    *,
    without: Collection[str] = (),
) -> np.ndarray:
    """Log likelihood of the fitted numbers, up to a constant.

    Parameters
    ----------
    parameters
        On their unbounded scales, shape (draw, parameter).
    numbers
        Value by number id; the paper's own if left out.
    effect
        What the study adds to the log hazards, shape (draw, transition); nothing if left out.
    without
        Fitted ids to leave out.

    Returns
    -------
    Shape (draw, term): of response times, of survival without response, of each fitted survival, and of the numbers of
    responders with each grade where some are fitted.
    """
    given = printed_values(analysis) if numbers is None else numbers
    arrays = joint_arrays(analysis, given, without=without)
    lost = parameters[:, [analysis.parameter_ids.index("lost_by_one_year")]]
    pathway = pathway_of_draws(parameters, analysis, effect)
    outcomes = outcome_probabilities(
        pathway, arrays.x, arrays.nodes, follow_up_of(lost[..., None], np, (arrays.reach[0], arrays.reach[1])), np
    )
    terms = log_likelihood_terms(outcomes, arrays, follow_up_of(lost, np, (arrays.reach[0], arrays.reach[1])), np)
    if not analysis.grades:
        return terms
    values = {id: parameters[:, [k]] for k, id in enumerate(analysis.parameter_ids)}
    data = grade_data(analysis, given, without, fitted_day(analysis))
    return np.concatenate([terms, grade_term(values, analysis, data, np)], axis=-1)


def log_prior(parameters: np.ndarray, analysis: Member) -> np.ndarray:
    """Log prior density, shape (draw,)."""
    mean, deviation = prior_normals(analysis)
    own = deviation > 0.0
    standard = (parameters[:, own] - mean[own]) / deviation[own]
    return -0.5 * np.sum(standard**2 + np.log(2.0 * np.pi * deviation[own] ** 2), axis=-1)
