"""The kinds of published number that a study file may hold, by the name that ``kind`` has there."""

from __future__ import annotations

from hscb_bayes.evidence.item import Item
from hscb_bayes.evidence.kinds.at_risk import AtRisk
from hscb_bayes.evidence.kinds.count import Count
from hscb_bayes.evidence.kinds.covariate_summary import CovariateSummary
from hscb_bayes.evidence.kinds.difference import DifferenceItem
from hscb_bayes.evidence.kinds.duration import Duration
from hscb_bayes.evidence.kinds.everybody_died_by import EverybodyDiedBy
from hscb_bayes.evidence.kinds.fact import Fact
from hscb_bayes.evidence.kinds.follow_up_time import FollowUpTime
from hscb_bayes.evidence.kinds.incidence import Incidence
from hscb_bayes.evidence.kinds.median_time import MedianTime
from hscb_bayes.evidence.kinds.p_value import PValue
from hscb_bayes.evidence.kinds.ratio import RatioItem
from hscb_bayes.evidence.kinds.share import Share
from hscb_bayes.evidence.kinds.survival import Survival

KINDS: dict[str, type[Item]] = {
    "count": Count,
    "share": Share,
    "incidence": Incidence,
    "survival": Survival,
    "everybody_died_by": EverybodyDiedBy,
    "median_time": MedianTime,
    "duration": Duration,
    "follow_up": FollowUpTime,
    "at_risk": AtRisk,
    "p_value": PValue,
    "ratio": RatioItem,
    "difference": DifferenceItem,
    "covariate_summary": CovariateSummary,
    "fact": Fact,
}
