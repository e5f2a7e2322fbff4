"""The audit: arithmetic that printed numbers must pass before any model sees them."""

from hscb_bayes.evidence.audit.finding import Finding, Findings, Severity
from hscb_bayes.evidence.audit.rules import RULES, audit

__all__ = ["RULES", "Finding", "Findings", "Severity", "audit"]
