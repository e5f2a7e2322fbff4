"""Posteriors and analyses that are made, not sampled: nothing here compiles a model."""

import json
import re
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from hscb_bayes.analysis.member import Member, load_analysis
from hscb_bayes.model.pathways import prior_normals
from hscb_bayes.posterior.posterior import Posterior
from tests.posteriors import made

MODELS = Path(__file__).parents[2] / "models"
EVERY_SURVIVAL = [
    "response",
    "response_median.all",
    "os_1y_nonresponders",
    "os_1y",
    "os_1y_responders",
    "os_1y_short",
    "os_1y_long",
]
LAST_RECORDED = "365.5 days"  # times are recorded to the nearest day: "by day 365" holds what happens before 365.5


@pytest.fixture(scope="session")
def main() -> Member:
    return load_analysis(MODELS / "main.toml")


@pytest.fixture(scope="session")
def posterior_of() -> Callable[..., Posterior]:
    """A posterior from parameters (draw, parameter), one chain, with or without study effects."""

    def make(analysis: Member, draws: np.ndarray, effect: np.ndarray | None = None) -> Posterior:
        further = {} if effect is None else {"study_effect": (("study", "effect"), effect[None, :, None])}
        return made(analysis, draws[None], **further)

    return make


@pytest.fixture(scope="session")
def prior_posterior(main: Member, posterior_of: Callable[..., Posterior]) -> Posterior:
    """4,000 draws from the prior of the main analysis, in the place of a posterior."""
    mean, deviation = prior_normals(main)
    return posterior_of(main, mean + deviation * np.random.default_rng(4).standard_normal((4000, mean.size)))


@pytest.fixture(scope="session")
def unrounded(tmp_path_factory: pytest.TempPathFactory) -> Callable[[bool], Member]:
    """The main analysis, fitted to every survival, of a paper that prints percentages with seven decimals."""

    def make(complete: bool) -> Member:
        folder = tmp_path_factory.mktemp("unrounded")
        study = (
            (MODELS / "evidence" / "gagelmann2023.toml").read_text().replace('at = "1 year"', f'at = "{LAST_RECORDED}"')
        )
        (folder / "study.toml").write_text(re.sub(r'(value|lower|upper) = "(\d+)%"', r'\1 = "\2.0000000%"', study))
        text = (MODELS / "main.toml").read_text().replace("evidence/gagelmann2023.toml", "study.toml")
        text = re.sub(r"items = \[.*?\]", f"items = {json.dumps(EVERY_SURVIVAL)}", text, count=1)
        text = re.sub(r"alternatives = \[[^]]*\]", "alternatives = []", text)
        (folder / "law.toml").write_text(text.replace("complete = false", f"complete = {json.dumps(complete)}"))
        return load_analysis(folder / "law.toml")

    return make
