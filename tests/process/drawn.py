"""Pathways of many draws, about as wide as the beliefs of the main analysis, with one hazard of any family."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np

from hscb_bayes.process.follow_up import YEAR
from hscb_bayes.process.hazards import FAMILIES
from hscb_bayes.process.pathway import TRANSITIONS, Clock, Pathway

CUTS = (20.0, 90.0)
SPREAD = 0.5  # standard deviation of the logarithm of a shape, a step or a hazard ratio


def drawn_pathway(transition: str, family: str, clock: Clock, *, draws: int, seed: int) -> Pathway:
    """Parameters of shape (draw, 1, 1); the hazards of the other transitions are Weibull."""
    rng = np.random.default_rng(seed)

    def normal(mean: float, deviation: float) -> np.ndarray:
        return mean + deviation * rng.standard_normal((draws, 1, 1))

    def mortality(share: float, deviation: float) -> np.ndarray:
        """Log cumulative hazard of which this share has died, the share varying on the scale of log odds."""
        log_odds = normal(np.log(share / (1.0 - share)), deviation)
        return np.asarray(np.log(np.logaddexp(0.0, log_odds)))

    year = np.full((draws, 1, 1), np.log(YEAR))
    through = {
        "response": (normal(np.log(14.0), 0.75), np.full((draws, 1, 1), np.log(np.log(2.0)))),
        "death_without_response": (year, mortality(0.7, 1.5)),
        "death_after_response": (year, mortality(0.35, 1.0)),
    }
    weibull = FAMILIES["weibull"]
    hazards: dict[str, Any] = {
        name: weibull.through(*at, [normal(0.0, SPREAD)], cuts=(), xp=np) for name, at in through.items()
    }
    own = FAMILIES[family]
    cuts = CUTS if own.HAS_CUTS else ()
    shapes = [normal(0.0, SPREAD) for _ in range(max(1, len(cuts)))]
    hazards[transition] = own.through(*through[transition], shapes, cuts=cuts, xp=np)
    return Pathway(
        **hazards,
        log_hazard_ratio=(normal(0.0, SPREAD), normal(0.0, SPREAD), normal(0.0, SPREAD)),
        logit_never=normal(-2.2, 1.0),
        clock=clock,
    )


def draw_of(pathway: Pathway, k: int, made: Callable[[float], Any]) -> Pathway:
    """One of many draws: each parameter as a scalar of whatever array namespace."""

    def picked(value: Any) -> Any:
        if isinstance(value, tuple):
            return tuple(picked(one) for one in value)
        return made(float(value[k, 0, 0])) if isinstance(value, np.ndarray) and value.ndim == 3 else value

    hazards = {
        name: replace(hazard, **{part: picked(value) for part, value in vars(hazard).items()})
        for name, hazard in ((name, getattr(pathway, name)) for name in TRANSITIONS)
    }
    return replace(
        pathway,
        **hazards,
        log_hazard_ratio=picked(pathway.log_hazard_ratio),
        logit_never=picked(pathway.logit_never),
    )
