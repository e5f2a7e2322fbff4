"""A study of two arms, and an analysis of one: numbers of the other arm, and of both, are not its numbers."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from hscb_bayes.analysis.member import Member
from hscb_bayes.checking.check import check
from hscb_bayes.checking.replicate import replicate
from hscb_bayes.errors import InputError
from hscb_bayes.evidence.audit import audit
from hscb_bayes.model.likelihood import log_likelihood
from hscb_bayes.model.pathways import prior_normals
from hscb_bayes.model.print_arrays import joint_arrays, printed_values
from hscb_bayes.posterior.posterior import Posterior
from tests.papers import paper, study_text

Z = 4.9  # two-sided false-alarm rate 1e-6
ARMS = """
[group.a]
by = "characteristic"
of = "arm"
value = "yes"
n = 163
label = "arm A"

[group.b]
by = "characteristic"
of = "arm"
value = "no"
n = 44
label = "arm B"

[group.responders]
by = "response"
value = "yes"
label = "responders"

[group.responders_a]
by = "groups"
all_of = ["a", "responders"]
label = "responders of arm A"

[group.responders_b]
by = "groups"
all_of = ["b", "responders"]
label = "responders of arm B"

[[item]]
id = "response_a"
kind = "count"
event = "response"
among = "a"
count = 120
n = 163

[[item]]
id = "response_b"
kind = "count"
event = "response"
among = "b"
count = 20
n = 44

[[item]]
id = "response"
kind = "count"
event = "response"
count = 140
n = 207

[[item]]
id = "median_a"
kind = "median_time"
event = "response"
among = "a"
value = "2.1 days"
lower = "1.6 days"
upper = "3.2 days"
level = 0.95

[[item]]
id = "median_responders_b"
kind = "median_time"
event = "response"
among = "responders_b"
value = "9 days"

[[item]]
id = "median_of_both"
kind = "median_time"
event = "response"
among = "responders"
value = "8 days"

[[item]]
id = "deaths_b"
kind = "count"
event = "death"
among = "b"
at = "30 days"
count = 9
n = 44

[[item]]
id = "os_b"
kind = "survival"
among = "b"
at = "1 year"
value = "60%"

[[item]]
id = "os_responders_b"
kind = "survival"
among = "responders_b"
at = "1 year"
value = "80%"

