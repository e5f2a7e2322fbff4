"""Runs that are killed, and other things that must not break the package; their figures are in docs/results."""
