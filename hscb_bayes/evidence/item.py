"""What all kinds of published number share: who is meant, where it is printed, what a replicated study would print."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated, ClassVar, Literal

import numpy as np
from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, StringConstraints

from hscb_bayes.evidence.cohort import DEATH, EVERYBODY, Cohort, Conventions
from hscb_bayes.evidence.printed import Bound, Printed
from hscb_bayes.sentences import quote

NO_LABELS: Mapping[str, str] = {}


def _one_line(text: str) -> str:
    if not text.strip() or "\n" in text or "\t" in text:
        raise ValueError(f"required text on one line, found {quote(text)}")
    return text


NAME = r"^[a-z][a-z0-9_]*$"
LONGEST_NAME = 60
Identifier = Annotated[str, StringConstraints(pattern=NAME, max_length=LONGEST_NAME)]
Line = Annotated[str, StringConstraints(max_length=500), AfterValidator(_one_line)]
Paragraph = Annotated[str, StringConstraints(max_length=5000)]


def _whole_number(found: object) -> object:
    if type(found) is not int:  # true equals 1
        raise ValueError(f"required 1, found {quote(found)}")
    return found


SchemaVersion = Annotated[Literal[1], BeforeValidator(_whole_number)]


class Table(BaseModel):
    """A table of a file: every key is known, nothing is converted, nothing changes after reading."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)


@dataclass(frozen=True, kw_only=True)
class PrintedNumber:
    """One number of an item: a survival with its interval has three.

    Parameters
    ----------
    id
        ``"os_1y_short"``, and ``"os_1y_short.lower"`` for its limit.
    item
        Id of the item it belongs to.
    label
        What it is, without the patients it is about.
    among
        Id of the group it is about.
    printed
        As printed.
    """

    id: str
    item: str
    label: str
    among: str
    printed: Printed

    @property
    def text(self) -> str:
        """As printed."""
        return self.printed.text

    @property
    def value(self) -> float:
        """Fraction, days, count or P value."""
        return self.printed.value

    @property
    def half_width(self) -> float:
        """Half a unit of the last printed digit."""
        return self.printed.half_width

    @property
    def bound(self) -> Bound:
        """``"below"`` for a number printed as ``"< .001"``."""
        return self.printed.bound


class Item(Table):
    """One published item. Abstract: the kinds in ``evidence/kinds`` are final."""

    describes_outcomes: ClassVar[bool] = True

    id: Identifier = Field(description="name of the item, used everywhere: lower-case letters, digits, underscores")
    kind: str = Field(description="which kind of number this is")
    among: Identifier = Field(default=EVERYBODY, description="the patients it is about: 'all' or the id of a group")
    place: Line = Field(description="where the paper prints it")
    note: Paragraph = Field(default="", description="anything a reader should know about the print")

    @property
    def groups(self) -> tuple[str, ...]:
        """Ids of the groups that the item is about."""
        return (self.among,)

    @property
    def compared_groups(self) -> tuple[str, ...]:
        """Ids of the two groups that the item compares; none where it compares none."""
        return ()

    @property
    def about(self) -> str | None:
        """Name of the event that the item is about; None where it is about none."""
        return dict(self).get("event")

    @property
    def about_an_end(self) -> bool | None:
        """Whether that event must be one that ends follow-up; None where it may be either."""
        return None

    @property
    @abstractmethod
    def numbers(self) -> tuple[PrintedNumber, ...]:
        """Every printed number of the item, the estimate first."""

    @abstractmethod
    def statistic(self, cohort: Cohort, conventions: Conventions) -> dict[str, np.ndarray]:
        """The same numbers computed from replicated patients as the authors computed them, and rounded as printed.

        Parameters
        ----------
        cohort
            Patients, shape (..., patient).

        Returns
        -------
        By number id, shape (...). NaN where the number is undefined (no patient in the group), inf where a time is not
        reached. Empty for a kind that does not describe outcomes.
        """

    @abstractmethod
    def describe(self, labels: Mapping[str, str] = NO_LABELS) -> str:
        """The item in one line.

        Parameters
        ----------
        labels
            Words, of a group by its id and of an event by ``event_key``; what is not there is called by its name.
        """

    def check_patients(self, patients: int, size: int | None) -> None:
        """Compare the item with the patients of the study; most kinds have nothing to compare.

        Parameters
        ----------
        patients
            How many the study has.
        size
            How many the group has that the item is about, None where the study does not say it.

        Raises
        ------
        ValueError
            With the sentence.
        """

    def number(self, part: str, label: str, printed: Printed) -> PrintedNumber:
        """A number of this item; ``part`` is ``""`` for the estimate, else what follows the id, with its dot."""
        return PrintedNumber(id=f"{self.id}{part}", item=self.id, label=label, among=self.among, printed=printed)

    def with_limits(
        self, words: str, value: Printed, lower: Printed | None, upper: Printed | None
    ) -> tuple[PrintedNumber, ...]:
        """An estimate, and its two limits where they are printed; ``words`` say what it is an estimate of."""
        estimate = self.number("", words, value)
        if lower is None or upper is None:
            return (estimate,)
        limit = self.number(".lower", f"{words}, lower limit", lower)
        return estimate, limit, self.number(".upper", f"{words}, upper limit", upper)


def event_key(event: str) -> str:
    """Under which key labels have the words of an event; no group has such an id."""
    return f"event:{event}"


def event_in_words(event: str, labels: Mapping[str, str], plain: Mapping[str, str] = NO_LABELS) -> str:
    """An event in the study's words, or else in plain ones, or else its name."""
    return labels.get(event_key(event)) or plain.get(event, event.replace("_", " "))


def survival_key(end: str) -> str:
    """Under which key labels have the words of survival without an event."""
    return f"survival:{end}"


def survival_in_words(end: str, labels: Mapping[str, str]) -> str:
    """ "survival", or "survival without progression or death"."""
    plain = "survival" if end == DEATH else f"survival without {event_in_words(end, labels)}"
    return labels.get(survival_key(end), plain)


def among_in_words(group: str, labels: Mapping[str, str]) -> str:
    """ "among ..." in words."""
    return "among all patients" if group == EVERYBODY else f"among {labels.get(group, group)}"


def interval_in_words(lower: Printed | None, upper: Printed | None, level: float | None) -> str:
    """ " (95% CI 65% to 100%)", or nothing when no interval is printed."""
    if lower is None or upper is None:
        return ""
    name = "CI" if level is None else f"{100 * level:g}% CI"
    return f" ({name} {lower} to {upper})"


def check_interval(
    value: Printed, lower: Printed | None, upper: Printed | None, level: float | None, place: str
) -> None:
    """Refuse an interval that is not around its estimate, or of which only a part is given.

    Raises
    ------
    ValueError
        With the sentence.
    """
    if (lower is None) != (upper is None):
        there, missing = ("upper", "lower") if lower is None else ("lower", "upper")
        raise ValueError(f"{missing} is missing beside {there}; give both limits or neither")
    if lower is None or upper is None:
        if level is not None:
            raise ValueError("level is given but lower and upper are missing")
        return
    if lower.value > value.value:
        raise ValueError(f"lower {lower} is above the estimate {value}; check {place}")
    if upper.value < value.value:
        raise ValueError(f"upper {upper} is below the estimate {value}; check {place}")


Level = Annotated[float, Field(gt=0.0, lt=1.0)]
