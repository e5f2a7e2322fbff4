"""What contradicts itself in the print, and how it is handled."""

from __future__ import annotations

import pandas as pd

from hscb_bayes.evidence.audit import audit
from hscb_bayes.report.fits import Fits
from hscb_bayes.report.results import Results
from hscb_bayes.report.sections.section import Section, has_print

FIELDS = ("id", "severity", "rule", "sentence", "arithmetic")
SEVERITIES = ("conflict", "note", "ok")


def audit_table(fits: Fits) -> pd.DataFrame:
    """Findings of the audit, a row each, with the study in a last column where there are several."""
    tables = {
        member.study.id: pd.DataFrame(
            [{name: getattr(found, name) for name in FIELDS} for found in audit(member.study)]
        )
        for member in fits.analysis.prints
    }
    if len(tables) == 1:
        return tables.popitem()[1]
    return pd.concat([table.assign(study=id) for id, table in tables.items()], ignore_index=True)


def _context(results: Results) -> dict[str, object]:
    handled = {member.study.id: member.handled for member in results.analysis.prints}
    rows = [
        (study, finding, handled[study].get(finding.id, "it is not handled"))
        for study, findings in results.findings.items()
        for finding in findings
    ]
    by_severity = {severity: [row for row in rows if row[1].severity == severity] for severity in SEVERITIES}
    return {"findings": by_severity, "several": len(handled) > 1}


CONFLICTS = Section(
    name="conflicts", link="Conflicts", applies=has_print, context=_context, tables={"audit": audit_table}
)
