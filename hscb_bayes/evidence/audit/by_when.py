"""Counts and shares of which the paper does not say by when they were counted."""

from __future__ import annotations

from hscb_bayes.evidence.audit.finding import Finding
from hscb_bayes.evidence.audit.wording import listed, sentence
from hscb_bayes.evidence.item import whom
from hscb_bayes.evidence.kinds.count import EVENTS, Count
from hscb_bayes.evidence.kinds.share import Share
from hscb_bayes.evidence.study import Study

RULE = "by_when"


def by_when(study: Study) -> list[Finding]:
    """Name the counts and shares without a time: they are read as of the end of follow-up."""
    found = [item for item in study.items if isinstance(item, Count | Share) and item.at is None]
    if not found:
        return []
    items = listed([_words(item, study) for item in found])
    words = f"by when is not printed of {items}: it is read as by the end of follow-up"
    return [
        Finding(
            rule=RULE,
            severity="note",
            items=tuple(item.id for item in found),
            sentence=sentence(words),
            arithmetic="nothing to compute",
        )
    ]


def _words(item: Count | Share, study: Study) -> str:
    printed = f"{item.count} of {item.n}" if isinstance(item, Count) else f"{item.value} of the"
    return f"{printed} patients with {EVENTS[item.event]} {whom(item.among, study.labels)}"
