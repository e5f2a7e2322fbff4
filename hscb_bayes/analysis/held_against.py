"""A whole analysis of a paper held against the study: a mistake is found before anything is compiled."""

from __future__ import annotations

from hscb_bayes.analysis.against_study import (
    check_items,
    check_patients,
    check_responders,
    duration_summary,
)
from hscb_bayes.analysis.declared_sizes import check_cohort
from hscb_bayes.analysis.grades import check_grade_beliefs
from hscb_bayes.analysis.of_estimates import check_estimates
from hscb_bayes.analysis.paper_table import AnalysisTable
from hscb_bayes.analysis.statistical_tests import check_fitted_p_values, check_tests
from hscb_bayes.errors import Refusals
from hscb_bayes.evidence.study import Study


def check_against_study(table: AnalysisTable, study: Study, address: str) -> None:
    """Find before anything is compiled what the study cannot give; all of it, once the patients are known."""
    cohort, items, refusals = table.cohort, table.fit.items, Refusals()
    check_patients(cohort.among, study, address)
    with refusals.of_a_part():
        check_responders(cohort.among, cohort.responders, items, study, address)
    with refusals.of_a_part():
        check_fitted_p_values(items, table.conventions, study, address, form=cohort.form)
        check_items(items, study, address, among=cohort.among, responders=cohort.responders)
    with refusals.of_a_part():
        check_estimates(table, study, address)
    with refusals.of_a_part():
        check_grade_beliefs(table.grades, items, study, address)
    with refusals.of_a_part():
        check_cohort(cohort.sizes, cohort.form, items, study, address, among=cohort.among)
    with refusals.of_a_part():
        check_tests(table.conventions, items, study, address, among=cohort.among)
    with refusals.of_a_part():
        if cohort.form != "none":
            duration_summary(study, cohort.among)
    refusals.say()
