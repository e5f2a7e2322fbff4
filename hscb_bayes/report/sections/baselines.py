"""The baselines of a table's hazards, before and after its patients were seen."""

from __future__ import annotations

import pandas as pd

from hscb_bayes.analysis.priors import natural
from hscb_bayes.model.pathways import prior_normals
from hscb_bayes.posterior.posterior import Posterior
from hscb_bayes.report.endpoints import words_of
from hscb_bayes.report.limits import limits_of, named
from hscb_bayes.report.sections.ratios import INTERVAL
from hscb_bayes.report.sections.section import Section, has_table_alone


def baseline_table(posterior: Posterior) -> pd.DataFrame:
    """Parameters of the baselines before and after: ``parameter``, ``unit`` and intervals."""
    analysis, dataset = posterior.analysis, posterior.dataset
    rows = []
    mean, deviation = prior_normals(analysis)
    for id in (id for id in words_of(analysis).parameters if id in analysis.believed):
        parameter, k = analysis.parameters[id], analysis.parameter_ids.index(id)
        prior = natural(mean[k] + INTERVAL * deviation[k], parameter.scale)
        row: dict[str, object] = {"parameter": id, "unit": parameter.unit}
        rows.append(row | limits_of(dataset[id].values) | named(prior, "prior_"))
    return pd.DataFrame(rows)


BASELINES = Section(
    name="baselines",
    link="What was learned",
    applies=has_table_alone,
    tables={"baselines": lambda fits: baseline_table(fits.main)},
)
