"""Without censoring, survival is a count over the number of patients (the GRIM test)."""

from __future__ import annotations

from hscb_bayes.evidence.audit.arithmetic.rounding import counts_in, window
from hscb_bayes.evidence.audit.finding import Finding
from hscb_bayes.evidence.audit.parts import survivals
from hscb_bayes.evidence.audit.sizes import group_sizes
from hscb_bayes.evidence.audit.wording import percent, sentence, survival_of
from hscb_bayes.evidence.kinds.survival import Survival
from hscb_bayes.evidence.study import Study

RULE = "whole_counts"


def whole_counts(study: Study) -> list[Finding]:
    """Look for a k of n behind every survival of a group whose size is known."""
    known = ((item, group_sizes(study, item.among).exact) for item in survivals(study))
    return [_look(study, item, size) for item, size in known if size]


def _look(study: Study, item: Survival, size: int) -> Finding:
    counts = counts_in(window(item.value), size)
    if counts:
        found = f"{counts[0]}" if counts[0] == counts[-1] else f"{counts[0]} to {counts[-1]}"
        return Finding(
            rule=RULE,
            severity="ok",
            items=(item.id,),
            sentence=sentence(f"{survival_of(item, study)} is {found} of {size} patients"),
            arithmetic=f"{counts[0]} / {size} = {percent(counts[0] / size)}",
        )
    below = int(item.value.value * size)
    return Finding(
        rule=RULE,
        severity="note",
        items=(item.id,),
        sentence=sentence(
            f"{survival_of(item, study)} is no count of {size} patients, so somebody left follow-up before {item.at}"
        ),
        arithmetic=f"{below} / {size} = {percent(below / size)}, {below + 1} / {size} = {percent((below + 1) / size)}",
    )
