"""Pooled analyses that are broken, each with the whole sentence that a user gets."""

from collections.abc import Callable
from pathlib import Path

import pytest

from hscb_bayes.analysis.read_pool import is_pool, load_pool
from hscb_bayes.errors import InputError

MEMBERS = '"klyuchnikov2014", "stasia2014", "scb2024", "bowman2023", "liu2024"'
TRILINEAGE = """[definitions.trilineage]
hazard_ratio_rarely_above = 3.0
odds_ratio_rarely_above = 3.0
"""
SHARED = '"gagelmann2023+rejeski2022" = '
# What is replaced in pooled.toml, by what, and the sentence after the path of the file.
BROKEN = {
    "a schema that is true": ("schema = 1", "schema = true", "schema: required 1, found True"),
    "a study that is not there": (
        '"scb2024"',
        '"scb2042"',
        "studies: there is no analysis 'scb2042' in {folder}; did you mean 'scb2024'?",
    ),
    "one study only": (
        f'studies = ["main", "rejeski2022", {MEMBERS}]',
        'studies = ["main"]',
        "between_studies: required at least two studies, found ['main']",
    ),
    "the same study twice": (
        '"main", "rejeski2022"',
        '"main", "step", "rejeski2022"',
        "studies: 'main' and 'step' are both about 'gagelmann2023'; required each study once",
    ),
    "other beliefs in a member": (
        '"main", "rejeski2022"',
        '"plain_weibull", "rejeski2022"',
        (
            "studies: 'rejeski2022' says another hazards than 'plain_weibull'; required the same, such as "
            "base = 'plain_weibull'"
        ),
    ),
    "a population that nobody has": (
        'population = "after_car_t"',
        'population = "after_car"',
        "population: no study is of 'after_car'; did you mean 'after_car_t'?",
    ),
    "a population that is not declared": (
        "[populations.poor_graft_function]",
        "[populations.poor_graft]",
        (
            "populations.poor_graft_function is missing; required how far population 'poor_graft_function' "
            "(klyuchnikov2014, stasia2014, scb2024, bowman2023, liu2024) may be from 'after_car_t', "
            "or comparable = true"
        ),
    ),
    "a definition that is not declared": (
        TRILINEAGE,
        "[definitions.three_lines]\nhazard_ratio_rarely_above = 3.0\nodds_ratio_rarely_above = 3.0\n",
        (
            "definitions.trilineage is missing; required how far definition 'trilineage' (stasia2014) may be from "
            "'neutrophil', or comparable = true"
        ),
    ),
    "a definition that no study has": (
        TRILINEAGE,
        f"[definitions.platelets]\ncomparable = true\nwhy = 'x'\n\n{TRILINEAGE}",
        (
            "definitions: no study is of 'platelets'; known are 'complete_or_partial', 'haematological_improvement', "
            "'neutrophil', 'response_unspecified', 'trilineage'"
        ),
    ),
    "the definition that is asked about": (
        TRILINEAGE,
        f"[definitions.neutrophil]\ncomparable = true\nwhy = 'x'\n\n{TRILINEAGE}",
        "definitions.neutrophil: it is the definition that is asked about; remove it",
    ),
    "comparable and not": (
        TRILINEAGE,
        "[definitions.trilineage]\ncomparable = true\nhazard_ratio_rarely_above = 3.0\n",
        "definitions.trilineage: hazard_ratio_rarely_above is given beside comparable = true; remove one of them",
    ),
    "half a difference": (
        TRILINEAGE,
        "[definitions.trilineage]\nhazard_ratio_rarely_above = 3.0\n",
        "definitions.trilineage: odds_ratio_rarely_above is missing; required it, or comparable = true",
    ),
    "a difference without a reason": (
        '\nwhy = "not said in what was read"',
        "",
        "definitions.response_unspecified: why is missing (required: where the belief comes from)",
    ),
    "a ratio below one": (
        "never_respond = 4.0",
        "never_respond = 0.25",
        "between_studies.never_respond: required a number of at least 1, found 0.25",
    ),
    "an infinite ratio": (
        "never_respond = 4.0",
        "never_respond = inf",
        "between_studies.never_respond: required a finite number, found inf",
    ),
    "a spread that is not said": (
        "death_without_response = 4.0\n",
        "",
        (
            "between_studies: death_without_response is missing (required: hazard ratio of death without response "
            "rarely above)"
        ),
    ),
    "a weight above one": (
        "weight = 1.0",
        "weight = 1.5",
        "exchangeable.weight: required a number of at most 1, found 1.5",
    ),
    "a weight of zero": (
        "weight = 1.0",
        "weight = 0.0",
        "exchangeable.weight: required a number above 0, found 0.0",
    ),
    "a weight of a study that is not there": (
        "weight = 1.0",
        "weights = { liu = 0.5 }",
        "exchangeable.weights: unknown study 'liu'; did you mean 'liu2024'?",
    ),
    "a power of a study that is not there": (
        "[exchangeable]",
        "[borrowing]\npower = { liu = 0.5 }\nwhy = 'x'\n\n[exchangeable]",
        "borrowing.power: unknown study 'liu'; did you mean 'liu2024'?",
    ),
    "a power above one": (
        "[exchangeable]",
        "[borrowing]\npower = { liu2024 = 2.0 }\nwhy = 'x'\n\n[exchangeable]",
        "borrowing.power.liu2024: required a number of at most 1, found 2.0",
    ),
    "patients who may be in both, not declared": (
        f"[shared_patients]\n{SHARED}",
        "[handled]\nx = ",
        (
            "unknown key 'handled'; known are 'between_studies', 'borrowing', 'definition', 'definitions', "
            "'exchangeable', 'population', 'population_words', "
            "'populations', 'question', 'report', 'schema', 'shared_patients', 'studies', 'title'"
        ),
    ),
    "patients who may be in both, forgotten": (
        SHARED,
        '"gagelmann2023+liu2024" = ',
        (
            "shared_patients.'gagelmann2023+rejeski2022' is missing; they may share patients, who would be counted "
            "twice: required why both are in, or leave one out"
        ),
    ),
    "patients who are not in both": (
        '"main", "rejeski2022"',
        '"main"',
        "shared_patients: 'gagelmann2023+rejeski2022' are no such studies; no two studies say that they may",
    ),
    "other follow-up in a member": (
        '"main", "rejeski2022"',
        '"complete_follow_up", "rejeski2022"',
        "studies: 'rejeski2022' says follow_up.complete = false and 'complete_follow_up' does not; required the same",
    ),
    "an empty question": (
        'title = "Stem cell boost: seven studies in one hierarchy"',
        'title = ""',
        "title: required text on one line, found ''",
    ),
}


