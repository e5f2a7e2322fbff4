"""Which incidences and survivals n patients can give at all, however they leave follow-up.

An incidence by Aalen-Johansen is d / Y + (1 - (d + c) / Y) F', d patients with the event and c with a competing one out
of Y at risk, and F' the incidence of those who go on: at most Y - d - c of them. Survival by Kaplan-Meier is one less
the incidence of death without a competing event. The smallest step is 1 / n: between 0 and 1 / n, and between 1 - 1 / n
and 1, no n patients have an incidence or a survival.
"""

from __future__ import annotations

import functools
from collections.abc import Iterator
from fractions import Fraction

from hscb_bayes.evidence.audit.arithmetic.rounding import Window

MOST_TRIED = 12  # patients; more give every whole percentage but the outermost


def can_be_survival(printed: Window, n: int) -> bool:
    """Whether n patients can have such a survival; of more than ``MOST_TRIED`` only the first and last step is tried.

    Examples
    --------
    >>> from hscb_bayes.evidence.audit.arithmetic.rounding import Window
    >>> can_be_survival(Window(Fraction(295, 1000), Fraction(305, 1000)), 2)
    False
    """
    if n > MOST_TRIED:
        return _is_a_step_away(printed, n)
    return n > 0 and any(printed.holds(1 - value) for value in _incidences(n, competes=False))


def can_be_incidence(printed: Window, n: int) -> bool:
    """Whether n patients can have such an incidence beside a competing event; as ``can_be_survival``."""
    if n > MOST_TRIED:
        return _is_a_step_away(printed, n)
    return n > 0 and any(printed.holds(value) for value in _incidences(n, competes=True))


def _is_a_step_away(printed: Window, n: int) -> bool:
    step = Fraction(1, n)
    return not (printed.low > 0 and printed.high < step) and not (printed.low > 1 - step and printed.high < 1)


@functools.lru_cache(maxsize=128)
def _incidences(n: int, *, competes: bool) -> frozenset[Fraction]:
    """Every incidence of at most n patients, beside a competing event or without one."""
    return frozenset([Fraction(0), *_of_steps(n, competes=competes)])


def _of_steps(n: int, *, competes: bool) -> Iterator[Fraction]:
    for at_risk in range(1, n + 1):
        for events in range(at_risk + 1):
            for others in range(at_risk - events + 1 if competes else 1):
                if events + others > 0:
                    left = at_risk - events - others
                    for later in _incidences(left, competes=competes):
                        yield Fraction(events, at_risk) + Fraction(left, at_risk) * later
