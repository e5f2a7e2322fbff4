"""Results made by hand: a posterior that was never sampled, all its tables, and the page they make."""

import json
import re
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from hscb_bayes.analysis.member import Member, load_analysis
from hscb_bayes.checking.check import check
from hscb_bayes.model.pathways import prior_normals
from hscb_bayes.posterior.gate import Verdict
from hscb_bayes.posterior.posterior import Posterior
from hscb_bayes.report import run
from hscb_bayes.report.page import render
from hscb_bayes.report.results import Results
from tests.posteriors import made
from tests.results_of_draws import fits_of, results_from

CHAINS, DRAWS = 2, 60
CONVERGED = Verdict(
    is_converged=True, worst_r_hat=1.002, worst_ess_bulk=1234.0, worst_ess_tail=987.0, divergences=0, failures=()
)  # fmt: skip
FAILED = replace(CONVERGED, is_converged=False, failures=("R-hat of never_respond: required below 1.01, found 1.2000",))


def prior_posterior(analysis: Member) -> Posterior:
    """A posterior of draws from the prior but half as wide; it need not converge."""
    mean, deviation = prior_normals(analysis)
    draws = mean + 0.5 * deviation * np.random.default_rng(8).standard_normal((CHAINS, DRAWS, mean.size))
    return made(analysis, draws, seed=41)


def judged(posterior: Posterior, verdict: Verdict) -> Posterior:
    """The posterior with a verdict on it."""
    return replace(posterior, verdict=verdict, converged=verdict.is_converged)


def results_from_prior(posterior: Posterior) -> Results:
    """Results as a run computes them, with fewer replicates; one fitted number is left out."""
    fits = fits_of(posterior)
    without = {fits.analysis.table.fit.items[0]: posterior}
    if fits.analysis.name == "main":
        step = replace(posterior, analysis=load_analysis("step"), converged=False)
        fits = replace(fits, alternatives={"other": step}, headlines={"other": fits.reported["learned"]})
    return results_from(fits, check=check(posterior, replicates=50, seed=1, left_out=without))


@pytest.fixture(scope="session")
def posterior() -> Posterior:
    """A judged posterior of the main analysis."""
    return judged(prior_posterior(load_analysis("main")), CONVERGED)


@pytest.fixture(scope="session")
def results(posterior: Posterior) -> Results:
    """Results of the main analysis."""
    return results_from_prior(posterior)


@pytest.fixture(scope="session")
def posterior_of() -> Callable[[str], Posterior]:
    """A judged posterior of a shipped analysis, by its name."""
    return lambda name: judged(prior_posterior(load_analysis(name)), CONVERGED)


@pytest.fixture(scope="session")
def results_of_study(posterior_of: Callable[[str], Posterior]) -> Callable[[str], Results]:
    """Results of a shipped analysis of another study, by its name."""

    def make(name: str) -> Results:
        return results_from_prior(posterior_of(name))

    return make


@pytest.fixture(scope="session")
def page(results: Results) -> str:
    """Their page."""
    return render(results)


@pytest.fixture(scope="session")
def whole(results: Results, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A directory as ``hscb run`` leaves it, of these results; to be copied, not changed."""
    out = tmp_path_factory.mktemp("whole") / "main"
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(run, "computed_results", lambda *_, **__: results)
        run.run("main", out, seed=1)
    return out


@pytest.fixture
def unconverged(results: Results) -> Results:
    """The same results with a gate that failed."""
    return replace(results, verdict=FAILED)


@pytest.fixture
def results_named(results: Results, root: Path, tmp_path: Path) -> Callable[[str], Results]:
    """The same results of a paper and an analysis that call everything by a name."""

    def make(name: str) -> Results:
        text = (root / "models" / "main.toml").read_text()
        study = (root / "models" / "evidence" / "gagelmann2023.toml").read_text()
        quoted = json.dumps(name)
        for key in ("title", "citation", "design", "label"):
            study = "\n".join(
                f"{key} = {quoted}" if line.startswith(f"{key} = ") else line for line in study.split("\n")
            )
        text = "\n".join(f"why = {quoted}" if line.startswith("why = ") else line for line in text.split("\n"))
        text = text.replace('title = "Stem cell boost', f"title = {quoted}\n#")
        text = re.sub(r"alternatives = \[[^]]*\]", "alternatives = []", text)
        (tmp_path / "evidence").mkdir()
        (tmp_path / "evidence" / "gagelmann2023.toml").write_text(study)
        (tmp_path / "main.toml").write_text(text)
        renamed = {id: results.tables[id].assign(title=name) for id in ("alternatives", "death_days")}
        tables = {**results.tables, **renamed}
        posterior = replace(results.posterior, analysis=load_analysis(tmp_path / "main.toml"))
        return replace(results, posterior=posterior, tables=tables)

    return make
