"""P values that an analysis fits or checks, held against the study: each has a test, and one that can test it."""

from __future__ import annotations

from collections.abc import Sequence

from hscb_bayes.analysis.subgroups import is_about
from hscb_bayes.errors import InputError, Refusals
from hscb_bayes.evidence.cohort import EVERYBODY, Conventions
from hscb_bayes.evidence.kinds.p_value import PValue
from hscb_bayes.evidence.study import Study
from hscb_bayes.sentences import nearest, quote


def can_be_fitted(item: PValue) -> bool:
    """Whether it tells about the hazard ratio of response, and how much."""
    return item.comparison == "response by duration" and item.value.bound == "exact"


def check_fitted_p_values(
    items: Sequence[str], conventions: Conventions, study: Study, address: str, *, form: str
) -> None:
    """A P value can be fitted where it is exact, of response by duration, and its test has a direction.

    Durations must have a part in the analysis, and differ.

    Raises
    ------
    InputError
        With a sentence for each that cannot.
    """
    refusals = Refusals()
    for item in study.items:
        with refusals.of_a_part():
            if isinstance(item, PValue) and item.id in items:
                _check_fitted(item, conventions, study, address, form=form)
    refusals.say()


def _check_fitted(item: PValue, conventions: Conventions, study: Study, address: str, *, form: str) -> None:
    if not can_be_fitted(item):
        raise InputError(
            f"{address}: fit.items: required an exact P value of response by duration to be fitted, "
            f"found {quote(item.id)}, which can only be checked"
        )
    if form == "none" or study.n == 1:
        found = "cohort.form = 'none'" if form == "none" else "one patient"
        raise InputError(
            f"{address}: fit.items: required patients of different durations for {quote(item.id)}, found {found}"
        )
    try:
        name = item.named_test(conventions)
    except InputError as error:
        raise InputError(f"{address}: fit.items: {error}") from None
    if name == "log-rank":
        raise InputError(
            f"{address}: conventions.tests.{item.id}: required a test with a direction for a P value that is "
            "fitted, 'cox', 'fine-gray' or 'spearman', found 'log-rank'"
        )


def check_tests(
    conventions: Conventions, fitted: Sequence[str], study: Study, address: str, *, among: str = EVERYBODY
) -> None:
    """Refuse a test of no P value, of one whose test is printed, or that cannot test it; and a P value without a test.

    A P value that is not of the patients of the analysis, ``among``, needs none; ``check_fitted_p_values`` looks at
    those that are ``fitted``.

    Raises
    ------
    InputError
        With a sentence for each test of no such P value, or else for each P value without a test that can test it.
    """
    items = {item.id: item for item in study.items if isinstance(item, PValue)}
    known = items | {item.id: item for item in study.other_items if isinstance(item, PValue)}
    refusals = Refusals()
    for id in conventions.tests:
        named = known[id].test if id in known else None
        if id not in known:
            hint = nearest(id, items) if items else "the study has none"
            refusals.add(f"{address}: conventions.tests: {quote(id)} is no P value; {hint}")
        elif named is not None:
            refusals.add(f"{address}: conventions.tests.{id}: the paper names the test, {named.name!r}; remove it")
    refusals.say()
    for item in items.values():
        if item.id not in fitted and is_about(study, item, item.among, among):
            with refusals.of_a_part():
                check_test(item, conventions, study, address)
    refusals.say()


def check_test(item: PValue, conventions: Conventions, study: Study, address: str) -> None:
    """Refuse a P value without a test, or with one that cannot test it.

    Raises
    ------
    InputError
        With the sentence.
    """
    try:
        item.named_test(conventions)
    except InputError as error:
        raise InputError(f"{address if item.test is None else study.path}: {error}") from None
