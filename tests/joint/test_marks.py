"""What the printed days of response say of counts."""

import numpy as np
import pytest
from numpy.testing import assert_array_equal

from hscb_bayes.model.marks import Mark, response_arrays

DAY = 100.0


@pytest.mark.parametrize(("of_curve", "agree"), [(True, [9.0]), (False, [])], ids=["read off a curve", "counted"])
def test_what_is_read_off_a_curve_yields_to_counts(of_curve: bool, agree: list[float]) -> None:
    marks = [
        Mark(count=1.0, day=8.0, end="first"),
        Mark(count=9.72, day=30.0, exact=False, of_curve=of_curve),
        Mark(count=10.0, day=52.0, end="last"),
    ]
    response = response_arrays(marks, marks, np.empty(0), 10.0, 12, DAY, len(marks))
    cuts = np.exp(response.nodes.log_cuts)
    by_then = response.agrees[np.argmin(abs(cuts - 30.5))]
    assert_array_equal(np.flatnonzero(by_then * _reachable(response.agrees, cuts, before=51.5)), agree)


def _reachable(agrees: np.ndarray, cuts: np.ndarray, *, before: float) -> np.ndarray:
    """1 for counts from which the counts that agree with the marks by ``before`` can be reached."""
    allowed = np.flatnonzero(agrees[np.argmin(abs(cuts - before))])
    return np.arange(agrees.shape[1]) <= allowed.max()
