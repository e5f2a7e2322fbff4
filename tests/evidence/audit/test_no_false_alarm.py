"""Consistent studies, printed from simulated patients: the audit finds no conflict."""

import functools
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pytest

from hscb_bayes.estimators.intervals import clopper_pearson, proportion_interval, wilson
from hscb_bayes.estimators.kaplan_meier import quantile, survival_at
from hscb_bayes.estimators.logrank import logrank
from hscb_bayes.evidence.audit import Finding, audit
from hscb_bayes.evidence.group import COMPLEMENT, Group
from hscb_bayes.evidence.item import Item
from hscb_bayes.evidence.registry import KINDS
from hscb_bayes.evidence.study import Study

YEAR = 365.0
NEVER = 1e9
SEED = 20230701
STUDIES = 25  # for every interval and follow-up
GREENWOOD = ("plain", "log", "log-log", "logit", "arcsin")
NEEDS_CENSORING = {"whole_counts", "interval_size", "interval_counts", "splits", "whole_and_parts", "follow_up"}
COUNTS = {"clopper-pearson": clopper_pearson, "wilson": wilson}


@dataclass(frozen=True, kw_only=True)
class Patients:
    """Simulated patients of one study, arrays of shape (patient,); times in days since the boost."""

    duration: np.ndarray
    responded: np.ndarray
    response: np.ndarray
    time: np.ndarray
    died: np.ndarray


def complete(rng: np.random.Generator, responded: np.ndarray) -> np.ndarray:
    return np.full(responded.shape, NEVER)


def a_third_lost(rng: np.random.Generator, responded: np.ndarray) -> np.ndarray:
    return np.where(rng.random(responded.shape) < 1 / 3, rng.uniform(0, YEAR, responded.shape), NEVER)


def closing_date(rng: np.random.Generator, responded: np.ndarray) -> np.ndarray:
    return rng.uniform(100, 900, responded.shape)


def responders_lost_early(rng: np.random.Generator, responded: np.ndarray) -> np.ndarray:
    return np.where(responded & (rng.random(responded.shape) < 0.4), rng.uniform(5, 90, responded.shape), NEVER)


FOLLOW_UPS = {f.__name__: f for f in (complete, a_third_lost, closing_date, responders_lost_early)}
CASES = [(scale, name) for scale in GREENWOOD for name in FOLLOW_UPS] + [(name, "complete") for name in COUNTS]


def simulate(rng: np.random.Generator, follow_up: Callable[[np.random.Generator, np.ndarray], np.ndarray]) -> Patients:
    """An illness-death course in which longer neutropenia may be worse, and non-responders live for weeks or months."""
    n = int(rng.integers(8, 90))
    duration = np.ceil(rng.lognormal(np.log(38), rng.uniform(0.2, 0.9), n))
    worse = (duration / 38.0) ** rng.uniform(0, 1)
    response = np.where(rng.random(n) < rng.uniform(0.4, 1.0), 1 + rng.exponential(10 * worse), NEVER)
    alone = rng.exponential(rng.choice([20, 60, 400]) / worse)
    after = rng.exponential(rng.choice([300, 1000, 4000]) / worse)
    is_first = response < alone
    death = np.where(is_first, response + after, alone)
    lost = follow_up(rng, is_first)
    time = np.ceil(np.minimum(death, lost))
    responded = is_first & (response <= lost)
    return Patients(
        duration=duration,
        responded=responded,
        response=np.ceil(np.minimum(response, time)),
        time=time,
        died=death <= lost,
    )


def groups_cut(relation: str, cut: int) -> dict[str, Group]:
    return {
        "responders": Group(id="responders", by="response", value="yes", label="responders"),
        "others": Group(id="others", by="response", value="no", label="non-responders"),
        "short": Group(id="short", by="duration", rule=f"{relation} {cut} days", label="short"),
        "long": Group(id="long", by="duration", rule=f"{COMPLEMENT[relation]} {cut} days", label="long"),
    }


GROUPS = groups_cut("<=", 38)


def percent(share: float, digits: int) -> str:
    return f"{np.floor(share * 10 ** (2 + digits) + 0.5 + 1e-9) / 10**digits:.{digits}f}%"


