"""A whole analysis of a paper held against the study: a mistake is found before anything is compiled."""

from __future__ import annotations

from hscb_bayes.analysis.against_study import check_items, check_patients, duration_summary
from hscb_bayes.analysis.declared_sizes import check_cohort
from hscb_bayes.analysis.grades import check_grade_beliefs
from hscb_bayes.analysis.paper_table import AnalysisTable
from hscb_bayes.analysis.statistical_tests import check_fitted_p_values, check_tests
from hscb_bayes.evidence.study import Study


def check_against_study(table: AnalysisTable, study: Study, address: str) -> None:
    """Find before anything is compiled what the study cannot give."""
    cohort = table.cohort
    check_patients(cohort.among, cohort.responders, table.fit.items, study, address)
    check_fitted_p_values(table.fit.items, table.conventions, study, address, form=cohort.form)
    check_items(table.fit.items, study, address, among=cohort.among, responders=cohort.responders)
    check_grade_beliefs(table.grades, table.fit.items, study, address)
    check_cohort(cohort.sizes, cohort.form, table.fit.items, study, address, among=cohort.among)
    check_tests(table.conventions, study, address, among=cohort.among)
    if cohort.form != "none":
        duration_summary(study, cohort.among)
