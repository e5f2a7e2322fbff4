"""A posterior as a file: with all that made it, so that it can be read on another machine."""

from __future__ import annotations

import json
import warnings
from collections.abc import Mapping
from dataclasses import asdict
from io import BytesIO
from pathlib import Path
from typing import Any

import numpy as np
import xarray as xr

from hscb_bayes.analysis.kept import analysis_of, data_of, texts_of
from hscb_bayes.errors import InputError
from hscb_bayes.model.held_out import HeldOut
from hscb_bayes.posterior.digest import SEAL, check_draws, check_sealed, sealed
from hscb_bayes.posterior.gate import Verdict
from hscb_bayes.posterior.posterior import UNBOUNDED, Posterior
from hscb_bayes.toml_file import tables_of_json

PROVENANCE = ("analysis", "analysis_path", "analysis_tables", "sources", "settings", "versions")
UNREADABLE = (  # what h5py and xarray raise on any bytes
    OSError, ValueError, RuntimeError, LookupError, TypeError, AttributeError, ArithmeticError, AssertionError,
    MemoryError,
)  # fmt: skip
VERDICT, WHOSE = "verdict", "whose"
LEFT_OUT, LEFT_OUT_NUMBERS, LEFT_OUT_PATIENTS = "left_out_studies", "left_out_numbers", "left_out_patients"
NUMBERS = "numbers"


def save(posterior: Posterior, path: str | Path) -> None:
    """Write a posterior as one netCDF file, whole or not at all: an interrupted run leaves the old file."""
    final = Path(path)
    temporary = final.with_name(f".{final.name}.part")
    tree = posterior.tree.copy()
    tree.attrs.update(_attributes(posterior))
    written = sealed(tree).to_netcdf(engine="h5netcdf")  # in memory: HDF5 itself crashes when a disk is full
    content = bytes(written)
    written.release()
    try:
        temporary.write_bytes(content)
        temporary.replace(final)
    finally:
        temporary.unlink(missing_ok=True)


def load_posterior(path: str | Path) -> Posterior:
    """Read what ``save`` wrote.

    Raises
    ------
    InputError
        When the file is not there or is not a posterior of this package.
    """
    file = Path(path)
    if not file.is_file():
        raise InputError(f"{path}: there is no such file; make it with hscb run")
    required = f"{path}: required a posterior that hscb run wrote"
    try:
        # Warnings about attributes of a damaged file, which is refused below.
        with warnings.catch_warnings(action="ignore"):
            content = BytesIO(file.read_bytes())
            tree = xr.open_datatree(content, engine="h5netcdf", phony_dims="access").load()
    except UNREADABLE:
        raise InputError(f"{required}, found a file that is not netCDF, or only a part of one") from None
    return _posterior_of(tree, required)


def _attributes(posterior: Posterior) -> dict[str, str]:
    """What made a posterior, as text that travels with it."""
    analysis, without = posterior.analysis, posterior.without
    found = texts_of(analysis) | {
        "settings": json.dumps(dict(posterior.settings)),
        "versions": json.dumps(dict(posterior.versions)),
    }
    if posterior.whose:
        found[WHOSE] = posterior.whose
    if posterior.verdict is not None:
        found[VERDICT] = json.dumps(asdict(posterior.verdict))
    if without.studies:
        found[LEFT_OUT] = json.dumps(sorted(without.studies))
    if without.numbers:
        found[LEFT_OUT_NUMBERS] = json.dumps({study: sorted(ids) for study, ids in without.numbers.items()})
    if without.patients is not None:
        found[LEFT_OUT_PATIENTS] = json.dumps(without.patients.tolist())
    return found | ({NUMBERS: json.dumps(posterior.numbers)} if posterior.numbers else {})


def _posterior_of(tree: xr.DataTree, required: str) -> Posterior:
    """The posterior that a tree with attributes says it is; refuse one without draws, or that cannot be read."""
    said = {str(name): value for name, value in tree.attrs.items()}
    data = data_of(said)
    missing = [name for name in (*PROVENANCE[:3], data, *PROVENANCE[3:]) if not isinstance(said.get(name), str)]
    if missing:
        raise InputError(f"{required}; it does not say its {missing[0]}")
    check_sealed(tree, required)
    try:
        analysis = analysis_of(said)
        settings, versions = (tables_of_json(said[name], name) for name in ("settings", "versions"))
        found = _told_of(said)
    except InputError as error:
        first, *others = error.args
        raise InputError(f"{required}; what it keeps is broken: {first}", *others) from None
    check_draws(tree, required, UNBOUNDED)
    names = [f"{id}_{analysis.parameters[id].scale}__" for id in analysis.believed]
    if sorted(map(str, tree[UNBOUNDED].data_vars)) != sorted(names):
        listed = ", ".join(analysis.believed)
        raise InputError(f"{required}; its parameters are not those of this version: {listed}")
    for name in (*said, *SEAL):
        tree.attrs.pop(name, None)
    return Posterior(analysis=analysis, tree=tree, settings=settings, versions=versions, **found)


def _told_of(said: Mapping[str, Any]) -> dict[str, Any]:
    """The verdict, and which other data a posterior was made from."""
    found: dict[str, Any] = {"whose": str(said.get(WHOSE, ""))}
    if VERDICT in said:
        found["verdict"] = _verdict_of(said[VERDICT])
        found["converged"] = found["verdict"].is_converged
    patients = json.loads(said.get(LEFT_OUT_PATIENTS, "null"))
    found["without"] = HeldOut(
        studies=json.loads(said.get(LEFT_OUT, "[]")),
        numbers=json.loads(said.get(LEFT_OUT_NUMBERS, "{}")),
        patients=None if patients is None else np.array(patients, dtype=bool),
    )
    return found | {"numbers": json.loads(said.get(NUMBERS, "{}"))}


def _verdict_of(text: str) -> Verdict:
    """Diagnostics of chains that stand still are no numbers, or infinite."""
    try:
        told = json.loads(text)
        return Verdict(**told | {"failures": tuple(told["failures"])})
    except (ValueError, TypeError, LookupError, RecursionError):
        raise InputError(f"{VERDICT}: required what the gate said, found something else") from None
