"""Effects of studies on Weibull hazards as changes of their levels: the same hazards by other parameters."""

import numpy as np

from hscb_bayes.analysis.level import EFFECTS
from hscb_bayes.model.level_arrays import study_parameters
from hscb_bayes.model.pathways import PARAMETER_IDS


def at_levels(parameters: np.ndarray, effects: np.ndarray) -> np.ndarray:
    """Parameters (..., parameter) at which a study without effects has the hazards of one with effects (..., effect).

    A hazard that is multiplied has its median to the power of one less the shape, and its cumulative hazard by one
    year multiplied.
    """
    found = study_parameters(parameters, effects, PARAMETER_IDS, np)
    place = {id: PARAMETER_IDS.index(id) for id in (*EFFECTS[1:3], "response_median", "response_shape")}
    found[..., place["response_median"]] -= effects[..., 0] * np.exp(-found[..., place["response_shape"]])
    for k in (1, 2):
        found[..., place[EFFECTS[k]]] += effects[..., k]
    return found
