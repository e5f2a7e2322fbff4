"""Parameters as variables of the model: named, on the clinic's scale, and normal on an unbounded one.

The sampler moves on the unbounded scale. The likelihood takes that scale too: PyTensor simplifies the way to the
clinic's scale and back, so that no share is rounded to 1 on it.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import pymc as pm
import pytensor.tensor as pt
from pymc.logprob.transforms import Transform

from hscb_bayes.analysis.analysis import Analysis
from hscb_bayes.analysis.priors import Scale, natural, unbounded
from hscb_bayes.model.pathways import prior_normals

LOG_ROOT = 0.5 * np.log(2.0 * np.pi)


class OnScale(Transform):  # type: ignore[misc]
    """The unbounded scale of a parameter: "log", "logit" or "cloglog"."""

    ndim_supp = 0

    def __init__(self, scale: Scale) -> None:
        self.name: Scale = scale

    def forward(self, value: Any, *_inputs: Any) -> Any:
        """From the clinic's scale."""
        return unbounded(value, self.name, pt)

    def backward(self, value: Any, *_inputs: Any) -> Any:
        """To the clinic's scale."""
        return pt.sigmoid(value) if self.name == "logit" else natural(value, self.name, pt)

    def log_jac_det(self, value: Any, *_inputs: Any) -> Any:
        """Log of the slope of ``backward``."""
        if self.name == "log":
            return value
        return -pt.softplus(value) - pt.softplus(-value) if self.name == "logit" else value - pt.exp(value)


def parameter_vector(analysis: Analysis, mean: Any, deviation: Any) -> Any:
    """The variables of an analysis' parameters, and all its parameters on their unbounded scales.

    Parameters
    ----------
    mean, deviation
        Of the normal distributions, shape (believed,) as ``prior_data`` has them.

    Returns
    -------
    Shape (parameter,), or (study, parameter) where each study has its own; a parameter that has no part is a constant.
    """
    dims = ("study",) if analysis.each_alone else ()
    size = (len(analysis.studies),) if dims else ()
    place = {id: k for k, id in enumerate(analysis.believed)}
    constants, columns = prior_normals(analysis)[0], []
    for constant, (id, parameter) in zip(constants, analysis.parameters.items(), strict=True):
        if id not in place:
            columns.append(pt.as_tensor_variable(np.full(size, constant)))
            continue
        scale = OnScale(parameter.scale)
        variable = _variable(id, scale, mean[place[id]], deviation[place[id]], dims)
        columns.append(scale.forward(variable))
    return pt.stack(columns, axis=-1)


def prior_data(analysis: Analysis) -> dict[str, np.ndarray]:
    """Means and standard deviations of the parameters that have a part, shape (believed,) each."""
    own = [list(analysis.parameters).index(id) for id in analysis.believed]
    mean, deviation = prior_normals(analysis)
    return {"prior_mean": mean[own], "prior_deviation": deviation[own]}


def _variable(id: str, scale: OnScale, mean: Any, deviation: Any, dims: tuple[str, ...]) -> Any:
    def logp(value: Any, mean: Any, deviation: Any) -> Any:
        there = scale.forward(value)
        standard = (there - mean) / deviation
        return -0.5 * standard**2 - pt.log(deviation) - LOG_ROOT - scale.log_jac_det(there)

    def drawn(mean: Any, deviation: Any, size: Any) -> Any:
        return scale.backward(pm.Normal.dist(mean, deviation, size=size))

    def middle(_rv: Any, size: Any, mean: Any, _deviation: Any) -> Any:
        return pt.full(size, scale.backward(mean)) if dims else scale.backward(mean)

    return pm.CustomDist(
        id, mean, deviation, logp=logp, dist=drawn, support_point=middle, dims=dims, default_transform=scale
    )
