"""The tables of a pooled report: a CSV file each."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
import xarray as xr

from hscb_bayes.analysis.pool import Pool
from hscb_bayes.checking.check import LEFT_OUT, NOTHING, check, summarise
from hscb_bayes.checking.replicate import replicate
from hscb_bayes.model.hierarchy import EFFECTS, hierarchy_of
from hscb_bayes.posterior.estimands import ESTIMANDS, estimands
from hscb_bayes.posterior.exchangeable import exchangeable_probability
from hscb_bayes.posterior.headline import Quantity, hazard_ratios_from_draws, headline_quantities
from hscb_bayes.posterior.next_study import (
    ROBUST_WEIGHT,
    SHARES,
    effective_events,
    effective_patients,
    predictive_prior,
    robust,
)
from hscb_bayes.posterior.posterior import Posterior
from hscb_bayes.report.tables import prediction_table

AVERAGE, NEXT = "average", "next"
LIMITS = {"lower": 0.05, "median": 0.5, "upper": 0.95}
MEDIAN_OF_TWO = np.sqrt(2.0) * 0.6744897501960817  # of |difference| of two studies, in units of their spread
PRIOR_DRAWS = 100_000
RATIOS: Mapping[str, str] = {
    "response": "hazard ratio of response",
    "death_without_response": "hazard ratio of death without response",
    "death_after_response": "hazard ratio of death after response",
    "never_respond": "odds ratio of never responding",
    "response_shape": "ratio of Weibull shapes of response",
    "lost_by_one_year": "odds ratio of being lost to follow-up",
}


@dataclass(frozen=True, kw_only=True, eq=False)
class PooledFits:
    """Posteriors by study id: ``alone`` from its own print, ``without`` of the pool without it (a pooled posterior)."""

    pooled: Posterior
    alone: Mapping[str, Posterior]
    without: Mapping[str, Posterior]


def quantiles(values: np.ndarray) -> dict[str, float]:
    """Median and limits of the 90% interval; inf, not reached, is a value."""
    found = np.quantile(values, list(LIMITS.values()), method="inverted_cdf")
    return {name: float(value) for name, value in zip(LIMITS, found, strict=True)}


def estimands_table(fits: PooledFits, pool: Pool, *, seed: int) -> pd.DataFrame:
    """Every estimand of every study: alone, in the pool, and predicted from the others; of the average and the next.

    Hazard ratios of duration are those of studies that relate it to outcomes; no difference between studies is modelled
    in them.

    Returns
    -------
    Columns ``study``, ``kind``, ``estimand``, ``label``, ``unit``, ``median``, ``lower``, ``upper``; and ``conflict``
    in the rows of a study alone, twice the smaller of the probabilities that it is below, and above, what the others
    predict: near 0 they disagree.

    References
    ----------
    Marshall EC, Spiegelhalter DJ. Identifying outliers in Bayesian hierarchical models. Bayesian Anal 2007;2:409-444.
    """
    found: list[tuple[str, str, Posterior]] = []
    for study in pool.studies:
        found += [
            (study, "alone", fits.alone[study]),
            (study, "pooled", fits.pooled.of(study=study)),
            (study, "others", fits.without[study].of(study=study)),
        ]
    found.append((AVERAGE, "pooled", fits.pooled.average))
    found.append((NEXT, "pooled", fits.pooled.next(seed=seed)))
    drawn = [(study, kind, estimands(tree)) for study, kind, tree in found]
    predicted = {study: values for study, kind, values in drawn if kind == "others"}
    rows = [
        {**row, "conflict": conflict(values[name], predicted[study][name]) if kind == "alone" else np.nan}
        for study, kind, values in drawn
        for name, row in _estimands(study, kind, values).items()
    ]
    return pd.DataFrame(rows + [row for part in found if part[1] != "others" for row in _ratios(*part)])


def _estimands(study: str, kind: str, values: xr.Dataset) -> dict[str, dict[str, object]]:
    """A row an estimand, by its name."""
    return {name: _row(study, kind, name, quantity, values[name].values) for name, quantity in ESTIMANDS.items()}


def _row(study: str, kind: str, name: str, quantity: Quantity, values: np.ndarray) -> dict[str, object]:
    head = {"study": study, "kind": kind, "estimand": name, "label": quantity.label, "unit": quantity.unit}
    return {**head, **quantiles(values.ravel())}


def _ratios(study: str, kind: str, tree: Posterior) -> list[dict[str, object]]:
    """Hazard ratios of duration, of a study that relates it to outcomes."""
    analysis = tree.analysis
    if study in (AVERAGE, NEXT) or not analysis.by_duration:
        return []
    words, drawn = headline_quantities(analysis), hazard_ratios_from_draws(tree.parameters, analysis)
    return [_row(study, kind, name, words[name], values) for name, values in drawn.items()]


def conflict(alone: xr.DataArray, predicted: xr.DataArray) -> float:
    """Twice the smaller of P(alone < predicted) and P(alone > predicted), over all pairs of draws."""
    one, other = alone.values.ravel(), np.sort(predicted.values.ravel())
    below = 1.0 - np.searchsorted(other, one, side="right").mean() / other.size
    above = np.searchsorted(other, one, side="left").mean() / other.size
    return float(min(1.0, 2.0 * min(below, above)))


def pooled_check_table(fits: PooledFits, pool: Pool, *, seed: int) -> pd.DataFrame:
    """The check of every study, its printed table also predicted from the other studies (``loo_`` columns)."""
    tables = []
    for study in pool.studies:
        own = check(fits.pooled.of(study=study), seed=seed)
        others = replicate(fits.without[study].of(study=study), seed=seed).numbers
        printed = {number.id: number for number in pool.member(study).study.numbers}
        for position, id in enumerate(own["id"]):
            told = summarise(others.get(id, NOTHING), printed[id])
            for name in LEFT_OUT:
                own.loc[position, f"loo_{name}"] = told[name]
        own["loo_converged"] = float(bool(fits.without[study].converged))
        tables.append(own.assign(study=study))
    return pd.concat(tables, ignore_index=True)


def heterogeneity_table(pooled: Posterior, pool: Pool) -> pd.DataFrame:
    """How much two studies of one kind differ: the median ratio of the larger to the smaller, believed and learned.

    Columns ``effect``, ``label``, ``prior_median``, ``prior_lower``, ``prior_upper``, ``median``, ``lower``,
    ``upper``, and ``contraction``, one less the ratio of posterior to prior standard deviation of the spread.

    References
    ----------
    Larsen K, Merlo J. Am J Epidemiol 2005;161:81-88: median odds ratio.
    """
    scales = hierarchy_of(pool).between
    half_normal = np.abs(np.random.default_rng(1).standard_normal(PRIOR_DRAWS))
    rows: list[dict[str, object]] = []
    for k, effect in enumerate(EFFECTS):
        if scales[k] == 0.0:
            continue
        spread = pooled.dataset["between_studies"].sel(effect=effect).values.ravel()
        prior = quantiles(np.exp(MEDIAN_OF_TWO * scales[k] * half_normal))
        rows.append(
            {
                "effect": effect,
                "label": RATIOS[effect],
                **{f"prior_{name}": value for name, value in prior.items()},
                **quantiles(np.exp(MEDIAN_OF_TWO * spread)),
                "contraction": 1.0 - float(spread.std() / (scales[k] * half_normal.std())),
            }
        )
    limits = [f"{prefix}{name}" for prefix in ("prior_", "") for name in LIMITS]
    return pd.DataFrame(rows, columns=["effect", "label", *limits, "contraction"])


def alternatives_table(fits: PooledFits, pool: Pool, others: Mapping[str, tuple[Pool, Posterior]]) -> pd.DataFrame:
    """Estimands of the average and of the first study under other beliefs, and without each study.

    Columns ``analysis``, ``title``, ``of``, ``estimand``, ``unit``, ``median``, ``lower``, ``upper``, ``converged``.
    """
    first = pool.studies[0]
    found = [(pool.name, "this analysis", fits.pooled)]
    found += [(name, other.table.title, tree) for name, (other, tree) in others.items()]
    found += [(f"without_{study}", f"without {study}", tree) for study, tree in fits.without.items()]
    rows: list[dict[str, object]] = []
    for name, title, tree in found:
        parts = {AVERAGE: tree.average}
        if name != f"without_{first}":
            parts[first] = tree.of(study=first)
        for of, part in parts.items():
            told = _estimands(of, "pooled", estimands(part)).values()
            head = {"analysis": name, "title": title, "of": of, "converged": float(bool(tree.converged))}
            rows += [head | {key: row[key] for key in ("estimand", "unit", *LIMITS)} for row in told]
    return pd.DataFrame(rows)


def borrowing_table(following: Posterior) -> pd.DataFrame:
    """What the next study may borrow: predictive priors of shares, and their worth in patients and in events.

    Columns ``estimand``, ``label``, ``median``, ``lower``, ``upper``, ``components`` (weight, mean and standard
    deviation of the log odds), ``patients``, ``events``, and the same with a vague part of ``robust_weight``.
    """
    rows: list[dict[str, object]] = []
    drawn = estimands(following)
    for name in SHARES:
        prior = predictive_prior(following, name)
        weaker = robust(prior)
        parts = zip(prior.weight, prior.mean, prior.deviation, strict=True)
        rows.append(
            {
                "estimand": name,
                "label": ESTIMANDS[name].label,
                **quantiles(drawn[name].values.ravel()),
                "components": "; ".join(f"{w:.2f} x normal({m:.2f}, {s:.2f})" for w, m, s in parts),
                "patients": effective_patients(prior),
                "events": effective_events(prior),
                "robust_weight": ROBUST_WEIGHT,
                "robust_patients": effective_patients(weaker),
                "robust_events": effective_events(weaker),
            }
        )
    return pd.DataFrame(rows)


def weights_table(trees: Mapping[str, tuple[Pool, Posterior]]) -> pd.DataFrame:
    """Prior weight and posterior probability of each study to be one of its kind, where an analysis gives weights."""
    rows = []
    for name, (pool, tree) in trees.items():
        if "study_effect_apart" not in tree.dataset.data_vars:
            continue
        learned = exchangeable_probability(tree).mean(axis=0)
        for study, probability in zip(pool.studies, learned, strict=True):
            weight = pool.table.exchangeable.weight_of(study)
            rows.append({"analysis": name, "study": study, "weight": weight, "probability": float(probability)})
    return pd.DataFrame(rows, columns=["analysis", "study", "weight", "probability"])


def pooled_predictions(
    pooled: Posterior, *, duration: Sequence[float], days: Sequence[float], seed: int
) -> pd.DataFrame:
    """``tables.prediction_table`` of every study, of the average and of the next one, in a column ``study``.

    With durations, only of those whose analysis they have a part in.
    """
    parts = {study: pooled.of(study=study) for study in pooled.analysis.studies}
    parts |= {AVERAGE: pooled.average, NEXT: pooled.next(seed=seed)}
    told = {name: part for name, part in parts.items() if not len(duration) or part.analysis.by_duration}
    tables = [prediction_table(part, duration=duration, days=days).assign(study=name) for name, part in told.items()]
    table = pd.concat(tables, ignore_index=True)
    return table[["study", *(name for name in table.columns if name != "study")]]
