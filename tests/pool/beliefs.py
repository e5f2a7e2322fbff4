"""Beliefs about the studies of a pool as arrays over all effects, and the mixture of standard effects by formula."""

from types import SimpleNamespace
from typing import Any

import numpy as np
from scipy.stats import norm

from hscb_bayes.analysis.level import STUDY
from hscb_bayes.model.level_arrays import indicators, level_arrays, shift_arrays, shifted_effects, study_shifts


def beliefs_of(pool: Any) -> SimpleNamespace:
    """What ``level_arrays`` and ``shift_arrays`` have, with an axis of all ``EFFECTS``; and ``names`` of the shifts."""
    level, shifts = pool.levels[STUDY], shift_arrays(pool)
    found, among = level_arrays(level), indicators(level.effects)
    found |= {name: found[name] @ among for name in ("between", "apart")}
    found["drawn_apart"] = 1.0 + (found["drawn_apart"] - 1.0) @ among
    names = tuple(shift.name for shift in study_shifts(pool))
    return SimpleNamespace(
        **found, names=names, belongs=shifts["belongs"], shift=shifts["shift"] @ indicators(shifted_effects(pool))
    )


def log_ratio_apart(standard: np.ndarray, drawn_apart: np.ndarray) -> np.ndarray:
    """Log density of standard effects of a study on its own, N(0, 1 / r), over that of one of its kind; shape (...)."""
    return np.asarray((norm.logpdf(standard, scale=1.0 / drawn_apart) - norm.logpdf(standard)).sum(axis=-1))
