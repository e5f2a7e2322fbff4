"""The sums of the audit, on plain numbers: they know nothing of studies."""
