"""One study file, read as analyses of different endpoints."""

import json
import shutil
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from hscb_bayes.analysis.analysis import Analysis
from hscb_bayes.analysis.handled import check_handled
from hscb_bayes.analysis.kept import analysis_of, texts_of
from hscb_bayes.analysis.load import load
from hscb_bayes.analysis.member import Member
from hscb_bayes.analysis.read_paper import load_analysis
from hscb_bayes.checking.check import OUTSIDE, check
from hscb_bayes.errors import InputError
from hscb_bayes.evidence.audit import audit
from hscb_bayes.model.likelihood import log_likelihood
from hscb_bayes.model.pathways import prior_normals
from hscb_bayes.posterior.posterior import Posterior
from hscb_bayes.posterior.stored import load_posterior, save
from hscb_bayes.report.items import items_by_use
from tests.papers import paper, study_text

SEVERAL = (Path(__file__).parents[1] / "evidence" / "several.toml").read_text(encoding="utf-8")
NEUTROPHIL_PFS = 'response = "neutrophil_recovery"\nend = "progression_or_death"'
PLATELET_OS = 'response = "platelet_recovery"'
GVHD_OS = 'response = "gvhd"'
TESTS = "tests = { p_pfs = { test = 'log-rank' }, p_gvhd = { test = 'log-rank' } }"
# Endpoints, what is fitted, and what is only checked.
READINGS = {
    "progression-free survival by neutrophil recovery": (
        NEUTROPHIL_PFS,
        ["neutrophil", "pfs"],
        ["pfs_sibling", "all_progressed", "p_pfs"],
    ),
    "survival by platelet recovery": (PLATELET_OS, ["platelet", "os"], ["platelet_median"]),
    "GVHD with death competing": (GVHD_OS, ["gvhd", "os"], ["p_gvhd"]),
}
# The same numbers of progression-free survival and neutrophil recovery alone, as a file without events says them.
ALONE = """
[group.engrafted]
by = "response"
value = "yes"
label = "engrafted"

[group.not_engrafted]
by = "response"
value = "no"
label = "not engrafted"

[[item]]
id = "neutrophil"
kind = "count"
event = "response"
count = 36
n = 44

[[item]]
id = "pfs"
kind = "survival"
at = "1 year"
value = "50%"

[[item]]
id = "all_progressed"
kind = "everybody_died_by"
among = "not_engrafted"
by = "6 months"
words = "all progressed or died"
"""


def read(folder: Path, endpoints: str, items: list[str], study: str = SEVERAL) -> Member:
    return paper(folder, study, items, conventions=TESTS, endpoints=endpoints)


@pytest.fixture(params=READINGS)
def reading(request: pytest.FixtureRequest) -> tuple[str, list[str], list[str]]:
    return READINGS[str(request.param)]


def test_one_study_file_serves_analyses_of_several_endpoints(
    reading: tuple[str, list[str], list[str]], tmp_path: Path
) -> None:
    endpoints, fitted, checked = reading
    analysis = read(tmp_path, endpoints, fitted)
    study, whole = analysis.study, analysis.study.whole
    assert whole is not None
    outside = [item for item in whole.items if item.describes_outcomes and item.id not in (*fitted, *checked)]
    assert items_by_use(analysis) == {
        "fitted": [study.item(id).describe(study.labels) for id in fitted],
        "checked": [study.item(id).describe(study.labels) for id in checked],
        "outside": [item.describe(whole.labels) for item in outside],
    }


def test_numbers_of_other_events_are_listed_and_not_checked(
    reading: tuple[str, list[str], list[str]], tmp_path: Path, posterior_of: Callable[[Member], Posterior]
) -> None:
    endpoints, fitted, checked = reading
    table = check(posterior_of(read(tmp_path, endpoints, fitted)), replicates=50, seed=1).set_index("id")
    outside = table["used"] == OUTSIDE
    assert set(table.loc[~outside, "item"]) == {*fitted, *checked}
    assert "os_both" in table.index[outside]
    assert table.loc[outside, ["median", "tail_probability", "undefined"]].isna().all(axis=None)
    assert not table.loc[~outside, "undefined"].isna().any()


