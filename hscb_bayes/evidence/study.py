"""A paper as a file: what it says, nothing computed and nothing assumed."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path
from types import MappingProxyType
from typing import Annotated, Any

from pydantic import Field

from hscb_bayes.errors import InputError, Refusals
from hscb_bayes.evidence.cohort import DEATH, EVERYBODY, RESPONSE
from hscb_bayes.evidence.event import Endpoints, Event, check_grades, grades_of, sorts
from hscb_bayes.evidence.group import Group
from hscb_bayes.evidence.groups import check_groups
from hscb_bayes.evidence.item import Identifier, Item, Line, Paragraph, PrintedNumber, Table, event_key, survival_key
from hscb_bayes.evidence.items import check_item, read_items
from hscb_bayes.evidence.kinds.count import Count
from hscb_bayes.evidence.kinds.median_time import MedianTime
from hscb_bayes.evidence.kinds.share import Share
from hscb_bayes.evidence.printed import TIE, Printed, Resolution, steps_per_day
from hscb_bayes.notebook import html_of
from hscb_bayes.sentences import nearest, quote, unknown_key
from hscb_bayes.toml_file import SCHEMA, TomlFile, check_kind, named_tables, read_toml, table_of


class StudyTable(Table):
    """The paper and its patients."""

    id: Identifier = Field(description="name of the study: lower-case letters, digits, underscores")
    title: Line = Field(description="title of the paper")
    citation: Line = Field(description="authors, journal, year, pages")
    doi: Line | None = Field(default=None, description="digital object identifier, if there is one")
    n: Annotated[int, Field(ge=1)] = Field(description="patients in the study")
    time_zero: Line = Field(description="the event from which times are counted, such as 'boost'")
    condition: Line = Field(
        default="disease",
        description="what patients have had before time zero, such as 'neutropenia'; the covariate `duration` is for "
        "how long",
    )
    time_resolution: Resolution | None = Field(
        default=None,
        description="to what the times of patients are recorded; left out: to the finest digit of the days that are "
        "printed with a median or a range, or else to 1 day",
    )
    design: Line = Field(description="how the patients came into the study")
    population: Identifier | None = Field(
        default=None, description="name of the kind of patients, such as 'after_car_t'; needed to pool studies"
    )
    definition: Identifier | None = Field(
        default=None,
        description="name of what counts as the event `response`, such as 'neutrophil'; needed to pool studies (of "
        "another event it is the event's name)",
    )
    definition_words: Line | None = Field(default=None, description="what counts as the event `response`, in words")
    secondary: Line | None = Field(
        default=None, description="the source of the numbers, where it is not the paper itself"
    )
    may_share_patients_with: dict[Identifier, Line] = Field(
        default_factory=dict, description="id of another study to why patients may be in both"
    )
    eligibility: Paragraph = Field(default="", description="who could be in it")
    read: Line = Field(description="which parts of the paper the numbers were read in")
    note: Paragraph = Field(default="", description="anything a reader should know")


@dataclass(frozen=True, kw_only=True)
class Study:
    """A paper's numbers: all of them, or those that an analysis of two of its events sees (``seen_by``).

    Items of the whole may be of any event. Only those of ``response`` and ``death``, as in what an analysis sees, have
    a statistic.

    Parameters
    ----------
    n
        Patients in the study.
    groups
        By id, in the file's order, without "all".
    items
        In the file's order.
    events
        Those that are declared, by name.
    grades
        Of what an analysis sees, the events that are grades of its response.
    whole
        Of what an analysis sees, the whole study.
    path
        The file, as the user wrote it.
    sha256
        Of the file's bytes, in hexadecimal.
    text
        The file's tables as JSON, for provenance.
    """

    id: str
    title: str
    citation: str
    n: int
    time_zero: str
    design: str
    read: str
    groups: Mapping[str, Group]
    items: tuple[Item, ...]
    path: str
    sha256: str
    text: str
    doi: str | None = None
    time_resolution: Printed | None = None
    population: str | None = None
    definition: str | None = None
    definition_words: str | None = None
    secondary: str | None = None
    may_share_patients_with: Mapping[str, str] = field(default_factory=dict)
    eligibility: str = ""
    note: str = ""
    events: Mapping[str, Event] = field(default_factory=dict)
    grades: tuple[str, ...] = ()
    condition: str = "disease"
    whole: Study | None = field(default=None, compare=False, repr=False)

    def seen_by(self, endpoints: Endpoints) -> Study:
        """The study as an analysis of two events sees it, which are called ``response`` and ``death`` there.

        Groups that another event divides, and items of other events or groups, are not there; items and groups that
        are about no event are, and counts and shares of grades of the response.
        """
        whole, names = self.whole or self, {endpoints.response: RESPONSE, endpoints.end: DEATH}
        grades = grades_of(endpoints.response, whole.events)
        divides = {id for id, group in whole.groups.items() if group.about in {None, *names}}
        groups = {id: _called(group, names) for id, group in whole.groups.items() if divides.issuperset(group.parts)}
        there = {EVERYBODY, *groups}
        other = None if endpoints.response == RESPONSE else whole.events[endpoints.response]
        return replace(
            whole,
            events={name: whole.events[event] for event, name in names.items() if event in whole.events}
            | {grade: whole.events[grade] for grade in grades},
            groups=MappingProxyType(groups),
            items=tuple(
                _called(item, names)
                for item in whole.items
                if (item.about in {None, *names} or _is_number_with(item, grades)) and there.issuperset(item.groups)
            ),
            grades=grades,
            definition=whole.definition if other is None else other.id,
            definition_words=whole.definition_words if other is None else other.words,
            whole=whole,
        )

    @property
    def views(self) -> tuple[Study, ...]:
        """What an analysis of each two events sees of which something is printed; of what an analysis sees, itself."""
        if self.whole is not None:
            return (self,)
        groups = [self.groups[id] for item in self.items for id in item.groups if id != EVERYBODY]
        dividing = (self.groups[part].about for group in groups for part in group.parts)
        printed = {*(item.about for item in self.items), *dividing}
        of_sort = {
            ends: [event for event, one in sorts(self.events).items() if one == ends and event in printed]
            for ends in (False, True)
        }
        return tuple(
            self.seen_by(Endpoints(response=response, end=end))
            for response in of_sort[False] or [RESPONSE]
            for end in of_sort[True] or [DEATH]
        )

    @property
    def other_items(self) -> tuple[Item, ...]:
        """Items of the whole study that an analysis does not see, as they are there."""
        own = {item.id for item in self.items}
        return () if self.whole is None else tuple(item for item in self.whole.items if item.id not in own)

    @property
    def numbers(self) -> tuple[PrintedNumber, ...]:
        """Every printed number, in the file's order."""
        return tuple(number for item in self.items for number in item.numbers)

    @property
    def steps_per_day(self) -> int:
        """How many times a day has that patients' records tell apart: 1 for whole days, 10 for tenths.

        Read from the print where it is not declared. A median and its limits may lie half-way between two recorded
        times, so that 9.5 days is one of whole days.
        """
        if self.time_resolution is not None:
            return steps_per_day(self.time_resolution)
        printed = _printed_days((*self.items, *self.other_items))
        return max((_steps(number, parts) for number, parts in printed), default=1)

    @property
    def labels(self) -> Mapping[str, str]:
        """Words of groups by their ids, and of the events that are declared by ``event_key`` and ``survival_key``."""
        groups = {id: group.label for id, group in self.groups.items()}
        events = {event_key(id): event.words for id, event in self.events.items()}
        survival = {survival_key(id): event.survival for id, event in self.events.items()}
        return {EVERYBODY: "all patients"} | groups | events | survival

    def _repr_html_(self) -> str:
        """Title, citation and all items, in a notebook."""
        about = f"{self.n} patients; times count from: {self.time_zero}; {len(self.items)} items; read: {self.read}."
        rows = [(item.id, item.describe(self.labels)) for item in self.items]
        return html_of(self.title, [self.citation, about], ("item", "as printed"), rows)

    def item(self, id: str) -> Item:
        """One item.

        Raises
        ------
        InputError
            When there is none of that id.
        """
        found = next((item for item in self.items if item.id == id), None)
        if found is None:
            raise InputError(
                f"{self.path}: there is no item {quote(id)}; {nearest(id, [item.id for item in self.items])}"
            )
        return found

    def number(self, id: str) -> PrintedNumber:
        """One printed number.

        Raises
        ------
        InputError
            When there is none of that id.
        """
        found = next((number for number in self.numbers if number.id == id), None)
        if found is None:
            known = [number.id for number in self.numbers]
            raise InputError(f"{self.path}: there is no printed number {quote(id)}; {nearest(id, known)}")
        return found


