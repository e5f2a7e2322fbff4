"""The studies of a pool: their patients, what is fitted of each, and what is assumed of them."""

from __future__ import annotations

from typing import Any

from hscb_bayes.report.items import items_by_use
from hscb_bayes.report.results import Results
from hscb_bayes.report.sections.section import Section, has_hierarchy


def _context(results: Results) -> dict[str, object]:
    pool = results.analysis
    return {"studies": [_row(pool, member) for member in pool.members], "shared": pool.table.shared_patients or {}}


def _row(pool: Any, member: Any) -> dict[str, object]:
    own = member.study
    return {
        "id": own.id,
        "citation": own.citation,
        "patients": _patients(member),
        "population": _population(pool, own.population or ""),
        "definition": own.definition_words or own.definition,
        "source": own.secondary or own.read,
        "items": items_by_use(member),
        "assumed": member.cohort.why,
        "shares": own.may_share_patients_with,
    }


def _patients(member: Any) -> str:
    """How many patients a study has, and how many are known one by one."""
    of = "" if member.size == member.study.n else f" of {member.study.n}"
    if member.known is None:
        return f"{member.size}{of}"
    among = "of them" if member.known.said.inside else "others"
    gone = member.known.patients.left_out
    left_out = f" ({gone} are left out: a value is missing)" if gone.patients else ""
    return f"{member.size}{of}, and {len(member.known)} {among} one by one{left_out}"


def _population(pool: Any, id: str) -> str:
    """A population in words: those of the pool for the one that is asked about."""
    asked = pool.table.population_words if id == pool.table.population else None
    return asked or id.replace("_", " ")


STUDIES = Section(name="studies", link="Studies", applies=has_hierarchy, context=_context)
