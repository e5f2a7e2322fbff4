"""False prints: numbers that no patients can give are a conflict."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np

from hscb_bayes.estimators.fisher_exact import fisher_exact
from hscb_bayes.estimators.intervals import proportion_interval
from hscb_bayes.evidence.audit import audit
from hscb_bayes.evidence.item import Item
from tests.evidence.audit.test_no_false_alarm import GROUPS, make, percent, study_of
from tests.robustness.documents import pick
from tests.robustness.judging import demand
from tests.robustness.of_studies import sound

NARROWER = 16  # times as many patients as there are: a quarter of the width
FACTOR = 10.0  # by which a P value is off

Made = tuple[int, list[Item]]


def _count(id: str, count: int, n: int, among: str = "all", percent: str | None = None) -> Item:
    return make("count", id=id, among=among, event="response", count=count, n=n, percent=percent)


def _two_groups(rng: np.random.Generator) -> tuple[int, int, int, int]:
    """Responders and patients of two groups."""
    n, m = (int(rng.integers(5, 60)) for _ in range(2))
    return int(rng.integers(0, n + 1)), n, int(rng.integers(0, m + 1)), m


def sum_of_counts(rng: np.random.Generator) -> Made:
    """Responders among the two groups by duration are not those among all."""
    a, n, b, m = _two_groups(rng)
    whole = int(pick(rng, [k for k in range(n + m + 1) if k != a + b]))
    return n + m, [_count("a", a, n, "short"), _count("b", b, m, "long"), _count("c", whole, n + m)]


def sum_of_sizes(rng: np.random.Generator) -> Made:
    """The two groups by duration have more patients than there are."""
    a, n, b, m = _two_groups(rng)
    return n + m - 1, [_count("a", a, n, "short"), _count("b", b, m, "long")]


def percentage(rng: np.random.Generator) -> Made:
    """A percentage that is neither rounded nor cut off."""
    a, n, _, _ = _two_groups(rng)
    wrong = [p for p in range(101) if abs(p - 100 * a / n) >= 1.0]
    return n, [_count("a", a, n, percent=f"{pick(rng, wrong)}%")]


def narrow_interval(rng: np.random.Generator) -> Made:
    """An interval that takes many times as many patients as there are."""
    n, kind, scale = (
        int(rng.integers(16, 60)),
        pick(rng, ("survival", "incidence", "share")),
        pick(rng, ("plain", "log", "log-log", "logit")),
    )
    share = int(rng.integers(n // 4, 3 * n // 4 + 1)) / n
    lower, upper = proportion_interval(share, np.sqrt(share * (1 - share) / (NARROWER * n)), scale=scale)
    fields: dict[str, object] = {
        "survival": {"at": "1 year"},
        "incidence": {"event": "response", "at": "28 days"},
        "share": {"event": "response"},
    }
    limits = {"lower": percent(float(lower), 1), "upper": percent(float(upper), 1), "level": 0.95}
    return n, [make(kind, id="x", value=percent(share, 1), **limits, **fields[kind])]


def fisher(rng: np.random.Generator) -> Made:
    """Fisher's P value of two counts, off by a factor of ten."""
    for _ in range(100):
        a, n, b, m = _two_groups(rng)
        p = float(fisher_exact(a, n, b, m))
        if 0.02 < p < 0.09:
            break
    else:
        return sum_of_sizes(rng)
    words = f"{pick(rng, (p * FACTOR, p / FACTOR)):.4f}"
    counts = [_count("a", a, n, "short"), _count("b", b, m, "long")]
    named = {
        "comparison": "response by duration",
        "groups_compared": ("short", "long"),
        "test": {"name": "fisher", "status": "printed"},
    }
    return n + m, [*counts, make("p_value", id="p", value=words, **named)]


FALSE: Sequence[Callable[[np.random.Generator], Made]] = (
    sum_of_counts,
    sum_of_sizes,
    percentage,
    narrow_interval,
    fisher,
)


def false_prints(rng: np.random.Generator) -> None:
    made = pick(rng, FALSE)
    n, items = made(rng)
    findings = audit(study_of(n, GROUPS, items))
    sound(findings)
    words = [(item.kind, item.among, [number.text for number in item.numbers]) for item in items]
    is_seen = any(finding.severity == "conflict" for finding in findings)
    demand(is_seen, f"a false {made.__name__.replace('_', ' ')} is a conflict", n, words)