def test_an_analysis_of_declared_events_is_that_of_a_paper_which_has_no_others(
    tmp_path: Path, posterior_of: Callable[[Member], Posterior]
) -> None:
    (tmp_path / "alone").mkdir()
    own = read(tmp_path, NEUTROPHIL_PFS, ["neutrophil", "pfs"])
    alone = paper(tmp_path / "alone", study_text(44, ALONE), ["neutrophil", "pfs"])
    point = prior_normals(alone)[0][None]
    np.testing.assert_array_equal(log_likelihood(point, own), log_likelihood(point, alone))
    ours, theirs = (check(posterior_of(one), replicates=50, seed=1).set_index("id") for one in (own, alone))
    columns = ["value", "median", "lower90", "upper90", "tail_probability", "used"]
    np.testing.assert_array_equal(ours.loc[theirs.index, columns].to_numpy(), theirs[columns].to_numpy())


def test_a_kept_posterior_has_its_endpoints(tmp_path: Path, posterior_of: Callable[[Member], Posterior]) -> None:
    posterior = posterior_of(read(tmp_path, NEUTROPHIL_PFS, ["neutrophil", "pfs"]))
    save(posterior, tmp_path / "posterior.nc")
    for file in (tmp_path / "study.toml", tmp_path / "x.toml"):
        file.unlink()
    again = load_posterior(tmp_path / "posterior.nc")
    assert again.analysis.table == posterior.analysis.table
    assert again.analysis.study == posterior.analysis.study
    assert again.analysis.study.other_items == posterior.analysis.study.other_items
    assert check(again, replicates=50, seed=1).equals(check(posterior, replicates=50, seed=1))


def test_what_is_kept_of_an_analysis_of_endpoints_that_are_not_there_is_refused(tmp_path: Path) -> None:
    told = texts_of(read(tmp_path, PLATELET_OS, ["platelet", "os"]))
    kept = json.loads(told["analysis_tables"])
    kept["endpoints"]["response"] = "platelets"
    with pytest.raises(InputError, match=r"endpoints\.response: unknown event 'platelets'; did you mean"):
        analysis_of(told | {"analysis_tables": json.dumps(kept)})


# Endpoints, what is fitted, and the sentence after the path of the analysis.
REFUSED = {
    "an unknown response": (
        'response = "neutrophil"',
        ["os"],
        "endpoints.response: unknown event 'neutrophil'; did you mean 'neutrophil_recovery'?",
    ),
    "an unknown end": (
        'end = "progression"',
        ["os"],
        "endpoints.end: unknown event 'progression'; did you mean 'progression_or_death'?",
    ),
    "a response that ends follow-up": (
        'response = "death"',
        ["os"],
        (
            "endpoints.response: required an event that does not end follow-up, found 'death'; such are 'response', "
            "'neutrophil_recovery', 'platelet_recovery', 'gvhd'"
        ),
    ),
    "an end that does not end it": (
        'end = "gvhd"',
        ["os"],
        (
            "endpoints.end: required an event that ends follow-up, found 'gvhd'; such are 'death', "
            "'progression_or_death'"
        ),
    ),
    "a key that is unknown": (
        'reponse = "gvhd"',
        ["os"],
        "endpoints: unknown key 'reponse'; did you mean 'response'?",
    ),
    "a number of another response": (
        PLATELET_OS,
        ["neutrophil", "os"],
        (
            "fit.items: 'neutrophil' is about another event or group than [endpoints] of this analysis names; required "
            "one of 'platelet', 'platelet_median', 'os'"
        ),
    ),
    "a number of another survival": (
        NEUTROPHIL_PFS,
        ["neutrophil", "os"],
        (
            "fit.items: 'os' is about another event or group than [endpoints] of this analysis names; required one of "
            "'neutrophil', 'pfs'"
        ),
    ),
    "no endpoints in a file of declared events": (
        "",
        ["platelet"],
        (
            "fit.items: 'platelet' is about another event or group than [endpoints] of this analysis names; required "
            "one of 'os'"
        ),
    ),
}


