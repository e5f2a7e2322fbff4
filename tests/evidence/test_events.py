"""Events that a study file declares, and what an analysis of two of them sees of the study."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from hscb_bayes.errors import InputError
from hscb_bayes.evidence.audit import audit
from hscb_bayes.evidence.cohort import Cohort, Conventions
from hscb_bayes.evidence.event import Endpoints
from hscb_bayes.evidence.group import group_masks
from hscb_bayes.evidence.item import Item
from hscb_bayes.evidence.kinds.p_value import PValue
from hscb_bayes.evidence.study import Study, load_study, study_of
from hscb_bayes.toml_file import TomlFile, read_toml
from tests.papers import study_text

ROOT = Path(__file__).parents[2]
FILES = [*sorted((ROOT / "models" / "evidence").glob("*.toml")), *sorted(Path(__file__).parent.glob("good*.toml"))]
PLAIN = [path for path in FILES if not load_study(path).events]
ENDPOINTS = Endpoints(response="engraftment", end="relapse_or_death")
NAMES = {"response": "engraftment", "death": "relapse_or_death"}
EVENTS = {"engraftment": {"words": "response"}, "relapse_or_death": {"words": "death", "ends": True}}


def renamed(path: Path) -> Study:
    """The study of a file whose every item and group is about the declared events instead of response and death."""
    file = read_toml(path)
    items = [dict(table) for table in file.data["item"]]
    for table in items:
        if table["kind"] in ("survival", "everybody_died_by"):
            table["event"] = NAMES["death"]
        elif table["kind"] == "p_value":
            table["event"] = NAMES["death" if table["comparison"].startswith("survival") else "response"]
        elif "event" in table:
            table["event"] = NAMES[table["event"]]
    groups = {
        id: table | ({"event": NAMES["response"]} if table["by"] == "response" else {})
        for id, table in file.data.get("group", {}).items()
    }
    data = file.data | {"item": items, "group": groups, "event": EVENTS}
    return study_of(TomlFile(path=file.path, data=data, sha256=file.sha256))


LOADED = (load_study, renamed)


def outcomes() -> Iterator[Any]:
    """Every item of an outcome in the files, with the same item of declared events as an analysis sees it."""
    for path in PLAIN:
        plain, seen = load_study(path), renamed(path).seen_by(ENDPOINTS)
        for item in (item for item in plain.items if item.describes_outcomes):
            yield pytest.param(plain, item, seen.item(item.id), id=f"{path.stem}-{item.id}")


def replicates(study: Study) -> Cohort:
    """Ten studies of as many patients, with groups of whatever size."""
    rng, size = np.random.default_rng(1), (10, study.n)
    duration, death = rng.uniform(7, 151, size), rng.exponential(400, size)
    last = np.minimum(death, rng.uniform(200, 800, size))
    response = np.rint(1 + rng.exponential(30, size))
    response = np.where(response <= last, response, np.inf)
    sizes = {
        id: study.n // 2 for id, group in study.groups.items() if group.by == "characteristic" and group.value == "yes"
    }
    masks = group_masks(study.groups, duration=duration, responded=np.isfinite(response), sizes=sizes)
    return Cohort(duration=duration, response_day=response, last_day=last, died=death <= last, groups=masks)


@pytest.mark.parametrize(("study", "plain", "seen"), [*outcomes()])
def test_an_item_of_a_declared_event_is_computed_as_one_of_response_or_death(
    study: Study, plain: Item, seen: Item
) -> None:
    cohort, test = replicates(study), "cox" if isinstance(plain, PValue) and not plain.groups_compared else "log-rank"
    conventions = Conventions.model_validate({"tests": {plain.id: {"test": test}}})
    expected, found = plain.statistic(cohort, conventions), seen.statistic(cohort, conventions)
    assert list(found) == list(expected)
    for id, values in expected.items():
        np.testing.assert_array_equal(found[id], values)


@pytest.mark.parametrize(("study", "plain", "seen"), [*outcomes()])
def test_an_item_of_a_declared_event_has_the_numbers_of_one_of_response_or_death(
    study: Study, plain: Item, seen: Item
) -> None:
    assert seen.numbers == plain.numbers
    assert (seen.about, seen.about_an_end) == (plain.about, plain.about_an_end)
    assert seen.describe(study.labels) == plain.describe(study.labels)


@pytest.mark.parametrize("path", PLAIN, ids=lambda path: path.stem)
def test_a_study_of_declared_events_is_audited_as_one_of_response_and_death(path: Path) -> None:
    plain, declared = ([(one.id, one.severity, one.arithmetic) for one in audit(load(path))] for load in LOADED)
    assert declared == plain


@pytest.mark.parametrize("path", PLAIN, ids=lambda path: path.stem)
def test_an_analysis_of_response_and_death_sees_all_of_a_file_without_events(path: Path) -> None:
    study = load_study(path)
    seen = study.seen_by(Endpoints())
    assert (seen, seen.other_items, study.views) == (study, (), (study,))
    assert audit(seen) == audit(study)


SEVERAL = (Path(__file__).parent / "several.toml").read_text(encoding="utf-8")
ALWAYS = {"age"}
SEEN = {
    ("neutrophil_recovery", "death"): {"neutrophil", "os", "os_engrafted"},
    ("neutrophil_recovery", "progression_or_death"): {"neutrophil", "pfs", "pfs_sibling", "all_progressed", "p_pfs"},
    ("platelet_recovery", "death"): {"platelet", "platelet_median", "os"},
    ("platelet_recovery", "progression_or_death"): {"platelet", "platelet_median", "pfs"},
    ("gvhd", "death"): {"gvhd", "os", "p_gvhd"},
    ("gvhd", "progression_or_death"): {"gvhd", "pfs", "p_gvhd"},
}


def several(folder: Path, tables: str = SEVERAL) -> Study:
    path = folder / "study.toml"
    path.write_text(tables)
    return load_study(path)


@pytest.mark.parametrize(("response", "end"), SEEN)
def test_an_analysis_sees_the_items_of_its_two_events(response: str, end: str, tmp_path: Path) -> None:
    study = several(tmp_path)
    seen = study.seen_by(Endpoints(response=response, end=end))
    assert {item.id for item in seen.items} == SEEN[response, end] | ALWAYS
    assert {item.id for item in seen.items} ^ {item.id for item in seen.other_items} == {
        item.id for item in study.items
    }
    assert {item.about for item in seen.items} <= {None, "response", "death"}
    assert {group.about for group in seen.groups.values()} <= {None, "response"}
    assert (seen.definition, seen.definition_words) == (response, study.events[response].words)


def test_a_study_has_a_view_for_every_two_events_of_which_something_is_printed(tmp_path: Path) -> None:
    views = several(tmp_path).views
    assert [{item.id for item in view.items} - ALWAYS for view in views] == list(SEEN.values())
    assert views[0].views == (views[0],)


def test_what_one_analysis_sees_leads_to_what_another_does(tmp_path: Path) -> None:
    study, other = several(tmp_path), Endpoints(response="gvhd")
    assert study.seen_by(ENDPOINTS_OF_PFS).seen_by(other) == study.seen_by(other)


ENDPOINTS_OF_PFS = Endpoints(response="neutrophil_recovery", end="progression_or_death")
WORDS = {
    "neutrophil": "36 of 44 patients with neutrophil recovery among all patients, abstract",
    "platelet": "share of patients with platelet recovery by 60 days among all patients: 75%, abstract",
    "platelet_median": "median time to platelet recovery among with platelets: 21 days, abstract",
    "gvhd": "acute GVHD by 100 days among all patients: 30%, abstract",
    "os": "survival at 1 year among all patients: 60%, abstract",
    "pfs": "survival without progression or death at 1 year among all patients: 50%, abstract",
    "all_progressed": (
        "everybody had progression or death by 6 months among not engrafted ('all progressed or died'), abstract"
    ),
    "p_pfs": (
        "P = .01, survival without progression or death by response among all patients (test not named), abstract"
    ),
}


@pytest.mark.parametrize("id", WORDS)
def test_an_item_is_described_in_the_words_of_its_event(id: str, tmp_path: Path) -> None:
    study = several(tmp_path)
    assert study.item(id).describe(study.labels) == WORDS[id]
    for view in study.views:
        for item in view.items:
            assert item.describe(view.labels) == study.item(item.id).describe(study.labels)


def test_without_words_an_event_is_called_by_its_name(tmp_path: Path) -> None:
    study = several(tmp_path)
    assert study.item("gvhd").describe().startswith("gvhd by 100 days")
    assert study.number("pfs").label == "survival without progression or death at 1 year"
    assert study.number("platelet_median").label == "median time to platelet recovery"


def test_response_and_death_may_have_words(tmp_path: Path) -> None:
    words = '[event.response]\nwords = "engraftment"\n[event.death]\nwords = "death in remission"\n'
    tables = words + '[[item]]\nid = "x"\nkind = "count"\nevent = "{}"\ncount = 3\nn = 44\n'
    said = {event: several(tmp_path, study_text(44, tables.format(event))) for event in ("response", "death")}
    assert said["response"].item("x").describe(said["response"].labels).startswith("3 of 44 patients with engraftment")
    assert said["death"].events["death"].ends
    assert said["death"].labels["survival:death"] == "survival"
    (view,) = said["death"].views
    assert view.item("x").describe(view.labels).startswith("3 of 44 patients with death in remission among all")


LATER = """
[[item]]
id = "platelet_90"
kind = "share"
event = "platelet_recovery"
at = "90 days"
value = "50%"
place = "Table 2"
"""
CONFLICT = f"{SEVERAL}{LATER}"


def test_responders_and_those_without_another_response_do_not_exclude_each_other(tmp_path: Path) -> None:
    groups = """
