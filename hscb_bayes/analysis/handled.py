"""Whether an analysis says how it handles what contradicts itself in the print."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from hscb_bayes.analysis.member import Member
from hscb_bayes.analysis.read_paper import load_paper
from hscb_bayes.analysis.read_pool import is_pool, load_pool
from hscb_bayes.analysis.read_table import is_of_patients
from hscb_bayes.errors import InputError, Refusals
from hscb_bayes.evidence.audit import Finding, audit
from hscb_bayes.evidence.study import Study
from hscb_bayes.sentences import nearest, quote


@dataclass(frozen=True, kw_only=True)
class Audited:
    """What the audit finds in one study of an analysis, and by id of a finding how the analysis handles it."""

    study: Study
    findings: tuple[Finding, ...]
    handled: Mapping[str, str]


def check_handled(analysis: Member, findings: Sequence[Finding]) -> None:
    """Hold ``[handled]`` against the audit.

    Raises
    ------
    InputError
        When an entry names no finding of the audit, or a conflict has no entry.
    """
    _check_names(analysis, findings)
    refusals = Refusals()
    for finding in unhandled(findings, analysis.handled):
        refusals.add(
            f"{analysis.path}: handled: the print has a conflict that the analysis does not handle; required an "
            f'entry "{finding.id}" that says how: {finding.sentence.removesuffix(".")}'
        )
    refusals.say()


def _check_names(analysis: Member, findings: Sequence[Finding]) -> None:
    """Refuse an entry that names no finding, neither among ``findings`` nor about other events of the study."""
    told = [finding.id for finding in findings if finding.severity != "ok"]
    study = analysis.study
    if study.whole is not None and study.other_items and not set(told).issuperset(analysis.handled):
        told += [finding.id for finding in audit(study.whole) if finding.severity != "ok"]
    refusals = Refusals()
    for id in analysis.handled:
        if id not in told:
            hint = nearest(id, told) if told else "the audit finds nothing to handle"
            refusals.add(f"{analysis.path}: handled: the audit has no finding {quote(id)}; {hint}")
    refusals.say()


def unhandled(findings: Sequence[Finding], handled: Mapping[str, str]) -> tuple[Finding, ...]:
    """Conflicts that have no entry in ``[handled]``."""
    return tuple(finding for finding in findings if finding.severity == "conflict" and finding.id not in handled)


def audits_of(path: str | Path) -> tuple[Audited, ...]:
    """The audit of every study of an analysis or a pool, with what is said about its findings.

    Raises
    ------
    InputError
        When a file is not as it should be, ``[handled]`` names no finding, or the analysis has no print.
    """
    if is_pool(path):
        return tuple(_audited(member) for member in load_pool(path).prints)
    if is_of_patients(path):
        raise InputError(f"{path}: an analysis of patients one by one has no print to audit; required a study file")
    return tuple(_audited(member) for member in load_paper(path).prints)


def _audited(analysis: Member) -> Audited:
    findings = audit(analysis.study)
    _check_names(analysis, findings)
    return Audited(study=analysis.study, findings=findings, handled=analysis.handled)