@pytest.mark.parametrize("case", REFUSED)
def test_endpoints_that_cannot_be_get_a_sentence(case: str, tmp_path: Path) -> None:
    endpoints, items, sentence = REFUSED[case]
    with pytest.raises(InputError) as caught:
        read(tmp_path, endpoints, items)
    assert str(caught.value) == f"{tmp_path / 'x.toml'}: {sentence}"


def test_a_test_is_of_a_p_value_of_the_study(tmp_path: Path) -> None:
    tests = "tests = { p_os = { test = 'log-rank' } }"
    with pytest.raises(InputError, match=r"conventions\.tests: 'p_os' is no P value; did you mean 'p_pfs'\?"):
        paper(tmp_path, SEVERAL, ["pfs"], conventions=tests, endpoints=NEUTROPHIL_PFS)


def over(folder: Path, name: str, tables: str, base: str = "x") -> Path:
    """An analysis over another one, in the same folder."""
    (folder / f"{name}.toml").write_text(f'base = "{base}"\ntitle = "{name}"\n{tables}\n')
    return folder / f"{name}.toml"


FIT = '[fit]\nitems = ["neutrophil", "os"]\nwhy = "x"\n'


def test_endpoints_are_merged_key_by_key(tmp_path: Path) -> None:
    read(tmp_path, NEUTROPHIL_PFS, ["neutrophil", "pfs"])
    same = load_analysis(over(tmp_path, "same", ""))
    other = load_analysis(over(tmp_path, "other", f'{FIT}[endpoints]\nend = "death"'))
    assert (same.table.endpoints.response, same.table.endpoints.end) == ("neutrophil_recovery", "progression_or_death")
    assert (other.table.endpoints.response, other.table.endpoints.end) == ("neutrophil_recovery", "death")


def test_an_analysis_of_another_study_does_not_inherit_endpoints(tmp_path: Path) -> None:
    read(tmp_path, NEUTROPHIL_PFS, ["neutrophil", "pfs"])
    (tmp_path / "alone.toml").write_text(study_text(44, ALONE))
    tables = (
        '[fit]\nitems = ["neutrophil", "pfs"]\nwhy = "x"\n[cohort]\nform = "none"\nwhy = "x"\n[follow_up]\nwhy = "x"\n'
    )
    analysis = load_analysis(over(tmp_path, "other", f'study = "alone.toml"\n{tables}'))
    assert (analysis.table.endpoints.response, analysis.table.endpoints.end) == ("response", "death")


def test_alternatives_have_the_endpoints_of_the_analysis(tmp_path: Path) -> None:
    read(tmp_path, NEUTROPHIL_PFS, ["neutrophil", "pfs"])
    over(tmp_path, "narrow", "")
    over(tmp_path, "os", f'{FIT}[endpoints]\nend = "death"')
    own = over(tmp_path, "own", '[report]\nalternatives = ["narrow"]')
    assert load_analysis(own).alternatives == ("narrow",)
    with pytest.raises(InputError) as caught:
        load_analysis(over(tmp_path, "own", '[report]\nalternatives = ["os"]'))
    assert str(caught.value) == (
        f"{own}: report.alternatives: 'os' has other endpoints, 'neutrophil_recovery' and 'death'; required "
        "'neutrophil_recovery' and 'progression_or_death'"
    )


LATER = """
[[item]]
id = "platelet_90"
kind = "share"
event = "platelet_recovery"
at = "90 days"
value = "50%"
place = "Table 2"
"""
FALLS = "counts_rise:platelet+platelet_90"


def test_a_conflict_of_other_events_need_not_be_handled(tmp_path: Path) -> None:
    analysis = read(tmp_path, NEUTROPHIL_PFS, ["neutrophil", "pfs"], f"{SEVERAL}{LATER}")
    check_handled(analysis, audit(analysis.study))
    told = load_analysis(over(tmp_path, "told", f'[handled]\n"{FALLS}" = "so"'))
    check_handled(told, audit(told.study))


