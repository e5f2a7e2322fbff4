"""Variables of a posterior as rows of text."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import xarray as xr

COLUMNS = ("variable", "what it is", "median", "90% interval", "unit")
LEVELS = (0.5, 0.05, 0.95)
SAMPLE = {"chain", "draw"}


def rows_of(dataset: xr.Dataset) -> Iterator[tuple[str, ...]]:
    """One row for each element of each variable, with the columns ``COLUMNS``."""
    for name, values in dataset.data_vars.items():
        rest = [str(dim) for dim in values.dims if dim not in SAMPLE]
        draws = values.transpose(*SAMPLE, *rest).values.reshape(-1, *(values.sizes[dim] for dim in rest))
        for index in np.ndindex(draws.shape[1:]):
            place = ", ".join(str(values[dim].values[k]) for dim, k in zip(rest, index, strict=True))
            median, lower, upper = np.quantile(draws[:, *index], LEVELS, method="inverted_cdf")
            what, unit = values.attrs.get("long_name", ""), values.attrs.get("units", "")
            yield f"{name}[{place}]" if place else str(name), what, f"{median:.3g}", f"{lower:.3g} to {upper:.3g}", unit
