"""The sections of a report, in the order of the page."""

from __future__ import annotations

from hscb_bayes.analysis.analysis import Analysis
from hscb_bayes.report.sections.alternatives import ALTERNATIVES
from hscb_bayes.report.sections.answer import ANSWER
from hscb_bayes.report.sections.arms import ARMS
from hscb_bayes.report.sections.assumed import ASSUMED
from hscb_bayes.report.sections.baselines import BASELINES
from hscb_bayes.report.sections.borrowing import BORROWING
from hscb_bayes.report.sections.by_response import BY_RESPONSE
from hscb_bayes.report.sections.centres import CENTRES
from hscb_bayes.report.sections.check import CHECK
from hscb_bayes.report.sections.conflicts import CONFLICTS
from hscb_bayes.report.sections.curves import CURVES
from hscb_bayes.report.sections.death_days import DEATH_DAYS
from hscb_bayes.report.sections.duration import DURATION
from hscb_bayes.report.sections.forest import FOREST
from hscb_bayes.report.sections.grades import GRADES
from hscb_bayes.report.sections.groups import GROUPS
from hscb_bayes.report.sections.heterogeneity import HETEROGENEITY
from hscb_bayes.report.sections.influence import INFLUENCE
from hscb_bayes.report.sections.learned import LEARNED
from hscb_bayes.report.sections.p_value import P_VALUE
from hscb_bayes.report.sections.provenance import PROVENANCE
from hscb_bayes.report.sections.ratios import RATIOS
from hscb_bayes.report.sections.section import Section
from hscb_bayes.report.sections.states import STATES
from hscb_bayes.report.sections.studies import STUDIES

SECTIONS = (
    ANSWER, STUDIES, CONFLICTS, ASSUMED,
    ARMS, CURVES, GRADES, BY_RESPONSE, DEATH_DAYS, DURATION, P_VALUE,
    STATES, GROUPS, RATIOS, CENTRES,
    FOREST, HETEROGENEITY,
    CHECK, INFLUENCE, LEARNED, BASELINES, BORROWING, ALTERNATIVES, PROVENANCE,
)  # fmt: skip


def sections_of(analysis: Analysis) -> tuple[Section, ...]:
    """The sections that apply to an analysis."""
    return tuple(section for section in SECTIONS if section.applies(analysis))
