"""The words of a finding."""

from __future__ import annotations

from collections.abc import Sequence

from hscb_bayes.evidence.audit.arithmetic.cut import Bounds
from hscb_bayes.evidence.audit.arithmetic.rounding import Window
from hscb_bayes.evidence.item import interval_in_words, whom
from hscb_bayes.evidence.kinds.survival import Survival
from hscb_bayes.evidence.study import Study


def percent(share: float) -> str:
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
    return low if low == high else f"{low} to {high}"


def listed(words: Sequence[str], last: str = "and") -> str:
    """ "a, b and c"; nothing where there are none."""
    if not words:
        return ""
    return words[0] if len(words) == 1 else f"{', '.join(words[:-1])} {last} {words[-1]}"


def survival_of(item: Survival, study: Study) -> str:
    """ "survival at 1 year among responders, 74% (95% CI 54% to 94%),"."""
    interval = interval_in_words(item.lower, item.upper, item.level)
    return f"survival at {item.at} {whom(item.among, study.labels)}, {item.value}{interval},"


def label(group: str, study: Study) -> str:
    """A group in the file's words."""
    return study.labels[group]


def sentence(words: str) -> str:
    """With a capital letter and a full stop."""
    return f"{words[:1].upper()}{words[1:]}."
