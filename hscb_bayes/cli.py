"""The command line: parse, call, print."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from hscb_bayes import __version__
from hscb_bayes.arguments import seed
from hscb_bayes.errors import InputError, say_refused
from hscb_bayes.stopping import EARLIER_RESULTS, end_on_signals

if TYPE_CHECKING:
    from hscb_bayes.evidence.audit import Finding

SEED = 1
CALIBRATION_SEED = 20261124  # of the test of record, written down before it was run
STUDIES = 1000  # of a calibration
INTERRUPTED = 130
STATUS = {"ok": "ok      ", "note": "note    ", "conflict": "CONFLICT"}
HANDLED = "handled "
CONFLICT_LEFT = 3


def main(words: Sequence[str] | None = None) -> int:
    """Run ``hscb``; returns the exit status.

    It is 0, 2 for input that is refused, 3 for a conflict left (``--strict``), or 130 when interrupted.

    Parameters
    ----------
    words
        The command. Left out, the process is the command's own: its arguments are taken, and Ctrl-C and SIGTERM end it.
    """
    if words is None:
        end_on_signals()
    try:
        options = _parser().parse_args(words)
        status: int | None = options.run(options)
    except InputError as error:
        return say_refused(error)
    except KeyboardInterrupt:
        sys.stderr.write(f"{EARLIER_RESULTS}\n")
        return INTERRUPTED
    except BrokenPipeError:
        _forget_output()
        return 0  # whoever read has seen enough, as with head
    return status or 0


def _forget_output() -> None:
    """Nobody reads what is printed: Python is not to try again at its end."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="hscb", description="From a paper's printed numbers to a posterior, a check and a report."
    )
    parser.add_argument("--version", action="version", version=__version__)
    commands = parser.add_subparsers(title="commands", required=True, metavar="COMMAND")

    audit = commands.add_parser("audit", help="what a paper's printed numbers contradict; no model, no sampling")
    audit.add_argument(
        "file",
        help="a study file, such as models/evidence/gagelmann2023.toml; or an analysis, such as main, which says how "
        "conflicts are handled",
    )
    audit.add_argument(
        "--strict", action="store_true", help="exit with status 3 if a conflict is left that no analysis handles"
    )
    audit.set_defaults(run=_audit)

    _add_new(commands)
    schema = commands.add_parser("schema", help="the JSON schema of a kind of file, with which editors complete keys")
    schema.add_argument("kind", choices=("study", "analysis", "patients", "pool"), help="which kind of file")
    schema.set_defaults(run=_schema)

    _add_run(commands)

    check = commands.add_parser("check", help="each printed number and what the posterior predicts for it")
    check.add_argument("results", type=Path, help="a directory that hscb run made")
    check.set_defaults(run=_check)

    predict = commands.add_parser(
        "predict", help="response, survival and states, by duration of the condition where it has a part"
    )
    predict.add_argument("results", type=Path, help="a directory that hscb run made")
    predict.add_argument(
        "--duration", type=float, nargs="+", help="days (default: those of the report; of a pool, all patients)"
    )
    predict.add_argument("--days", type=float, nargs="+", default=[7.0, 14.0, 28.0, 365.0], help="days since time zero")
    predict.add_argument("--seed", type=seed, default=SEED, help=f"seed of a pool's next study (default: {SEED})")
    predict.set_defaults(run=_predict)

    _add_compare(commands)
    _add_calibrate(commands)

    report = commands.add_parser("report", help="write report.html again from a results directory")
    report.add_argument("results", type=Path, help="a directory that hscb run made")
    report.set_defaults(run=_report)
    return parser