def test_a_conflict_of_its_own_events_must_be_handled(tmp_path: Path) -> None:
    analysis = read(tmp_path, PLATELET_OS, ["platelet", "os"], f"{SEVERAL}{LATER}")
    with pytest.raises(InputError, match="the print has a conflict that the analysis does not handle"):
        check_handled(analysis, audit(analysis.study))
    told = load_analysis(over(tmp_path, "told", f'[handled]\n"{FALLS}" = "so"'))
    check_handled(told, audit(told.study))


def test_an_entry_of_no_finding_is_refused_whatever_the_events(tmp_path: Path) -> None:
    read(tmp_path, NEUTROPHIL_PFS, ["neutrophil", "pfs"], f"{SEVERAL}{LATER}")
    told = load_analysis(over(tmp_path, "told", '[handled]\n"counts_rise:platelet+platelet_9" = "so"'))
    with pytest.raises(InputError, match=f"did you mean '{FALLS.replace('+', '.')}'"):
        check_handled(told, audit(told.study))


def pool_of(folder: Path, models: Path, endpoints: str, items: str, definitions: str) -> Analysis:
    """A pool of the shipped study of boosts after CAR T-cells and the study of several endpoints."""
    shutil.copytree(models, folder, dirs_exist_ok=True)
    kind = 'population = "after_car_t"\ndefinition = "neutrophil"\n'
    (folder / "evidence" / "several.toml").write_text(SEVERAL.replace("n = 44\n", f"n = 44\n{kind}", 1))
    over(
        folder,
        "several",
        f'study = "evidence/several.toml"\n[endpoints]\n{endpoints}\n[fit]\nitems = [{items}]\nwhy = "x"\n'
        f'[cohort]\nform = "none"\nwhy = "x"\n[follow_up]\nwhy = "x"\n[conventions]\n{TESTS}\n',
        base="main",
    )
    ratios = "".join(f"{name} = 4.0\n" for name in ("response", "death_without_response", "death_after_response"))
    (folder / "two.toml").write_text(
        'schema = 1\ntitle = "x"\nquestion = "x"\nstudies = ["main", "several"]\npopulation = "after_car_t"\n'
        f'definition = "neutrophil"\n[between_studies]\n{ratios}never_respond = 4.0\nlost_by_one_year = 4.0\n'
        f'why = "x"\n[exchangeable]\nweight = 1.0\nwhy = "x"\n{definitions}'
    )
    return load(folder / "two.toml")


def test_a_member_of_a_pool_has_its_own_endpoints(root: Path, tmp_path: Path) -> None:
    definitions = '[definitions.platelet_recovery]\ncomparable = true\nwhy = "x"\n'
    pool = pool_of(tmp_path / "pool", root / "models", PLATELET_OS, '"platelet", "os"', definitions)
    assert [member.study.definition for member in pool.members] == ["neutrophil", "platelet_recovery"]
    assert {item.id for item in pool.members[1].study.items} == {"platelet", "platelet_median", "os", "age"}
    again = analysis_of(texts_of(pool))
    assert [member.study for member in again.members] == [member.study for member in pool.members]


def test_another_response_in_a_pool_is_another_definition(root: Path, tmp_path: Path) -> None:
    with pytest.raises(InputError) as caught:
        pool_of(tmp_path / "pool", root / "models", PLATELET_OS, '"platelet", "os"', "")
    assert str(caught.value) == (
        f"{tmp_path / 'pool' / 'two.toml'}: definitions.platelet_recovery is missing; required how far definition "
        "'platelet_recovery' (several) may be from 'neutrophil', or comparable = true"
    )


def test_survival_without_progression_is_not_pooled_with_survival(root: Path, tmp_path: Path) -> None:
    with pytest.raises(InputError) as caught:
        pool_of(tmp_path / "pool", root / "models", NEUTROPHIL_PFS, '"neutrophil", "pfs"', "")
    assert str(caught.value) == (
        f"{tmp_path / 'pool' / 'two.toml'}: studies: 'several' has endpoints.end = 'progression_or_death' and 'main' "
        "'death'; required the same"
    )
