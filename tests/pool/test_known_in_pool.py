"""Patients known one by one beside a paper of a pool: at the parameters of their study, and each counted once."""

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Literal

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from pytensor.graph.rewriting.utils import rewrite_graph
from scipy.stats import norm

from hscb_bayes.analysis.known import EFFECT
from hscb_bayes.analysis.pool import Pool, load_pool
from hscb_bayes.checking.methods.literature import printed_literature, true_literature
from hscb_bayes.checking.replicate import replicate
from hscb_bayes.model.build import build
from hscb_bayes.model.data import arrays_of_table, layout_of, model_data
from hscb_bayes.model.held_out import HeldOut
from hscb_bayes.model.known_patients import known_terms, tables_of
from hscb_bayes.model.pathways import prior_normals
from hscb_bayes.model.patient_likelihood import coefficients, log_likelihood_of_table
from hscb_bayes.posterior.exchangeable import effects_as_drawn, exchangeable_probability, log_likelihood_of_studies
from hscb_bayes.posterior.posterior import Posterior
from hscb_bayes.posterior.stored import load_posterior, save
from tests.pool.beliefs import beliefs_of, log_ratio_apart
from tests.pool.levels import at_levels
from tests.posteriors import parameters_at, shifts_at

CENTRE = "gagelmann2023"  # the study of the patients who are known
OF_A_DRAW = 1e-8


@pytest.fixture(scope="module")
def known_pool() -> Pool:
    return load_pool("pooled_with_centre")


def weighted(pool: Pool, weight: float) -> Pool:
    weights = pool.table.exchangeable.model_copy(update={"weight": weight})
    table = pool.table.model_copy(update={"exchangeable": weights})
    tables = json.loads(pool.text) | {"exchangeable": json.loads(weights.model_dump_json(exclude_none=True))}
    return replace(pool, table=table, text=json.dumps(tables))


@pytest.mark.parametrize("weight", [1.0, 0.7], ids=["exchangeable", "some on their own"])
def test_the_sampler_has_the_likelihood_of_print_and_patients(weight: float, known_pool: Pool) -> None:
    pool = weighted(known_pool, weight)
    model, beliefs, rng = build(pool).model, beliefs_of(pool), np.random.default_rng(4)
    free = {name: value + 0.2 * rng.normal(size=np.shape(value)) for name, value in model.initial_point().items()}
    variables = [model[name] for name in ("standard_study_effect", "print", "patients")]
    found = float(model.compile_logp(vars=variables, mode="FAST_COMPILE")(free))
    shared = beliefs.belongs @ shifts_at(pool, free)
    effects = [
        shared
        + beliefs.between
        * np.logaddexp(0.0, free["standard_between_studies_log_exp_m1__"])
        * free["standard_study_effect"]
    ]
    if weight < 1.0:
        effects.append(shared + beliefs.apart * beliefs.drawn_apart * free["standard_study_effect"])
    parameters = parameters_at(pool, free)
    by_study = log_likelihood_of_studies(parameters[None, None], np.stack(effects), pool)
    for component, own in enumerate(effects):
        at = at_levels(parameters, own[0])
        by_study[component, 0] += known_terms(at[None], free[EFFECT][0], pool.members[0])[0]
    log_prior = np.stack([np.zeros(7), log_ratio_apart(free["standard_study_effect"], beliefs.drawn_apart)])
    expected = np.logaddexp.reduce((by_study + beliefs.log_weights + log_prior)[: len(effects)], axis=0).sum()
    expected += norm.logpdf(free["standard_study_effect"]).sum()
    assert found == pytest.approx(float(expected), rel=OF_A_DRAW)


def test_patients_of_a_study_that_is_left_out_say_nothing(known_pool: Pool) -> None:
    table, mean = tables_of(known_pool)[CENTRE], prior_normals(known_pool)[0]
    points = coefficients(table, dict(zip(known_pool.parameter_ids, mean[:, None], strict=True)), np, own=np.zeros(3))
    terms = {
        without: log_likelihood_of_table(
            table, points, arrays_of_table(CENTRE, model_data(known_pool, without=HeldOut(studies=without))), np
        )
        for without in ((), (CENTRE,), ("liu2024",))
    }
    assert terms[()] < -10.0
    assert terms[(CENTRE,)] == 0.0
    assert terms[("liu2024",)] == terms[()]


