"""What is known: published numbers, the papers they stand in, and what a replicated paper would print."""

from hscb_bayes.evidence.cohort import Cohort, Conventions
from hscb_bayes.evidence.group import Group
from hscb_bayes.evidence.item import Item, PrintedNumber
from hscb_bayes.evidence.printed import Printed
from hscb_bayes.evidence.registry import KINDS
from hscb_bayes.evidence.study import Study, load_study

__all__ = ["KINDS", "Cohort", "Conventions", "Group", "Item", "Printed", "PrintedNumber", "Study", "load_study"]
