"""The words of a finding."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

from hscb_bayes.evidence.audit.arithmetic.cut import Bounds
from hscb_bayes.evidence.audit.arithmetic.rounding import Number, Window
from hscb_bayes.evidence.item import among_in_words, interval_in_words, survival_in_words
from hscb_bayes.evidence.kinds.count import by_when
from hscb_bayes.evidence.kinds.incidence import Incidence
from hscb_bayes.evidence.kinds.p_value import PValue
from hscb_bayes.evidence.kinds.share import Share
from hscb_bayes.evidence.kinds.survival import Survival
from hscb_bayes.evidence.study import Study

Estimate = Survival | Incidence | Share


def percent(share: Number) -> str:
    """0.61290 as "61.3%"."""
    return f"{100.0 * share:.1f}%"


def percents(shares: Window) -> str:
    """ "61.6% to 62.5%", or one percentage when both are the same."""
    low, high = percent(shares.low), percent(shares.high)
    return low if low == high else f"{low} to {high}"


def from_to(bounds: Bounds) -> str:
    """ "16 to 30", or one number."""
    return str(bounds.least) if bounds.least == bounds.most else f"{bounds.least} to {bounds.most}"


def sizes(found: Window) -> str:
    """Effective sizes to one decimal, "17.4 to 19.6"."""
    low, high = f"{found.low:.1f}", f"{found.high:.1f}"
    if math.isinf(found.high):
        return f"at least {low}"
    return low if low == high else f"{low} to {high}"


def listed(words: Sequence[str], last: str = "and") -> str:
    """ "a, b and c"; nothing where there are none."""
    if not words:
        return ""
    return words[0] if len(words) == 1 else f"{', '.join(words[:-1])} {last} {words[-1]}"


def estimate_of(item: Estimate, study: Study) -> str:
    """ "survival at 1 year among responders, 74% (95% CI 54% to 94%),"."""
    interval = interval_in_words(item.lower, item.upper, item.level)
    return f"{_subject(item, study.labels)} {among_in_words(item.among, study.labels)}, {item.value}{interval},"


def _subject(item: Estimate, labels: Mapping[str, str]) -> str:
    if isinstance(item, Survival):
        return f"{survival_in_words(item.event, labels)} at {item.at}"
    if isinstance(item, Incidence):
        return item.words(labels)
    return f"the share of patients with {by_when(item.event, item.at, labels)}"


def p_words(item: PValue) -> str:
    """ "= .007 for response by duration"."""
    value = f"= {item.value}" if item.value.bound == "exact" else str(item.value)
    return f"{value} for {item.comparison}"


def p_text(p: float) -> str:
    """A computed P value to two digits."""
    return f"{p:.2g}"


def label(group: str, study: Study) -> str:
    """A group in the file's words."""
    return study.labels[group]


def sentence(words: str) -> str:
    """With a capital letter and a full stop."""
    return f"{words[:1].upper()}{words[1:]}."
