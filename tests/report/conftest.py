"""Results made by hand: a posterior that was never sampled, all its tables, and the page they make."""

import json
import re
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import xarray as xr

from hscb_bayes.analysis.spec import Analysis, load_analysis
from hscb_bayes.checking.check import check
from hscb_bayes.model.pathways import prior_normals
from hscb_bayes.posterior.gate import Verdict
from hscb_bayes.posterior.stored import provenance
from hscb_bayes.report.fits import Fitted
from hscb_bayes.report.page import render
from hscb_bayes.report.results import Results, judged
from tests.results_of_draws import fits_of, results_from

CHAINS, DRAWS = 2, 60
CONVERGED = Verdict(
    is_converged=True, worst_r_hat=1.002, worst_ess_bulk=1234.0, worst_ess_tail=987.0, divergences=0, failures=()
)  # fmt: skip
FAILED = replace(CONVERGED, is_converged=False, failures=("R-hat of never_respond: required below 1.01, found 1.2000",))


def prior_posterior(analysis: Analysis) -> xr.DataTree:
    """A tree like that of ``sample``, with draws from the prior but half as wide; it need not converge."""
    mean, deviation = prior_normals(analysis)
    draws = mean + 0.5 * deviation * np.random.default_rng(8).standard_normal((CHAINS, DRAWS, mean.size))
    coords = {"chain": np.arange(CHAINS), "draw": np.arange(DRAWS), "parameter": list(analysis.parameter_ids)}
    posterior = xr.Dataset({"parameters": (("chain", "draw", "parameter"), draws)}, coords)
    stats = xr.Dataset({"diverging": (("chain", "draw"), np.zeros((CHAINS, DRAWS), dtype=bool))})
    tree = xr.DataTree.from_dict(
        {"posterior": with_natural_scales(posterior, analysis.parameters), "sample_stats": stats}
    )
    tree.attrs.update(provenance(analysis, {"draws": DRAWS, "chains": CHAINS, "seed": 41}))
    return tree


def results_from_prior(posterior: xr.DataTree) -> Results:
    """Results as a run computes them, with fewer replicates; one fitted number is left out."""
    fits = fits_of(posterior)
    without = {fits.analysis.table.fit.items[0]: posterior}
    if fits.analysis.name == "main":
        headline = fits.reported["learned"]
        step = Fitted(analysis=load_analysis("step"), posterior=posterior, headline=headline, is_converged=False)
        fits = replace(fits, alternatives={"other": step})
    return results_from(fits, check=check(posterior, replicates=50, seed=1, left_out=without))


@pytest.fixture(scope="session")
def posterior() -> xr.DataTree:
    """A judged posterior of the main analysis."""
    return judged(prior_posterior(load_analysis("main")), CONVERGED)


@pytest.fixture(scope="session")
def results(posterior: xr.DataTree) -> Results:
    """Results of the main analysis."""
    return results_from_prior(posterior)


@pytest.fixture(scope="session")
def posterior_of() -> Callable[[str], xr.DataTree]:
    """A judged posterior of a shipped analysis, by its name."""
    return lambda name: judged(prior_posterior(load_analysis(name)), CONVERGED)


@pytest.fixture(scope="session")
def results_of_study(posterior_of: Callable[[str], xr.DataTree]) -> Callable[[str], Results]:
    """Results of a shipped analysis of another study, by its name."""

    def make(name: str) -> Results:
        return results_from_prior(posterior_of(name))

    return make


@pytest.fixture(scope="session")
def page(results: Results) -> str:
    """Their page."""
    return render(results)


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
        return replace(results, analysis=load_analysis(tmp_path / "main.toml"), tables=tables)

    return make
