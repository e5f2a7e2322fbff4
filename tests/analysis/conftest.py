"""Posteriors made by hand: parameters as we like them."""

import shutil
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from hscb_bayes.analysis.member import Member, load_analysis
from hscb_bayes.errors import InputError
from hscb_bayes.model.pathways import PARAMETER_IDS, prior_normals
from hscb_bayes.posterior.posterior import Posterior
from tests.posteriors import made

NOBODY = -30.0  # log odds of never responding


def with_effects(analysis: Member, parameters: np.ndarray, effects: np.ndarray | None = None) -> Posterior:
    """A posterior with these parameters (chain, draw, parameter) and study effects (chain, draw, transition)."""
    if effects is None:
        return made(analysis, parameters)
    return made(analysis, parameters, study_effect=(("study", "effect"), effects[:, :, None]))


def exponential(**changed: float) -> np.ndarray:
    """Parameters (parameter,): constant hazards, everybody can respond, no effect of duration, unless changed."""
    values = {
        "response_median": np.log(10.0),
        "never_respond": NOBODY,
        "death_without_response": np.log(4.0),
        "death_after_response": np.log(0.5),
        "lost_by_one_year": -2.0,
    }
    return np.array([{**values, **changed}.get(id, 0.0) for id in PARAMETER_IDS])


@pytest.fixture(scope="session")
def main() -> Member:
    """The shipped main analysis."""
    return load_analysis("main")


@pytest.fixture(scope="session")
def make_posterior() -> Callable[..., Posterior]:
    """``with_effects``."""
    return with_effects


@pytest.fixture(scope="session")
def constant_hazards() -> Callable[..., np.ndarray]:
    """``exponential``."""
    return exponential


@pytest.fixture(scope="session")
def prior_parameters() -> Callable[[Member, int, int], np.ndarray]:
    """Draws from an analysis' prior, (draw, parameter), given their number and a seed."""

    def drawn(analysis: Member, draws: int, seed: int) -> np.ndarray:
        mean, deviation = prior_normals(analysis)
        return mean + deviation * np.random.default_rng(seed).standard_normal((draws, mean.size))

    return drawn


@pytest.fixture
def posterior_of() -> Callable[[Member], Posterior]:
    """Draws near the middle of the prior of an analysis in the place of a posterior."""

    def make(analysis: Member) -> Posterior:
        mean, deviation = prior_normals(analysis)
        draws = mean + 0.3 * deviation * np.random.default_rng(8).standard_normal((1, 400, mean.size))
        return made(analysis, draws)

    return make


@pytest.fixture
def variant(root: Path, tmp_path: Path) -> Callable[[str], Member]:
    """Load main with some tables of TOML laid over it."""

    def load(tables: str) -> Member:
        folder = tmp_path / "models"
        shutil.copytree(root / "models", folder, dirs_exist_ok=True)
        (folder / "variant.toml").write_text(f'base = "main"\ntitle = "a variant"\n{tables}\n')
        return load_analysis(folder / "variant.toml")

    return load


@pytest.fixture(scope="session")
def good_text() -> str:
    """A small analysis file that is right, to be broken by the tests."""
    return (Path(__file__).parent / "good.toml").read_text(encoding="utf-8")


@pytest.fixture
def analysis_file(tmp_path: Path) -> Path:
    """Where a test may write an analysis file, with its study and an alternative beside it."""
    shutil.copy(Path(__file__).parent / "good_study.toml", tmp_path / "study.toml")
    (tmp_path / "other.toml").write_text('base = "x"\ntitle = "another"\n')
    return tmp_path / "x.toml"


@pytest.fixture
def sentence_of(good_text: str, analysis_file: Path) -> Callable[[str, str], str]:
    """The error for the good analysis with one text for another, without its address, the folder as ``{folder}``."""

    def sentence(old: str, new: str) -> str:
        assert old in good_text
        analysis_file.write_text(good_text.replace(old, new, 1), encoding="utf-8")
        with pytest.raises(InputError) as caught:
            load_analysis(analysis_file)
        told, address = str(caught.value), f"{analysis_file}: "
        assert told.startswith(address)
        return told.removeprefix(address).replace(str(analysis_file.parent), "{folder}")

    return sentence
