"""The rules of the audit: one line a rule."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from hscb_bayes.evidence.audit.by_when import by_when, counts_rise
from hscb_bayes.evidence.audit.count_percent import count_percent
from hscb_bayes.evidence.audit.counts_add_up import counts_add_up
from hscb_bayes.evidence.audit.disjoint_sizes import disjoint_sizes
from hscb_bayes.evidence.audit.everybody_died import everybody_died
from hscb_bayes.evidence.audit.finding import Finding, Findings, Severity
from hscb_bayes.evidence.audit.follow_up import follow_up
from hscb_bayes.evidence.audit.grades_add_up import grades_add_up
from hscb_bayes.evidence.audit.immortal_time import immortal_time
from hscb_bayes.evidence.audit.interval_counts import interval_counts
from hscb_bayes.evidence.audit.interval_scale import interval_scale
from hscb_bayes.evidence.audit.interval_size import interval_size
from hscb_bayes.evidence.audit.last_response import last_response
from hscb_bayes.evidence.audit.median_reached import median_reached
from hscb_bayes.evidence.audit.no_event import incidence_rises, no_event
from hscb_bayes.evidence.audit.p_values import p_values
from hscb_bayes.evidence.audit.repairs import repairs
from hscb_bayes.evidence.audit.response_shares import response_parts, response_shares
from hscb_bayes.evidence.audit.splits import cut_ties, splits
from hscb_bayes.evidence.audit.subset_counts import subset_counts
from hscb_bayes.evidence.audit.survival_falls import survival_falls
from hscb_bayes.evidence.audit.whole_and_parts import whole_and_parts
from hscb_bayes.evidence.audit.whole_counts import whole_counts
from hscb_bayes.evidence.study import Study

GRAVITY: Mapping[Severity, int] = {"ok": 0, "note": 1, "conflict": 2}
RULES: tuple[Callable[[Study], list[Finding]], ...] = (
    count_percent,
    counts_add_up,
    subset_counts,
    grades_add_up,
    no_event,
    response_shares,
    response_parts,
    whole_counts,
    everybody_died,
    survival_falls,
    incidence_rises,
    interval_scale,
    interval_size,
    disjoint_sizes,
    interval_counts,
    repairs,
    splits,
    cut_ties,
    whole_and_parts,
    follow_up,
    p_values,
    median_reached,
    last_response,
    immortal_time,
    by_when,
    counts_rise,
)


def audit(study: Study) -> Findings:
    """Check a study's printed numbers against each other, without any model.

    Rules compare numbers of the same events: of a whole study they run on every two events of which something is
    printed (``Study.views``). A finding of several is one, the gravest.

    Returns
    -------
    Findings in the order of the rules. A study of one item has few; none is an error.

    Examples
    --------
    >>> from hscb_bayes.evidence.study import load_study
    >>> findings = audit(load_study("models/evidence/gagelmann2023.toml"))
    >>> sorted({finding.rule for finding in findings if finding.severity == "conflict"})
    ['disjoint_sizes', 'interval_size']
    """
    found: dict[str, Finding] = {}
    views = study.views
    for finding in (finding for rule in RULES for view in views for finding in rule(view)):
        if finding.id not in found or GRAVITY[finding.severity] > GRAVITY[found[finding.id].severity]:
            found[finding.id] = finding
    return Findings(found.values())