def make(kind: str, **fields: object) -> Item:
    return KINDS[kind].model_validate({"kind": kind, "place": "abstract"} | fields)


def study_of(n: int, groups: Mapping[str, Group], items: Sequence[Item]) -> Study:
    return Study(
        id="x", title="x", citation="x", n=n, time_zero="boost", design="x", read="x",
        groups=groups, items=tuple(items), path="x.toml", sha256="", text="",
    )  # fmt: skip


def survival(patients: Patients, id: str, group: str, among: np.ndarray, scale: str, digits: int) -> list[Item]:
    """Survival at one year with its interval, where there is one."""
    if not among.any():
        return []
    estimate, error = survival_at(patients.time, patients.died, YEAR, among)
    dead = (patients.died & (patients.time <= YEAR) & among).sum()
    if scale in COUNTS:
        lower, upper = COUNTS[scale](among.sum() - dead, among.sum())
    else:
        lower, upper = proportion_interval(estimate, error, scale=scale)
    fields = {"id": id, "among": group, "at": "1 year", "value": percent(estimate, digits)}
    if np.isfinite(lower):
        fields |= {"lower": percent(lower, digits), "upper": percent(upper, digits), "level": 0.95}
    items = [make("survival", **fields)]
    if dead == among.sum():
        items.append(make("everybody_died_by", id=f"{id}_died", among=group, by="1 year", words="all died"))
    return items


def printed(patients: Patients, rng: np.random.Generator, scale: str) -> Study:
    """What a paper would print of these patients."""
    n, digits = patients.time.size, int(rng.choice([0, 0, 1]))
    median = float(np.median(patients.duration))
    relation = str(rng.choice(["<=", "<"]))
    cut = int(np.floor(median)) if rng.random() < 0.7 else int(rng.choice(patients.duration))
    short = patients.duration <= cut if relation == "<=" else patients.duration < cut
    groups = groups_cut(relation, cut)
    masks = {"responders": patients.responded, "others": ~patients.responded, "short": short, "long": ~short}
    items = [item for id, mask in masks.items() for item in survival(patients, f"os_{id}", id, mask, scale, digits)]
    items += survival(patients, "os", "all", np.ones(n, dtype=bool), scale, digits)
    items += counts(patients, masks, rng, digits) + times(patients, median) + p_values(patients, masks)
    return study_of(n, groups, items)


def counts(patients: Patients, masks: dict[str, np.ndarray], rng: np.random.Generator, digits: int) -> list[Item]:
    """Responders among all, and sometimes in the groups by duration."""
    everybody = np.ones(patients.time.size, dtype=bool)
    groups = {"all": everybody} | ({id: masks[id] for id in ("short", "long")} if rng.random() < 0.5 else {})
    return [
        make(
            "count",
            id=f"response_{id}",
            among=id,
            event="response",
            count=int((patients.responded & among).sum()),
            n=int(among.sum()),
            percent=percent((patients.responded & among).sum() / among.sum(), digits),
        )
        for id, among in groups.items()
        if among.any()
    ]


def times(patients: Patients, median: float) -> list[Item]:
    """The covariate's median and range, and the median times that are reached."""
    ends = {"lowest": f"{patients.duration.min():.0f} days", "highest": f"{patients.duration.max():.0f} days"}
    words = f"{median:.1f} days" if median % 1 else f"{median:.0f} days"
    items = [make("covariate_summary", id="duration", covariate="duration", median=words, **ends)]
    died = float(quantile(patients.time, patients.died)[0])
    responded = float(quantile(patients.response, patients.responded)[0])
    for id, event, day in (("median_os", "death", died), ("median_response", "response", responded)):
        if 0 < day < NEVER:
            items.append(make("median_time", id=id, event=event, value=f"{np.floor(day + 0.5):.0f} days"))
    return items


def p_values(patients: Patients, masks: dict[str, np.ndarray]) -> list[Item]:
    """Log-rank tests of the two divisions."""
    items = []
    for by, pair in (("response", ("responders", "others")), ("duration", ("short", "long"))):
        p = float(logrank(patients.time, patients.died, masks[pair[0]])[1])
        if np.isfinite(p):
            words = "< .001" if p < 0.001 else f"{p:.3f}"
            comparison = f"survival by {by}"
            items.append(make("p_value", id=f"p_{by}", comparison=comparison, groups_compared=pair, value=words))
    return items


