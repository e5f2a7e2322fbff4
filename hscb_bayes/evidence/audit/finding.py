"""What an audit says about printed numbers: one sentence, and the arithmetic behind it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from hscb_bayes.notebook import html_of

Severity = Literal["ok", "note", "conflict"]


@dataclass(frozen=True, kw_only=True)
class Finding:
    """One finding, which a reader can check by hand.

    Parameters
    ----------
    rule
        Name of the rule that found it.
    severity
        ``"conflict"``: no follow-up whatever gives the printed numbers. ``"note"``: complete follow-up does not, or a
        reader should know. ``"ok"``: the numbers agree.
    items
        Ids of the items it is about.
    sentence
        The finding in words.
    arithmetic
        The sum behind it.
    case
        What tells it from other findings of the rule about the same items, such as ``"13/18"``; usually empty.
    """

    rule: str
    severity: Severity
    items: tuple[str, ...]
    sentence: str
    arithmetic: str
    case: str = ""

    @property
    def id(self) -> str:
        """Name by which an analysis can say how it handles the finding: ``"interval_size:os_1y_long+duration"``."""
        return f"{self.rule}:{'+'.join(self.items)}{self.case and f':{self.case}'}"


class Findings(tuple[Finding, ...]):
    """Findings in the order of the rules."""

    __slots__ = ()

    def _repr_html_(self) -> str:
        """Conflicts first, then notes, in a notebook; what agrees is counted."""
        counts = {severity: sum(one.severity == severity for one in self) for severity in ("conflict", "note", "ok")}
        told = f"{counts['conflict']} conflicts, {counts['note']} notes, {counts['ok']} agreements."
        rows = [
            (severity, one.sentence, one.arithmetic)
            for severity in ("conflict", "note")
            for one in self
            if one.severity == severity
        ]
        return html_of("What contradicts what", [told], ("", "finding", "arithmetic"), rows)
