"""One study, the average study and the next one, taken from the posterior of a pool."""

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest
from numpy.testing import assert_allclose
from scipy.special import softmax

from hscb_bayes.analysis.level import EFFECTS
from hscb_bayes.analysis.pool import Pool
from hscb_bayes.analysis.pool_table import Exchangeable
from hscb_bayes.checking.check import check
from hscb_bayes.errors import InputError
from hscb_bayes.model.held_out import HeldOut
from hscb_bayes.posterior.exchangeable import effects_as_drawn, exchangeable_probability, log_likelihood_of_studies
from hscb_bayes.posterior.posterior import Posterior
from hscb_bayes.posterior.predict import survival
from hscb_bayes.posterior.stored import load_posterior, save
from tests.pool.beliefs import beliefs_of

PriorTree = Callable[[Pool], Posterior]


@pytest.fixture(scope="module")
def tree(pool: Pool, prior_tree: PriorTree) -> Posterior:
    return prior_tree(pool)


@pytest.fixture(scope="module")
def mixed(pool: Pool) -> Pool:
    """The same with studies that may be on their own."""
    weights = Exchangeable(weight=0.8, weights={"liu2024": 0.5}, ratio_apart_rarely_above=20.0, why="x")
    table = pool.table.model_copy(update={"exchangeable": weights})
    return replace(pool, table=table, text=table.model_dump_json(by_alias=True, exclude_none=True))


def test_a_posterior_of_one_study_is_of_its_analysis(tree: Posterior) -> None:
    one = tree.of(study="liu2024")
    assert one.analysis.name == "liu2024"
    assert one.parameters.shape == tree.parameters.shape
    assert list(check(one, replicates=50)["id"])[:1] == ["response"]


def test_the_average_study_is_what_parameters_say(tree: Posterior) -> None:
    assert_allclose(tree.average.parameters, tree.parameters)
    assert not tree.average.effect.any()
    assert tree.average.analysis.name == "main"


def test_the_next_study_is_as_far_from_the_average_as_studies_are(tree: Posterior) -> None:
    effects, between = tree.next(seed=1).effect, tree.among_effects("between_studies")
    assert_allclose(np.std(effects[:, 1:] / between[:, 1:3]), 1.0, atol=0.25)
    assert_allclose(effects, tree.next(seed=1).effect)


def test_parameters_of_the_next_study_differ_by_what_is_no_effect_on_a_hazard(tree: Posterior) -> None:
    moved, place = tree.next(seed=1).parameters - tree.parameters, tree.analysis.parameter_ids.index
    between = tree.among_effects("between_studies")
    for effect in EFFECTS[3:]:
        assert_allclose(np.std(moved[:, place(effect)] / between[:, EFFECTS.index(effect)]), 1.0, atol=0.25)
    others = [k for k, id in enumerate(tree.analysis.parameter_ids) if id not in EFFECTS[3:]]
    assert_allclose(moved[:, others], 0.0, atol=1e-12)


def test_a_next_study_on_its_own_is_further_away(tree: Posterior) -> None:
    apart, alike = tree.next(seed=1, exchangeable=1e-9).effect, tree.next(seed=1).effect
    assert apart.std() > 2.0 * alike.std()


def test_an_unknown_study_is_asked_back(tree: Posterior) -> None:
    with pytest.raises(InputError, match=r"there is no study 'liu'; did you mean 'liu2024'\?"):
        tree.of(study="liu")


def test_one_study_has_no_average_and_no_next_one(tree: Posterior) -> None:
    for asked, ask in (
        ("an average study", lambda one: one.average),
        ("a next study", lambda one: one.next(seed=1)),
    ):
        with pytest.raises(InputError, match=f"required studies around an average one, to tell of {asked}"):
            ask(tree.average)


def test_what_a_pool_predicts_is_of_each_study(tree: Posterior) -> None:
    found = survival(tree, days=[28.0, 365.0])
    assert found.dims == ("chain", "draw", "study", "day")
    assert tuple(found["study"].values) == tree.analysis.studies
    own = survival(tree.of(study="liu2024"), days=[28.0, 365.0])
    assert_allclose(found.sel(study="liu2024"), own, rtol=1e-12)


def test_a_pooled_posterior_comes_back_from_a_file(tree: Posterior, tmp_path) -> None:
    save(tree, tmp_path / "posterior.nc")
    again = load_posterior(tmp_path / "posterior.nc")
    assert again.analysis.studies == tree.analysis.studies
    assert_allclose(again.parameters, tree.parameters)


def test_whoever_is_exchangeable_for_certain_is_so_in_every_draw(tree: Posterior) -> None:
    assert (exchangeable_probability(tree) == 1.0).all()
    assert_allclose(effects_as_drawn(tree)[:, 0], tree.among_effects("study_effect")[:, 0])


def test_a_study_that_was_left_out_keeps_its_weight(mixed: Pool, prior_tree: PriorTree) -> None:
    tree = replace(prior_tree(mixed), without=HeldOut(studies=["liu2024"]))
    of_standard = tree.dataset["log_prior_study_apart"].sel(study="liu2024").values.ravel()
    found = exchangeable_probability(tree)[:, mixed.studies.index("liu2024")]
    assert_allclose(found, 1.0 / (1.0 + np.exp(of_standard)), atol=1e-9)
    assert found.mean() == pytest.approx(0.5, abs=4.0 * found.std() / np.sqrt(found.size))


def test_weights_are_bayes_rule_between_the_components(mixed: Pool, prior_tree: PriorTree) -> None:
    tree = prior_tree(mixed)
    names = ("study_effect", "study_effect_apart")
    each = [tree.among_effects(name) for name in names]
    found = np.stack([log_likelihood_of_studies(tree.parameters[:, None, :], one, mixed) for one in each])
    found[1] += tree.flat("log_prior_study_apart")
    weighted = softmax(found + beliefs_of(mixed).log_weights[:, None, :], axis=0)
    assert len(weighted) == 2
    assert_allclose(exchangeable_probability(tree), weighted[0], atol=1e-9)
    effects = effects_as_drawn(tree)
    alike = np.isclose(effects, each[0]).all(axis=-1)
    assert (alike | np.isclose(effects, each[1]).all(axis=-1)).all()
    assert 0.02 < alike.mean() < 0.98
