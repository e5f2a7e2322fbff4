"""The shipped pool, and a small one in a folder of its own that tests may break."""

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from hscb_bayes.analysis.analysis import Analysis
from hscb_bayes.analysis.read_pool import load_pool
from hscb_bayes.posterior.posterior import Posterior
from hscb_bayes.posterior.prior_draws import draw_prior

MODELS = Path(__file__).parents[2] / "models"


@pytest.fixture(scope="session")
def pool() -> Analysis:
    return load_pool(MODELS / "pooled.toml")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A copy of the shipped analyses and studies."""
    shutil.copytree(MODELS, tmp_path / "models")
    return tmp_path / "models"


def drawn_pool(pool: Analysis) -> Posterior:
    """A posterior, drawn from the priors of a pool instead of by the sampler."""
    return draw_prior(pool, draws=50, chains=2, seed=5)


@pytest.fixture(scope="session")
def prior_tree() -> Callable[[Analysis], Posterior]:
    return drawn_pool
