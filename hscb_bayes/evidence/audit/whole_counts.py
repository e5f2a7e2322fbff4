"""Without censoring, survival is a count over the number of patients (the GRIM test)."""

from __future__ import annotations

from fractions import Fraction

from hscb_bayes.evidence.audit.arithmetic.reachable import can_be_survival
from hscb_bayes.evidence.audit.arithmetic.rounding import counts_in, neighbours, window
from hscb_bayes.evidence.audit.finding import Finding
from hscb_bayes.evidence.audit.parts import survivals
from hscb_bayes.evidence.audit.sizes import Sizes, group_sizes
from hscb_bayes.evidence.audit.wording import estimate_of, percent, sentence
from hscb_bayes.evidence.kinds.survival import Survival
from hscb_bayes.evidence.study import Study

RULE = "whole_counts"


def whole_counts(study: Study) -> list[Finding]:
    """Look for a k of n behind every survival of a group whose size is known, and for any follow-up of few patients."""
    findings = []
    for item in survivals(study):
        sizes = group_sizes(study, item.among)
        if not can_be_survival(window(item.value), sizes.bounds.most):
            findings.append(_impossible(study, item, sizes))
        elif sizes.exact:
            findings.append(_look(study, item, sizes.exact))
    return findings


def _impossible(study: Study, item: Survival, sizes: Sizes) -> Finding:
    most = sizes.bounds.most
    return Finding(
        rule=RULE,
        severity="conflict",
        items=(item.id,),
        sentence=sentence(
            f"{estimate_of(item, study)} is given by no follow-up of at most {most} patients ({sizes.because})"
        ),
        arithmetic=f"every way in which at most {most} patients can die or leave follow-up tried",
    )


def _look(study: Study, item: Survival, size: int) -> Finding:
    counts = counts_in(window(item.value), size)
    if counts:
        found = f"{counts[0]}" if counts[0] == counts[-1] else f"{counts[0]} to {counts[-1]}"
        return Finding(
            rule=RULE,
            severity="ok",
            items=(item.id,),
            sentence=sentence(f"{estimate_of(item, study)} is {found} of {size} patients"),
            arithmetic=f"{counts[0]} / {size} = {percent(Fraction(counts[0], size))}",
        )
    below, above = neighbours(item.value, size)
    return Finding(
        rule=RULE,
        severity="note",
        items=(item.id,),
        sentence=sentence(
            f"{estimate_of(item, study)} is no count of {size} patients, so somebody left follow-up before {item.at}"
        ),
        arithmetic=f"{below * size} / {size} = {percent(below)}, {above * size} / {size} = {percent(above)}",
    )
