"""The items of a study file, read and held against its patients, groups and events."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from hscb_bayes.errors import InputError, Refusals
from hscb_bayes.evidence.cohort import EVERYBODY
from hscb_bayes.evidence.event import Event, check_event
from hscb_bayes.evidence.group import Group
from hscb_bayes.evidence.groups import known_size
from hscb_bayes.evidence.item import Item
from hscb_bayes.evidence.registry import KINDS
from hscb_bayes.sentences import nearest, quote
from hscb_bayes.toml_file import TomlFile, table_of


def read_items(file: TomlFile, check: Callable[[Item, str], None] = lambda item, address: None) -> tuple[Item, ...]:
    """The ``[[item]]`` tables of a file, each by the model of its kind; no two of them have one id.

    Parameters
    ----------
    check
        Refuses an item, called with an address, that is right by itself.

    Raises
    ------
    InputError
        With a sentence for each thing that is wrong with one of them.
    """
    tables = file.data["item"]
    if not isinstance(tables, list) or not tables:
        raise InputError(f"{file.path}: item: required [[item]] tables, found {quote(tables)}")
    found, seen, refusals = list[Item](), dict[str, int](), Refusals()
    for position, table in enumerate(tables, start=1):
        with refusals.of_a_part():
            item = _item(table, position, file.path)
            address = f"{file.path}: item {item.id!r}"
            first = seen.setdefault(item.id, position)
            if first != position:
                refusals.add(f"{address}: items {first} and {position} have the same id")
            found.append(item)
            check(item, address)
    refusals.say()
    return tuple(found)


def _item(table: Any, position: int, path: str) -> Item:
    if not isinstance(table, dict):
        raise InputError(f"{path}: item {position}: required a table, found {quote(table)}")
    id, kind = table.get("id"), table.get("kind")
    address = f"{path}: item {quote(id) if isinstance(id, str) else position}"
    if kind is None:
        raise InputError(f"{address}: kind is missing; known are {', '.join(map(repr, sorted(KINDS)))}")
    if not isinstance(kind, str):
        raise InputError(f"{address}: kind: required text in quotes, found {quote(kind)}")
    if kind not in KINDS:
        raise InputError(f"{address}: unknown kind {quote(kind)}; {nearest(kind, KINDS)}")
    return table_of(KINDS[kind], table, address)


def check_item(
    item: Item, address: str, *, patients: int, groups: Mapping[str, Group], events: Mapping[str, Event]
) -> None:
    """Refuse an item that a study of so many patients, these groups and events cannot have.

    Raises
    ------
    InputError
        With the sentence.
    """
    if item.about is not None:
        check_event(item.about, events, ends=item.about_an_end, address=f"{address}: event")
    for group in item.groups:
        if group != EVERYBODY and group not in groups:
            raise InputError(f"{address}: unknown group {group!r}; {nearest(group, [EVERYBODY, *groups])}")
    try:
        item.check_patients(patients, known_size(item.among, groups, patients))
    except ValueError as error:
        raise InputError(f"{address}: {error}") from None