def _add_new(commands: Any) -> None:
    new = commands.add_parser("new", help="write a study file, or an analysis of one, to begin with")
    kinds = new.add_subparsers(title="what", required=True, metavar="WHAT")
    study = kinds.add_parser("study", help="a study file with an example of each thing that it says")
    study.add_argument("name", help="name of the study, such as smith2025")
    study.add_argument("--folder", type=Path, default=Path(), help="where to write it (default: here)")
    study.set_defaults(run=_new_study)
    analysis = kinds.add_parser(
        "analysis", help="an analysis of all that can be fitted of a study, and why not the rest"
    )
    analysis.add_argument("study", type=Path, help="a study file")
    analysis.add_argument("--out", type=Path, help="where to write it (default: beside the study)")
    analysis.add_argument("--response", default="response", help="event that is the response (default: response)")
    analysis.add_argument("--end", default="death", help="event that ends follow-up (default: death)")
    analysis.add_argument("--among", default="all", help="group that the analysis is about (default: all)")
    analysis.set_defaults(run=_new_analysis)


def _add_run(commands: Any) -> None:
    run = commands.add_parser("run", help="audit, fit, replicate, check and report")
    run.add_argument("analysis", help="an analysis file, or the name of a shipped one, such as main")
    run.add_argument("--out", type=Path, help="directory of the results (default: results/NAME)")
    run.add_argument("--seed", type=seed, default=SEED, help=f"seed of all random numbers (default: {SEED})")
    run.add_argument("--draws", type=int, help="draws a chain, of the analysis itself (default: by what it has)")
    run.add_argument("--tune", type=int, help="steps of tuning a chain, at least (default: by what the analysis has)")
    run.add_argument(
        "--target-accept", type=float, help="share of proposals to accept, at least: nearer to 1 is smaller steps"
    )
    run.add_argument("--quiet", action="store_true", help="show no progress")
    run.add_argument("--allow-unconverged", action="store_true", help="report even if the sampler's gate fails")
    run.add_argument(
        "--quick",
        action="store_true",
        help="half of the chains, and nothing fitted beside: for work on an analysis file",
    )
    run.add_argument(
        "--prior-only",
        action="store_true",
        help="fit nothing: what the beliefs alone say, and what studies would print by them",
    )
    run.add_argument(
        "--cluster",
        metavar="ADDRESS",
        help="address of a Dask scheduler, such as tcp://10.0.0.1:8786, whose workers make the fits beside",
    )
    run.set_defaults(run=_run)


def _add_compare(commands: Any) -> None:
    beside = commands.add_parser(
        "compare", help="answers of several runs side by side, and what they assume differently"
    )
    beside.add_argument(
        "results", type=Path, nargs="+", help="directories that hscb run made; the first is compared with"
    )
    beside.add_argument("--out", type=Path, help="a CSV file for the answers and their differences")
    beside.set_defaults(run=_compare)


def _add_calibrate(commands: Any) -> None:
    calibrate = commands.add_parser(
        "calibrate", help="simulate studies that print as this one does, refit them: do 90%% intervals hold 90%%?"
    )
    calibrate.add_argument("analyses", nargs="+", help="analysis files, or names of shipped ones")
    calibrate.add_argument("--studies", type=int, default=STUDIES, help=f"how many of each (default: {STUDIES})")
    calibrate.add_argument(
        "--seed", type=seed, default=CALIBRATION_SEED, help=f"seed of all random numbers (default: {CALIBRATION_SEED})"
    )
    calibrate.add_argument("--workers", type=int, default=2, help="processes of this machine (default: 2)")
    calibrate.add_argument(
        "--cluster",
        metavar="ADDRESS",
        help="address of a Dask scheduler, such as tcp://10.0.0.1:8786, instead of processes",
    )
    calibrate.add_argument(
        "--work",
        type=Path,
        default=Path("results/calibration"),
        help="where single refits are kept: a run goes on where it stopped (default: results/calibration)",
    )
    calibrate.add_argument("--out", type=Path, help="CSV table to add rows to")
    calibrate.set_defaults(run=_calibrate)


def _print(text: str) -> None:
    try:
        sys.stdout.write(f"{text}\n")
        sys.stdout.flush()
    except BrokenPipeError:
        raise
    except OSError as error:
        _forget_output()
        raise InputError(f"standard output cannot be written to: {error.strerror}") from None


