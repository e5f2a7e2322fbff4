"""The score at the truth: over simulated studies the slope of a log likelihood is zero on average, whatever the truth.

A likelihood that leans, because a number's probability does not sum to one or its spread is wrong, has a mean score
that is not zero. One that trusts its numbers too much has scores that vary by more than its mean curvature: both are
the information where a likelihood is right. It shows in seconds, and by parameter and number, what refits show in
hours: the truth is known, so that nothing has to be fitted. It says nothing of what the studies can tell, which only
refits do.

References
----------
Cox DR, Hinkley DV. Theoretical Statistics. Chapman and Hall 1974: section 4.8 (mean and variance of the score). White
H. Maximum likelihood estimation of misspecified models. Econometrica 1982;50:1-25.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Executor
from functools import cache
from pathlib import Path
from typing import NamedTuple

import numpy as np

from hscb_bayes.analysis.member import Member
from hscb_bayes.analysis.paper_table import needed_priors
from hscb_bayes.analysis.read_paper import load_analysis
from hscb_bayes.arguments import seed as seed_number
from hscb_bayes.checking.methods.calibrate import SEED, WORKERS, prior_draw, write_table
from hscb_bayes.checking.methods.simulated_members import drawn_effect, printed_and_censored, simulate_with_known
from hscb_bayes.errors import InputError, refusals_said
from hscb_bayes.executors import executor_at
from hscb_bayes.model.known_patients import known_terms
from hscb_bayes.model.likelihood import log_likelihood
from hscb_bayes.model.marks import RESPONDERS
from hscb_bayes.model.pathways import prior_normals
from hscb_bayes.model.simulate import simulate_cohort
from hscb_bayes.posterior.headline import calibration_quantities
from hscb_bayes.stopping import end_on_signals

ANALYSES = (
    "calibration", "calibration_censored", "main", "rejeski2022", "klyuchnikov2014", "stasia2014", "scb2024",
    "bowman2023", "liu2024", "with_centre",
)  # fmt: skip
STUDIES = 4000
BATCH = 100  # studies a task
STEP = 0.05  # of central differences, on the parameters' unbounded scales
COLUMNS = (
    "analysis", "parameter", "studies", "mean_score", "standard_error", "information", "lean", "trust", "command",
    "versions", "seed", "date",
)  # fmt: skip


def score(analysis: Member, truth: np.ndarray, *, rng: np.random.Generator) -> np.ndarray:
    """Score of one simulated study at its truth, and curvature.

    Where the analysis says how many responded because its paper does not, it is told rightly.

    Parameters
    ----------
    truth
        Parameters on their unbounded scales, shape (1, parameter).

    Returns
    -------
    Slope and curvature of each term of the log likelihood, shape (2, parameter, term); terms as in
    ``print_likelihood.term_ids``,
    and one of the patients who are known one by one, where there are any.
    """
    effect = None
    if analysis.known is None:
        cohort = simulate_cohort(analysis, truth, rng=rng)
        numbers, _ = printed_and_censored(analysis, cohort)
        numbers[RESPONDERS] = float(cohort.responded.sum())
    else:
        effect = drawn_effect(analysis, rng=rng)
        analysis, numbers, _ = simulate_with_known(analysis, truth, effect, rng=rng)

    def terms(points: np.ndarray) -> np.ndarray:
        of_print = log_likelihood(points, analysis, numbers)
        if analysis.known is None:
            return of_print
        return np.column_stack([of_print, known_terms(points, effect, analysis)])

    return slopes_and_curvatures(terms, truth)


def slopes_and_curvatures(function: Callable[[np.ndarray], np.ndarray], truth: np.ndarray) -> np.ndarray:
    """Central differences of a function of points (point, parameter) to (point, ...), at the truth (1, parameter).

    First and second ones, shape (2, parameter, ...).
    """
    steps = STEP * np.eye(truth.shape[-1])
    values = function(np.concatenate([truth, truth + steps, truth - steps]))
    middle, (above, below) = values[:1], np.split(values[1:], 2)
    return np.stack([(above - below) / (2.0 * STEP), (above + below - 2.0 * middle) / STEP**2])


class Scores(NamedTuple):
    """Of simulated studies, each at a truth from the prior.

    ``slopes`` are scores and curvatures (study, 2, parameter, term); ``estimands`` the slopes of each estimand in the
    parameters (study, parameter).
    """

    slopes: np.ndarray
    estimands: dict[str, np.ndarray]


def scores_of(name: str, first: int, studies: int, seed: int) -> Scores:
    """Scores of simulated studies of an analysis, each at a truth from its prior."""
    analysis, found, truths = _analysis(name), [], []
    for study in range(first, first + studies):
        rng = np.random.default_rng([seed, study])
        truths.append(prior_draw(analysis, rng=rng))
        found.append(score(analysis, truths[-1], rng=rng))
    return Scores(np.stack(found), estimand_slopes(analysis, np.concatenate(truths)))


def estimand_slopes(analysis: Member, truths: np.ndarray) -> dict[str, np.ndarray]:
    """Slopes in the parameters of one-year survival and response by day 28, by name, shape (study, parameter).

    Parameters
    ----------
    truths
        Parameters on their unbounded scales, shape (study, parameter).
    """
    steps = STEP * np.eye(truths.shape[-1])
    places = np.concatenate([truths[:, None] + steps, truths[:, None] - steps], axis=1)
    values = calibration_quantities(places.reshape(-1, truths.shape[-1]), analysis)
    return {
        id: (above - below) / (2.0 * STEP)
        for id, value in values.items()
        if not id.startswith("hazard_ratio_")  # parameters themselves
        for above, below in [np.split(value.reshape(len(truths), -1), 2, axis=1)]
    }


@cache
def _analysis(name: str) -> Member:
    analysis = load_analysis(name)
    if analysis.table.between_studies is not None:
        raise InputError(f"{analysis.path}: between_studies: the score of one study has no use for study effects")
    return analysis


def rows_of_scores(analysis: Member, scores: Scores) -> list[dict[str, object]]:
    """A row for each parameter of which the numbers tell something, and for each estimand.

    ``information`` is the variance of the score, and ``lean`` by how many of its standard deviations a posterior lies
    too high on average: the mean score times the standard deviation that prior and information leave. ``trust`` is the
    information over the mean curvature: above 1 the likelihood is surer than its numbers allow.
    """
    total, rows = scores.slopes.sum(axis=-1), []
    needed, (_, deviations) = needed_priors(analysis.table), prior_normals(analysis)
    curvatures = -total[:, 1].mean(axis=0)
    for id, values, bend, deviation in zip(analysis.parameter_ids, total[:, 0].T, curvatures, deviations, strict=True):
        information = float(values.var(ddof=1))
        if id in needed and information > 0.0:
            left = float(1.0 / np.sqrt(information + deviation**-2))
            rows.append(_row(analysis, id, values, left) | {"trust": round(information / bend, 2) if bend > 0 else ""})
    return rows + _rows_of_estimands(analysis, total[:, 0], scores.estimands)


def _rows_of_estimands(
    analysis: Member, scores: np.ndarray, slopes: Mapping[str, np.ndarray]
) -> list[dict[str, object]]:
    """A row for each estimand; the score is that in the direction in which the posterior moves it, per its deviation.

    A small lean of several parameters can be a large one of what they say together.

    Parameters
    ----------
    scores
        Shape (study, parameter).
    """
    _, deviations = prior_normals(analysis)
    own = deviations > 0.0  # a parameter that has no part is a constant
    posterior = np.linalg.inv(np.diag(deviations[own] ** -2) + np.cov(scores[:, own].T))
    rows = []
    for id, slope in slopes.items():
        direction = slope[:, own] @ posterior
        deviation = np.sqrt(np.mean((direction * slope[:, own]).sum(axis=-1)))
        rows.append(_row(analysis, id, (direction * scores[:, own]).sum(axis=-1) / deviation, 1.0) | {"trust": ""})
    return rows


def _row(analysis: Member, id: str, values: np.ndarray, deviation: float) -> dict[str, object]:
    """One row, of scores (study,) and the posterior's deviation on their scale."""
    information = float(values.var(ddof=1))
    return {
        "analysis": analysis.name,
        "parameter": id,
        "studies": len(values),
        "mean_score": round(float(values.mean()), 4),
        "standard_error": round(float(np.sqrt(information / len(values))), 4),
        "information": float(f"{information:.3g}"),
        "lean": round(float(values.mean()) * deviation, 3),
    }


