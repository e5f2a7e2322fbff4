"""What a run is going to do, and about how long each step takes: from measured runs of the shipped analyses."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from hscb_bayes.analysis.analysis import Analysis
from hscb_bayes.checking.leave_out import each_number, each_study, folds_of
from hscb_bayes.report.progress import Expected
from hscb_bayes.report.sampling import attempts_of

COMPILING, JUDGING, REPORTING = "compiling the model, once", "judging convergence", "writing the report"
SUMMARISING = "replicating, checking and summarising"
DRAWING = "drawing from the prior"


def steps_of_prior() -> list[Expected]:
    """The steps of a run that fits nothing, as ``expected_steps`` has them."""
    return [
        Expected(words=DRAWING, seconds=2.0),
        Expected(words=SUMMARISING, seconds=3.0),
        Expected(words=REPORTING, seconds=1.5),
    ]


def expected_steps(analysis: Analysis, alternatives: Mapping[str, Any], *, quick: bool) -> list[Expected]:
    """Steps in order, in seconds on two cores where everything is compiled; what does not happen costs nothing."""
    found = [Expected(words=COMPILING, seconds=1.0)]
    sampling = attempts_of(analysis, quick=quick)[0].words
    if analysis.has_hierarchy:
        found += [Expected(words=sampling, seconds=12.0), Expected(words=JUDGING, seconds=1.5)]
        beside = [
            Expected(words="each study alone", seconds=8.0),
            Expected(words="leaving out studies", seconds=2.5, count=len(each_study(analysis))),
            Expected(words="other beliefs", seconds=4.0, count=len(alternatives)),
        ]
    else:
        found += [Expected(words=sampling, seconds=2.0), Expected(words=JUDGING, seconds=2.0)]
        held_out = each_number(analysis) if analysis.has_print else folds_of(analysis) if analysis.centres else ()
        beside = [
            Expected(words="leaving out", seconds=0.7 if analysis.has_print else 2.0, count=len(held_out)),
            Expected(words="fitting alternatives", seconds=1.0, count=len(alternatives)),
        ]
    summarising = 8.0 if analysis.has_hierarchy else 3.0
    found += [] if quick else beside
    return [*found, Expected(words=SUMMARISING, seconds=summarising), Expected(words=REPORTING, seconds=1.5)]
