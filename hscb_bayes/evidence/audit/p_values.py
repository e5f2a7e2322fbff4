"""A P value of survival beside the numbers that it compares; and any P value beside no such numbers."""

from __future__ import annotations

from hscb_bayes.evidence.audit.arithmetic.difference import p_of_difference
from hscb_bayes.evidence.audit.finding import Finding, Severity
from hscb_bayes.evidence.audit.p_of_counts import compare_counts, counts_compared
from hscb_bayes.evidence.audit.parts import Parts, all_parts, allowed_splits
from hscb_bayes.evidence.audit.wording import listed, p_text, p_words, sentence
from hscb_bayes.evidence.cohort import EVERYBODY
from hscb_bayes.evidence.kinds.p_value import PValue
from hscb_bayes.evidence.study import Study

RULE = "p_values"
FAR = 10.0  # ratio of P values: a log-rank test also weighs when patients died, so that smaller ratios mean nothing


def p_values(study: Study) -> list[Finding]:
    """Compare each P value with the two survivals or counts it is about; name those that no number can check."""
    return [_look(study, item) for item in study.items if isinstance(item, PValue)]


def _look(study: Study, item: PValue) -> Finding:
    if item.among != EVERYBODY or EVERYBODY in (item.groups_compared or ()):
        return _unchecked(item)
    compared = counts_compared(study, item)
    if compared is not None:
        return compare_counts(item, compared)
    parts = _parts(study, item)
    splits = () if parts is None else allowed_splits(study, parts)
    return _compare(item, parts, splits) if parts is not None and splits else _unchecked(item)


def _parts(study: Study, item: PValue) -> Parts | None:
    compared = set(item.groups_compared or ())
    if item.outcome != "survival":
        return None
    matching = (parts for parts in all_parts(study) if {group.id for group in parts.groups} == compared)
    return next(matching, None)


def _unchecked(item: PValue) -> Finding:
    unnamed = [part for part, given in (("test", item.test), ("direction", item.direction)) if given is None]
    words = f"P {p_words(item)} stands beside no numbers that could check it"
    if unnamed:
        words += f", and its {listed(unnamed)} {'is' if len(unnamed) == 1 else 'are'} not printed"
    return Finding(
        rule=RULE, severity="note", items=(item.id,), sentence=sentence(words), arithmetic="nothing to compute"
    )


def _compare(item: PValue, parts: Parts, splits: tuple[tuple[int, int], ...]) -> Finding:
    one, other = parts.survival
    tests = [p_of_difference(one.value.value, first, other.value.value, second) for first, second in splits]
    found = " or ".join(
        f"{p_text(p)} for {first} / {second} patients" for (first, second), (_, p) in zip(splits, tests, strict=True)
    )
    agrees = any(_is_near(item, p) for _, p in tests)
    severity: Severity = "ok" if agrees else "note"
    verdict = "is near" if agrees else "is far from"
    words = (
        f"P {p_words(item)} {verdict} what {one.value} against {other.value} at {one.at} give without censoring, "
        f"{found}; a test of whole curves also weighs when patients died"
    )
    return Finding(
        rule=RULE,
        severity=severity,
        items=(item.id, *parts.items),
        sentence=sentence(words),
        arithmetic="; ".join(
            f"{first} / {second}: z = {z:.2f}, P = {p_text(p)}"
            for (first, second), (z, p) in zip(splits, tests, strict=True)
        ),
    )


def _is_near(item: PValue, p: float) -> bool:
    low, high = item.value.value - item.value.half_width, item.value.value + item.value.half_width
    if item.value.bound == "below":
        return p <= high * FAR
    if item.value.bound == "above":
        return p * FAR >= low
    return low / FAR <= p <= high * FAR