def mean_scores(name: str, *, studies: int = STUDIES, seed: int = SEED, executor: Executor) -> list[dict[str, object]]:
    """Rows of the table for one analysis, whose own prior makes the truths."""
    firsts = range(0, studies, BATCH)
    batches = [executor.submit(scores_of, name, first, min(BATCH, studies - first), seed) for first in firsts]
    found = [batch.result() for batch in batches]
    estimands = {id: np.concatenate([one.estimands[id] for one in found]) for id in found[0].estimands}
    return rows_of_scores(_analysis(name), Scores(np.concatenate([one.slopes for one in found]), estimands))


def main(arguments: list[str] | None = None) -> None:
    """Command line of the scores."""
    if arguments is None:
        end_on_signals()
    parser = argparse.ArgumentParser(
        prog="python -m hscb_bayes.checking.methods.scores", description=__doc__.split("\n")[0]
    )
    parser.add_argument("analyses", nargs="*", default=ANALYSES, help="shipped analyses or files")
    parser.add_argument("--studies", type=int, default=STUDIES)
    parser.add_argument("--seed", type=seed_number, default=SEED)
    parser.add_argument("--workers", type=int, default=WORKERS, help="processes")
    parser.add_argument("--out", type=Path, help="table to write; printed if left out")
    options = parser.parse_args(arguments)
    command = "python -m hscb_bayes.checking.methods.scores"
    command += "" if options.studies == STUDIES else f" --studies {options.studies}"
    rows = []
    for name in options.analyses:
        _analysis(name)  # refused before processes are started
    with executor_at(None, workers=options.workers) as executor:
        for name in options.analyses:
            rows += mean_scores(name, studies=options.studies, seed=options.seed, executor=executor)
            sys.stderr.write(f"{name}\n")
    write_or_print(options.out, COLUMNS, rows, command=command, seed=options.seed)


def write_or_print(
    path: Path | None, columns: Sequence[str], rows: Sequence[Mapping[str, object]], *, command: str, seed: int
) -> None:
    """A table at a path; on the screen where there is none."""
    if path is None:
        sys.stdout.writelines(f"{row}\n" for row in rows)
    else:
        write_table(path, columns, rows, command=command, seed=seed)


if __name__ == "__main__":
    with refusals_said():
        main()
