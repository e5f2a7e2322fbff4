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

from hscb_bayes.analysis.fit import patients_of
from hscb_bayes.analysis.model import PARAMETERS_VARIABLE
from hscb_bayes.analysis.patient_model import ByPatient
from hscb_bayes.analysis.subjects import centre_effects
from hscb_bayes.process.pathway import TRANSITIONS

DRAWS = 1000  # at most; more would smooth nothing that matters
PATIENT = "patient"


def log_likelihood_by_patient(posterior: xr.DataTree, *, draws: int = DRAWS) -> xr.DataArray:
    """Log likelihood of each patient in some draws, evenly chosen: (chain, draw, patient)."""
    analysis = patients_of(posterior)
    kept = posterior["posterior"].to_dataset()
    every = max(1, int(np.ceil(kept.sizes["chain"] * kept.sizes["draw"] / draws)))
    chosen = kept.isel(draw=slice(None, None, every))
    shape = (chosen.sizes["chain"] * chosen.sizes["draw"], -1)
    parameters = chosen[PARAMETERS_VARIABLE].transpose("chain", "draw", "parameter").values.reshape(shape)
    if analysis.terms:
        ratios = chosen["log_hazard_ratio"].transpose("chain", "draw", "transition", "term").values
        ratios = ratios.reshape(len(parameters), len(TRANSITIONS), -1)
    else:
        ratios = np.zeros((len(parameters), len(TRANSITIONS), 0))
    thinned = xr.DataTree.from_dict({"posterior": chosen})
    thinned["posterior"].attrs.update(kept.attrs)
    thinned.attrs.update(posterior.attrs)
    effects = (
        centre_effects(thinned, analysis) if analysis.centres else np.zeros((len(parameters), len(TRANSITIONS), 0))
    )
    each = ByPatient(analysis=analysis)
    values = [
        each.at(dict(zip(analysis.parameter_ids, point, strict=True)), ratio, effect)
        for point, ratio, effect in zip(parameters, ratios, effects, strict=True)
    ]
    coords = {name: chosen[name].values for name in ("chain", "draw")} | {PATIENT: analysis.patients.id}
    shaped = np.reshape(values, (chosen.sizes["chain"], chosen.sizes["draw"], -1))
    return xr.DataArray(shaped, dims=("chain", "draw", PATIENT), coords=coords, name="patient_log_likelihood")


def leave_patient_out(posterior: xr.DataTree) -> pd.DataFrame:
    """Each patient predicted from the others.

    Returns
    -------
    Columns ``patient``, ``log_predictive_density``, ``pareto_k`` and ``is_influential``: the weights of the draws are
    then too uneven for the density to be trusted, and the patient weighs on the answers. The sum of the densities
    compares models of one table.
    """
    pointwise = log_likelihood_by_patient(posterior)
    tree = xr.DataTree.from_dict(
        {
            "posterior": posterior["posterior"].to_dataset().sel(draw=pointwise["draw"]),
            "log_likelihood": pointwise.to_dataset(),
        }
    )
    with warnings.catch_warnings():  # the column says it, patient by patient
        warnings.filterwarnings("ignore", message="Estimated shape parameter", category=UserWarning)
        found = loo(tree, pointwise=True, var_name=str(pointwise.name))
    shape = np.asarray(found.pareto_k)
    return pd.DataFrame(
        {
            PATIENT: pointwise[PATIENT].values,
            "log_predictive_density": np.asarray(found.elpd_i),
            "pareto_k": shape,
            "is_influential": shape > found.good_k,
        }
    )
