"""Whether studies, or centres, are of their kind: what was given, and what was learned."""

from __future__ import annotations

from collections.abc import Mapping

import pandas as pd

from hscb_bayes.analysis.level import LevelName
from hscb_bayes.posterior.exchangeable import exchangeable_probability
from hscb_bayes.posterior.posterior import Posterior


def weights_table(fits: Mapping[str, Posterior], level: LevelName) -> pd.DataFrame:
    """Prior weight and posterior probability of each unit to be one of its kind, where an analysis gives weights.

    Columns ``analysis``, ``study`` or ``centre``, ``weight`` and ``probability``.

    Parameters
    ----------
    fits
        By name.
    level
        Whose units: studies, or centres.
    """
    rows = []
    for name, posterior in fits.items():
        found = posterior.analysis.levels.get(level)
        if found is None or not found.is_mixed:
            continue
        learned = exchangeable_probability(posterior, level).mean(axis=0)
        for unit, probability in zip(found.units, learned, strict=True):
            weight = found.weight_of(unit)
            rows.append({"analysis": name, level: unit, "weight": weight, "probability": float(probability)})
    return pd.DataFrame(rows, columns=["analysis", level, "weight", "probability"])
