"""The events that a study file is about, each by a name with its words, and the two that an analysis chooses."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pydantic import Field, model_validator

from hscb_bayes.errors import InputError, Refusals
from hscb_bayes.evidence.cohort import DEATH, RESPONSE
from hscb_bayes.evidence.item import Identifier, Line, Table
from hscb_bayes.sentences import listed, nearest, quote

OF_EVERY_STUDY: Mapping[str, bool] = {RESPONSE: False, DEATH: True}  # events, and whether they end follow-up


class Event(Table):
    """Something that happens to patients.

    ``response`` and ``death`` are events of every study; declared here, they get words. An event that ends follow-up
    includes death of any cause, as progression or death does. An event with which death competes does not end it: time
    to progression, relapse, graft-versus-host disease, a second definition of response.
    """

    id: Identifier = Field(description="name of the event: the table's own name")
    words: Line = Field(description="the event in words, such as 'neutrophil recovery'")
    ends: bool = Field(
        default=False,
        description="true: it includes death of any cause and ends follow-up, as 'progression or death' does; left out "
        "of `[event.death]`: true",
    )
    grade_of: Identifier | None = Field(
        default=None,
        description="the event of which it is a grade, as complete and partial response are of `response`: whoever has "
        "that event has one of its grades, the best that was reached; all grades are declared",
    )

    @model_validator(mode="before")
    @classmethod
    def _death_ends(cls, tables: dict[str, Any]) -> dict[str, Any]:
        return {"ends": tables["id"] == DEATH} | tables

    @model_validator(mode="after")
    def _as_in_every_study(self) -> Event:
        if self.ends != OF_EVERY_STUDY.get(self.id, self.ends):
            raise ValueError(f"ends: required {str(not self.ends).lower()} for {self.id!r}; remove it")
        if self.grade_of is not None and (self.ends or self.id in OF_EVERY_STUDY):
            found = "one that ends follow-up" if self.ends else repr(self.id)
            raise ValueError(f"grade_of: required a grade that is an event of its own, found {found}")
        return self

    @property
    def survival(self) -> str:
        """What it is to live without the event."""
        return "survival" if self.id == DEATH else f"survival without {self.words}"


class Endpoints(Table):
    """Which two events of the study the analysis is about; printed numbers of other events are not of this analysis.

    An analysis of progression-free or event-free survival has the event that includes progression as its end. Time to
    progression, with which death competes, has progression as its response.
    """

    response: Identifier = Field(
        default=RESPONSE, description="the event that is its response; it does not end follow-up"
    )
    end: Identifier = Field(
        default=DEATH,
        description="the event that ends follow-up: death, or one that includes it, so that survival without "
        "progression is the survival of this analysis",
    )


def check_endpoints(endpoints: Endpoints, events: Mapping[str, Event], address: str) -> None:
    """Refuse endpoints that the study does not have, or that are of the other sort.

    Raises
    ------
    InputError
        With the sentence.
    """
    refusals = Refusals()
    with refusals.of_a_part():
        check_event(endpoints.response, events, ends=False, address=f"{address}: endpoints.response")
    with refusals.of_a_part():
        check_event(endpoints.end, events, ends=True, address=f"{address}: endpoints.end")
    refusals.say()


def check_event(event: str, events: Mapping[str, Event], *, ends: bool | None, address: str) -> None:
    """Refuse the name of an event that is not declared.

    Parameters
    ----------
    events
        Those that the study file declares.
    ends
        Whether the event must be one that ends follow-up; None where it may be either.

    Raises
    ------
    InputError
        With the sentence.
    """
    known = sorts(events)
    if event not in known:
        raise InputError(f"{address}: unknown event {quote(event)}; {nearest(event, known)}")
    if ends is not None and known[event] != ends:
        sort = "ends follow-up" if ends else "does not end follow-up"
        able = listed([name for name, one in known.items() if one == ends])
        raise InputError(f"{address}: required an event that {sort}, found {event!r}; such are {able}")


def check_grades(events: Mapping[str, Event], path: str) -> None:
    """Refuse a grade of no event, of one that is a grade itself, and a grade that is the only one.

    Raises
    ------
    InputError
        With a sentence for each grade that is wrong.
    """
    refusals = Refusals()
    for id, event in events.items():
        with refusals.of_a_part():
            if event.grade_of is not None:
                _check_grade(id, event.grade_of, events, f"{path}: event {id!r}: grade_of")
    refusals.say()


def _check_grade(id: str, grade_of: str, events: Mapping[str, Event], address: str) -> None:
    whole = events.get(grade_of)
    check_event(grade_of, events, ends=False, address=address)
    if grade_of == id or (whole is not None and whole.grade_of is not None):
        raise InputError(f"{address}: required an event that is no grade, found {grade_of!r}")
    if len(grades_of(grade_of, events)) == 1:
        raise InputError(f"{address}: {id!r} is the only grade of {grade_of!r}; required all of them, at least two")


def grades_of(event: str, events: Mapping[str, Event]) -> tuple[str, ...]:
    """The grades of an event, in the file's order."""
    return tuple(id for id, one in events.items() if one.grade_of == event)


def sorts(events: Mapping[str, Event]) -> dict[str, bool]:
    """Whether an event ends follow-up, by name, of the events of every study and those that this one declares."""
    return {**OF_EVERY_STUDY, **{id: event.ends for id, event in events.items()}}
