"""How much a print tells of what its patients tell, and how much more when some of them are known one by one.

For simulated studies at a truth from the prior the score is taken twice: of the print with some patients one by one,
and of the whole table. The variance of a score is the information. A likelihood of the print that is right is the mean
of the table's over all tables with that print, so that the regression of the table's score on its own has the slope 1;
below 1 it trusts the print too much, above 1 too little.

References
----------
Orchard T, Woodbury MA. A missing information principle. Proc 6th Berkeley Symp Math Stat Prob 1972;1:697-715.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Mapping
from dataclasses import replace
from functools import cache, partial
from pathlib import Path

import numpy as np

from hscb_bayes.analysis.member import Member
from hscb_bayes.analysis.paper_table import needed_priors
from hscb_bayes.analysis.read_paper import load_analysis
from hscb_bayes.arguments import seed as seed_number
from hscb_bayes.checking.methods.calibrate import SEED, WORKERS, prior_draw
from hscb_bayes.checking.methods.scores import slopes_and_curvatures, write_or_print
from hscb_bayes.checking.methods.simulated_members import simulate_split
from hscb_bayes.errors import InputError, refusals_said
from hscb_bayes.executors import executor_at
from hscb_bayes.model.known_patients import known_terms
from hscb_bayes.model.likelihood import log_likelihood
from hscb_bayes.stopping import end_on_signals

ANALYSIS = "with_centre"
KNOWN = (0, 6, 12, 18, 24, 30)
STUDIES, BATCH = 1000, 50
COLUMNS = (
    "analysis", "known", "of", "parameter", "studies", "share", "slope", "standard_error", "command", "versions",
    "seed", "date",
)  # fmt: skip


def both_scores(name: str, known: int, first: int, studies: int, seed: int) -> np.ndarray:
    """Scores of the print with ``known`` patients one by one, and of the table, at the truth; (study, parameter, 2)."""
    analysis = _alike(name)
    if not 0 <= known < analysis.size:
        raise InputError(f"known: required from 0 to {analysis.size - 1} patients, found {known}")
    found = []
    for study in range(first, first + studies):
        rng = np.random.default_rng([seed, study])
        truth = prior_draw(analysis, rng=rng)
        split, whole, numbers = simulate_split(analysis, truth, known, rng=rng)
        found.append(slopes_and_curvatures(partial(_both, split, whole, numbers), truth)[0])
    return np.stack(found)


def _both(split: Member, whole: Member, numbers: Mapping[str, float], points: np.ndarray) -> np.ndarray:
    """Log likelihood of the print with some patients one by one, and of the whole table; (point, 2)."""
    print_and_some = log_likelihood(points, split, numbers).sum(axis=-1) + known_terms(points, None, split)
    return np.stack([print_and_some, known_terms(points, None, whole)], axis=-1)


@cache
def _alike(name: str) -> Member:
    """An analysis whose patients one by one have the hazards of the others."""
    analysis = load_analysis(name)
    if analysis.known is None or not analysis.known.said.inside:
        raise InputError(f"{analysis.path}: known_patients: required patients inside the print")
    said = analysis.known.said.model_copy(update={"hazard_ratio_rarely_above": None})
    return replace(analysis, known=replace(analysis.known, said=said))


def rows_of_parameters(analysis: Member, known: int, scores: np.ndarray) -> list[dict[str, object]]:
    """A row for each parameter of which the table tells something."""
    rows, needed = [], needed_priors(analysis.table)
    for id, (own, full) in zip(analysis.parameter_ids, scores.transpose(1, 2, 0), strict=True):
        if id not in needed or full.std() == 0.0:
            continue
        spread = float(own.var())
        slope = float(np.mean((own - own.mean()) * (full - full.mean())) / spread)
        residual = float((full - full.mean() - slope * (own - own.mean())).var())
        rows.append(
            {
                "analysis": analysis.name,
                "known": known,
                "of": analysis.size,
                "parameter": id,
                "studies": len(own),
                "share": round(spread / float(full.var()), 3),
                "slope": round(slope, 3),
                "standard_error": round(float(np.sqrt(residual / spread / len(own))), 3),
            }
        )
    return rows


def main(arguments: list[str] | None = None) -> None:
    """Command line of the information."""
    if arguments is None:
        end_on_signals()
    parser = argparse.ArgumentParser(
        prog="python -m hscb_bayes.checking.methods.information", description=__doc__.split("\n")[0]
    )
    parser.add_argument("analysis", nargs="?", default=ANALYSIS, help="shipped analysis or file")
    parser.add_argument("--known", nargs="+", type=int, default=KNOWN, help="numbers of patients known one by one")
    parser.add_argument("--studies", type=int, default=STUDIES)
    parser.add_argument("--seed", type=seed_number, default=SEED)
    parser.add_argument("--workers", type=int, default=WORKERS, help="processes")
    parser.add_argument("--out", type=Path, help="table to write; printed if left out")
    options = parser.parse_args(arguments)
    command = f"python -m hscb_bayes.checking.methods.information {options.analysis}"
    command += "" if options.studies == STUDIES else f" --studies {options.studies}"
    rows = []
    _alike(options.analysis)  # refused before processes are started
    with executor_at(None, workers=options.workers) as executor:
        for known in options.known:
            firsts = range(0, options.studies, BATCH)
            batches = [
                executor.submit(both_scores, options.analysis, known, k, min(BATCH, options.studies - k), options.seed)
                for k in firsts
            ]
            scores = np.concatenate([batch.result() for batch in batches])
            rows += rows_of_parameters(_alike(options.analysis), known, scores)
            sys.stderr.write(f"{known} known\n")
    write_or_print(options.out, COLUMNS, rows, command=command, seed=options.seed)


if __name__ == "__main__":
    with refusals_said():
        main()
