"""The quantities that a calibration is about, from raw draws."""

from __future__ import annotations

import numpy as np

from hscb_bayes.analysis.arrays import baseline, covariate_nodes, fitted_day
from hscb_bayes.analysis.pathways import PARAMETER_IDS, pathway_of
from hscb_bayes.analysis.spec import Analysis
from hscb_bayes.process.incidence import cumulative_incidence, survival

FOUR_WEEKS = 28.0
GROUP_NAMES = ("os_1y_short", "os_1y_long")


def calibration_quantities(parameters: np.ndarray, analysis: Analysis) -> dict[str, np.ndarray]:
    """One-year survival overall and by duration, response by day 28, log hazard ratios; averages over the cohort's patients.

    Parameters
    ----------
    parameters
        On their unbounded scales, shape (draw, parameter).

    Returns
    -------
    Shape (draw,) each.
    """
    cohort = baseline(analysis)
    x, averages = covariate_nodes(cohort)
    pathway = pathway_of({id: parameters[:, k][:, None, None] for k, id in enumerate(PARAMETER_IDS)}, analysis, np)
    sizes = np.array(cohort.sizes) / sum(cohort.sizes)
    alive = survival(pathway, x, np.array([fitted_day(analysis)]))[..., 0] @ averages.T
    responded = cumulative_incidence(pathway, x, np.array([FOUR_WEEKS]))[..., 0] @ averages.T
    quantities = {"os_1y": alive @ sizes, "response_by_28": responded @ sizes}
    if len(sizes) == len(GROUP_NAMES):
        quantities |= {name: alive[:, group] for group, name in enumerate(GROUP_NAMES)}
    ratios = [id for id in PARAMETER_IDS if id.startswith("hazard_ratio_")]
    return quantities | {f"log_{id}": parameters[:, PARAMETER_IDS.index(id)] for id in ratios}