def test_the_print_is_that_of_the_others(known_pool: Pool, pool: Pool) -> None:
    ours, papers = model_data(known_pool), model_data(pool)
    assert ours["sizes"][0].sum() == papers["sizes"][0].sum() - len(known_pool.members[0].known or ())
    assert_array_equal(ours["sizes"][1:], papers["sizes"][1:])


def test_patients_travel_with_the_posterior(
    known_pool: Pool, prior_tree: Callable[[Pool], Posterior], tmp_path: Path
) -> None:
    save(prior_tree(known_pool), tmp_path / "posterior.nc")
    again = load_posterior(tmp_path / "posterior.nc").analysis.members[0].known
    kept = known_pool.members[0].known
    assert again is not None
    assert kept is not None
    assert_array_equal(again.patients.last_day, kept.patients.last_day)
    assert_array_equal(again.duration, kept.duration)


def test_their_effect_is_of_their_study_alone(known_pool: Pool, prior_tree: Callable[[Pool], Posterior]) -> None:
    tree = prior_tree(known_pool)
    own = tree.of(study=CENTRE)
    assert_array_equal(own.dataset[EFFECT], tree.dataset[EFFECT].sel(patients_of=CENTRE))
    assert EFFECT not in tree.of(study="liu2024").dataset
    assert EFFECT not in tree.average.dataset
    assert replicate(own, replicates=20, seed=1).cohort.responded.shape == (20, 31)


def test_whether_a_study_is_of_its_kind_is_judged_by_its_patients_too(
    known_pool: Pool, prior_tree: Callable[[Pool], Posterior]
) -> None:
    pool = weighted(known_pool, 0.7)
    tree = prior_tree(pool)
    found = exchangeable_probability(tree)
    draw = 3
    by_component = np.stack([tree.among_effects(name)[draw] for name in ("study_effect", "study_effect_apart")])
    terms = log_likelihood_of_studies(tree.parameters[draw][None, None], by_component, pool)
    for component in range(2):
        at = at_levels(tree.parameters[draw], by_component[component, 0])
        effect = tree.flat(EFFECT)[draw, 0]
        terms[component, 0] += known_terms(at[None], effect, pool.members[0])[0]
    terms[1] += tree.flat("log_prior_study_apart")[draw]
    odds = terms + np.log([[0.7], [0.3]])
    assert_allclose(found[draw], np.exp(odds[0] - np.logaddexp(*odds)), atol=OF_A_DRAW)
    assert effects_as_drawn(tree).shape == (100, 7, 6)


def test_a_simulated_literature_has_patients_of_its_own(known_pool: Pool) -> None:
    rng = np.random.default_rng([20261124, 3])
    truth = true_literature(known_pool, rng=rng)
    simulated, numbers, _ = printed_literature(known_pool, truth, rng=rng)
    known = simulated.members[0].known
    assert known is not None
    assert len(known) == len(known_pool.members[0].known or ())
    assert not np.array_equal(known.patients.last_day, (known_pool.members[0].known or known).patients.last_day)
    assert layout_of(known_pool) == layout_of(simulated, numbers)
    assert set(numbers) == set(known_pool.studies)


@pytest.mark.slow
@pytest.mark.parametrize("pooling", ["partial", "none"])
def test_a_graph_with_known_patients_is_rewritten_without_a_failure(
    pooling: Literal["partial", "none"], known_pool: Pool, caplog: pytest.LogCaptureFixture
) -> None:
    """PyTensor prints a traceback for each rewrite that fails, which a user would see."""
    rewrite_graph(build(replace(known_pool, pooling=pooling)).model.logp(), include=("canonicalize", "stabilize"))
    assert "Rewrite failure" not in caplog.text
