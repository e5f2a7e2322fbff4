"""Hazard ratios of what patients differ by, and how much of each the data taught."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import xarray as xr

from hscb_bayes.errors import InputError
from hscb_bayes.model.pathways import prior_normals
from hscb_bayes.posterior.headline import hazard_ratios_from_draws
from hscb_bayes.posterior.posterior import Posterior
from hscb_bayes.posterior.quantities import described
from hscb_bayes.process.pathway import TRANSITIONS


def hazard_ratios(posterior: Posterior) -> xr.Dataset:
    """``hazard_ratio`` (chain, draw, transition): per doubling of the duration, or long over short in the step form.

    Of a table (chain, draw, transition, term), as ``Member.terms`` says; no terms without covariates. The coordinate
    ``contraction`` is 1 - (posterior variance) / (prior variance) of the log ratio: near 0 where it is the prior's.

    Raises
    ------
    InputError
        When durations have no part in the analysis of a print.
    """
    analysis = posterior.analysis
    coords: dict[str, list[str]] = {"transition": list(TRANSITIONS)}
    if not analysis.has_print:
        coords["term"] = list(analysis.terms)
        return _ratios(posterior, posterior.log_hazard_ratios, analysis.term_deviations, coords)
    related = [member for member in analysis.members if member.by_duration]
    if not related:
        raise InputError(f"{analysis.path}: cohort.form: durations have no part in this analysis; it has no ratios")
    drawn = hazard_ratios_from_draws(posterior.parameters, analysis)
    deviations = prior_normals(analysis)[1][[analysis.parameter_ids.index(name) for name in drawn]]
    per = f"doubling of {related[0].study.condition}" if related[0].cohort.form == "log2" else "long over short"
    return _ratios(posterior, np.log(np.stack(list(drawn.values()), axis=-1)), deviations, coords, per=per)


def _ratios(
    posterior: Posterior, logs: np.ndarray, deviations: np.ndarray, coords: Mapping[str, list[str]], **said: str
) -> xr.Dataset:
    """Hazard ratios from their logs, shape (draw, transition, ...), with the standard deviations of their priors."""
    ratios = posterior.labelled(np.exp(logs), coords).assign_attrs(described("hazard_ratio", posterior), **said)
    contraction = 1.0 - logs.var(axis=0, ddof=1) / np.square(deviations)
    return xr.Dataset({"hazard_ratio": ratios.assign_coords(contraction=(tuple(coords), contraction))})
