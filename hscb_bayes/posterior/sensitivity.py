"""How much of an answer comes from the print, and how much from what was believed before.

Contraction is 1 - (posterior variance) / (prior variance) on a scale without bounds: 1 when the print says it all, 0
when it says nothing. Power-scaling sensitivity is how fast a quantity's posterior moves when the prior, or the
likelihood, is raised to a power near one.

References
----------
Kallioinen N, Paananen T, Burkner PC, Vehtari A. Detecting and diagnosing prior and likelihood sensitivity with
power-scaling. Stat Comput 2024;34:57.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import pandas as pd
import xarray as xr
from arviz_stats import psense

from hscb_bayes.analysis.analysis import Analysis
from hscb_bayes.analysis.known import EFFECT
from hscb_bayes.analysis.member import Member
from hscb_bayes.analysis.priors import Parameter, natural
from hscb_bayes.analysis.scope import fitted_p_values
from hscb_bayes.model.likelihood import log_likelihood, log_prior
from hscb_bayes.posterior.by_response import BY_RESPONSE
from hscb_bayes.posterior.headline import Quantity, headline_quantities, unbounded
from hscb_bayes.posterior.headline import headline as headline_of
from hscb_bayes.posterior.not_taught import untaught
from hscb_bayes.posterior.posterior import Posterior
from hscb_bayes.posterior.predict import headline, landmark_survival
from hscb_bayes.posterior.prior_draws import draw_prior
from hscb_bayes.process.pathway import STATES, TRANSITIONS

MOSTLY_PRIOR = 0.5  # a contraction below it
PRIOR_DRAWS = 2000
INTERVAL = 0.9
SAMPLE_DIMS = ["chain", "draw"]


@dataclass(frozen=True, kw_only=True, eq=False)
class _Compared:
    """One row: what it is, its draws on the clinic's scale, and on the unbounded one."""

    id: str
    kind: str
    quantity: Quantity | Parameter
    prior: np.ndarray
    posterior: np.ndarray
    prior_unbounded: np.ndarray
    posterior_unbounded: np.ndarray


def sensitivity(
    posterior: Posterior, *, interval: float = INTERVAL, fitted: xr.Dataset | None = None, seed: int
) -> pd.DataFrame:
    """Prior beside posterior for every headline quantity and every parameter that the analysis uses.

    Of arms it is every headline quantity of each of them, "controls:os_1y", and the parameters of the reference.

    Parameters
    ----------
    interval
        Probability of the equal-tailed intervals.
    fitted
        ``predict.headline(posterior)`` where it is at hand, so that it is not evaluated again.
    seed
        Of the draws from the prior.

    Returns
    -------
    One row each: ``quantity``, ``kind`` ("headline" or "parameter"), ``label``, ``unit``; ``prior_median``,
    ``prior_lower``, ``prior_upper``, ``median``, ``lower``, ``upper`` on the clinic's scale; ``contraction``;
    ``mostly_prior``, a contraction below one half or no fitted number of its kind; ``prior_sensitivity`` and
    ``likelihood_sensitivity``, 0.05 and more being called sensitive, NaN where the analysis has study effects, fits P
    values, or knows patients one by one: their densities are not scaled.
    A time not reached within one year (inf) counts as one year in contraction and sensitivity.
    """
    analysis = posterior.analysis
    headline_draws = headline(posterior) if fitted is None else fitted
    compared = _compared(posterior, headline_draws, seed)
    scaling = power_scaling(posterior, {row.id: row.posterior_unbounded for row in compared})
    table = pd.DataFrame([_row(row, interval) | scaling[row.id] for row in compared])
    missing = [_id(id, member, analysis) for member in analysis.members for id in untaught(member)]
    table["mostly_prior"] |= (table["kind"] == "headline") & table["quantity"].isin(missing)
    return table


def by_response_contraction(
    posterior: Posterior, by_response: xr.Dataset, *, seed: int
) -> dict[tuple[str, str], float]:
    """Contraction of the comparison by response, by quantity and state.

    Parameters
    ----------
    by_response
        ``predict.landmark_survival(posterior)``.
    seed
        Of the draws from the prior.
    """
    drawn = draw_prior(posterior.analysis, draws=PRIOR_DRAWS, chains=1, seed=seed)
    before = landmark_survival(drawn, landmark=by_response.attrs["landmark"], horizon=by_response.attrs["horizon"])
    found = {}
    for quantity, scale in BY_RESPONSE.items():
        for state in STATES[:2]:
            prior, after = (table[quantity].sel(state=state).values.ravel() for table in (before, by_response))
            compared = (unbounded(values, scale) for values in (prior, after))
            known = [values[np.isfinite(values)] for values in compared]  # a draw may leave nobody in the state
            found[quantity, state] = contraction(*known)
    return found


def contraction(prior: np.ndarray, posterior: np.ndarray) -> float:
    """1 - (posterior variance) / (prior variance); negative where the posterior is wider.

    NaN, undefined, where there are fewer than two draws of either, or all of the prior are one.
    """
    if min(prior.size, posterior.size) < 2 or np.ptp(prior) == 0.0:
        return float("nan")
    return float(1.0 - np.var(posterior, ddof=1) / np.var(prior, ddof=1))


