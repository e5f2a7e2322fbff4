"""Real patients and R's values for them, from ``tests/data/r_reference``; its README says where they come from."""

from __future__ import annotations

from functools import cache
from pathlib import Path

import numpy as np
import pandas as pd

REFERENCE = Path(__file__).parents[1] / "data" / "r_reference"
OUTCOMES = {
    "kmbmt_dfs": ("dfs_time", "dfs_event"),
    "kmbmt_os": ("os_time", "os_event"),
    "myeloid_os": ("futime", "death"),
}
WORDS = {
    "kmbmt_dfs_all": "137 leukaemia patients, disease-free survival",
    "kmbmt_dfs_disease": "137 leukaemia patients, disease-free survival by disease",
    "kmbmt_os_disease": "137 leukaemia patients, survival by disease",
    "kmbmt_os_hospital": "137 leukaemia patients, survival by hospital",
    "myeloid_os_trt": "646 myeloid patients, survival by arm",
}


@cache
def reference(name: str) -> pd.DataFrame:
    """A table of the folder by name."""
    return pd.read_csv(REFERENCE / f"{name}.csv")


def cohort(analysis: str) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Time, event and group label of an analysis named study_outcome_grouping."""
    start, grouping = analysis.rsplit("_", 1)
    table = reference("myeloid" if start.startswith("myeloid") else "kmsurv_bmt")
    time, event = (table[column].to_numpy() for column in OUTCOMES[start])
    return time, event, labels(table, grouping)


def labels(table: pd.DataFrame, grouping: str) -> np.ndarray:
    """The group of every patient as text."""
    return np.repeat("all", len(table)) if grouping == "all" else table[grouping].to_numpy(dtype=str)


def masks(rows: pd.DataFrame, label: np.ndarray) -> np.ndarray:
    """One mask of patients per reference row, shape (row, patient)."""
    return rows["group"].to_numpy(dtype=str)[:, np.newaxis] == label


def covariates(table: pd.DataFrame) -> dict[str, np.ndarray]:
    """Covariates of the regressions by R's names, in R's order; each (patient,)."""
    columns = {
        "diseaseAML low risk": table["disease"] == "AML low risk",
        "diseaseAML high risk": table["disease"] == "AML high risk",
        "age": (table["age"] - 28) / 10,
        "fab": table["fab"],
        "mtx": table["mtx"],
    }
    return {name: np.asarray(column, dtype=float) for name, column in columns.items()}
