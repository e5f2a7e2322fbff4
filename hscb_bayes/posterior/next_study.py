"""What the next study may borrow: its predictive distribution as a mixture, and how much it is worth.

The meta-analytic-predictive prior of a share (response by day 28, one-year survival) is that share in a new study of
the kind, fitted by a mixture of normal distributions on the log odds. A part of vague prior makes it robust: where the
new patients disagree, the mixture lets go.

References
----------
Schmidli H, Gsteiger S, Roychoudhury S, et al. Robust meta-analytic-predictive priors in clinical trials with historical
control information. Biometrics 2014;70:1023-1032. Neuenschwander B, Weber S, Schmidli H, O'Hagan A. Predictively
consistent prior effective sample sizes. Biometrics 2020;76:578-587.
"""

from __future__ import annotations

import json

import numpy as np
from scipy.special import expit, logit

from hscb_bayes.analysis.priors import BELIEFS, natural
from hscb_bayes.errors import InputError
from hscb_bayes.model.pathways import HALF, hazard_of
from hscb_bayes.posterior.estimands import ESTIMANDS, estimands
from hscb_bayes.posterior.mixture import Mixture, fitted_mixture
from hscb_bayes.posterior.posterior import Posterior
from hscb_bayes.process.pathway import TRANSITIONS

ROBUST_WEIGHT = 0.2
UNIT_DEVIATION = 2.0  # of the log odds: what one patient tells at a share of one half, 1 / sqrt(p (1 - p))
GRID = 4001
FARTHEST = 12.0  # log odds
SURE = 0.95
ROWS = ("w", "m", "s")  # of a mixture in R: weight, mean, standard deviation
SHARES = tuple(name for name, quantity in ESTIMANDS.items() if quantity.unit == "share")


def predictive_prior(following: Posterior, estimand: str) -> Mixture:
    """The predictive distribution of a share in the next study, as the mixture that BIC prefers.

    Parameters
    ----------
    following
        What ``Posterior.next`` returned.
    estimand
        ``"response_by_28"`` or ``"os_1y"``.

    Raises
    ------
    InputError
        When it is none of these.
    """
    if estimand not in SHARES:
        raise InputError(f"estimand: required one of {list(SHARES)}, found {estimand!r}")
    share = np.clip(estimands(following)[estimand].values.ravel(), 1e-9, 1.0 - 1e-9)
    return fitted_mixture(logit(share))


def robust(mixture: Mixture, *, weight: float = ROBUST_WEIGHT, share: float = 0.5) -> Mixture:
    """The mixture with a vague component: normal around ``share`` with a standard deviation of 2 on the log odds.

    That is what one patient tells at a share of one half; over all shares it is worth 4.2 patients by ELIR.

    Parameters
    ----------
    weight
        Of the vague component, between 0 and 1.

    Raises
    ------
    InputError
        When the weight or the share is not between 0 and 1.
    """
    for name, value in (("weight", weight), ("share", share)):
        if not 0.0 < value < 1.0:
            raise InputError(f"{name}: required a number between 0 and 1, found {value!r}")
    return Mixture(
        weight=np.append((1.0 - weight) * mixture.weight, weight),
        mean=np.append(mixture.mean, logit(share)),
        deviation=np.append(mixture.deviation, UNIT_DEVIATION),
    )


def effective_patients(mixture: Mixture) -> float:
    """How many patients the prior is worth: the expected ratio of its local information to that of one patient (ELIR).

    One patient, seen to have the event or not, has the information p (1 - p) about the log odds.
    """
    log_odds = np.linspace(-FARTHEST, FARTHEST, GRID)
    share = expit(log_odds)
    density = mixture.density(log_odds)
    ratio = mixture.information(log_odds) / (share * (1.0 - share))
    return float(np.sum(density * ratio) / np.sum(density))


def effective_events(mixture: Mixture) -> float:
    """Events among as many patients as the prior is worth."""
    log_odds = np.linspace(-FARTHEST, FARTHEST, GRID)
    density = mixture.density(log_odds)
    share = np.sum(density * expit(log_odds)) / np.sum(density)
    return float(share) * effective_patients(mixture)


def rbest_json(mixture: Mixture) -> str:
    """The mixture as RBesT's ``read_mix_json`` takes it: a normal mixture of the log odds.

    The text is that of ``write_mix_json``: attributes of the R object, then weights, means and standard deviations. Of
    three components the first is written as two halves: R would read three names of rows and three of components as
    a matrix.
    """
    if len(mixture.weight) == len(ROWS):
        half, rest = mixture.weight[0] / 2.0, mixture.weight[1:]
        mixture = Mixture(
            weight=np.concatenate([[half, half], rest]),
            mean=np.insert(mixture.mean, 0, mixture.mean[0]),
            deviation=np.insert(mixture.deviation, 0, mixture.deviation[0]),
        )
    names = [f"comp{k + 1}" for k in range(len(mixture.weight))]
    meta = {
        "dim": [len(ROWS), len(names)],
        "dimnames": [list(ROWS), names],
        "class": ["normMix", "mix"],
        "link": ["identity"],
        "sigma": [UNIT_DEVIATION],
    }
    rows = [[float(value) for value in row] for row in (mixture.weight, mixture.mean, mixture.deviation)]
    return json.dumps({"meta": meta, "comp": rows}, indent=1)


def beliefs_toml(following: Posterior, *, source: str) -> str:
    """``[prior.<parameter>]`` tables of the next study, as an analysis file takes them.

    Each is the normal distribution, on the parameter's unbounded scale, with the median and the 95% quantile of the
    draws. What the draws know about pairs of parameters is lost.

    Parameters
    ----------
    source
        The pool, for ``why``.
    """
    draws, analysis, tables = _with_effect(following), following.analysis, []
    beliefs = {id: analysis.hazards.beliefs.get(id, id) for id in analysis.believed}
    for id in dict.fromkeys(beliefs.values()):
        values = draws[:, [analysis.parameter_ids.index(own) for own, belief in beliefs.items() if belief == id]]
        median, limit = np.quantile(values, [0.5, SURE])
        scale = BELIEFS[id].scale
        guess, below = (float(natural(np.array(value), scale)) for value in (median, limit))
        why = f"the next study of the kind, predicted from {source}"
        tables.append(f"[prior.{id}]\nbest_guess = {guess:.6g}\nbelow = {below:.6g}\nwhy = {json.dumps(why)}\n")
    return "\n".join(tables)


def _with_effect(following: Posterior) -> np.ndarray:
    """Parameters on their unbounded scales, with the study's effects in the median of response and in mortalities."""
    analysis, found, effect = following.analysis, following.parameters.copy(), following.effect
    if effect is None:
        return found
    values = {id: found[:, k] for k, id in enumerate(analysis.parameter_ids)}
    response = hazard_of(TRANSITIONS[0], analysis.hazards, values, np)
    found[:, analysis.parameter_ids.index("response_median")] = response.log_time_at(HALF - effect[:, 0], np)
    for k, transition in enumerate(TRANSITIONS[1:], start=1):
        found[:, analysis.parameter_ids.index(transition)] += effect[:, k]
    return found
