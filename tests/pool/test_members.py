"""One study, the average study and the next one, taken from the posterior of a pool."""

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest
import xarray as xr
from numpy.testing import assert_allclose
from scipy.special import softmax

from hscb_bayes.analysis.pool import Pool
from hscb_bayes.analysis.pool_table import Exchangeable
from hscb_bayes.checking.check import check
from hscb_bayes.errors import InputError
from hscb_bayes.model.held_out import LEFT_OUT
from hscb_bayes.model.hierarchy import COMPONENTS, hierarchy_of
from hscb_bayes.posterior.exchangeable import effects_as_drawn, exchangeable_probability, log_likelihood_of_studies
from hscb_bayes.posterior.stored import load_posterior, save

PriorTree = Callable[[Pool], xr.DataTree]


@pytest.fixture(scope="module")
def tree(pool: Pool, prior_tree: PriorTree) -> xr.DataTree:
    return prior_tree(pool)


@pytest.fixture(scope="module")
def mixed(pool: Pool) -> Pool:
    """The same with studies that may be on their own."""
    weights = Exchangeable(weight=0.8, weights={"liu2024": 0.5}, ratio_apart_rarely_above=20.0, why="x")
    table = pool.table.model_copy(update={"exchangeable": weights})
    return replace(pool, table=table, text=table.model_dump_json(by_alias=True, exclude_none=True))


def test_a_posterior_of_one_study_is_of_its_analysis(tree: xr.DataTree) -> None:
    one = tree.of(study="liu2024")
    assert one.analysis.name == "liu2024"
    assert one.parameters.shape == tree.parameters.shape
    assert list(check(one, replicates=50)["id"])[:1] == ["response"]


def test_the_average_study_is_what_parameters_say(tree: xr.DataTree) -> None:
    assert_allclose(tree.average.parameters, tree.parameters)
    assert tree.average.analysis.name == "main"


def test_the_next_study_is_as_far_from_the_average_as_studies_are(tree: xr.DataTree) -> None:
    effects = draws_of(tree.next(seed=1)) - tree.parameters
    between = tree.dataset["between_studies"].values.reshape(-1, 6)
    deaths = effects[:, [3, 5]]
    assert_allclose(np.std(deaths / between[:, 1:3]), 1.0, atol=0.25)
    assert_allclose(draws_of(tree.next(seed=1)), draws_of(tree.next(seed=1)))


def test_a_next_study_on_its_own_is_further_away(tree: xr.DataTree) -> None:
    apart = draws_of(tree.next(seed=1, exchangeable=1e-9)) - tree.parameters
    alike = draws_of(tree.next(seed=1)) - tree.parameters
    assert apart.std() > 2.0 * alike.std()


def test_an_unknown_study_is_asked_back(tree: xr.DataTree) -> None:
    with pytest.raises(InputError, match=r"there is no study 'liu'; did you mean 'liu2024'\?"):
        tree.of(study="liu")


def test_each_posterior_knows_whether_it_is_pooled(tree: xr.DataTree) -> None:
    with pytest.raises(InputError, match="required the posterior of one study, found that of a pooled analysis"):
        tree.analysis
    with pytest.raises(InputError, match="required the posterior of a pooled analysis, found that of one study"):
        tree.average.analysis


def test_a_pooled_posterior_comes_back_from_a_file(tree: xr.DataTree, tmp_path) -> None:
    save(tree, tmp_path / "posterior.nc")
    again = load_posterior(tmp_path / "posterior.nc")
    assert again.analysis.studies == tree.analysis.studies
    assert_allclose(again.parameters, tree.parameters)


def test_whoever_is_exchangeable_for_certain_is_so_in_every_draw(tree: xr.DataTree) -> None:
    assert (exchangeable_probability(tree) == 1.0).all()
    assert_allclose(effects_as_drawn(tree)[:, 0], tree.dataset["study_effect"].values.reshape(-1, 7, 6)[:, 0])


def test_a_study_that_was_left_out_keeps_its_weight(mixed: Pool, prior_tree: PriorTree) -> None:
    tree = prior_tree(mixed)
    tree.attrs[LEFT_OUT] = '["liu2024"]'
    of_standard = tree.dataset["log_prior_apart"].sel(study="liu2024").values.ravel()
    found = exchangeable_probability(tree)[:, mixed.studies.index("liu2024")]
    assert_allclose(found, 1.0 / (1.0 + np.exp(of_standard)), atol=1e-9)
    assert found.mean() == pytest.approx(0.5, abs=4.0 * found.std() / np.sqrt(found.size))


def test_weights_are_bayes_rule_between_the_components(mixed: Pool, prior_tree: PriorTree) -> None:
    tree = prior_tree(mixed)
    names = ("study_effect", "study_effect_apart")
    each = [tree.dataset[name].values.reshape(-1, 7, 6) for name in names]
    found = np.stack([log_likelihood_of_studies(tree.parameters[:, None, :], one, mixed) for one in each])
    found[1] += tree.dataset["log_prior_apart"].values.reshape(-1, 7)
    weighted = softmax(found + hierarchy_of(mixed).log_weights[:, None, :], axis=0)
    assert len(weighted) == len(COMPONENTS)
    assert_allclose(exchangeable_probability(tree), weighted[0], atol=1e-9)
    effects = effects_as_drawn(tree)
    alike = np.isclose(effects, each[0]).all(axis=-1)
    assert (alike | np.isclose(effects, each[1]).all(axis=-1)).all()
    assert 0.02 < alike.mean() < 0.98
