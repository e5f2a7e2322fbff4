"""What the next study may borrow from a pool."""

from __future__ import annotations

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
from hscb_bayes.report.cell import estimate_of
from hscb_bayes.report.fits import NEXT, Fits, Fitted
from hscb_bayes.report.limits import limits_of
from hscb_bayes.report.results import Results
from hscb_bayes.report.sections.section import Section, has_hierarchy

BELIEFS = "next_study.toml"
MIXTURES = {name: f"next_study_{name}.json" for name in SHARES}


def _tables(fits: Fits) -> dict[str, pd.DataFrame]:
    reported = fits.reported["forest"]
    draws = {name: reported[f"{name}[{NEXT}]"].rename(name) for name in ESTIMANDS}
    next_draws = pd.DataFrame({name: one.to_series() for name, one in draws.items()}).reset_index()
    return {"borrowing": borrowing_table(fits.main.next(fits.seed)), "next_study": next_draws}


def borrowing_table(following: Fitted) -> pd.DataFrame:
    """What the next study may borrow: predictive priors of shares, and their worth in patients and in events.

    Columns ``estimand``, ``label``, ``lower``, ``median``, ``upper``, ``components`` (weight, mean and standard
    deviation of the log odds), ``patients``, ``events``, and the same with a vague part of ``robust_weight``.
    """
    rows: list[dict[str, object]] = []
    drawn = estimands(following.posterior)
    for name in SHARES:
        prior = predictive_prior(following.posterior, name)
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


def _texts(fits: Fits) -> dict[str, str]:
    """Robust mixtures for R, and beliefs for an analysis file."""
    following = fits.main.next(fits.seed).posterior
    mixtures = {file: rbest_json(robust(predictive_prior(following, name))) for name, file in MIXTURES.items()}
    return mixtures | {BELIEFS: beliefs_toml(following, source=fits.analysis.name)}


def _context(results: Results) -> dict[str, object]:
    rows = results.tables["borrowing"].to_dict("records")
    return {"rows": [row | {"next": estimate_of(row, "share")} for row in rows]}


BORROWING = Section(
    name="borrowing",
    link="Borrowing",
    applies=has_hierarchy,
    context=_context,
    files=("borrowing.csv", "next_study.csv", BELIEFS, *MIXTURES.values()),
    tables=_tables,
    texts=_texts,
)
