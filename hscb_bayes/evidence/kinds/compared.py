"""What the kinds that compare two groups by one number share."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, Self

from pydantic import Field, model_validator

from hscb_bayes.evidence.cohort import EVERYBODY
from hscb_bayes.evidence.item import Identifier, Item, Level

TwoGroups = Annotated[tuple[Identifier, Identifier], Field(strict=False)]


def check_two_groups(groups: Sequence[str]) -> None:
    """Refuse a group that is compared with itself, or with all patients.

    Raises
    ------
    ValueError
        With the sentence.
    """
    if len(set(groups)) == 1:
        raise ValueError(f"groups_compared names {groups[0]!r} twice; required two groups")
    if EVERYBODY in groups:
        raise ValueError(f"groups_compared names {EVERYBODY!r}; required two groups that share no patient")


class ComparedItem(Item):
    """How one group compares with another, and its confidence interval where one is printed. Abstract."""

    groups_compared: TwoGroups = Field(description="the two groups: the first over, or less, the second")
    event: Identifier = Field(
        description="what happened to the patients: `response`, `death`, or an event that is declared"
    )
    adjusted: bool = Field(
        default=False,
        description="whether the paper adjusted or weighted it; new studies compute it without, and it is not fitted",
    )
    level: Level | None = Field(default=None, description="level of the interval as a fraction, if printed")

    @model_validator(mode="after")
    def _of_two_groups(self) -> Self:
        check_two_groups(self.groups_compared)
        return self

    @property
    def groups(self) -> tuple[str, ...]:
        """The patients, and the groups compared."""
        return (self.among, *self.groups_compared)

    @property
    def compared_groups(self) -> tuple[str, ...]:
        """The two groups."""
        return self.groups_compared

    @property
    def as_adjusted(self) -> str:
        """ ", adjusted", where it is."""
        return ", adjusted" if self.adjusted else ""