def consistent_studies(scale: str, follow_up: str) -> list[Study]:
    rng = np.random.default_rng([SEED, CASES.index((scale, follow_up))])
    return [printed(simulate(rng, FOLLOW_UPS[follow_up]), rng, scale) for _ in range(STUDIES)]


@functools.cache
def findings(scale: str, follow_up: str) -> list[Finding]:
    return [finding for study in consistent_studies(scale, follow_up) for finding in audit(study)]


@pytest.mark.parametrize(("scale", "follow_up"), CASES)
def test_no_conflict_in_consistent_studies(scale, follow_up):
    assert [finding.sentence for finding in findings(scale, follow_up) if finding.severity == "conflict"] == []


@pytest.mark.parametrize("scale", [*GREENWOOD, *COUNTS])
def test_no_censoring_is_seen_in_studies_with_complete_follow_up(scale):
    notes = [finding for finding in findings(scale, "complete") if finding.severity == "note"]
    assert [finding.sentence for finding in notes if finding.rule in NEEDS_CENSORING] == []


def test_early_censoring_is_seen_where_it_happened():
    notes = {finding.rule for finding in findings("plain", "responders_lost_early") if finding.severity == "note"}
    assert {"whole_counts", "interval_size", "interval_counts", "whole_and_parts"} <= notes


@pytest.mark.parametrize("scale", GREENWOOD)
def test_intervals_of_four_times_the_patients_are_conflicts(scale):
    rng = np.random.default_rng(SEED)
    seen = []
    for _ in range(STUDIES):
        n = int(rng.integers(15, 60))
        count = int(rng.integers(n // 4, 3 * n // 4))
        share = count / n
        lower, upper = proportion_interval(share, np.sqrt(share * (1 - share) / (4 * n)), scale=scale)
        limits = {"lower": percent(float(lower), 0), "upper": percent(float(upper), 0), "level": 0.95}
        item = make("survival", id="os", at="1 year", value=percent(share, 0), **limits)
        rules = {finding.rule for finding in audit(study_of(n, {}, [item])) if finding.severity == "conflict"}
        seen.append("interval_size" in rules)
    assert all(seen)


def nonsense(rng: np.random.Generator) -> Study:
    """A study whose numbers have nothing to do with each other."""
    n = int(rng.choice([1, 2, 31, 150, 5000, 10**7]))
    responders = int(rng.integers(0, n + 1))
    items = [make("count", id="r", event="response", count=responders, n=n, percent=f"{rng.integers(0, 101)}%")]
    for number, group in enumerate(["all", *GROUPS, *GROUPS]):
        lower, value, upper = sorted(int(x) for x in rng.integers(0, 101, 3))
        at = str(rng.choice(["1 year", "2 years"]))
        fields = {"id": f"os{number}", "among": group, "at": at, "value": f"{value}%"}
        limits = {"lower": f"{lower}%", "upper": f"{upper}%"} if rng.random() < 0.8 else {}
        items.append(make("survival", **fields, **limits))
    items.append(make("everybody_died_by", id="d", among=str(rng.choice([*GROUPS])), by="1 year", words="all died"))
    items.append(make("covariate_summary", id="c", covariate="duration", median=f"{rng.integers(30, 50)} days"))
    items.append(make("median_time", id="m", event=str(rng.choice(["response", "death"])), value="400 days"))
    comparison = {"comparison": "survival by duration", "groups_compared": ["short", "long"]}
    items.append(make("p_value", id="p", value=f"{rng.random():.3f}", **comparison))
    return study_of(n, GROUPS, items)


@pytest.mark.parametrize("seed", range(30))
def test_nonsense_is_audited_without_an_error(seed):
    found = audit(nonsense(np.random.default_rng([SEED, seed])))
    assert len({finding.id for finding in found}) == len(found) > 0
    assert all(finding.sentence[0] == finding.sentence[0].upper() for finding in found)
    assert all(finding.sentence.endswith(".") and finding.arithmetic for finding in found)
    assert not any(word in f"{finding.sentence} {finding.arithmetic}" for finding in found for word in ("nan", "None"))
