"""Results made by hand: a posterior that was never sampled, all its tables, and the page they make."""

import json
import re
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from hscb_bayes.analysis.spec import Analysis, load_analysis
from hscb_bayes.checking.check import check
from hscb_bayes.model.pathways import prior_normals
from hscb_bayes.posterior.gate import Verdict
from hscb_bayes.posterior.posterior import Posterior
from hscb_bayes.posterior.predict import nonresponder_death_day
from hscb_bayes.posterior.reported import Reported, reported
from hscb_bayes.posterior.sensitivity import by_response_contraction, sensitivity
from hscb_bayes.report import tables
from hscb_bayes.report.results import Results, Tables, results_of
from hscb_bayes.report.run import curve_days
from tests.posteriors import made

CHAINS, DRAWS = 2, 60
DAYS = (1.0, 7.0, 14.0, 28.0, 90.0, 365.0)
CONVERGED = Verdict(
    is_converged=True, worst_r_hat=1.002, worst_ess_bulk=1234.0, worst_ess_tail=987.0, divergences=0, failures=()
)  # fmt: skip
FAILED = replace(CONVERGED, is_converged=False, failures=("R-hat of never_respond: required below 1.01, found 1.2000",))


def prior_posterior(analysis: Analysis) -> Posterior:
    """A posterior of draws from the prior but half as wide; it need not converge."""
    mean, deviation = prior_normals(analysis)
    draws = mean + 0.5 * deviation * np.random.default_rng(8).standard_normal((CHAINS, DRAWS, mean.size))
    return made(analysis, draws, seed=41)


def judged(posterior: Posterior, verdict: Verdict) -> Posterior:
    """The posterior with a verdict on it."""
    return replace(posterior, verdict=verdict, converged=verdict.is_converged)


def tables_of(analysis: Analysis, posterior: Posterior, draws: Reported) -> Tables:
    """Every table, as ``run`` makes them; one fitted number is left out."""
    others = {analysis.name: (analysis, draws.headline, True)}
    if analysis.name == "main":
        others["other"] = (load_analysis("step"), draws.headline, False)
    deaths = nonresponder_death_day(posterior, seed=1)
    left_out = {analysis.table.fit.items[0]: posterior}
    return Tables(
        check=check(posterior, replicates=50, seed=1, left_out=left_out),
        summary=sensitivity(posterior, fitted=draws.headline, seed=1),
        alternatives=tables.alternatives_table(others),
        predictions=tables.prediction_table(posterior, duration=analysis.durations, days=[14.0, 365.0]),
        curves=tables.curve_table(draws.curves),
        by_response=tables.by_response_table(
            draws.by_response, by_response_contraction(posterior, draws.by_response, seed=1)
        ),
        death_days=tables.death_table({"main": ("this analysis", deaths), "plain": ("another", deaths)}),
        p_values=tables.p_value_table(posterior, seed=1),
        probabilities=tables.probability_table(draws.headline, analysis),
    )


@pytest.fixture(scope="session")
def posterior() -> Posterior:
    """A judged posterior of the main analysis."""
    return judged(prior_posterior(load_analysis("main")), CONVERGED)


@pytest.fixture(scope="session")
def draws(posterior: Posterior) -> Reported:
    """Everything that is reported of it."""
    return reported(posterior, days=DAYS, durations=[14.0, 38.0, 90.0])


@pytest.fixture(scope="session")
def results(posterior: Posterior, draws: Reported) -> Results:
    """Results of the main analysis."""
    return results_of(posterior, tables_of(load_analysis("main"), posterior, draws))


@pytest.fixture(scope="session")
def posterior_of() -> Callable[[str], Posterior]:
    """A judged posterior of a shipped analysis, by its name."""
    return lambda name: judged(prior_posterior(load_analysis(name)), CONVERGED)


@pytest.fixture(scope="session")
def results_of_study(posterior_of: Callable[[str], Posterior]) -> Callable[[str], Results]:
    """Results of a shipped analysis of another study, by its name."""

    def make(name: str) -> Results:
        analysis = load_analysis(name)
        tree = posterior_of(name)
        told = reported(tree, days=curve_days(analysis), durations=analysis.durations)
        return results_of(tree, tables_of(analysis, tree, told))

    return make


@pytest.fixture(scope="session")
def page(results: Results) -> str:
    """Their page."""
    from hscb_bayes.report.assemble import render

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
        titles = {"alternatives": "title", "death_days": "title"}
        renamed = {table: getattr(results.tables, table).assign(**{column: name}) for table, column in titles.items()}
        deaths = pd.DataFrame(renamed["death_days"])
        changed = replace(results.tables, alternatives=renamed["alternatives"], death_days=deaths.iloc[:101])
        return replace(results, analysis=load_analysis(tmp_path / "main.toml"), tables=changed)

    return make
