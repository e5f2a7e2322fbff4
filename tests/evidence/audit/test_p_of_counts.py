"""P values of two counts, against SciPy and against the tables that the print allows."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from scipy.stats import chi2_contingency
from scipy.stats import fisher_exact as scipy_fisher

from hscb_bayes.evidence.audit import Finding, audit
from hscb_bayes.evidence.audit.arithmetic.two_by_two import CHI_SQUARE, CORRECTED, DOUBLED, FISHER, Table, p_values_of
from hscb_bayes.evidence.study import Study

MakeStudy = Callable[..., Study]
ALGEBRA = 1e-10
FISHERS = {"name": "fisher", "status": "printed"}


def by_scipy(table: Table) -> dict[str, float]:
    counts = [[table.count, table.n - table.count], [table.other, table.other_n - table.other]]
    sides = [float(scipy_fisher(counts, alternative=side).pvalue) for side in ("less", "greater")]
    found = {FISHER: float(scipy_fisher(counts).pvalue), DOUBLED: min(1.0, 2.0 * min(sides))}
    if 0 < table.count + table.other < table.n + table.other_n:
        found[CHI_SQUARE] = float(chi2_contingency(counts, correction=False).pvalue)
        found[CORRECTED] = float(chi2_contingency(counts, correction=True).pvalue)
    return found


def random_table(rng: np.random.Generator) -> Table:
    n, other_n = (int(size) for size in rng.integers(1, 40, 2))
    return Table(int(rng.integers(0, n + 1)), n, int(rng.integers(0, other_n + 1)), other_n)


def test_the_tests_are_those_of_scipy():
    rng = np.random.default_rng(20261128)
    tables = [random_table(rng) for _ in range(300)]
    found = p_values_of(tables)
    for place, table in enumerate(tables):
        expected = by_scipy(table)
        assert {name for name, p in found.items() if not np.isnan(p[place])} == set(expected)
        assert all(found[name][place] == pytest.approx(p, abs=ALGEBRA) for name, p in expected.items())


def finding(make_study: MakeStudy, table: Table, value: str, test: dict[str, str] | None = None) -> Finding:
    counts = [("with", table.count, table.n), ("without", table.other, table.other_n)]
    items: list[dict[str, Any]] = [
        {"id": among, "kind": "count", "event": "response", "among": among, "count": count, "n": n}
        for among, count, n in counts
    ]
    p = {"id": "p", "kind": "p_value", "comparison": "response by characteristic", "value": value}
    p |= {"groups_compared": ["with", "without"]} | ({} if test is None else {"test": test})
    study = make_study(table.n + table.other_n, [*items, p])
    (found,) = (one for one in audit(study) if one.rule == "p_values")
    return found


def rounded(p: float) -> str:
    return f"{p:.3f}" if round(p, 3) > 0 else "< .001"


def test_a_p_value_of_fishers_test_is_reproduced_in_either_convention(make_study: MakeStudy):
    rng = np.random.default_rng(1)
    for _ in range(40):
        table = random_table(rng)
        for name in (FISHER, DOUBLED):
            assert finding(make_study, table, rounded(by_scipy(table)[name]), FISHERS).severity == "ok"


def test_no_other_p_value_is_fishers(make_study: MakeStudy):
    rng = np.random.default_rng(2)
    for _ in range(40):
        table = random_table(rng)
        p = by_scipy(table)
        for factor in (0.3, 0.9, 1.2):
            text = f"{p[FISHER] * factor:.3f}"
            value = float(text)
            cut_or_round = any(value - 0.0005 <= p[name] < value + 0.001 for name in (FISHER, DOUBLED))
            if value < 1 and not cut_or_round:
                assert finding(make_study, table, text, FISHERS).severity == "conflict"
                assert finding(make_study, table, text).severity in ("ok", "note")
                assert finding(make_study, table, text, FISHERS | {"status": "assumed"}).severity != "conflict"


@pytest.mark.parametrize(
    ("value", "severity"),
    [
        ("< .05", "ok"),
        ("< .02", "conflict"),
        ("> .02", "ok"),
        ("> .05", "conflict"),
        ("1", "conflict"),
        (".029", "note"),
    ],
)
def test_an_inequality_is_not_a_point(make_study: MakeStudy, value: str, severity: str):
    table = Table(7, 10, 2, 11)
    assert 0.0295 < by_scipy(table)[FISHER] < 0.03
    assert finding(make_study, table, value, FISHERS).severity == severity


def test_a_p_value_of_1_is_what_is_rounded_to_it(make_study: MakeStudy):
    assert finding(make_study, Table(3, 6, 3, 6), "1", FISHERS).severity == "ok"
    assert finding(make_study, Table(3, 6, 3, 6), "> .99", FISHERS).severity == "ok"


def test_shares_stand_for_every_table_that_prints_them(make_study: MakeStudy):
    items = [
        {"id": among, "kind": "share", "event": "response", "among": among, "value": "50%"}
        for among in ("with", "without")
    ]
    p = {"id": "p", "kind": "p_value", "comparison": "response by characteristic", "value": "1", "test": FISHERS}
    study = make_study(20, [*items, p | {"groups_compared": ["with", "without"]}])
    (found,) = (one for one in audit(study) if one.rule == "p_values")
    assert found.severity == "ok"
    assert "1 of 2 and 9 of 18" in found.sentence


def test_a_split_that_the_median_excludes_is_in_no_note_on_p(make_study: MakeStudy):
    tables = [
        {"id": "d", "kind": "covariate_summary", "covariate": "duration", "median": "38 days"},
        {"id": "os", "kind": "survival", "at": "1 year", "value": "61%"},
        {"id": "a", "kind": "survival", "among": "short", "at": "1 year", "value": "85%"},
        {"id": "b", "kind": "survival", "among": "long", "at": "1 year", "value": "44%"},
        {"id": "p", "kind": "p_value", "comparison": "survival by duration", "value": ".02"},
    ]
    tables[-1] |= {"groups_compared": ["short", "long"]}
    found = audit(make_study(31, tables))
    assert [one.case for one in found if one.rule == "whole_and_parts" and one.severity == "ok"] == []
    (agrees,) = (one for one in found if one.rule == "whole_and_parts" and one.case == "13/18")
    assert agrees.sentence.endswith("but short are 16 to 31 (the median of 31 patients is 38 days).")
    (p,) = (one for one in found if one.rule == "p_values")
    assert "13 / 18" not in p.sentence + p.arithmetic
