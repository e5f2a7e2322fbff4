"""What contradicts itself in the print, and how it is handled."""

from __future__ import annotations

from collections.abc import Sequence

import pandas as pd

from hscb_bayes.evidence.audit import Finding, audit
from hscb_bayes.report.fits import Fits
from hscb_bayes.report.results import Results
from hscb_bayes.report.sections.section import Section, has_print

FIELDS = ("id", "severity", "rule", "sentence", "arithmetic")
SEVERITIES = ("conflict", "note", "ok")


def audit_table(findings: Sequence[Finding]) -> pd.DataFrame:
    """Findings, a row each."""
    return pd.DataFrame([{name: getattr(finding, name) for name in FIELDS} for finding in findings])


def _tables(fits: Fits) -> dict[str, pd.DataFrame]:
    """The findings, with the study in a last column where there are several."""
    analysis = fits.analysis
    found = {member.study.id: audit_table(audit(member.study)) for member in analysis.members}
    if analysis.has_one_print:
        return {"audit": found[analysis.study.id]}
    return {"audit": pd.concat([table.assign(study=id) for id, table in found.items()], ignore_index=True)}


def _context(results: Results) -> dict[str, object]:
    handled = {member.study.id: member.table.handled for member in results.analysis.members}
    rows = [
        (study, finding, handled[study].get(finding.id, "it is not handled"))
        for study, findings in results.findings.items()
        for finding in findings
    ]
    by_severity = {severity: [row for row in rows if row[1].severity == severity] for severity in SEVERITIES}
    return {"findings": by_severity, "several": len(handled) > 1}


CONFLICTS = Section(
    name="conflicts", link="Conflicts", applies=has_print, context=_context, files=("audit.csv",), tables=_tables
)
