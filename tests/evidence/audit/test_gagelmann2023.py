"""What the audit must find in the main study."""

import subprocess
import sys
import time
import tomllib
from collections.abc import Mapping
from pathlib import Path

import numpy as np
import pytest

from hscb_bayes.estimators.intervals import proportion_interval
from hscb_bayes.estimators.kaplan_meier import survival_at
from hscb_bayes.evidence.audit import Finding, audit
from hscb_bayes.evidence.study import Study, load_study

EXPECTED = tomllib.loads((Path(__file__).parent / "gagelmann2023_findings.toml").read_text())["finding"]
YEAR = 365.0
SECOND = 1.0

# The numbers that a reader gets by hand, in the finding that states them: 0.44 x 0.56 x (1.96 / 0.17)^2 = 32.8; the
# 16th of 31 durations is the median, so 31 - 16 = 15 are longer; and so on.
BY_HAND = [
    ("count_percent:response", "ok", "26 of 31 is 84%, printed as 84%"),
    ("interval_size:os_1y_long+duration", "conflict", "about 33 patients"),
    ("interval_size:os_1y_long+duration", "conflict", "at most 15"),
    ("disjoint_sizes:os_1y_short+os_1y_long", "conflict", "the study has 31: impossible wherever the cut lies"),
    ("interval_counts:os_1y_short+duration", "note", "11 of 13 (plain) without censoring and no other count"),
    ("interval_counts:os_1y_short+duration", "note", "16 to 30 (the median of 31 patients is 38 days)"),
    ("splits:os_1y_short+os_1y_long+duration", "note", "the only split of 31 patients"),
    ("splits:os_1y_short+os_1y_long+duration", "note", "is 13 / 18"),
    ("repairs:os_1y_long", "note", "21% to 67% is 8 of 18"),
    ("repairs:os_1y_long", "note", "needs about 18 patients where the group can hold at most 15"),
    ("repairs:os_1y_long", "note", "an interval computed with n = 31"),
    ("repairs:os_1y_long", "note", "none is chosen"),
    ("cut_ties:os_1y_short+os_1y_long+duration:13/18", "note", "if at least 3 patients had exactly 38 days"),
    ("whole_counts:os_1y", "note", "59%, is no count of 31 patients"),
    ("whole_counts:os_1y_responders", "note", "is no count of 26 patients"),
    ("interval_size:os_1y_responders+response", "note", "(18 to 19 with rounding), but the group holds 26"),
    ("whole_and_parts:os_1y+os_1y_responders+os_1y_nonresponders:26/5", "note", "below the 61.6% to 62.5%"),
    ("whole_and_parts:os_1y+os_1y_short+os_1y_long:13/18", "note", "below the 60.7% to 61.7%"),
    ("whole_and_parts:os_1y+os_1y_short+os_1y_long:16/15", "note", "nearly a conflict"),
    ("follow_up:os_1y_responders+os_1y_nonresponders+os_1y_short+os_1y_long", "note", "contradicts the other"),
    ("immortal_time:os_1y_responders+os_1y_nonresponders+p_os_response", "note", "groups patients by the future"),
    ("p_values:p_os_duration+os_1y_short+os_1y_long", "ok", "give without censoring, 0.017 for 16 / 15 patients"),
]

# Patients in the order in which they leave: died (d) or lost (c), and the group: a short and responding, b long and
# responding, c short, d long, neither responding. The others of each group are followed beyond one year.
WITNESSES = [
    ("cadaddcacacadddacadddddbcacacacbdbdbcaddcacb", {"a": 16, "b": 10, "c": 0, "d": 5}),
    ("daddcbcbddcbdaddcacacbcacadbdbddcadbddcacb", {"a": 13, "b": 13, "c": 0, "d": 5}),
]


@pytest.fixture(scope="module")
def study(root: Path) -> Study:
    return load_study(root / "models" / "evidence" / "gagelmann2023.toml")


@pytest.fixture(scope="module")
def findings(study: Study) -> dict[str, Finding]:
    return {finding.id: finding for finding in audit(study)}


@pytest.mark.parametrize("expected", EXPECTED, ids=[expected["id"] for expected in EXPECTED])
def test_the_finding_reads(findings: dict[str, Finding], expected: Mapping[str, str]):
    found = findings[expected["id"]]
    assert (found.severity, found.sentence) == (expected["severity"], expected["sentence"])
    assert found.arithmetic == expected["arithmetic"]


def test_there_is_no_other_finding(findings: dict[str, Finding]):
    assert list(findings) == [expected["id"] for expected in EXPECTED]


@pytest.mark.parametrize(("id", "severity", "words"), BY_HAND)
def test_what_a_reader_finds_by_hand_is_said(findings: dict[str, Finding], id: str, severity: str, words: str):
    assert findings[id].severity == severity
    assert words in findings[id].sentence


def test_every_item_of_a_finding_is_in_the_file(study: Study, findings: dict[str, Finding]):
    known = {item.id for item in study.items}
    assert {item for finding in findings.values() for item in finding.items} <= known


def test_only_the_interval_of_the_long_group_is_impossible_under_any_follow_up(findings: dict[str, Finding]):
    conflicts = [finding for finding in findings.values() if finding.severity == "conflict"]
    assert {finding.rule for finding in conflicts} == {"interval_size", "disjoint_sizes"}
    assert all("os_1y_long" in finding.items for finding in conflicts)


def print_witness(order: str, sizes: Mapping[str, int]) -> dict[str, str]:
    """Survival at one year of 31 patients in every group, in whole percents, with plain intervals."""
    left = [(order[place], order[place + 1]) for place in range(0, len(order), 2)]
    groups = [group for _, group in left]
    stay = [group for group, size in sizes.items() for _ in range(size - groups.count(group))]
    time = np.array([*range(15, 15 + 5 * len(left), 5), *(400 for _ in stay)], dtype=float)
    died = np.array([*(how == "d" for how, _ in left), *(False for _ in stay)])
    who = np.array([*groups, *stay])
    printed = {}
    for name, letters in (("all", "abcd"), ("yes", "ab"), ("no", "cd"), ("short", "ac"), ("long", "bd")):
        estimate, error = survival_at(time, died, YEAR, np.isin(who, list(letters)))
        lower, upper = proportion_interval(estimate, error, scale="plain")
        printed[name] = " ".join(f"{100 * float(x):.0f}" for x in (estimate, lower, upper))
    return printed


@pytest.mark.parametrize(("order", "sizes"), WITNESSES)
def test_there_are_patients_who_print_all_but_the_limits_of_the_long_group(order: str, sizes: Mapping[str, int]):
    printed = print_witness(order, sizes)
    assert sum(sizes.values()) == 31
    assert printed["all"].split()[0] == "59"
    assert printed["yes"] == "74 54 94"
    assert printed["no"] == "0 nan nan"
    assert printed["short"] == "85 65 100"
    assert printed["long"].split()[0] == "44"


def test_the_audit_is_quick(study: Study):
    start = time.perf_counter()
    audit(study)
    assert time.perf_counter() - start < SECOND


def test_the_audit_loads_nothing_heavy(root: Path):
    code = (
        "import sys; from hscb_bayes import audit, load_study; "
        "assert audit(load_study('models/evidence/gagelmann2023.toml')); "
        "sys.exit(' '.join({'pandas', 'scipy', 'xarray', 'pymc', 'pytensor', 'arviz', 'matplotlib'} & {*sys.modules}))"
    )
    outcome = subprocess.run([sys.executable, "-c", code], cwd=root, check=False, capture_output=True, text=True)
    assert outcome.stderr.strip() == ""
