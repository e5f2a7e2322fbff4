"""What the next study may borrow from a pool."""

from __future__ import annotations

from collections.abc import Callable

import pandas as pd

from hscb_bayes.posterior.estimands import ESTIMANDS, estimands
from hscb_bayes.posterior.next_study import (
    ROBUST_WEIGHT,
    SHARES,
    beliefs_toml,
    effective_events,
    effective_patients,
    predictive_prior,
    rbest_json,
    robust,
)
from hscb_bayes.posterior.posterior import Posterior
from hscb_bayes.report.fits import NEXT, Fits
from hscb_bayes.report.limits import limits_of
from hscb_bayes.report.sections.section import Section, has_hierarchy


def next_study_table(fits: Fits) -> pd.DataFrame:
    """Draws of the next study: columns ``chain``, ``draw``, and the estimands."""
    reported = fits.reported["forest"]
    return pd.DataFrame({name: reported[f"{name}[{NEXT}]"].to_series() for name in ESTIMANDS}).reset_index()


def borrowing_table(following: Posterior) -> pd.DataFrame:
    """What the next study may borrow: predictive priors of shares, and their worth in patients and in events.

    Columns ``estimand``, ``label``, ``lower``, ``median``, ``upper``, ``components`` (weight, mean and standard
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
                **limits_of(drawn[name].values),
                "components": "; ".join(f"{w:.2f} x normal({m:.2f}, {s:.2f})" for w, m, s in parts),
                "patients": effective_patients(prior),
                "events": effective_events(prior),
                "robust_weight": ROBUST_WEIGHT,
                "robust_patients": effective_patients(weaker),
                "robust_events": effective_events(weaker),
            }
        )
    return pd.DataFrame(rows)


def _mixture(name: str) -> Callable[[Fits], str]:
    """The robust mixture of a share, for R."""
    return lambda fits: rbest_json(robust(predictive_prior(fits.main.next(seed=fits.seed), name)))


BORROWING = Section(
    name="borrowing",
    link="Borrowing",
    applies=has_hierarchy,
    tables={"borrowing": lambda fits: borrowing_table(fits.main.next(seed=fits.seed)), "next_study": next_study_table},
    texts={f"next_study_{name}.json": _mixture(name) for name in SHARES}
    | {"next_study.toml": lambda fits: beliefs_toml(fits.main.next(seed=fits.seed), source=fits.analysis.name)},
)