def _audit(options: argparse.Namespace) -> int:
    from hscb_bayes.analysis.layers import is_analysis

    left = 0
    if is_analysis(options.file):
        from hscb_bayes.analysis.handled import audits_of

        audited = audits_of(options.file)
        for one in audited:
            if len(audited) > 1:
                _print(f"{one.study.id}")
            left += _show(one.findings, one.handled)
    else:
        from hscb_bayes.evidence.audit import audit
        from hscb_bayes.evidence.study import load_study

        left = _show(audit(load_study(options.file)), {})
    if options.strict and left:
        sys.stderr.write(f"{left} {'conflict is' if left == 1 else 'conflicts are'} not handled\n")
        return CONFLICT_LEFT
    return 0


def _show(findings: Sequence[Finding], handled: Mapping[str, str]) -> int:
    """Print findings, the id of each conflict and how it is handled; returns how many conflicts are not."""
    left = 0
    for finding in findings:
        how = handled.get(finding.id)
        is_left = finding.severity == "conflict" and how is None
        _print(f"{STATUS[finding.severity] if how is None else HANDLED}  {finding.sentence}")
        _print(f"          {finding.arithmetic}")
        if how is not None or is_left:
            _print(f"          [{finding.id}] {how or 'not handled'}")
        left += is_left
    return left


def _new_study(options: argparse.Namespace) -> None:
    from hscb_bayes.evidence.new_study import new_study

    _print(f"{new_study(options.name, options.folder)}")


def _new_analysis(options: argparse.Namespace) -> None:
    from hscb_bayes.analysis.proposal import new_analysis
    from hscb_bayes.evidence.event import Endpoints

    endpoints = Endpoints.model_construct(response=options.response, end=options.end)
    _print(f"{new_analysis(options.study, out=options.out, endpoints=endpoints, among=options.among)}")


def _schema(options: argparse.Namespace) -> None:
    from hscb_bayes.analysis.json_schema import json_schema

    _print(json_schema(options.kind))


def _run(options: argparse.Namespace) -> None:
    from hscb_bayes.analysis.layers import find_analysis
    from hscb_bayes.report.run import run
    from hscb_bayes.report.sampling import Asked

    out = options.out or Path("results") / find_analysis(options.analysis).stem
    page = run(
        options.analysis,
        out,
        seed=options.seed,
        progress=not options.quiet,
        allow_unconverged=options.allow_unconverged,
        quick=options.quick,
        prior_only=options.prior_only,
        cluster=options.cluster,
        asked=Asked(draws=options.draws, tune=options.tune, target_accept=options.target_accept),
    )
    _print(f"{page}")


def _check(options: argparse.Namespace) -> None:
    from hscb_bayes.report.as_text import check_as_text

    _print(check_as_text(options.results))


def _compare(options: argparse.Namespace) -> None:
    from hscb_bayes.report.as_text import comparison_as_text

    _print(comparison_as_text(options.results, out=options.out))


def _predict(options: argparse.Namespace) -> None:
    from hscb_bayes.report.as_text import predictions_as_text

    _print(predictions_as_text(options.results, duration=options.duration, days=options.days, seed=options.seed))


def _calibrate(options: argparse.Namespace) -> None:
    from hscb_bayes.checking.methods.calibrate import calibrate_into

    _print(
        calibrate_into(
            options.analyses,
            studies=options.studies,
            seed=options.seed,
            cluster=options.cluster,
            workers=options.workers,
            work=options.work,
            out=options.out,
        )
    )


def _report(options: argparse.Namespace) -> None:
    from hscb_bayes.report.folder import failures_in_sentences
    from hscb_bayes.report.run import report_again

    with failures_in_sentences(options.results):
        page = report_again(options.results)
    _print(f"{page}")


if __name__ == "__main__":
    sys.exit(main())