@pytest.fixture
def sentence_of(folder: Path) -> Callable[[str], str]:
    def sentence(text: str) -> str:
        (folder / "pooled.toml").write_text(text, encoding="utf-8")
        with pytest.raises(InputError) as caught:
            load_pool(folder / "pooled.toml")
        return str(caught.value).removeprefix(f"{folder / 'pooled.toml'}: ")

    return sentence


@pytest.mark.parametrize("case", BROKEN)
def test_a_broken_pool_gets_its_sentence(case: str, folder: Path, sentence_of: Callable[[str], str]) -> None:
    old, new, sentence = BROKEN[case]
    good = (folder / "pooled.toml").read_text(encoding="utf-8")
    assert old in good
    assert sentence_of(good.replace(old, new, 1)) == sentence.replace("{folder}", str(folder))


# What is replaced in a member's file or its study's, and the sentence that the pool gives, after the folder.
BROKEN_MEMBERS = {
    "an undeclared definition": (
        "evidence/liu2024.toml",
        'definition = "neutrophil"\n',
        "",
        "evidence/liu2024.toml: study.definition is missing; required to pool 'liu2024' with others",
    ),
    "an undeclared population": (
        "evidence/scb2024.toml",
        'population = "poor_graft_function"\n',
        "",
        "evidence/scb2024.toml: study.population is missing; required to pool 'scb2024' with others",
    ),
    "a study with no usable number": (
        "liu2024.toml",
        'items = ["response", "response_median"]',
        "items = []",
        "liu2024.toml: fit.items: required at least 1 entry, found []",
    ),
    "a fact that is fitted": (
        "scb2024.toml",
        'items = ["response", "os_2y"]',
        'items = ["response", "nrm_2y"]',
        (
            "scb2024.toml: fit.items: the likelihood has no place for 'nrm_2y' (fact among 'all'); required one of "
            "'response', 'os_2y'"
        ),
    ),
    "a range without responders": (
        "rejeski2022.toml",
        "responders = 11\n",
        "",
        (
            "rejeski2022.toml: fit.items: 'response_median' is about 'responders'; required the count of responders "
            "beside it"
        ),
    ),
    "more responders than patients": (
        "rejeski2022.toml",
        "responders = 11",
        "responders = 13",
        "rejeski2022.toml: cohort.responders: required at most the 12 patients, found 13",
    ),
    "fewer responders than the incidence": (
        "rejeski2022.toml",
        "responders = 11",
        "responders = 10",
        "rejeski2022.toml: cohort.responders: required at least 11, since 82% of 12 had responded by 30 days, found 10",
    ),
    "a range that ends after the last day": (
        "evidence/rejeski2022.toml",
        'highest = "124 days"',
        'highest = "400 days"',
        (
            "rejeski2022.toml: fit.items: required days of response before day 365, up to which response is looked "
            "for, found 400 days in 'response_median'"
        ),
    ),
    "an incidence at the last day": (
        "evidence/rejeski2022.toml",
        'at = "30 days"',
        'at = "1 year"',
        (
            "rejeski2022.toml: fit.items: required days of response before day 365, up to which response is looked "
            "for, found 1 year in 'response_30d'"
        ),
    ),
    "responders said twice": (
        "scb2024.toml",
        'form = "none"',
        'form = "none"\nresponders = 36',
        "scb2024.toml: cohort.responders is given, but 'response' is fitted, which says it; remove one",
    ),
    "patients of an unknown number": (
        "bowman2023.toml",
        'form = "none"',
        'form = "none"\namong = "lymphodepletion"',
        (
            "bowman2023.toml: cohort.among: required all patients or a group by characteristic of printed size, found "
            "'lymphodepletion'; known are 'all'"
        ),
    ),
    "a group of unknown size": (
        "bowman2023.toml",
        "sizes = { lymphodepletion = 4 }\n",
        "",
        "bowman2023.toml: cohort.sizes: required the size of 'lymphodepletion', which the study does not print",
    ),
    "a size that is printed": (
        "stasia2014.toml",
        'form = "none"',
        'form = "none"\nsizes = { sibling = 12 }',
        "stasia2014.toml: cohort.sizes.sibling: the study prints how many patients it has; remove it",
    ),
    "a duration that is not printed": (
        "scb2024.toml",
        'form = "none"\n',
        "",
        (
            "evidence/scb2024.toml: an analysis needs the patients' durations; required a covariate_summary of "
            "'duration' among all with median, lowest and highest"
        ),
    ),
    "what the base says of its own study": (
        "scb2024.toml",
        '[follow_up]\ncomplete = false\nwhy = "follow-up is not printed"\n',
        "",
        "scb2024.toml: follow_up is missing (required: follow-up)",
    ),
}


@pytest.mark.parametrize("case", BROKEN_MEMBERS)
def test_a_broken_member_gets_its_sentence(case: str, folder: Path, sentence_of: Callable[[str], str]) -> None:
    file, old, new, sentence = BROKEN_MEMBERS[case]
    good = (folder / file).read_text(encoding="utf-8")
    assert old in good
    (folder / file).write_text(good.replace(old, new, 1), encoding="utf-8")
    pool = (folder / "pooled.toml").read_text(encoding="utf-8")
    assert sentence_of(pool) == f"{folder}/{sentence}"


def test_a_pool_is_told_from_an_analysis(folder: Path) -> None:
    assert is_pool(folder / "pooled.toml")
    assert not is_pool(folder / "main.toml")