[[item]]
id = "p_arms"
kind = "p_value"
comparison = "response by characteristic"
groups_compared = ["a", "b"]
value = ".002"
test = { name = "fisher", status = "printed" }
"""
SWAPPED = ARMS.replace('value = "yes"\nn = 163', 'value = "no"\nn = 163').replace(
    'value = "no"\nn = 44', 'value = "yes"\nn = 44'
)
FORMS = pytest.mark.parametrize("arms", [ARMS, SWAPPED], ids=["A has it", "B has it"])
ARM_A = 'form = "none"\namong = "a"'
ARM_B = 'form = "none"\namong = "b"'
OF_B = {"response_b", "median_responders_b", "deaths_b", "os_b", "os_responders_b"}


def of_arms(folder: Path, items: list[str], cohort: str, arms: str = ARMS) -> Member:
    return paper(folder, study_text(207, arms), items, cohort=cohort)


def sentence_of(folder: Path, items: list[str], cohort: str, arms: str = ARMS) -> str:
    with pytest.raises(InputError) as caught:
        of_arms(folder, items, cohort, arms)
    return str(caught.value).removeprefix(f"{folder}/x.toml: ")


@FORMS
@pytest.mark.parametrize("item", ["median_a", "response_a", "response", "median_of_both"])
def test_a_number_of_other_patients_is_not_fitted_to_those_of_an_arm(item: str, arms: str, tmp_path: Path) -> None:
    sentence = sentence_of(tmp_path, ["response_b", item], ARM_B, arms)
    assert sentence.startswith(f"fit.items: {item!r} is about ")
    assert "and this analysis about 'b'" in sentence


def test_the_sentence_says_how_the_responders_of_an_arm_are_written(tmp_path: Path) -> None:
    assert sentence_of(tmp_path, ["response_b", "median_of_both"], ARM_B) == (
        "fit.items: 'median_of_both' is about 'responders', and this analysis about 'b' (a group all_of = "
        "['b', 'responders'] is of both); required one of 'response_b', 'median_responders_b', 'deaths_b', "
        "'os_b', 'os_responders_b'"
    )


@FORMS
def test_the_numbers_of_an_arm_are_fitted_to_its_patients(arms: str, tmp_path: Path) -> None:
    analysis = of_arms(tmp_path, ["response_b", "median_responders_b", "os_b", "os_responders_b"], ARM_B, arms)
    arrays = joint_arrays(analysis, printed_values(analysis))
    assert (analysis.size, arrays.sizes.tolist(), float(arrays.unresponded)) == (44, [44.0], 24.0)
    both, single = (
        log_likelihood(prior_normals(one)[0][None], one)
        for one in (analysis, of_arms(tmp_path, ["response_b", "median_responders_b", "os_b"], ARM_B, arms))
    )
    assert np.all(np.isfinite(both))
    np.testing.assert_allclose(both[:, :2], single[:, :2])


def test_the_likelihood_of_an_arm_is_that_of_a_paper_about_it_alone(tmp_path: Path) -> None:
    fitted = ["response_b", "median_responders_b", "os_b", "os_responders_b"]
    arm = of_arms(tmp_path, fitted, ARM_B)
    numbers, point = printed_values(arm), prior_normals(arm)[0][None]
    (tmp_path / "alone").mkdir()
    parts = ARMS.split("[[item]]\n")
    own = [part for part in parts[1:] if part.split('"')[1] in fitted]
    text = parts[0][parts[0].index("[group.responders]") : parts[0].index("[group.responders_a]")]
    text += "".join(f"[[item]]\n{part}" for part in own).replace("responders_b", "RB").replace('among = "b"\n', "")
    text = text.replace('among = "RB"', 'among = "responders"').replace("RB", "responders_b")
    text = text.replace('value = "9 days"', 'value = "9 days"\nlowest = "2.1 days"')  # the same resolution of time
    alone = paper(tmp_path / "alone", study_text(44, text), fitted)
    with_lowest = log_likelihood(point, alone, numbers | {"median_responders_b.lowest": np.nan})
    np.testing.assert_allclose(log_likelihood(point, arm, numbers), with_lowest, rtol=1e-10)


@FORMS
def test_what_is_not_of_an_arm_is_listed_and_not_checked(
    arms: str, tmp_path: Path, posterior_of: Callable[[Member], Posterior]
) -> None:
    posterior = posterior_of(of_arms(tmp_path, ["response_b"], ARM_B, arms))
    table = check(posterior, replicates=200, seed=1).set_index("id")
    outside = table["used"] == "not of this analysis"
    assert set(table.index[~outside]) == OF_B
    assert set(table.loc[outside, "item"]) == {"response_a", "response", "median_a", "median_of_both", "p_arms"}
    columns = ["median", "lower50", "upper90", "tail_probability", "undefined", "not_reached"]
    assert table.loc[outside, columns].isna().all(axis=None)
    assert not table.loc[~outside, ["median", "undefined"]].isna().any(axis=None)
    assert table.loc["response_b", "used"] == "fitted"
    assert set(replicate(posterior, replicates=50, seed=1).numbers) == OF_B


def test_responders_of_an_arm_are_those_of_its_patients_who_respond(
    tmp_path: Path, posterior_of: Callable[[Member], Posterior]
) -> None:
    cohort = replicate(posterior_of(of_arms(tmp_path, ["response_b"], ARM_B)), replicates=50, seed=1).cohort
    assert cohort.died.shape == (50, 44)
    np.testing.assert_array_equal(cohort.group("responders_b"), cohort.responded)
    assert cohort.group("b").all()
    assert not cohort.group("a").any()


def test_in_an_analysis_of_all_every_arm_is_checked(
    tmp_path: Path, posterior_of: Callable[[Member], Posterior]
) -> None:
    posterior = posterior_of(of_arms(tmp_path, ["response"], 'form = "none"'))
    table = check(posterior, replicates=200, seed=1).set_index("id")
    assert not (table["used"] == "not of this analysis").any()
    cohort = replicate(posterior, replicates=50, seed=1).cohort
    assert (cohort.group("a").sum(axis=-1) == 163).all()
    np.testing.assert_array_equal(cohort.group("responders_b"), cohort.group("b") & cohort.responded)


def test_what_the_likelihood_has_no_place_for_is_said(tmp_path: Path) -> None:
    sentence = sentence_of(tmp_path, ["response", "os_responders_b"], 'form = "none"')
    assert sentence == (
        "fit.items: the likelihood has no place for 'os_responders_b' (survival among 'responders_b'); required one of "
        "'response', 'median_of_both'"
    )


def test_deaths_by_a_day_are_deaths_seen_by_it(tmp_path: Path, posterior_of: Callable[[Member], Posterior]) -> None:
    found = replicate(posterior_of(of_arms(tmp_path, ["response_b"], ARM_B)), replicates=200, seed=1)
    by_then = (found.cohort.died & (found.cohort.last_day <= 30.0)).sum(axis=-1)
    np.testing.assert_array_equal(found.numbers["deaths_b"], by_then)
    assert by_then.sum() < found.cohort.died.sum()


EVALUABLE = ARMS.replace("count = 20\nn = 44", 'count = 20\nn = 40\nevaluable = "four had no blood count"').replace(
    'value = ".002"', 'value = ".007"'
)


def test_a_count_of_evaluable_patients_is_not_fitted_as_one_of_all(tmp_path: Path) -> None:
    assert sentence_of(tmp_path, ["response_b"], ARM_B, EVALUABLE).startswith(
        "fit.items: 'response_b' counts 40 evaluable patients, and a count can be fitted where n is all of the group; "
    )


def test_a_count_of_evaluable_patients_is_replicated_among_as_many(
    tmp_path: Path, posterior_of: Callable[[Member], Posterior]
) -> None:
    found = replicate(posterior_of(of_arms(tmp_path, ["os_b"], ARM_B, EVALUABLE)), replicates=2000, seed=1)
    counted, everybody = found.numbers["response_b"], found.cohort.responded.sum(axis=-1)
    assert np.all(counted <= everybody)
    assert counted.max() <= 40
    difference = counted - everybody * 40.0 / 44.0
    assert abs(difference.mean()) < Z * difference.std() / np.sqrt(len(difference))


def test_evaluable_patients_do_not_shrink_a_group(tmp_path: Path) -> None:
    findings = audit(of_arms(tmp_path, ["os_b"], ARM_B, EVALUABLE).study)
    assert [finding.sentence for finding in findings if finding.severity == "conflict"] == []
    assert p_value_of(tmp_path, EVALUABLE) == (
        "ok",
        "P = .007 for response by characteristic is Fisher's exact test of 120 of 163 and 20 of 40, which give 0.0069.",
    )


def test_a_p_value_may_count_who_was_not_evaluable_as_without_the_event(tmp_path: Path) -> None:
    of_all = EVALUABLE.replace('value = ".007"', 'value = ".0009"')
    severity, words = p_value_of(tmp_path, of_all)
    assert severity == "ok"
    assert words.endswith("is Fisher's exact test of 120 of 163 and 20 of 44, which give 0.00089.")


def p_value_of(tmp_path: Path, study: str) -> tuple[str, str]:
    findings = audit(of_arms(tmp_path, ["os_b"], ARM_B, study).study)
    (found,) = (finding for finding in findings if finding.rule == "p_values")
    return found.severity, found.sentence


def test_a_p_value_between_arms_needs_no_test_in_the_analysis_of_one(tmp_path: Path) -> None:
    unnamed = ARMS.replace('test = { name = "fisher", status = "printed" }\n', "")
    assert of_arms(tmp_path, ["response_b"], ARM_B, unnamed).size == 44
    assert "conventions.tests" in sentence_of(tmp_path, ["response"], 'form = "none"', unnamed)


DURATION = """
[group.short]
by = "duration"
rule = "<= 20 days"
label = "short"

