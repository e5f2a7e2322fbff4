"""What an audit says about printed numbers: one sentence, and the arithmetic behind it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

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