def power_scaling(posterior: Posterior, draws: dict[str, np.ndarray]) -> dict[str, dict[str, float]]:
    """Power-scaling sensitivity of scalars (draw,) to the prior and to the likelihood, by id."""
    analysis = posterior.analysis
    names = ("prior_sensitivity", "likelihood_sensitivity")
    if analysis.has_arms or analysis.table.between_studies is not None or fitted_p_values(analysis) or analysis.known:
        return {id: dict.fromkeys(names, float("nan")) for id in draws}
    parameters = posterior.parameters
    chains = posterior.dataset.sizes["chain"]
    densities = {
        "log_prior": log_prior(parameters, analysis),
        "log_likelihood": log_likelihood(parameters, analysis).sum(axis=-1),
    }
    groups = {
        "posterior": xr.Dataset({id: _by_chain(values, chains) for id, values in draws.items()}),
        **{group: xr.Dataset({"density": _by_chain(values, chains)}) for group, values in densities.items()},
    }
    tree = xr.DataTree.from_dict(groups)
    with np.errstate(divide="ignore", invalid="ignore"):  # of a quantity that does not vary: undefined
        found = [psense(tree, group=group, sample_dims=SAMPLE_DIMS) for group in ("prior", "likelihood")]
    return {id: {name: float(part[id]) for name, part in zip(names, found, strict=True)} for id in draws}


def _by_chain(values: np.ndarray, chains: int) -> xr.DataArray:
    shaped = values.reshape(chains, -1)
    coords = {"chain": np.arange(chains), "draw": np.arange(shaped.shape[1])}
    return xr.DataArray(shaped, dims=SAMPLE_DIMS, coords=coords)


def _compared(posterior: Posterior, headline_draws: xr.Dataset, seed: int) -> list[_Compared]:
    analysis = posterior.analysis
    before, rows = draw_prior(analysis, draws=PRIOR_DRAWS, chains=1, seed=seed), list[_Compared]()
    for member in analysis.members:
        prior = headline_of(before.of(study=member.study.id))
        own = headline_draws.sel(study=member.study.id) if analysis.has_arms else headline_draws
        for id, quantity in headline_quantities(member).items():
            after = own[id].transpose("chain", "draw").values.ravel()
            rows.append(
                _Compared(
                    id=_id(id, member, analysis),
                    kind="headline",
                    quantity=_named(quantity, member, analysis),
                    prior=prior[id],
                    posterior=after,
                    prior_unbounded=unbounded(prior[id], quantity.scale),
                    posterior_unbounded=unbounded(after, quantity.scale),
                )
            )
    known = {row.id for row in rows}
    rows += [
        _parameter(id, before.parameters[:, column], posterior.parameters[:, column], parameter)
        for column, (id, parameter) in enumerate(analysis.parameters.items())
        if id in analysis.believed and id not in known
    ]
    return rows + _of_known(before, posterior)


def _id(quantity: str, member: Member, analysis: Analysis) -> str:
    """That of a headline quantity, of arms with the arm's before it."""
    return f"{member.study.id}:{quantity}" if analysis.has_arms else quantity


def _named(quantity: Quantity, member: Member, analysis: Analysis) -> Quantity:
    """A headline quantity, of arms with the arm in its words."""
    label = f"{quantity.label}, {member.study.labels[member.study.id]}" if analysis.has_arms else quantity.label
    return replace(quantity, label=label)


def _of_known(prior: Posterior, posterior: Posterior) -> list[_Compared]:
    """How the patients who are known one by one differ from the others, where they may."""
    if EFFECT not in posterior.dataset:
        return []
    before, after = prior.flat(EFFECT), posterior.flat(EFFECT)
    return [
        _parameter(
            f"{EFFECT}_{transition}",
            before[:, k],
            after[:, k],
            Parameter(
                scale="log",
                unit="ratio",
                label=f"hazard ratio of {transition.replace('_', ' ')}, patients known one by one against the others",
            ),
        )
        for k, transition in enumerate(TRANSITIONS)
    ]


def _parameter(id: str, before: np.ndarray, after: np.ndarray, parameter: Parameter) -> _Compared:
    return _Compared(
        id=id,
        kind="parameter",
        quantity=parameter,
        prior=natural(before, parameter.scale),
        posterior=natural(after, parameter.scale),
        prior_unbounded=before,
        posterior_unbounded=after,
    )


def _row(row: _Compared, interval: float) -> dict[str, object]:
    levels = [0.5, (1.0 - interval) / 2.0, (1.0 + interval) / 2.0]
    limits = [np.quantile(values, levels, method="inverted_cdf") for values in (row.prior, row.posterior)]
    contracted = contraction(row.prior_unbounded, row.posterior_unbounded)
    words = row.quantity
    return {
        "quantity": row.id,
        "kind": row.kind,
        "label": words.label,
        "unit": words.unit,
        **dict(zip(("prior_median", "prior_lower", "prior_upper"), map(float, limits[0]), strict=True)),
        **dict(zip(("median", "lower", "upper"), map(float, limits[1]), strict=True)),
        "contraction": contracted,
        "mostly_prior": not contracted >= MOSTLY_PRIOR,
    }
