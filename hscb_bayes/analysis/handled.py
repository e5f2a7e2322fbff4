"""Whether an analysis says how it handles what contradicts itself in the print."""

from __future__ import annotations

from collections.abc import Sequence

from hscb_bayes.analysis.spec import Analysis
from hscb_bayes.errors import InputError
from hscb_bayes.evidence.audit import Finding
from hscb_bayes.sentences import nearest, quote


def check_handled(analysis: Analysis, findings: Sequence[Finding]) -> None:
    """Hold ``[handled]`` against the audit.

    Raises
    ------
    InputError
        When an entry names no finding of the audit, or a conflict has no entry.
    """
    told = [finding.id for finding in findings if finding.severity != "ok"]
    for id in analysis.table.handled:
        if id not in told:
            hint = nearest(id, told) if told else "the audit finds nothing to handle"
            raise InputError(f"{analysis.path}: handled: the audit has no finding {quote(id)}; {hint}")
    for finding in findings:
        if finding.severity == "conflict" and finding.id not in analysis.table.handled:
            raise InputError(
                f"{analysis.path}: handled: the print has a conflict that the analysis does not handle; required an "
                f'entry "{finding.id}" that says how: {finding.sentence.removesuffix(".")}'
            )