[group.without_platelets]
by = "response"
event = "platelet_recovery"
value = "no"
label = "without platelets"

[group.only_engrafted]
by = "groups"
all_of = ["engrafted", "without_platelets"]
label = "engrafted without platelets"
"""
    study = several(tmp_path, f"{SEVERAL}{groups}")
    assert study.groups["without_platelets"].is_complement_of(study.groups["with_platelets"])
    assert not study.groups["without_platelets"].is_complement_of(study.groups["engrafted"])


def test_the_audit_compares_numbers_of_the_same_events(tmp_path: Path) -> None:
    assert [one for one in audit(several(tmp_path)) if one.severity == "conflict"] == []
    (conflict,) = (one for one in audit(several(tmp_path, CONFLICT)) if one.severity == "conflict")
    assert conflict.sentence == (
        "75% of the patients with platelet recovery by 60 days among all patients is more than 50% of the patients "
        "with platelet recovery by 90 days among all patients."
    )


def test_a_conflict_is_one_of_the_analyses_that_see_it(tmp_path: Path) -> None:
    study = several(tmp_path, CONFLICT)
    found = {
        events: [
            one.id
            for one in audit(study.seen_by(Endpoints(response=events[0], end=events[1])))
            if one.severity == "conflict"
        ]
        for events in SEEN
    }
    assert found == {
        events: ["counts_rise:platelet+platelet_90"] * (events[0] == "platelet_recovery") for events in SEEN
    }


def test_a_finding_of_several_analyses_is_listed_once(tmp_path: Path) -> None:
    ids = [one.id for one in audit(several(tmp_path))]
    assert len(ids) == len(set(ids))
    assert "response_shares:gvhd" in ids
    assert "whole_counts:os" in ids


def test_the_size_of_a_group_is_known_from_counts_of_any_event(tmp_path: Path) -> None:
    counted = (
        '\n[group.short]\nby = "duration"\nrule = "<= 38 days"\nlabel = "short"\n'
        '[[item]]\nplace = "x"\nid = "gvhd_short"\nkind = "count"\nevent = "gvhd"\namong = "short"\ncount = 3\nn = 21\n'
        '[[item]]\nplace = "x"\nid = "pfs_short"\nkind = "survival"\nevent = "progression_or_death"\namong = "short"\n'
        'at = "1 year"\nvalue = "48%"\n'
    )
    seen = several(tmp_path, SEVERAL + counted).seen_by(ENDPOINTS_OF_PFS)
    (found,) = (one for one in audit(seen) if one.id == "whole_counts:pfs_short")
    assert found.sentence == "Survival without progression or death at 1 year among short, 48%, is 10 of 21 patients."


BROKEN = {
    "an event that is no table": (
        '[event.gvhd]\nwords = "acute GVHD"',
        '[event]\ngvhd = "acute GVHD"',
        "event 'gvhd': required a table, found 'acute GVHD'",
    ),
    "an event without words": (
        'words = "acute GVHD"\n',
        "",
        "event 'gvhd': words is missing (required: the event in words, such as 'neutrophil recovery')",
    ),
    "an event with a name that is none": (
        "[event.gvhd]",
        '[event."GVHD"]',
        "event 'GVHD': id: required lower-case letters, digits and underscores, a letter first, found 'GVHD'",
    ),
    "an event with a key that is unknown": (
        'words = "acute GVHD"',
        'words = "acute GVHD"\nend = true',
        "event 'gvhd': unknown key 'end'; did you mean 'ends'?",
    ),
    "an event with an id": (
        'words = "acute GVHD"',
        'words = "acute GVHD"\nid = "gvhd"',
        "event 'gvhd': unknown key 'id'; the name of the table is the id",
    ),
    "a death that does not end": (
        "[event.gvhd]",
        '[event.death]\nwords = "death"\nends = false\n[event.gvhd]',
        "event 'death': ends: required true for 'death'; remove it",
    ),
    "a response that ends": (
        "[event.gvhd]",
        '[event.response]\nwords = "response"\nends = true\n[event.gvhd]',
        "event 'response': ends: required false for 'response'; remove it",
    ),
    "an item of an unknown event": (
        'event = "gvhd"\nat',
        'event = "gvdh"\nat',
        "item 'gvhd': event: unknown event 'gvdh'; did you mean 'gvhd'?",
    ),
    "an incidence of what ends": (
        'event = "gvhd"\nat',
        'event = "progression_or_death"\nat',
        (
            "item 'gvhd': event: required an event that does not end follow-up, found 'progression_or_death'; such are "
            "'response', 'neutrophil_recovery', 'platelet_recovery', 'gvhd'"
        ),
    ),
    "survival without what does not end": (
        'event = "progression_or_death"\nat',
        'event = "gvhd"\nat',
        (
            "item 'pfs': event: required an event that ends follow-up, found 'gvhd'; such are 'death', "
            "'progression_or_death'"
        ),
    ),
    "everybody had what does not end": (
        'event = "progression_or_death"\namong = "not_engrafted"',
        'event = "gvhd"\namong = "not_engrafted"',
        (
            "item 'all_progressed': event: required an event that ends follow-up, found 'gvhd'; such are 'death', "
            "'progression_or_death'"
        ),
    ),
    "a P value of survival without what does not end": (
        'event = "progression_or_death"\ngroups_compared',
        'event = "gvhd"\ngroups_compared',
        (
            "item 'p_pfs': event: required an event that ends follow-up, found 'gvhd'; such are 'death', "
            "'progression_or_death'"
        ),
    ),
    "a P value of a response that ends": (
        'event = "gvhd"\ngroups_compared',
        'event = "death"\ngroups_compared',
        (
            "item 'p_gvhd': event: required an event that does not end follow-up, found 'death'; such are 'response', "
            "'neutrophil_recovery', 'platelet_recovery', 'gvhd'"
        ),
    ),
    "a group by an unknown event": (
        'event = "platelet_recovery"\nvalue',
        'event = "platelets"\nvalue',
        "group 'with_platelets': event: unknown event 'platelets'; did you mean 'platelet_recovery'?",
    ),
    "a group by an event that ends": (
        'event = "platelet_recovery"\nvalue',
        'event = "death"\nvalue',
        (
            "group 'with_platelets': event: required an event that does not end follow-up, found 'death'; such are "
            "'response', 'neutrophil_recovery', 'platelet_recovery', 'gvhd'"
        ),
    ),
    "a group by something else with an event": (
        'of = "donor"',
        'of = "donor"\nevent = "gvhd"',
        "group 'sibling': event is given for a group by characteristic; remove it",
    ),
    "two groups by one event": (
        'event = "platelet_recovery"\nvalue',
        'event = "neutrophil_recovery"\nvalue',
        (
            "group 'with_platelets': 'engrafted' is the same group, patients ever seen to respond; required one of "
            "them, or for complete or partial responders the event that they had"
        ),
    ),
}


@pytest.mark.parametrize("case", BROKEN)
def test_an_event_that_cannot_be_gets_its_sentence(case: str, tmp_path: Path) -> None:
    old, new, sentence = BROKEN[case]
    assert old in SEVERAL
    with pytest.raises(InputError) as caught:
        several(tmp_path, SEVERAL.replace(old, new, 1))
    assert str(caught.value) == f"{tmp_path / 'study.toml'}: {sentence}"
