"""From a paper's printed numbers to a posterior, a check and a report.

Patients follow a pathway; along it hazards act; together they imply incidence; a paper publishes evidence about it; an
analysis says which evidence and which priors; that is a model; we fit it, replicate the study, check the replicates
against the print, and report.

The public names are listed here once and imported when first used, so that ``import hscb_bayes`` is instant.
"""

from importlib import import_module

__version__ = "0.1.0"

_HOME = {
    "InputError": "hscb_bayes.errors",
    "Posterior": "hscb_bayes.posterior.posterior",
    "audit": "hscb_bayes.evidence.audit",
    "build": "hscb_bayes.model.build",
    "check": "hscb_bayes.checking.check",
    "compare": "hscb_bayes.posterior.compare",
    "cumulative_incidence": "hscb_bayes.posterior.predict",
    "hazard_ratios": "hscb_bayes.posterior.ratios",
    "load": "hscb_bayes.analysis.load",
    "load_analysis": "hscb_bayes.analysis.read_paper",
    "load_patients": "hscb_bayes.analysis.read_table",
    "load_pool": "hscb_bayes.analysis.read_pool",
    "load_posterior": "hscb_bayes.posterior.stored",
    "load_study": "hscb_bayes.evidence.study",
    "predictive_prior": "hscb_bayes.posterior.next_study",
    "rbest_json": "hscb_bayes.posterior.next_study",
    "replicate": "hscb_bayes.checking.replicate",
    "restricted_mean_time": "hscb_bayes.posterior.predict",
    "robust": "hscb_bayes.posterior.next_study",
    "sample": "hscb_bayes.posterior.sample",
    "save": "hscb_bayes.posterior.stored",
    "shares_of_grades": "hscb_bayes.posterior.grades",
    "state_occupancy": "hscb_bayes.posterior.predict",
    "survival": "hscb_bayes.posterior.predict",
    "transition_probabilities": "hscb_bayes.posterior.predict",
    "with_groups": "hscb_bayes.posterior.groups",
    "write_report": "hscb_bayes.report.page",
}

__all__ = [*_HOME, "__version__"]


def __getattr__(name: str) -> object:
    """Import a public name from its home (PEP 562)."""
    if name not in _HOME:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(_HOME[name]), name)


def __dir__() -> list[str]:
    """List the public names for completion."""
    return sorted(__all__)
