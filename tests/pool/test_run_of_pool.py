"""A whole run of a pool, compiled and sampled: two studies, one of them with patients one by one, few draws."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from hscb_bayes import cli
from hscb_bayes.posterior.exchangeable import (
    effects_as_drawn,
    exchangeable_probability,
    log_likelihood_of_known,
    log_likelihood_of_studies,
)
from hscb_bayes.posterior.posterior import Posterior
from hscb_bayes.posterior.prior_draws import draw_prior
from hscb_bayes.posterior.stored import load_posterior
from hscb_bayes.report import sampling
from hscb_bayes.report.sections import sections_of
from tests import corners

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("small_pool")]
STUDIES = ("first", "second")


@pytest.fixture(scope="module")
def results(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("pool")
    path, out = corners.pool(folder, "ordinary", 15, with_table=True, weight=0.8), folder / "out"
    with pytest.MonkeyPatch.context() as patch:
        few = sampling.Attempt(draws=300, tune=300, target_accept=0.9)
        patch.setattr(sampling, "OF_HIERARCHY", (few,))
        patch.setattr(sampling, "BESIDE_HIERARCHY", (replace(few, draws=150, tune=200, chains=2),))
        assert cli.main(["run", str(path), "--out", str(out), "--quiet", "--allow-unconverged", "--seed", "3"]) == 0
    return out


def test_every_table_and_the_page_are_there(results: Path) -> None:
    written = {entry.name for entry in results.iterdir()}
    pool = load_posterior(results / "posterior.nc").analysis
    assert {file for section in sections_of(pool) for file in section.files} < written
    page = (results / "report.html").read_text(encoding="utf-8")
    assert all(study in page for study in STUDIES)
    for command in ("check", "predict", "report"):
        assert cli.main([command, str(results)]) == 0


def test_a_study_alone_in_the_pool_and_left_out_has_three_answers(results: Path) -> None:
    table = pd.read_csv(results / "estimands.csv").set_index(["study", "kind", "estimand"])
    for study in STUDIES:
        medians = [table.loc[(study, kind, "os_1y"), "median"] for kind in ("alone", "pooled", "others")]
        assert len(set(medians)) == 3
        assert all(0.0 < median < 1.0 for median in medians)


def log_likelihood(tree: Posterior) -> np.ndarray:
    """Of both prints and of the patients, shape (draw,)."""
    effects = effects_as_drawn(tree)
    of_prints = log_likelihood_of_studies(tree.parameters[:, None], effects, tree.analysis).sum(axis=1)
    return np.asarray(of_prints + log_likelihood_of_known(tree, effects[:, None]).sum(axis=(1, 2)))


def test_the_draws_are_where_print_and_patients_are_likely(results: Path) -> None:
    """The middle draw of the posterior is more likely than 99 of 100 of the prior."""
    posterior = load_posterior(results / "posterior.nc")
    prior = draw_prior(posterior.analysis, draws=400, chains=1, seed=1)
    assert np.median(log_likelihood(posterior)) > np.quantile(log_likelihood(prior), 0.99)
    probability = exchangeable_probability(posterior)
    assert probability.shape == (len(posterior.parameters), len(STUDIES))
    assert 0.5 < probability.mean() < 1.0
