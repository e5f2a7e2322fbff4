"""The likelihood of several studies is the product of theirs, each at its own parameters."""

from dataclasses import replace

import numpy as np
import pytest
from numpy.testing import assert_allclose
from scipy.stats import norm

from hscb_bayes.analysis.analysis import Analysis
from hscb_bayes.analysis.level import EFFECTS
from hscb_bayes.analysis.pool_table import Borrowing
from hscb_bayes.evidence.joint_arrays import JointArrays, cell_members, stacked
from hscb_bayes.model.build import build
from hscb_bayes.model.data import model_data
from hscb_bayes.model.held_out import HeldOut
from hscb_bayes.model.likelihood import log_likelihood
from hscb_bayes.model.marks import columns_needed
from hscb_bayes.model.pathways import prior_normals
from hscb_bayes.model.print_arrays import joint_arrays, printed_values
from hscb_bayes.model.print_likelihood import log_likelihood_by_study
from hscb_bayes.model.print_rows import edges_needed
from hscb_bayes.model.simulated import simulate_prints
from hscb_bayes.posterior.exchangeable import log_likelihood_of_studies
from tests.pool.beliefs import beliefs_of, log_ratio_apart
from tests.pool.levels import at_levels
from tests.posteriors import parameters_at, shifts_at

DRAWS = 20
QUADRATURE = 0.002  # log likelihood; a study alone has panels of its own


@pytest.fixture(scope="module")
def draws(pool: Analysis) -> tuple[np.ndarray, np.ndarray]:
    """Parameters of the average study (draw, parameter) and effects (draw, study, effect), narrower than beliefs."""
    rng = np.random.default_rng(2)
    mean, deviation = prior_normals(pool.members[0])
    parameters = mean + 0.5 * deviation * rng.normal(size=(DRAWS, mean.size))
    return parameters, 0.3 * rng.normal(size=(DRAWS, len(pool.studies), len(EFFECTS)))


def papers_of(pool: Analysis, without: tuple[str, ...] = ()) -> list[JointArrays]:
    room, edge_room = (max(map(needed, pool.members)) for needed in (columns_needed, edges_needed))
    return [
        joint_arrays(
            member,
            printed_values(member),
            without=member.fit.items if member.study.id in without else (),
            room=room,
            edge_room=edge_room,
        )
        for member in pool.members
    ]


def test_each_study_has_the_likelihood_that_it_has_alone(pool: Analysis, draws: tuple[np.ndarray, np.ndarray]) -> None:
    parameters, effects = draws
    together = log_likelihood_of_studies(parameters[:, None, :], effects, pool)
    for k, member in enumerate(pool.members):
        alone = log_likelihood(at_levels(parameters, effects[:, k]), member).sum(axis=-1)
        assert_allclose(together[:, k], alone, atol=QUADRATURE, err_msg=member.study.id)


def test_a_study_that_is_left_out_says_nothing(pool: Analysis, draws: tuple[np.ndarray, np.ndarray]) -> None:
    parameters, effects = draws
    left_out = ("gagelmann2023", "stasia2014", "rejeski2022")
    found = {}
    for without in ((), left_out):
        papers = papers_of(pool, without)
        members = cell_members(papers)
        found[without] = log_likelihood_by_study(parameters[:, None, :], effects, stacked(papers), members, pool, np)
    gone = np.array([study in left_out for study in pool.studies])
    assert_allclose(found[left_out][:, gone], 0.0, atol=1e-6)
    assert_allclose(found[left_out][:, ~gone], found[()][:, ~gone], rtol=1e-12)


def test_components_are_an_axis_of_their_own(pool: Analysis, draws: tuple[np.ndarray, np.ndarray]) -> None:
    parameters, effects = draws
    other = np.flip(effects, axis=0)
    both = log_likelihood_of_studies(parameters[:, None, None, :], np.stack([effects, other], axis=1), pool)
    assert_allclose(both[:, 0], log_likelihood_of_studies(parameters[:, None, :], effects, pool), rtol=1e-10)
    assert_allclose(both[:, 1], log_likelihood_of_studies(parameters[:, None, :], other, pool), rtol=1e-10)


def test_the_layout_does_not_depend_on_what_is_printed(pool: Analysis) -> None:
    shapes = {name: value.shape for name, value in model_data(pool).items()}
    without = model_data(pool, without=HeldOut(studies=["gagelmann2023", "rejeski2022"]))
    assert {name: value.shape for name, value in without.items()} == shapes


def test_a_study_without_a_covariate_has_one_cell(pool: Analysis) -> None:
    members = model_data(pool)["members"]
    assert dict(zip(pool.studies, members.sum(axis=0).astype(int), strict=True))["gagelmann2023"] == 8
    assert (members.sum(axis=0)[1:] == 1).all()


def test_a_new_literature_has_a_number_for_each_term(pool: Analysis, draws: tuple[np.ndarray, np.ndarray]) -> None:
    parameters, effects = draws
    numbers = simulate_prints(
        pool, parameters[0], effects[None, 0], np.zeros((1, len(pool.studies))), rng=np.random.default_rng(1)
    )
    assert numbers.ndim == 1
    assert np.isfinite(numbers).mean() > 0.8


@pytest.mark.parametrize(
    ("weight", "borrowing"),
    [(1.0, None), (0.7, None), (1.0, Borrowing(power={"liu2024": 0.5, "stasia2014": 0.0}, commensurate=True, why="x"))],
    ids=["exchangeable", "some on their own", "power and commensurate"],
)
def test_the_sampler_has_the_same_likelihood(weight: float, borrowing: Borrowing | None, pool: Analysis) -> None:
    weights = pool.table.exchangeable.model_copy(update={"weight": weight})
    pool = replace(pool, table=pool.table.model_copy(update={"exchangeable": weights, "borrowing": borrowing}))
    model, beliefs, rng = build(pool).model, beliefs_of(pool), np.random.default_rng(4)
    free = {name: value + 0.2 * rng.normal(size=np.shape(value)) for name, value in model.initial_point().items()}
    variables = [model[name] for name in ("standard_study_effect", "print")]
    found = float(model.compile_logp(vars=variables, mode="FAST_COMPILE")(free))
    shared = beliefs.belongs @ shifts_at(pool, free)
    between = beliefs.between * np.logaddexp(0.0, free["standard_between_studies_log_exp_m1__"])
    effects = [shared + between * free["standard_study_effect"]]
    if borrowing is not None:
        effects[0][0] = shared[0]
    if weight < 1.0:
        effects.append(shared + beliefs.apart * beliefs.drawn_apart * free["standard_study_effect"])
    by_study = log_likelihood_of_studies(parameters_at(pool, free)[None, None], np.stack(effects), pool)
    power = 1.0 if borrowing is None else np.array([borrowing.power.get(study, 1.0) for study in pool.studies])
    log_prior = np.stack([np.zeros(7), log_ratio_apart(free["standard_study_effect"], beliefs.drawn_apart)])
    weighted = power * by_study + (beliefs.log_weights + log_prior)[: len(effects)]
    expected = np.logaddexp.reduce(weighted, axis=0).sum() + norm.logpdf(free["standard_study_effect"]).sum()
    assert found == pytest.approx(float(expected), rel=1e-8)
