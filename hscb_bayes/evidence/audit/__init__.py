"""The audit: arithmetic that printed numbers must pass before any model sees them."""

from hscb_bayes.evidence.audit.finding import Finding, Severity
from hscb_bayes.evidence.audit.rules import RULES, audit

__all__ = ["RULES", "Finding", "Severity", "audit"]
