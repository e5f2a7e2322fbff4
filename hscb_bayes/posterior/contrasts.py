"""Arms against a reference: ratios of hazards, and differences of response, survival and time in a state."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd
import xarray as xr

from hscb_bayes.analysis.level import EFFECTS
from hscb_bayes.errors import InputError
from hscb_bayes.posterior.exchangeable import effects_as_drawn
from hscb_bayes.posterior.posterior import DIMS, Posterior
from hscb_bayes.posterior.predict import (
    cumulative_incidence,
    restricted_mean_time,
    summarise,
    survival,
)
from hscb_bayes.posterior.quantities import described
from hscb_bayes.process.follow_up import YEAR
from hscb_bayes.process.pathway import TRANSITIONS
from hscb_bayes.sentences import nearest, quote

RATIOS = ("hazard_ratio", "odds_ratio_never_respond")  # no difference is 1; of the others it is 0
COLUMNS = (
    "contrast", "arm", "transition", "day", "state", "median", "lower", "upper", "probability_more", "contraction",
)  # fmt: skip


def contrasts(
    posterior: Posterior, *, days: Sequence[float], horizon: float = YEAR, reference: str | None = None
) -> xr.Dataset:
    """Each arm against a reference, of the arms' own patients.

    Parameters
    ----------
    posterior
        Of an analysis with arms.
    days
        Since time zero, of the differences of response and of survival.
    horizon
        Day up to which time in a state is counted.
    reference
        Another arm than that of the analysis.

    Returns
    -------
    Each (chain, draw, arm) and more: ``hazard_ratio`` (transition); ``odds_ratio_never_respond``, where a share never
    responds; ``response_difference`` and ``survival_difference`` (day), shares; ``time_difference`` (state), days up to
    the horizon. A ratio above 1, or a difference above 0, says that the arm has more of it than the reference.

    Raises
    ------
    InputError
        When the analysis has no arms, there is no such arm, or a day is not after time zero.

    Examples
    --------
    >>> contrasts(sample(build(load("richardson2016")), seed=1), days=[100])["survival_difference"]  # doctest: +SKIP
    """
    analysis = posterior.analysis
    if not analysis.has_arms:
        raise InputError(f"{analysis.path}: arms: required an analysis that compares arms, found none")
    arms = analysis.studies
    against = arms[0] if reference is None else reference
    if against not in arms:
        raise InputError(f"reference: there is no arm {quote(against)}; {nearest(against, arms)}")
    others = [arm for arm in arms if arm != against]
    effects = effects_as_drawn(posterior)
    apart = effects[:, [arms.index(arm) for arm in others]] - effects[:, [arms.index(against)]]
    of_hazards = np.exp(apart[..., [EFFECTS.index(name) for name in TRANSITIONS]])
    found = {"hazard_ratio": posterior.labelled(of_hazards, {"arm": others, "transition": list(TRANSITIONS)})}
    if analysis.hazards.never_respond:
        of_odds = np.exp(apart[..., EFFECTS.index("never_respond")])
        found["odds_ratio_never_respond"] = posterior.labelled(of_odds, {"arm": others})
    each = {
        "response_difference": cumulative_incidence(posterior, days=days),
        "survival_difference": survival(posterior, days=days),
        "time_difference": restricted_mean_time(posterior, horizon=horizon),
    }
    for name, values in each.items():
        by_arm = values.rename(study="arm")
        found[name] = by_arm.sel(arm=others) - by_arm.sel(arm=against, drop=True)
    for name, values in found.items():
        values.attrs = described(name, posterior) | {"of": f"each arm against {against}"}
    found["time_difference"].attrs["horizon"] = horizon
    return xr.Dataset({name: values.transpose(*DIMS, "arm", ...) for name, values in found.items()})


def summarise_contrasts(found: xr.Dataset, before: xr.Dataset | None = None) -> pd.DataFrame:
    """Median, 90% interval, and the probability that an arm has more than the reference: one row a contrast.

    Parameters
    ----------
    before
        The same of draws from the prior.

    Returns
    -------
    Columns ``contrast``, ``arm``, ``transition``, ``day``, ``state`` (NaN where it has none), ``median``, ``lower``,
    ``upper``, ``probability_more``, and ``contraction``, 1 - (posterior variance) / (prior variance), of ratios on the
    log scale; NaN without draws from the prior.
    """
    tables = []
    for name, values in found.data_vars.items():
        is_ratio = name in RATIOS
        more = (values > (1.0 if is_ratio else 0.0)).mean(DIMS)
        contracted = xr.full_like(more, np.nan)
        if before is not None:
            prior, after = (_unbounded(one[name], is_ratio=is_ratio).var(DIMS, ddof=1) for one in (before, found))
            contracted = 1.0 - after / prior
        beside = xr.Dataset({"probability_more": more, "contraction": contracted}).to_dataframe()
        tables.append(summarise(values).merge(beside, on=[str(dim) for dim in values.dims if dim not in DIMS]))
    return pd.concat(tables, ignore_index=True).rename(columns={"quantity": "contrast"}).reindex(columns=list(COLUMNS))


def _unbounded(values: xr.DataArray, *, is_ratio: bool) -> xr.DataArray:
    return values.copy(data=np.log(values.values)) if is_ratio else values
