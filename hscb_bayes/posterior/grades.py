"""Grades of a response: the share that each has among the responses of one printed study."""

from __future__ import annotations

import xarray as xr

from hscb_bayes.errors import InputError
from hscb_bayes.model.grades import grade_shares
from hscb_bayes.posterior.posterior import Posterior
from hscb_bayes.posterior.quantities import described
from hscb_bayes.sentences import nearest, quote


def shares_of_grades(posterior: Posterior) -> xr.DataArray:
    """Share of each grade among the responses; (chain, draw, grade).

    Raises
    ------
    InputError
        When the analysis fits no number of responders with a grade.

    Examples
    --------
    >>> shares_of_grades(posterior).sel(grade="complete_response").mean()  # doctest: +SKIP
    """
    analysis = posterior.analysis
    if not (analysis.has_one_print and analysis.grades):
        raise InputError(f"{analysis.path}: fit.items: required a number of responders with a grade; none is fitted")
    found = posterior.labelled(grade_shares(posterior.parameters, analysis), {"grade": list(analysis.grades)})
    return found.rename("shares_of_grades").assign_attrs(described("shares_of_grades", posterior))


def share_of_grade(posterior: Posterior, grade: str) -> xr.DataArray:
    """That of one grade; (chain, draw). Errors as of ``shares_of_grades``, and where there is no such grade."""
    found = shares_of_grades(posterior)
    known = [str(one) for one in found["grade"].values]
    if grade not in known:
        raise InputError(f"grade: there is no grade {quote(grade)}; {nearest(grade, known)}")
    return found.sel(grade=grade, drop=True)
