"""A P value beside the numbers that it compares."""

from __future__ import annotations

from dataclasses import dataclass

from hscb_bayes.estimators.fisher_exact import fisher_exact
from hscb_bayes.evidence.audit.arithmetic.difference import p_of_difference
from hscb_bayes.evidence.audit.arithmetic.rounding import window
from hscb_bayes.evidence.audit.finding import Finding, Severity
from hscb_bayes.evidence.audit.parts import Parts, all_parts, likely_splits
from hscb_bayes.evidence.audit.response_shares import Split, divide, splits_of
from hscb_bayes.evidence.audit.wording import listed, sentence
from hscb_bayes.evidence.kinds.count import Count
from hscb_bayes.evidence.kinds.p_value import PValue
from hscb_bayes.evidence.kinds.share import Share
from hscb_bayes.evidence.study import Study

RULE = "p_values"
FAR = 10.0  # ratio of P values: a log-rank test also weighs when patients died, so that smaller ratios mean nothing


def p_values(study: Study) -> list[Finding]:
    """Compare each P value of two survivals with their difference; name those that no printed number can check."""
    findings = []
    for item in study.items:
        if isinstance(item, PValue):
            parts = _parts(study, item)
            splits = () if parts is None else likely_splits(study, parts)
            responses = _responses(study, item)
            if responses:
                findings.append(_compare_responses(item, responses))
            elif parts is None:
                findings.append(_unchecked(item))
            elif splits:
                findings.append(_compare(item, parts, splits))
    return findings


def _parts(study: Study, item: PValue) -> Parts | None:
    compared = set(item.groups_compared or ())
    if item.outcome != "survival":
        return None
    matching = (parts for parts in all_parts(study) if {group.id for group in parts.groups} == compared)
    return next(matching, None)


@dataclass(frozen=True)
class Responses:
    """The two items that a P value of response compares, and a pair of counts that they may stand for."""

    items: tuple[str, str]
    split: Split


def _responses(study: Study, item: PValue) -> list[Responses]:
    compared = item.groups_compared or ()
    printed = [part for part in study.items if isinstance(part, Share | Count) and part.event == "response"]
    printed.sort(key=lambda part: part.at is None)  # of two printed in a group that by the end of follow-up is taken
    parts = {part.among: part for part in printed if part.among in compared}
    if item.outcome != "response" or len(parts) < len(compared) or not compared:
        return []
    one, other = (parts[group] for group in compared)
    if not divide(study, one, other):
        return []
    return [Responses((one.id, other.id), split) for split in splits_of(study, one, other)]


def _fisher(split: Split) -> float:
    return float(fisher_exact(split.count, split.n, split.other, split.other_n))


def _compare_responses(item: PValue, found: list[Responses]) -> Finding:
    tests = [_fisher(case.split) for case in found]
    exact = any(window(item.value).holds(p) for p in tests)
    near = exact or any(_is_near(item, p) for p in tests)
    severity: Severity = "ok" if near else "note"
    each = " or ".join(f"{case.split}, which give {_p(p)}" for case, p in zip(found, tests, strict=True))
    verdict = "is Fisher's exact test of" if exact else f"is {'near' if near else 'far from'} Fisher's exact test of"
    return Finding(
        rule=RULE,
        severity=severity,
        items=(item.id, *found[0].items),
        sentence=sentence(f"P {_value(item)} for {item.comparison} {verdict} {each}"),
        arithmetic="; ".join(f"{case.split}: P = {p:.4f}" for case, p in zip(found, tests, strict=True)),
    )


def _unchecked(item: PValue) -> Finding:
    unnamed = [part for part, given in (("test", item.test), ("direction", item.direction)) if given is None]
    words = f"P {_value(item)} for {item.comparison} stands beside no numbers that could check it"
    if unnamed:
        words += f", and its {listed(unnamed)} {'is' if len(unnamed) == 1 else 'are'} not printed"
    return Finding(
        rule=RULE, severity="note", items=(item.id,), sentence=sentence(words), arithmetic="nothing to compute"
    )


def _compare(item: PValue, parts: Parts, splits: tuple[tuple[int, int], ...]) -> Finding:
    one, other = parts.survival
    tests = [p_of_difference(one.value.value, first, other.value.value, second) for first, second in splits]
    found = " or ".join(
        f"{_p(p)} for {first} / {second} patients" for (first, second), (_, p) in zip(splits, tests, strict=True)
    )
    agrees = any(_is_near(item, p) for _, p in tests)
    severity: Severity = "ok" if agrees else "note"
    verdict = "is near" if agrees else "is far from"
    words = (
        f"P {_value(item)} for {item.comparison} {verdict} what {one.value} against {other.value} at {one.at} "
        f"give without censoring, {found}; a test of whole curves also weighs when patients died"
    )
    return Finding(
        rule=RULE,
        severity=severity,
        items=(item.id, *parts.items),
        sentence=sentence(words),
        arithmetic="; ".join(
            f"{first} / {second}: z = {z:.2f}, P = {_p(p)}"
            for (first, second), (z, p) in zip(splits, tests, strict=True)
        ),
    )


def _is_near(item: PValue, p: float) -> bool:
    high = item.value.value + item.value.half_width
    if item.value.bound == "below":
        return p <= high * FAR
    return (item.value.value - item.value.half_width) / FAR <= p <= high * FAR


def _value(item: PValue) -> str:
    return item.value.text if item.value.bound == "below" else f"= {item.value.text}"


def _p(p: float) -> str:
    return f"{p:.2g}"
