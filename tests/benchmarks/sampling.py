"""The sampler of the main model, and what is done with its draws."""

from __future__ import annotations

from functools import cache

import numpy as np
import nutpie

from hscb_bayes.analysis.member import load_analysis
from hscb_bayes.checking.methods.calibrate import SEED as CALIBRATION_SEED
from hscb_bayes.checking.methods.calibrate import refit
from hscb_bayes.checking.replicate import REPLICATES, replicate
from hscb_bayes.model.build import build
from hscb_bayes.model.compiled import Compiled, compile_model
from hscb_bayes.posterior.posterior import Posterior
from hscb_bayes.posterior.sample import TARGET_ACCEPT, sample
from tests.benchmarks.measuring import Row, bounded, seconds

SEED = 1
RUNS = 5
STEP_DRAWS, STEP_TUNE = 3000, 1000
STUDIES = 10
LEAPFROG = 80.0  # microseconds, the most that a step may take
TWO_SECONDS, ONE_SECOND = 2.0, 1.0  # the most that the replicates, and a refit on one core, may take
MICROSECONDS = 1e6


@cache
def _compiled(name: str) -> Compiled:
    return compile_model(build(load_analysis(name)))


@cache
def _posterior() -> Posterior:
    return sample(_compiled("main"), seed=SEED)


def leapfrog() -> list[Row]:
    """Wall time of nutpie over the leapfrog steps that it took, warm-up included; one chain."""
    values = [MICROSECONDS * _seconds_per_step(SEED + run) for run in range(RUNS)]
    return [bounded("leapfrog step of main, one chain", "microseconds", values, at_most=LEAPFROG, seed=SEED)]


def _seconds_per_step(seed: int) -> float:
    program, trees = _compiled("main").program.for_nutpie(), []

    def work() -> None:
        tree = nutpie.sample(
            program, draws=STEP_DRAWS, tune=STEP_TUNE, chains=1, cores=1, target_accept=TARGET_ACCEPT, seed=seed,
            save_warmup=True, progress_bar=False,
        )  # fmt: skip
        trees.append(tree)

    wall = seconds(work)
    groups = ("warmup_sample_stats", "sample_stats")
    return wall / sum(int(trees[0][group]["n_steps"].sum()) for group in groups)


def gradient() -> list[Row]:
    """The compiled log density and gradient alone, called at posterior draws one at a time, from Python."""
    program, posterior = _compiled("main").program, _posterior()
    places = [posterior.analysis.parameter_ids.index(id) for id in posterior.analysis.believed]
    draws = posterior.parameters[:, places]

    def all_draws() -> None:
        densities, _ = program.evaluated(draws)
        if not np.isfinite(densities).all():
            raise ValueError("gradient: the compiled density refuses a posterior draw")

    values = [MICROSECONDS * seconds(all_draws) / len(draws) for _ in range(RUNS)]
    return [Row(what="log density and gradient of main", unit="microseconds", values=values, seed=SEED)]


def replicates() -> list[Row]:
    """New studies from the posterior, every printed number computed."""
    posterior = _posterior()
    values = [seconds(lambda: replicate(posterior, seed=SEED)) for _ in range(RUNS)]
    what = f"{REPLICATES:,} replicates of main with all statistics"
    return [bounded(what, "s", values, at_most=TWO_SECONDS, seed=SEED)]


def refit_one_study() -> list[Row]:
    """A simulated study of the calibration, refitted with its settings; the first compiles and is not counted."""
    analysis = load_analysis("calibration")
    refit(analysis.path, STUDIES, CALIBRATION_SEED)
    values = [seconds(lambda study=study: refit(analysis.path, study, CALIBRATION_SEED)) for study in range(STUDIES)]
    what = "refit of a simulated study on one core"
    return [bounded(what, "s", values, at_most=ONE_SECOND, seed=CALIBRATION_SEED)]
