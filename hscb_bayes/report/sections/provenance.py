"""Convergence, and where the numbers come from."""

from __future__ import annotations

from hscb_bayes.report.results import Results
from hscb_bayes.report.sections.section import Section


def _context(results: Results) -> dict[str, object]:
    sources = dict(results.analysis.sources)
    for member in results.analysis.members:
        sources |= member.sources
    return {"sources": sources}


PROVENANCE = Section(name="provenance", link="Provenance", context=_context)