def _called[Named: (Item, Group)](one: Named, names: Mapping[str, str]) -> Named:
    """The same with its event under another name; one that leaves it out, or has another or none, as it is."""
    event = dict(one).get("event")
    return one if event is None else one.model_copy(update={"event": names.get(event, event)})


def _is_number_with(item: Item, grades: tuple[str, ...]) -> bool:
    """Whether an item says how many had one of these grades."""
    return isinstance(item, Count | Share) and item.event in grades


def _printed_days(items: Iterable[Item]) -> Iterator[tuple[PrintedNumber, int]]:
    """Numbers of medians and ranges that are printed in days, and into how many parts they may divide a recorded step.

    A range is of recorded times; a median and its limits may be the middle of two.
    """
    for item in items:
        for number in item.numbers if isinstance(item, MedianTime) else ():
            if number.printed.word == "day":
                yield number, 1 if number.id.endswith((".lowest", ".highest")) else 2


def _steps(number: PrintedNumber, parts: int) -> int:
    whole = abs(number.value * parts - round(number.value * parts)) < TIE
    return 1 if whole else int(10**number.printed.digits)


def _check_resolution(study: Study) -> None:
    """Refuse times that patients' records, as they are declared, cannot give."""
    for number, parts in _printed_days(study.items) if study.time_resolution is not None else ():
        per_day = parts * study.steps_per_day
        if abs(round(number.value * per_day) / per_day - number.value) > number.half_width + TIE:
            raise InputError(
                f"{study.path}: study: time_resolution: times recorded to {study.time_resolution} do not give "
                f"{number.text} of {number.id!r}; required the resolution of the times that are printed"
            )


