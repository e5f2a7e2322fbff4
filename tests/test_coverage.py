"""What the package makes of the numbers of seven abstracts is what the table in the documentation says."""

import csv
from collections import Counter, defaultdict
from pathlib import Path

import pytest

from hscb_bayes.analysis.analysis import Analysis
from hscb_bayes.analysis.load import load
from hscb_bayes.analysis.scope import compares_arms, owner_of
from hscb_bayes.evidence.study import load_study
from tests.papers import written

ROOT = Path(__file__).parents[1]
EVIDENCE = ROOT / "models" / "evidence"
with (ROOT / "docs" / "results" / "coverage.csv").open(encoding="utf-8") as file:
    ROWS = list(csv.DictReader(file))
POPULATION = ("paper", "response", "end", "among")
OVER = " over "  # between two arms that are compared: what is fitted are the numbers of each

Rows = list[dict[str, str]]


def by_analysis() -> dict[tuple[str, ...], Rows]:
    """Rows by study, endpoints and patients: one analysis has to fit all that are fitted."""
    found = defaultdict[tuple[str, ...], Rows](list)
    for row in ROWS:
        if row["item"]:
            found[tuple(row[name] for name in POPULATION)].append(row)
    return dict(found)


ANALYSES = by_analysis()
ARMS = '[arms]\nreference = "{reference}"\ncompared = ["{compared}"]\nhazard_ratio_rarely_above = 4.0\nwhy = "x"\n'


def analysis_of(folder: Path, key: tuple[str, ...], items: dict[str, list[str]]) -> Analysis:
    """It fits what is fitted, and names a test for each P value that is checked."""
    study, response, end, among = key
    compared, _, reference = among.partition(OVER)
    path = written(
        folder,
        (EVIDENCE / f"{study}.toml").read_text(encoding="utf-8"),
        list(dict.fromkeys(items["fitted"])),
        conventions="\n".join(
            f'tests.{id} = {{ test = "log-rank" }}' for id in items["checked"] if id.startswith("p_")
        ),
        cohort='form = "none"' + ("" if reference else f'\namong = "{among}"'),
        endpoints=f'response = "{response}"\nend = "{end}"',
        arms=ARMS.format(compared=compared, reference=reference) if reference else "",
    )
    return load(path)


def fitted_of_arms(key: tuple[str, ...]) -> list[str]:
    """What is fitted of both arms that are compared."""
    *about, among = key
    found = [row for arm in among.split(OVER) for row in ANALYSES.get((*about, arm), [])]
    return [row["item"] for row in found if row["status"] == "fitted" and "level" not in row["kind"]]


@pytest.mark.parametrize("key", ANALYSES, ids=" ".join)
def test_what_is_fitted_is_fitted_in_one_analysis_and_what_is_checked_is_of_it(
    key: tuple[str, ...], tmp_path: Path
) -> None:
    items = {
        status: [row["item"] for row in ANALYSES[key] if row["status"] == status] for status in ("fitted", "checked")
    }
    if OVER in key[-1]:
        items["fitted"] = fitted_of_arms(key)
    analysis = analysis_of(tmp_path, key, items)
    assert {id.partition(".")[0] for id in analysis.table.fit.items} == set(items["fitted"])
    (study, *_) = (member.study for member in analysis.members)
    for id in items["checked"]:
        assert id not in analysis.table.fit.items
        if OVER in key[-1]:
            assert compares_arms(analysis, study.item(id))
        else:
            assert all(owner_of(analysis, number) for number in study.item(id).numbers)


def test_what_is_text_says_why() -> None:
    for row in ROWS:
        assert (row["status"] == "text") == (row["item"] == "")
        assert row["why"] or row["status"] == "fitted"


def test_the_page_has_the_totals() -> None:
    found, page = Counter(row["status"] for row in ROWS), (ROOT / "docs" / "results" / "coverage.md").read_text("utf-8")
    total = len(ROWS)
    for words, many in (("fitted", found["fitted"]), ("fitted or checked", found["fitted"] + found["checked"])):
        assert f"| {words} | {many} of {total} | {100 * many / total:.0f}% |" in page


def test_all_numbers_are_of_studies_that_are_there() -> None:
    assert {row["paper"] for row in ROWS} == {load_study(EVIDENCE / f"{row['paper']}.toml").id for row in ROWS}
