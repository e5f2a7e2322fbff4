"""True prints: what a paper would print of simulated patients never contradicts itself."""

from __future__ import annotations

import numpy as np

from hscb_bayes.estimators import aalen_johansen, fisher_exact
from hscb_bayes.estimators.intervals import clopper_pearson, proportion_interval, wilson
from hscb_bayes.evidence.audit import audit
from hscb_bayes.evidence.item import Item
from hscb_bayes.evidence.study import Study
from tests.evidence.audit.test_no_false_alarm import (
    CASES,
    FOLLOW_UPS,
    NEVER,
    Patients,
    make,
    percent,
    printed,
    simulate,
    study_of,
)
from tests.robustness.documents import pick
from tests.robustness.judging import demand
from tests.robustness.of_studies import sound

DAYS = {"14 days": 14.0, "28 days": 28.0, "4 weeks": 28.0, "100 days": 100.0}


def true_prints(rng: np.random.Generator) -> None:
    """Survival, counts, medians, P values, responses by a day and shares, all by the authors' estimators."""
    scale, follow_up = pick(rng, CASES)
    patients = simulate(rng, FOLLOW_UPS[follow_up])
    study = printed(patients, rng, scale)
    more = [*_incidence(rng, patients), *_shares(rng, patients), *_fisher(patients, study)]
    whole = study_of(study.n, study.groups, [*study.items, *more])
    findings = audit(whole)
    sound(findings)
    wrong = [finding.sentence for finding in findings if finding.severity == "conflict"]
    demand(not wrong, "a true print has no conflict", scale, follow_up, study.n, *wrong)


def _limits(estimate: float, lower: object, upper: object, digits: int) -> dict[str, object]:
    low, high = float(np.asarray(lower)), float(np.asarray(upper))
    if not (np.isfinite(low) and np.isfinite(high)):
        return {}
    return {"lower": percent(low, digits), "upper": percent(high, digits), "level": 0.95}


def _incidence(rng: np.random.Generator, patients: Patients) -> list[Item]:
    """Cumulative incidence of response by a day, death without response competing, with Aalen-Johansen's interval."""
    text = pick(rng, tuple(DAYS))
    cause = np.where(patients.responded, 1, np.where(patients.died, 2, 0))
    first = np.where(patients.responded, patients.response, patients.time)
    estimate, error = aalen_johansen.incidence_at(first, cause, DAYS[text])
    digits = int(rng.integers(2))
    limits: dict[str, object] = {}
    if rng.random() < 0.5 and 0.0 < estimate < 1.0:
        limits = _limits(
            float(estimate), *proportion_interval(estimate, error, scale=pick(rng, ("plain", "log", "log-log"))), digits
        )
    fields = {"id": "response_by", "event": "response", "at": text, "value": percent(float(estimate), digits)}
    return [make("incidence", **fields, **limits)] if patients.response.min() < NEVER else []


def _shares(rng: np.random.Generator, patients: Patients) -> list[Item]:
    """The share of responders with an exact or a score interval, where no count is printed beside it."""
    n, k, digits = patients.time.size, int(patients.responded.sum()), int(rng.integers(2))
    method = pick(rng, (clopper_pearson, wilson))
    limits = _limits(k / n, *method(k, n), digits) if rng.random() < 0.7 else {}
    return [make("share", id="share", event="response", value=percent(k / n, digits), **limits)]


def _fisher(patients: Patients, study: Study) -> list[Item]:
    """Fisher's P value of response between the groups by duration, named as such."""
    item = next((item for item in study.items if item.id == "duration"), None)
    if item is None or "short" not in study.groups:
        return []
    cut = study.groups["short"].cut
    relation = study.groups["short"].relation
    if cut is None:
        return []
    short = patients.duration <= cut.value if relation == "<=" else patients.duration < cut.value
    one, other = patients.responded[short], patients.responded[~short]
    p = float(fisher_exact.fisher_exact(one.sum(), one.size, other.sum(), other.size))
    if not np.isfinite(p):
        return []
    words = "< .001" if p < 0.001 else f"{p:.3f}"
    test = {"name": "fisher", "status": "printed"}
    return [
        make(
            "p_value",
            id="p_fisher",
            comparison="response by duration",
            groups_compared=("short", "long"),
            value=words,
            test=test,
        )
    ]