def load_study(path: str | Path) -> Study:
    """Read a study file.

    Raises
    ------
    InputError
        A sentence that says which file and item, what is required and what was found.

    Examples
    --------
    >>> study = load_study("models/evidence/gagelmann2023.toml")
    >>> print(study.item("os_1y").describe())
    survival at 1 year among all patients: 59%, abstract
    """
    return study_of(read_toml(path))


def study_of(file: TomlFile) -> Study:
    """A study from a file that is already read; raises what ``load_study`` raises."""
    parts = _parts(file)
    study = Study(
        **{name: getattr(parts["study"], name) for name in StudyTable.model_fields},
        events=MappingProxyType(parts["event"]),
        groups=MappingProxyType(parts["group"]),
        items=parts["item"],
        path=file.path,
        sha256=file.sha256,
        text=json.dumps(file.data),
    )
    _check_resolution(study)
    return study


def _parts(file: TomlFile) -> dict[str, Any]:
    """What stands under each key; all that is wrong is said together, in the order of the file.

    Groups and items are held against what stands under the other keys where it could be read.
    """
    check_kind(file.data, list(READERS), file.path)
    found, refused = dict[str, Any](), {key: Refusals() for key in (*file.data, *READERS)}
    unknown = [key for key in file.data if key not in READERS]
    for key in unknown:
        refused[key].add(f"{file.path}: {unknown_key(key, READERS)}")
    for key, read in READERS.items():
        with refused[key].of_a_part():
            if key in file.data or key not in NEEDED:
                read(file, found)
            elif not unknown:  # or else it may be there under another name
                raise InputError(f"{file.path}: {key} is missing; required {NEEDED[key]}")
    together = Refusals()
    for each in refused.values():
        with together.of_a_part():
            each.say()
    together.say()
    return found


def _read_study(file: TomlFile, found: dict[str, Any]) -> None:
    found["study"] = table_of(StudyTable, file.data["study"], f"{file.path}: study")


def _read_events(file: TomlFile, found: dict[str, Any]) -> None:
    found["event"] = named_tables(file, "event", Event)
    check_grades(found["event"], file.path)


def _read_groups(file: TomlFile, found: dict[str, Any]) -> None:
    groups = named_tables(file, "group", Group)
    if EVERYBODY in groups:
        address = f"{file.path}: group {EVERYBODY!r}"
        raise InputError(f"{address}: every study has the group {EVERYBODY!r}; required another name")
    found["group"] = groups
    if found.keys() >= {"study", "event"}:
        check_groups(groups, found["study"].n, found["event"], file.path)


def _read_items(file: TomlFile, found: dict[str, Any]) -> None:
    if found.keys() >= {"study", "event", "group"}:
        beside = {"patients": found["study"].n, "groups": found["group"], "events": found["event"]}
        found["item"] = read_items(file, partial(check_item, **beside))
    else:
        found["item"] = read_items(file)


# By key, what reads what stands under it into what was found under the keys before, and holds it against that.
READERS: Mapping[str, Callable[[TomlFile, dict[str, Any]], None]] = {
    "schema": lambda file, found: None,  # check_kind looks at it
    "study": _read_study,
    "event": _read_events,
    "group": _read_groups,
    "item": _read_items,
}
NEEDED = {"schema": f"schema = {SCHEMA}", "study": "a [study] table", "item": "[[item]] tables"}
