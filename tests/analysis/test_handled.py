"""What an analysis says about conflicts in the print, held against the audit."""

from collections.abc import Callable

import pytest

from hscb_bayes.analysis.handled import check_handled
from hscb_bayes.analysis.member import Member
from hscb_bayes.errors import InputError
from hscb_bayes.evidence.audit import audit

FOUND = "disjoint_sizes:os_1y_short+os_1y_long"


def test_main_handles_every_conflict(main: Member) -> None:
    check_handled(main, audit(main.study))


def test_a_finding_that_does_not_exist_gets_the_nearest_one(variant: Callable[[str], Member]) -> None:
    analysis = variant('[handled]\n"disjoint_size:os_1y_short+os_1y_long" = "so"')
    with pytest.raises(InputError) as caught:
        check_handled(analysis, audit(analysis.study))
    assert str(caught.value) == (
        f"{analysis.path}: handled: the audit has no finding 'disjoint_size:os_1y_short+os_1y_long'; "
        f"did you mean '{FOUND}'?"
    )


def test_a_study_without_findings_has_nothing_to_handle(main: Member) -> None:
    with pytest.raises(InputError, match="the audit finds nothing to handle"):
        check_handled(main, ())


def test_a_conflict_that_is_not_handled_is_refused(main: Member) -> None:
    findings = audit(main.study)
    handled = {id: how for id, how in main.table.handled.items() if id != FOUND}
    table = main.table.model_copy(update={"handled": handled})
    (conflict,) = [finding for finding in findings if finding.id == FOUND]
    analysis = Member(
        name=main.name, table=table, study=main.study, path=main.path, sources=main.sources, text=main.text
    )
    with pytest.raises(InputError) as caught:
        check_handled(analysis, findings)
    assert str(caught.value) == (
        f"{main.path}: handled: the print has a conflict that the analysis does not handle; required an entry "
        f'"{FOUND}" that says how: {conflict.sentence.removesuffix(".")}'
    )
