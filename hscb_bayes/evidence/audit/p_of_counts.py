"""A P value of response beside the counts of two groups: which tables the print allows, and what the tests give them.

Where the paper names Fisher's test, some table must give the printed digits, in one of the two conventions for two
sides. Where it names no test, Fisher's and the chi-squared tests are tried, and none of them need be the one.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import product

import numpy as np

from hscb_bayes.evidence.audit.arithmetic.two_by_two import (
    DOUBLED,
    FISHER,
    Table,
    is_cut_short,
    p_values_of,
    prints,
)
from hscb_bayes.evidence.audit.finding import Finding, Severity
from hscb_bayes.evidence.audit.response_shares import divide, tables_of
from hscb_bayes.evidence.audit.sizes import group_sizes
from hscb_bayes.evidence.audit.wording import listed, p_text, p_words, sentence
from hscb_bayes.evidence.kinds.count import Count
from hscb_bayes.evidence.kinds.p_value import PValue
from hscb_bayes.evidence.kinds.share import Share
from hscb_bayes.evidence.study import Study

RULE = "p_values"
FISHERS = (FISHER, DOUBLED)
MOST_SHOWN = 4
MOST_TABLES = 2000  # more give almost any P value
FAR = 10.0  # ratio of P values: another test of the same groups also weighs when patients responded


@dataclass(frozen=True)
class Compared:
    """The two items that a P value of response compares, and every table that they may stand for."""

    items: tuple[str, str]
    tables: tuple[Table, ...]


def counts_compared(study: Study, item: PValue) -> Compared | None:
    """What a P value of response is about; None where no counts or shares of its two groups are printed."""
    groups = item.groups_compared or ()
    if item.outcome != "response":
        return None
    printed = [part for part in study.items if isinstance(part, Share | Count) and part.event == "response"]
    printed.sort(key=lambda part: (part.at is not None, not isinstance(part, Count)))  # the end of follow-up is first
    among = [[part for part in printed if part.among == group] for group in groups]
    pairs = product(*among) if len(among) == 2 else ()
    one, other = next((pair for pair in pairs if divide(study, *pair)), (None, None))
    if one is None or other is None:
        return None
    if isinstance(one, Count) and isinstance(other, Count):
        sizes = product(_denominators(study, one), _denominators(study, other))
        tables = tuple(Table(one.count, n, other.count, more) for n, more in sizes if n + more <= study.n)
    else:
        tables, _ = tables_of(study, one, other)
    return Compared((one.id, other.id), tables) if 0 < len(tables) <= MOST_TABLES else None


def _denominators(study: Study, item: Count) -> Sequence[int]:
    """What a test may have counted out of: the patients who were evaluable, or, the others as without, the group."""
    if item.evaluable is None:
        return [item.n]
    bounds = group_sizes(study, item.among).bounds
    return [item.n, *range(max(bounds.least, item.n + 1), min(bounds.most, item.n + MOST_TABLES) + 1)]


def compare_counts(item: PValue, compared: Compared) -> Finding:
    """Try the tests that the P value may be of on every table."""
    tests = p_values_of(compared.tables)
    named = None if item.test is None or item.test.status == "assumed" else item.test.name
    if named == "fisher":
        return _fisher(item, compared, {name: tests[name] for name in FISHERS})
    return _unnamed(item, compared, tests) if named is None else _of_times(item, compared, tests[FISHER])


def _fisher(item: PValue, compared: Compared, tests: Mapping[str, np.ndarray]) -> Finding:
    for name, p in tests.items():
        if prints(item.value, p).any():
            return _reproduced(item, compared, name, p)
    cut = any(is_cut_short(item.value, p).any() for p in tests.values())
    table, values = _nearest(item, compared.tables, tests)
    beside = "the table" if len(compared.tables) == 1 else f"the nearest of {len(compared.tables)} tables"
    verdict = "is Fisher's exact test with its digits cut off" if cut else "cannot be Fisher's exact test"
    words = f"{verdict}: {beside} that the print allows, {table}, gives {values}"
    return _finding(item, compared, "note" if cut else "conflict", words, tests)


def _unnamed(item: PValue, compared: Compared, tests: Mapping[str, np.ndarray]) -> Finding:
    for name, p in tests.items():
        if prints(item.value, p).any():
            return _reproduced(item, compared, name, p)
    table, values = _nearest(item, compared.tables, tests)
    words = f"is neither Fisher's exact test nor a chi-squared test of {table}, which give {values}"
    return _finding(item, compared, "note", f"{words}; its test is not printed", tests)


def _of_times(item: PValue, compared: Compared, fisher: np.ndarray) -> Finding:
    """A test of the days of response, which Fisher's test of the counts can only be near."""
    value, half = item.value.value, item.value.half_width
    near = prints(item.value, fisher).any() or np.any(
        (fisher >= (value - half) / FAR) & (fisher <= (value + half) * FAR)
    )
    table, values = _nearest(item, compared.tables, {FISHER: fisher})
    words = f"is {'near' if near else 'far from'} Fisher's exact test of {table}, which give {values}"
    words += "; its own test also weighs when patients responded"
    return _finding(item, compared, "ok" if near else "note", words, {FISHER: fisher})


def _reproduced(item: PValue, compared: Compared, name: str, p: np.ndarray) -> Finding:
    found = np.flatnonzero(prints(item.value, p))
    each = [f"{compared.tables[place]}, which give {p_text(p[place])}" for place in found[:MOST_SHOWN]]
    more = "" if len(found) <= MOST_SHOWN else f" and {len(found) - MOST_SHOWN} more"
    return _finding(item, compared, "ok", f"is {name} of {listed(each, 'or')}{more}", {name: p})


def _nearest(item: PValue, tables: Sequence[Table], tests: Mapping[str, np.ndarray]) -> tuple[Table, str]:
    """The table whose P value by any of the tests is nearest, and all its P values in words."""
    target = math.log(max(item.value.value, item.value.half_width, 1e-300))
    every = np.stack(
        [np.where(np.isnan(p), np.inf, np.abs(np.log(np.maximum(p, 1e-300)) - target)) for p in tests.values()]
    )
    place = int(np.argmin(every.min(axis=0)))
    values = [f"{p_text(p[place])} by {name}" for name, p in tests.items() if not np.isnan(p[place])]
    return tables[place], values[0].split(" by ")[0] if len(tests) == 1 else listed(values)


def _finding(
    item: PValue, compared: Compared, severity: Severity, words: str, tests: Mapping[str, np.ndarray]
) -> Finding:
    shown = [
        f"{table}: {', '.join(f'P = {p[place]:.4f}' for p in tests.values() if not np.isnan(p[place]))}"
        for place, table in enumerate(compared.tables[:MOST_SHOWN])
    ]
    return Finding(
        rule=RULE,
        severity=severity,
        items=(item.id, *compared.items),
        sentence=sentence(f"P {p_words(item)} {words}"),
        arithmetic="; ".join(shown),
    )
