"""Where everybody is said to have died, nobody survives."""

from __future__ import annotations

from fractions import Fraction

from hscb_bayes.evidence.audit.arithmetic.rounding import window
from hscb_bayes.evidence.audit.finding import Finding, Severity
from hscb_bayes.evidence.audit.parts import survivals
from hscb_bayes.evidence.audit.wording import label, sentence
from hscb_bayes.evidence.kinds.everybody_died_by import EverybodyDiedBy
from hscb_bayes.evidence.kinds.survival import Survival
from hscb_bayes.evidence.study import Study

RULE = "everybody_died"


def everybody_died(study: Study) -> list[Finding]:
    """Compare every such sentence with the survival printed for the same group on that day or later."""
    return [
        _compare(study, deaths, survival)
        for deaths in study.items
        if isinstance(deaths, EverybodyDiedBy)
        for survival in survivals(study)
        if survival.among == deaths.among and survival.at.exact >= deaths.by.exact
    ]


def _compare(study: Study, deaths: EverybodyDiedBy, survival: Survival) -> Finding:
    severity: Severity = "ok" if window(survival.value).holds(Fraction(0)) else "conflict"
    verdict = "as it must be" if severity == "ok" else "where it must be 0%"
    return Finding(
        rule=RULE,
        severity=severity,
        items=(deaths.id, survival.id),
        sentence=sentence(
            f"everybody died by {deaths.by} among {label(deaths.among, study)}, and their survival at {survival.at} "
            f"is printed as {survival.value}, {verdict}"
        ),
        arithmetic=f"{survival.value} against 0%",
    )
