"""Hazard families: one frozen class a file, one line each in the registry below."""

from hscb_bayes.process.hazards.weibull import Weibull

FAMILIES = {"weibull": Weibull}

__all__ = ["FAMILIES", "Weibull"]