[group.short_b]
by = "groups"
all_of = ["b", "short"]
label = "short, of arm B"

[[item]]
id = "duration"
kind = "covariate_summary"
covariate = "duration"
median = "20 days"
lowest = "5 days"
highest = "90 days"

[[item]]
id = "os_short_b"
kind = "survival"
among = "short_b"
at = "1 year"
value = "70%"
"""


def test_the_durations_of_all_are_not_those_of_an_arm(tmp_path: Path) -> None:
    assert "required a covariate_summary of 'duration' among b with median" in sentence_of(
        tmp_path, ["response_b"], 'among = "b"\nsizes = { short = 21 }', ARMS + DURATION
    )


def test_the_size_of_two_groups_in_one_is_required(tmp_path: Path) -> None:
    assert sentence_of(tmp_path, ["response"], "sizes = { short = 100 }", ARMS + DURATION) == (
        "cohort.sizes: required how many patients are in all of 'b', 'short', which 'short_b' is made of and the study "
        "does not print: the size of a group by them"
    )
    sizes = "sizes = { short = 100, short_b = 21 }"
    assert of_arms(tmp_path, ["response"], sizes, ARMS + DURATION).size == 207
    printed = (ARMS + DURATION).replace('all_of = ["b", "short"]', 'all_of = ["b", "short"]\nn = 21')
    assert of_arms(tmp_path, ["response"], "sizes = { short = 100 }", printed).size == 207


def test_survival_by_duration_within_an_arm_is_of_its_patients(tmp_path: Path) -> None:
    text = ARMS + DURATION.replace('covariate = "duration"', 'covariate = "duration"\namong = "b"')
    cohort = 'among = "b"\nreference = 20.0\nsizes = { short = 21 }'
    analysis = of_arms(tmp_path, ["response_b", "os_short_b"], cohort, text)
    assert joint_arrays(analysis, printed_values(analysis)).sizes.tolist() == [21.0, 23.0]
    sentence = sentence_of(tmp_path, ["response_b", "os_short_b"], cohort.replace("short = 21", "short = 44"), text)
    assert sentence == "cohort.sizes.short: required 1 to 43 of 44, found 44"
