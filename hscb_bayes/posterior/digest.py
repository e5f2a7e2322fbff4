"""A number of all that a posterior holds, by which a file that was damaged or put together of parts is seen."""

from __future__ import annotations

import hashlib

import numpy as np
import xarray as xr

from hscb_bayes.errors import InputError
from hscb_bayes.sentences import quote

SEAL = (DIGEST, FORMAT) = ("sha256", "format")  # attributes of a posterior in a file
LAYOUT = 2  # another number means that other variables or attributes belong to a posterior


def digest_of(tree: xr.DataTree) -> str:
    """SHA-256, in hexadecimal, of names, dimensions, attributes and values; not of how a file lays them out."""
    told = hashlib.sha256()
    for node in sorted(tree.subtree, key=lambda each: each.path):
        dataset = node.to_dataset(inherit=False)
        told.update(f"{node.path}{_text(dataset.attrs)}".encode())
        for name in sorted(map(str, dataset.variables)):
            variable = dataset.variables[name]
            told.update(f"{name}{variable.dims}{variable.shape}{_text(variable.attrs)}".encode())
            told.update(_bytes(variable.values))
    return told.hexdigest()


def _text(attributes: dict[str, object]) -> str:
    return repr(sorted((str(key), str(value)) for key, value in attributes.items() if key != DIGEST))


def _bytes(values: np.ndarray) -> bytes:
    """Numbers of every width as 64 bits, since a file may choose its own; text as UTF-8 with its length."""
    if values.dtype.kind == "f":
        return values.astype("<f8").tobytes()
    if values.dtype.kind in "biu":
        return values.astype("<i8").tobytes()
    return repr([str(value) for value in values.ravel()]).encode("utf-8", "surrogatepass")


def sealed(posterior: xr.DataTree) -> xr.DataTree:
    """The posterior with its format and digest among its attributes, to be written."""
    copy = posterior.copy()
    copy.attrs[FORMAT] = LAYOUT
    copy.attrs[DIGEST] = digest_of(copy)
    return copy


def check_sealed(tree: xr.DataTree, required: str) -> None:
    """Refuse what another version wrote, and what is not, value by value, what was written.

    Raises
    ------
    InputError
        A sentence that begins with ``required``.
    """
    found = tree.attrs.get(FORMAT)
    if str(found) != str(LAYOUT):
        raise InputError(
            f"{required}; this version reads format {LAYOUT}, found {quote(found)}; make it again with hscb run"
        )
    if tree.attrs.get(DIGEST) != digest_of(tree):
        raise InputError(f"{required}; it is damaged, what it holds is not what was written")


def check_draws(tree: xr.DataTree, required: str, unbounded: str) -> None:
    """Refuse draws that are no numbers, and draws of which the sampler says nothing.

    Parameters
    ----------
    unbounded
        Group of the parameters on their unbounded scales.

    Raises
    ------
    InputError
        A sentence that begins with ``required``.
    """
    groups = {name: tree[name].to_dataset() for name in ("posterior", unbounded) if name in tree.children}
    if len(groups) < 2 or not all(set(dataset.sizes) >= {"chain", "draw"} for dataset in groups.values()):
        raise InputError(f"{required}; it holds no draws of the parameters")
    for dataset in groups.values():
        for name, variable in dataset.data_vars.items():
            if variable.dtype.kind == "f" and bool(variable.isnull().any()):
                raise InputError(f"{required}; it holds draws that are no numbers: {name}")
    for name, variable in groups[unbounded].data_vars.items():
        if not np.isfinite(variable.values).all():
            raise InputError(f"{required}; it holds infinite draws: {name}")
    stats = tree["sample_stats"].to_dataset() if "sample_stats" in tree.children else xr.Dataset()
    shape = tuple(groups["posterior"].sizes[dim] for dim in ("chain", "draw"))
    if "diverging" not in stats or stats["diverging"].shape != shape:
        raise InputError(f"{required}; its sample_stats does not say which of its draws diverged")
