"""How much studies of a pool differ, as it was believed and as it was learned."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import numpy as np
import pandas as pd

from hscb_bayes.analysis.level import STUDY
from hscb_bayes.posterior.exchangeable import exchangeable_probability
from hscb_bayes.posterior.posterior import Posterior
from hscb_bayes.report.cell import estimate_of
from hscb_bayes.report.limits import NAMES, limits_of
from hscb_bayes.report.results import Results
from hscb_bayes.report.sections.section import Section, has_hierarchy
from hscb_bayes.report.words import number

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


def heterogeneity_table(posterior: Posterior) -> pd.DataFrame:
    """How much two studies of one kind differ: the median ratio of the larger to the smaller, believed and learned.

    Columns ``effect``, ``label``, ``prior_lower``, ``prior_median``, ``prior_upper``, ``lower``, ``median``,
    ``upper``, and ``contraction``, one less the ratio of posterior to prior standard deviation of the spread.

    References
    ----------
    Larsen K, Merlo J. Am J Epidemiol 2005;161:81-88: median odds ratio.
    """
    half_normal = np.abs(np.random.default_rng(1).standard_normal(PRIOR_DRAWS))
    rows: list[dict[str, object]] = []
    for effect, scale in posterior.analysis.levels[STUDY].between.items():
        if scale == 0.0:
            continue
        spread = posterior.dataset["between_studies"].sel(effect=effect).values.ravel()
        head: dict[str, object] = {"effect": effect, "label": RATIOS[effect]}
        rows.append(
            head
            | limits_of(np.exp(MEDIAN_OF_TWO * scale * half_normal), "prior_")
            | limits_of(np.exp(MEDIAN_OF_TWO * spread))
            | {"contraction": 1.0 - float(spread.std() / (scale * half_normal.std()))}
        )
    limits = [f"{prefix}{name}" for prefix in ("prior_", "") for name in NAMES]
    return pd.DataFrame(rows, columns=["effect", "label", *limits, "contraction"])


def weights_table(fits: Mapping[str, Posterior]) -> pd.DataFrame:
    """Prior weight and posterior probability of each study to be one of its kind, where an analysis gives weights.

    Parameters
    ----------
    fits
        Of pools, by name.
    """
    rows = []
    for name, posterior in fits.items():
        if "study_effect_apart" not in posterior.dataset.data_vars:
            continue
        learned = exchangeable_probability(posterior).mean(axis=0)
        for study, probability in zip(posterior.analysis.studies, learned, strict=True):
            weight = posterior.analysis.levels[STUDY].weight_of(study)
            rows.append({"analysis": name, "study": study, "weight": weight, "probability": float(probability)})
    return pd.DataFrame(rows, columns=["analysis", "study", "weight", "probability"])


def _sentences(results: Results) -> Iterator[str]:
    """How much studies differ in their response."""
    ratios = results.tables["heterogeneity"].set_index("effect")
    if "response" not in ratios.index:
        return
    row = ratios.loc["response"].to_dict()
    learned, believed = estimate_of(row, "ratio"), number(row["prior_median"], "ratio")
    yield (
        f"Of two studies of one kind, the one with the higher hazard of response typically has {learned} times the "
        f"other's; before the studies were read, {believed} was believed."
    )


HETEROGENEITY = Section(
    name="heterogeneity",
    link="How studies differ",
    applies=has_hierarchy,
    tables={
        "heterogeneity": lambda fits: heterogeneity_table(fits.main),
        "weights": lambda fits: weights_table(fits.compared),
    },
    sentences=_sentences,
)
