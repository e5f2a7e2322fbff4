"""A compiled model is called by several threads at once: what it writes to is each call's own."""

from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

import numpy as np
import pymc as pm
import pytensor
import pytensor.tensor as pt
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from pytensor.compile.mode import Mode

from hscb_bayes.model.program import Program, compile_program

PLACES, THREADS, POINTS = 400, 4, 60


def tiny() -> pm.Model:
    """Two numbers and a vector; what is between them and the density takes some memory and some time."""
    with pm.Model(coords={"place": range(3)}) as model:
        data = pm.Data("data", np.linspace(-1.0, 1.0, PLACES))
        mean, scale = pm.Normal("mean"), pm.HalfNormal("scale")
        slopes = pm.Normal("slopes", mean, 1.0, dims="place")
        steps = pt.cumsum(pt.tanh(data[:, None] * slopes), axis=0) / PLACES
        for _ in range(3):
            steps = pt.cumsum(pt.tanh(steps), axis=0)
        pm.Deterministic("last", steps[-1], dims="place")
        pm.Potential("likelihood", -pt.sqr(steps[:, 0] - mean).sum() / scale)
    return model


@pytest.fixture(scope="module")
def program(tmp_path_factory: pytest.TempPathFactory) -> Program:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("XDG_CACHE_HOME", str(tmp_path_factory.mktemp("caches")))
        return compile_program(tiny())


@pytest.fixture(scope="module")
def points(program: Program) -> np.ndarray:
    return program.start + 0.5 * np.random.default_rng(1).standard_normal((THREADS, POINTS, program.start.size))


def test_it_is_the_density_of_the_model_and_its_gradient(program: Program, points: np.ndarray) -> None:
    model = tiny()
    log_density, variables = model.logp(), model.value_vars
    slopes = pytensor.grad(log_density, variables)
    expected = pytensor.function(variables, [log_density, *slopes], mode=Mode(linker="py", optimizer=None))
    densities, gradients = program.evaluated(points[0, :5])
    for point, density, gradient in zip(points[0], densities, gradients, strict=False):
        right, *by = expected(point[0], point[1], point[2:])
        assert_allclose(density, right, rtol=1e-10)
        assert_allclose(gradient, np.concatenate([np.ravel(each) for each in by]), rtol=1e-8, atol=1e-10)


def test_threads_that_call_it_at_once_get_what_they_get_alone(program: Program, points: np.ndarray) -> None:
    alone = [program.evaluated(each) for each in points]
    together = Barrier(THREADS)

    def evaluated(each: np.ndarray) -> list[tuple[np.ndarray, np.ndarray]]:
        together.wait()
        return [program.evaluated(each) for _ in range(5)]

    with ThreadPoolExecutor(THREADS) as pool:
        for right, found in zip(alone, pool.map(evaluated, points), strict=True):
            for densities, gradients in found:
                assert_array_equal(densities, right[0])
                assert_array_equal(gradients, right[1])
