"""Rows of estimates, and arrays of prints, that are made by hand: no file is read."""

import numpy as np

from hscb_bayes.evidence.joint_arrays import RowArrays
from hscb_bayes.model.print_rows import Patients, Row
from hscb_bayes.model.remainder import WHOSE, Inside
from hscb_bayes.model.row_arrays import row_arrays


def nobody() -> Inside:
    """No patient who is known one by one."""
    none = np.empty(0)
    return Inside(
        response_day=none,
        last_day=none,
        died=none.astype(bool),
        group=none.astype(int),
        duration=none,
        spent=np.empty((0, WHOSE)),
        address="",
    )


def patients_of(sizes: np.ndarray, responders: float | None) -> Patients:
    """Groups of these sizes."""
    return Patients(sizes=sizes, left=sizes, responders=responders, inside=nobody())


def estimates_of(
    rows: list[Row],
    sizes: np.ndarray,
    averages: np.ndarray,
    *,
    last: float,
    edges: np.ndarray,
    counts: tuple[float, float] = (np.nan, np.nan),
) -> RowArrays:
    """Arrays of estimates, beside a share of responders and a survival of the others where these are known."""
    responders = None if np.isnan(counts[0]) else counts[0] * float(sizes.sum())
    return row_arrays(rows, np.array(counts), patients_of(sizes, responders), averages, last, edges)
