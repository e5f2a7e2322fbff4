"""The compiled functions against PyTensor's own of the same model, and what a program refuses."""

from dataclasses import dataclass

import numpy as np
import pytensor
import pytensor.tensor as pt
import pytest

from hscb_bayes.analysis.read_paper import load_analysis
from hscb_bayes.errors import InputError
from hscb_bayes.machine_code.compiler import object_code
from hscb_bayes.model.build import build
from hscb_bayes.model.compiled import Compiled
from hscb_bayes.model.data import model_data
from hscb_bayes.model.data_vector import Built, packed
from hscb_bayes.model.neighbourhood import Neighbourhood
from hscb_bayes.model.program import Program, compile_program
from hscb_bayes.posterior.sample import sample

pytestmark = pytest.mark.xdist_group("program")
POINTS = 20


@pytest.fixture(scope="module")
def built() -> Built:
    return build(load_analysis("main"))


@dataclass(frozen=True)
class Twice:
    """Programs of one model: compiled in this process, and read from the disk; and how many modules were compiled."""

    first: Program
    again: Program
    compiled: tuple[int, int]


@pytest.fixture(scope="module")
def twice(built: Built, tmp_path_factory: pytest.TempPathFactory) -> Twice:
    texts = list[str]()

    def counted(text: str) -> bytes:
        texts.append(text)
        return object_code(text)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("hscb_bayes.model.program.object_code", counted)
        patch.setenv("XDG_CACHE_HOME", str(tmp_path_factory.mktemp("caches")))
        first, compiled = compile_program(built.model), len(texts)
        return Twice(first=first, again=compile_program(built.model), compiled=(compiled, len(texts)))


@pytest.fixture(scope="module")
def program(twice: Twice) -> Program:
    return twice.again


@pytest.fixture(scope="module")
def points(program: Program) -> np.ndarray:
    """Around the middle of the prior, in the order of the model's variables."""
    return program.start + 0.5 * np.random.default_rng(1).standard_normal((POINTS, program.start.size))


def test_density_and_gradient_are_those_of_the_model(built: Built, program: Program, points: np.ndarray) -> None:
    model, variables = built.model, built.model.value_vars
    assert all(variable.ndim == 0 for variable in variables)
    slopes = pt.stack(pytensor.grad(model.logp(), variables))
    expected = pytensor.function(variables, [model.logp(), slopes], mode="FAST_COMPILE")
    for point, density, gradient in zip(points, *program.evaluated(points), strict=True):
        log_density, slope = expected(*point)
        np.testing.assert_allclose(density, log_density, rtol=1e-10)
        np.testing.assert_allclose(gradient, slope, rtol=1e-7, atol=1e-7)


def test_other_data_give_another_density(program: Program, points: np.ndarray) -> None:
    other = program.with_data(packed(model_data(load_analysis("split_13_18"))))
    assert np.all(np.abs(other.evaluated(points)[0] - program.evaluated(points)[0]) > 1e-3)


def test_data_of_another_shape_are_refused(program: Program) -> None:
    with pytest.raises(ValueError, match=r"required data of shape \(\d+,\), found \(3,\)"):
        program.with_data(np.zeros(3))


def test_a_point_without_a_density_is_nan(program: Program, points: np.ndarray) -> None:
    densities, gradients = program.evaluated(np.full_like(points, np.nan))
    assert np.isnan(densities).all()
    assert np.isnan(gradients).all()


def test_chains_start_apart_and_the_same_seed_gives_the_same_start(program: Program) -> None:
    start = program.for_nutpie().initial_point_func
    np.testing.assert_array_equal(start(1), start(1))
    assert np.all(start(1) != start(2))
    assert np.all(np.abs(start(1) - program.start) <= 1.0)


def test_data_without_a_density_at_any_start_are_refused_before_a_chain_runs(built: Built, program: Program) -> None:
    nowhere = program.with_data(np.full_like(program.data, np.nan))
    assert nowhere.first_point(1) is None
    with pytest.raises(InputError, match=r"main\.toml: required data whose probability .* found none at 20 starting"):
        sample(Compiled(analysis=built.analysis, program=nowhere, shapes=built.shapes), draws=10, tune=10, seed=1)


def test_machine_code_is_kept(twice: Twice, points: np.ndarray) -> None:
    assert twice.compiled == (1, 1)
    for one, other in zip(twice.first.evaluated(points), twice.again.evaluated(points), strict=True):
        np.testing.assert_array_equal(one, other)


def test_the_same_code_gives_the_same_draws(built: Built, twice: Twice) -> None:
    """Compiled in this process or read from the disk."""
    anew, kept = (
        Compiled(analysis=built.analysis, program=program, shapes=built.shapes)
        for program in (twice.first, twice.again)
    )
    one, other = (sample(each, draws=20, tune=50, chains=1, seed=1).parameters for each in (kept, anew))
    np.testing.assert_array_equal(one, other)


def test_other_coordinates_are_the_same_density(program: Program, points: np.ndarray) -> None:
    """z, of which x = mean + root z is a point; chains start wider than the draws that were at hand."""
    near = program.near(Neighbourhood.of(points))
    mean, root = points.mean(axis=0), np.linalg.cholesky(np.cov(points, rowvar=False))
    z = np.random.default_rng(2).standard_normal((5, mean.size))
    expected, gradient = program.evaluated(mean + z @ root.T)
    found, slopes = near.evaluated(z)
    np.testing.assert_allclose(found, expected, rtol=1e-8)
    np.testing.assert_allclose(slopes, gradient @ root, rtol=1e-6, atol=1e-6)
    starts = np.array([near.first_point(seed) for seed in range(200)])
    assert np.all(starts.std(axis=0) > 1.3)
    with pytest.raises(ValueError, match="required data of shape"):
        near.with_data(program.data)
