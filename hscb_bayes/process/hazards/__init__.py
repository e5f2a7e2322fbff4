"""Hazard families: one frozen class a file, one line each in the registry below."""

from collections.abc import Mapping

from hscb_bayes.process.hazards.gompertz import Gompertz
from hscb_bayes.process.hazards.log_logistic import LogLogistic
from hscb_bayes.process.hazards.piecewise_exponential import PiecewiseExponential
from hscb_bayes.process.hazards.weibull import Weibull
from hscb_bayes.process.pathway import Hazard

FAMILIES: Mapping[str, type[Hazard]] = {
    "weibull": Weibull,
    "gompertz": Gompertz,
    "log_logistic": LogLogistic,
    "piecewise_exponential": PiecewiseExponential,
}

__all__ = ["FAMILIES", "Gompertz", "LogLogistic", "PiecewiseExponential", "Weibull"]
