"""What no patients can print is a conflict, and what some patients print is none: every small study is tried."""

import itertools
from collections.abc import Callable, Iterator
from fractions import Fraction

import numpy as np
import pytest

from hscb_bayes.estimators.aalen_johansen import incidence_at
from hscb_bayes.estimators.kaplan_meier import survival_at
from hscb_bayes.evidence.audit import audit
from hscb_bayes.evidence.study import Study

MakeStudy = Callable[..., Study]
N = 5
DAY = 365.0


def is_conflict(study: Study) -> bool:
    return any(finding.severity == "conflict" for finding in audit(study))


def percent(share: Fraction) -> str:
    return f"{int(share * 100 + Fraction(1, 2))}%"


def count(id: str, among: str, event: str, events: int, n: int) -> dict[str, object]:
    return {"id": id, "kind": "count", "among": among, "event": event, "count": events, "n": n}


def cohorts() -> Iterator[tuple[int, int, int]]:
    """Patients in the first group, and responders in the first and in the second."""
    for first in range(1, N):
        yield from ((first, one, other) for one in range(first + 1) for other in range(N - first + 1))


def test_counts_in_a_group_and_among_all_conflict_when_no_patients_have_them(make_study: MakeStudy):
    truths = {(first, one, one + other) for first, one, other in cohorts()}
    for first, one, total in itertools.product(range(1, N), range(N + 1), range(N + 1)):
        if one <= first:
            tables = [count("a", "with", "response", one, first), count("b", "all", "response", total, N)]
            assert is_conflict(make_study(N, tables)) == ((first, one, total) not in truths)


def test_shares_of_two_groups_and_a_count_conflict_when_no_patients_have_them(make_study: MakeStudy):
    truths = {
        (percent(Fraction(one, first)), percent(Fraction(other, N - first)), one + other)
        for first, one, other in cohorts()
    }
    shares = sorted({truth[0] for truth in truths} | {"40%", "60%"})
    for one, other, total in itertools.product(shares, shares, range(N + 1)):
        tables = [
            {"id": "a", "kind": "share", "event": "response", "among": "with", "value": one},
            {"id": "b", "kind": "share", "event": "response", "among": "without", "value": other},
            count("c", "all", "response", total, N),
        ]
        if not any(cut_short(share) for share in (one, other)):
            assert is_conflict(make_study(N, tables)) == ((one, other, total) not in truths), (one, other, total)


def cut_short(share: str) -> bool:
    """Whether a percentage is one of few patients with its digits cut off."""
    return any(
        int(Fraction(100 * k, n)) == int(share[:-1]) != round(100 * k / n) for n in range(1, N) for k in range(n)
    )


def follow_ups(n: int) -> Iterator[tuple[np.ndarray, np.ndarray]]:
    """Every order in which n patients die (1), die otherwise (2) or are lost (0), ties among deaths included."""
    for days in itertools.product(range(1, n + 1), repeat=n):
        if list(days) == sorted(days):
            for causes in itertools.product((0, 1, 2), repeat=n):
                yield np.array(days, dtype=float), np.array(causes)


@pytest.mark.parametrize("kind", ["survival", "incidence"])
def test_a_survival_or_an_incidence_conflicts_when_no_follow_up_gives_it(make_study: MakeStudy, kind: str):
    n = 4
    if kind == "survival":
        values = {float(survival_at(day, cause == 1, DAY)[0]) for day, cause in follow_ups(n)}
    else:
        values = {float(incidence_at(day, cause, DAY)[0]) for day, cause in follow_ups(n)}
    extra = {} if kind == "survival" else {"event": "response"}
    for whole in range(101):
        possible = any(abs(100 * value - whole) <= 0.5 + 1e-9 for value in values)
        table = {"id": "a", "kind": kind, "at": "1 year", "value": f"{whole}%"} | extra
        assert is_conflict(make_study(n, [table])) != possible


def test_the_variance_of_an_incidence_is_at_least_that_of_a_count():
    rng = np.random.default_rng(20261128)
    for n in (3, 8, 15, 31):
        time, lost = rng.exponential(100.0, (2000, n)), rng.exponential(rng.uniform(30, 300, (2000, 1)), (2000, n))
        cause = np.where(time <= lost, rng.integers(1, 3, (2000, n)), 0)
        estimate, error = incidence_at(np.ceil(np.minimum(time, lost) / 7) * 7, cause, 100.0)
        inside = (estimate > 0) & (estimate < 1)
        assert np.max((estimate * (1 - estimate))[inside] / error[inside] ** 2) <= n * (1 + 1e-9)
