"""Which column of a table holds what."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, StringConstraints

from hscb_bayes.evidence.item import Table

DAYS = {"days": 1.0, "weeks": 7.0, "months": 365.25 / 12.0, "years": 365.25}
Units = Literal["days", "weeks", "months", "years"]
Column = Annotated[str, StringConstraints(min_length=1, max_length=200)]
ZERO = (
    "column of the date that times count from; all times are dates then, such as 2021-04-30, and `units` days; left "
    "out: all times are numbers"
)


class WideColumns(Table):
    """A row is a patient, as clinicians keep it; times count from time zero."""

    id: Column = Field(default="id", description="column of the patient's id")
    zero: Column | None = Field(default=None, description=ZERO)
    response_day: Column = Field(
        default="response_day", description="time of response, or of the first visit at which it was seen"
    )
    response_seen: Column | None = Field(
        default=None,
        description="1 where a response was seen, 0 where not; left out: seen wherever `response_day` is not empty",
    )
    unresponded_until: Column | None = Field(
        default=None,
        description="time of the last visit without response; left out, or empty: watched to the response or the end",
    )
    last_day: Column = Field(default="last_day", description="time of death or of last contact")
    died: Column = Field(default="died", description="1 where `last_day` is a death, 0 where not")
    entry_day: Column | None = Field(
        default=None, description="time from which a patient was followed; left out, or empty: from time zero"
    )


class LongColumns(Table):
    """A row is a patient and a transition that he is at risk of, as R's mstate keeps it; times count from time zero."""

    id: Column = Field(default="id", description="column of the patient's id")
    zero: Column | None = Field(default=None, description=ZERO)
    trans: Column = Field(default="trans", description="1 response, 2 death without response, 3 death after response")
    start: Column = Field(default="Tstart", description="time at which the patient comes under this risk")
    stop: Column = Field(default="Tstop", description="time at which he leaves it")
    status: Column = Field(default="status", description="1 where the transition happened at `stop`, 0 where not")
