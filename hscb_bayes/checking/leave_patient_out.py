"""How well each patient is predicted from the others: Pareto-smoothed importance sampling, no refit.

References
----------
Vehtari A, Gelman A, Gabry J. Practical Bayesian model evaluation using leave-one-out cross-validation and WAIC. Stat
Comput 2017;27:1413-1432.
"""

from __future__ import annotations

import warnings

import numpy as np
import pandas as pd
import xarray as xr
from arviz_stats import loo

from hscb_bayes.errors import InputError
from hscb_bayes.posterior.groups import log_likelihood_of_patients
from hscb_bayes.posterior.posterior import Posterior

DRAWS = 1000  # at most; more would smooth nothing that matters
PATIENT = "patient"


def log_likelihood_by_patient(posterior: Posterior, *, draws: int = DRAWS) -> xr.DataArray:
    """Log likelihood of each patient, given all else, in some draws, evenly chosen: (chain, draw, patient)."""
    found = log_likelihood_of_patients(posterior.thinned(draws))
    if found is None:
        raise InputError(f"{posterior.analysis.path}: required patients who are known one by one, found none")
    return found.rename("patient_log_likelihood")


def leave_patient_out(posterior: Posterior) -> pd.DataFrame:
    """Each patient predicted from the others.

    Returns
    -------
    Columns ``patient``, ``log_predictive_density``, ``pareto_k`` and ``is_influential``: the weights of the draws are
    then too uneven for the density to be trusted, and the patient weighs on the answers. The sum of the densities
    compares models of one table. Where draws do not differ, as those of chains that stand still, nobody can be
    predicted: NaN, and everybody is influential.
    """
    pointwise = log_likelihood_by_patient(posterior)
    draws = posterior.dataset.sel(draw=pointwise["draw"])
    tree = xr.DataTree.from_dict({"posterior": draws, "log_likelihood": pointwise.to_dataset()})
    with warnings.catch_warnings():  # the column says it, patient by patient
        warnings.filterwarnings("ignore", message="Estimated shape parameter", category=UserWarning)
        if len(pointwise[PATIENT]) == 1:  # the sum is then the only term, which ArviZ finds suspicious
            warnings.filterwarnings("ignore", message="The point-wise LOO is the same", category=UserWarning)
        density, shape, good = _loo(tree, pointwise)
    return pd.DataFrame(
        {
            PATIENT: pointwise[PATIENT].values,
            "log_predictive_density": density,
            "pareto_k": shape,
            "is_influential": ~(shape <= good),
        }
    )


def _loo(tree: xr.DataTree, pointwise: xr.DataArray) -> tuple[np.ndarray, np.ndarray, float]:
    """Densities and shapes by patient, and the largest shape that is good."""
    try:
        with np.errstate(all="ignore"):  # a tail so heavy that it overflows is cut; one without a shape has k NaN
            found = loo(tree, pointwise=True, var_name=str(pointwise.name))
    except ValueError as error:
        if "tail values are the same" not in str(error):
            raise
        undefined = np.full(pointwise.sizes[PATIENT], np.nan)
        return undefined, undefined, np.inf
    return np.asarray(found.elpd_i), np.asarray(found.pareto_k), float(found.good_k)
