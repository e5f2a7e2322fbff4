"""Whom a curve or a printed number is about, in the paper's own words."""

from __future__ import annotations

from collections.abc import Iterator

from hscb_bayes.analysis.member import Member

ALL = "all"


def groups_by_duration(analysis: Member) -> dict[str, str]:
    """The study's ids of the groups that the analysis calls "short" and "long"; empty where it has none."""
    return dict(_groups(analysis))


def in_words(analysis: Member) -> dict[str, str]:
    """Words for everyone whom a curve can be about: "all", "short", "long", and durations such as "14"."""
    labels = analysis.study.labels
    groups = {name: labels[id] for name, id in groups_by_duration(analysis).items()}
    others = {"short": "patients with the shorter durations", "long": "patients with the longer durations"}
    return {ALL: labels[ALL]} | others | groups | durations_in_words(analysis)


def durations_in_words(analysis: Member) -> dict[str, str]:
    """ "14 days of prior fever", by the number of days, of the durations that the report shows."""
    return {f"{days:g}": f"{days:g} days of prior {analysis.study.condition}" for days in analysis.durations}


def _groups(analysis: Member) -> Iterator[tuple[str, str]]:
    groups = analysis.study.groups
    for id in (id for id in analysis.cohort.sizes if groups[id].by == "duration"):
        is_short = groups[id].relation in ("<", "<=")
        yield ("short" if is_short else "long"), id
        for other in groups.values():
            if other.by == "duration" and other.is_complement_of(groups[id]):
                yield ("long" if is_short else "short"), other.id
