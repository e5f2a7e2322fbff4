"""Each study of a pool from its own print and the beliefs about the average study, as if there were no other.

Studies that share nothing have a product of posteriors: one fit, in which every study has parameters of its own, takes
the time of one study's.
"""

from __future__ import annotations

import numpy as np
import pymc as pm
import pytensor.tensor as pt

from hscb_bayes.analysis.pool import Pool
from hscb_bayes.model.data_vector import PARAMETERS_VARIABLE, Built
from hscb_bayes.model.hierarchy import EFFECTS
from hscb_bayes.model.known_in_pool import log_likelihood_of_known_by_study
from hscb_bayes.model.pooled_model import coords_of, effects_of_known, log_likelihood_by_study, pool_data, taken


def build_alone(pool: Pool) -> Built:
    """Build the model of the studies of a pool that have nothing in common but the beliefs about the average study."""
    kept = pool_data(pool)
    with pm.Model(coords=coords_of(pool, kept)) as model:
        data = taken(pool, kept)
        parameters = pm.Normal(
            PARAMETERS_VARIABLE,
            mu=data.beliefs["prior_mean"],
            sigma=data.beliefs["prior_deviation"],
            dims=("study", "parameter"),
        )
        of_known, alike = effects_of_known(pool), np.zeros((len(pool.studies), len(EFFECTS)))
        by_study = log_likelihood_by_study(parameters, alike, data.arrays, data.beliefs["members"], pool, pt)
        if data.known:
            by_study = by_study + log_likelihood_of_known_by_study(parameters, of_known, data.known, pool, pt)
        pm.Potential("log_likelihood_of_studies", by_study.sum())
    return Built(analysis=pool, model=model, shapes={name: value.shape for name, value in kept.items()})
