"""Sampling: compile once, sample, and a posterior that says where it came from."""

from __future__ import annotations

import json
import platform
import warnings
from collections.abc import Mapping
from dataclasses import replace
from importlib.metadata import version
from io import BytesIO
from pathlib import Path
from typing import Any, Literal

import numpy as np
import nutpie
import xarray as xr

from hscb_bayes.analysis.patient_spec import PatientAnalysis, patients_from_text
from hscb_bayes.analysis.pool import Pool, pool_from_text, texts_of_members
from hscb_bayes.analysis.priors import Parameter, natural
from hscb_bayes.analysis.scope import fitted_p_values
from hscb_bayes.analysis.spec import Analysis, analysis_from_text
from hscb_bayes.errors import InputError
from hscb_bayes.evidence.patients.stored import text_of_patients
from hscb_bayes.model.compiled import Compiled, compile_model, p_values_of
from hscb_bayes.model.data_vector import PARAMETERS_VARIABLE, Built
from hscb_bayes.model.digest import SEAL, check_draws, check_sealed, sealed
from hscb_bayes.model.held_out import NOTHING, what_is_left_out
from hscb_bayes.model.p_value import resampled
from hscb_bayes.model.program import TRIES
from hscb_bayes.toml_file import tables_of_json

PACKAGES = ("hscb_bayes", "pymc", "pytensor", "nutpie", "arviz", "numpy", "xarray")
DRAWS, TUNE, CHAINS, CORES = 1000, 1000, 4, 2
PROVENANCE = ("analysis", "analysis_path", "analysis_tables", "study_tables", "sources", "settings", "versions")
UNREADABLE = (  # what h5py and xarray raise on any bytes
    OSError, ValueError, RuntimeError, LookupError, TypeError, AttributeError, ArithmeticError, AssertionError,
    MemoryError,
)  # fmt: skip
PATIENTS = "patient_table"  # attribute of a posterior of patients one by one: the patients
KNOWN = "known_patients"  # attribute of a posterior of a paper: patients known one by one beside it
POOLING = "pooling"  # attribute of a pooled posterior: whether studies are around an average one
MEMBERS = "member_tables"  # attribute of a pooled posterior: the analyses that it joins
TAKEN = "taken"  # which draw stands in a place, where draws were resampled by their weights
DIAGONAL: Literal["diag"] = "diag"
LOW_RANK: Literal["low_rank"] = "low_rank"  # what covariates, centres and studies add is correlated with the average
TARGET_ACCEPT = 0.9  # small steps: cells that are nearly empty curve the posterior


def derived_seed(seed: int, purpose: str, position: int) -> int:
    """A seed of its own for one of several fits, so that their Monte Carlo errors are independent."""
    return int(np.random.SeedSequence([seed, position, *purpose.encode()]).generate_state(1)[0])


def sample(
    model: Built | Compiled,
    *,
    draws: int = DRAWS,
    tune: int = TUNE,
    chains: int = CHAINS,
    cores: int = CORES,
    target_accept: float = TARGET_ACCEPT,
    progress: bool = False,
    seed: int,
) -> xr.DataTree:
    """Draw from the posterior with nutpie.

    Parameters
    ----------
    model
        What ``build`` or ``compile_model`` returned.
    draws, tune
        Per chain.
    target_accept
        Share of proposals that the step size aims to accept.
    seed
        Of the sampler. The same seed gives the same draws from the same compiled code; code that is compiled in this
        process, not yet kept on disk, may differ in the last digit of a gradient, and chains then part.

    Returns
    -------
    An ArviZ tree. ``posterior`` holds ``parameters`` on their unbounded scales and each parameter by name on the
    clinic's scale; the tree's attributes hold the analysis, hashes, versions, seed and settings.

    Raises
    ------
    InputError
        When the data are so unlike the priors that their probability cannot be computed where chains would start.
    """
    compiled = compile_model(model) if isinstance(model, Built) else model
    if compiled.program.first_point(seed) is None:
        raise InputError(
            f"{compiled.analysis.path}: required data whose probability under the priors can be computed, found none "
            f"at {TRIES} starting points: what is printed is too unlike the priors, or of too many patients; compare "
            "the findings of hscb audit and the priors with what is printed"
        )
    adaptation = DIAGONAL if len(compiled.analysis.members) == 1 else LOW_RANK
    running = nutpie.sample(
        compiled.program.for_nutpie(),
        draws=draws,
        tune=tune,
        chains=chains,
        cores=cores,
        target_accept=target_accept,
        adaptation=adaptation,
        seed=seed,
        save_warmup=False,
        progress_bar=progress,
        blocking=False,
    )
    tree = _awaited(running)
    posterior = with_natural_scales(tree["posterior"].to_dataset(), compiled.analysis.parameters)
    stats = tree["sample_stats"].to_dataset()[["diverging", "n_steps"]]
    settings = {
        "draws": draws,
        "tune": tune,
        "chains": chains,
        "seed": seed,
        "sampler": "nutpie NUTS",
        "target_accept": target_accept,
        "adaptation": adaptation,
    }
    kept = xr.DataTree.from_dict({"posterior": posterior, "sample_stats": stats})
    kept.attrs.update({**provenance(compiled.analysis, settings), **compiled.attributes})
    return _weighted(kept, compiled.analysis, compiled.p_values, seed=seed)


def _awaited(running: Any) -> xr.DataTree:
    """All draws, or what stopped the sampler: nutpie's own ``blocking`` returns the draws made before a Ctrl-C."""
    try:
        return running.wait()
    except BaseException:
        running.cancel()
        raise


def with_p_values(posterior: xr.DataTree, analysis: Analysis, *, seed: int) -> xr.DataTree:
    """The posterior of ``analysis`` from that of the same analysis without its P values: draws taken by their weights.

    Parameters
    ----------
    posterior
        As ``sample`` returns it, of an analysis that fits no P value and is the same otherwise.
    """
    return _weighted(posterior, analysis, p_values_of(analysis, None, NOTHING), seed=seed)


def _weighted(posterior: xr.DataTree, analysis: Analysis, p_values: Mapping[str, float], *, seed: int) -> xr.DataTree:
    if not p_values:
        return posterior
    items = {item.id: item for item in fitted_p_values(analysis)}
    printed = {items[id]: value for id, value in p_values.items()}
    taken = resampled(draws_of(posterior), analysis, printed, study_effects(posterior), seed=seed)
    stats = posterior["sample_stats"].to_dataset()
    stats[TAKEN] = stats["diverging"].copy(data=taken.reshape(stats["diverging"].shape))
    draws = posterior["posterior"].to_dataset()
    kept = xr.DataTree.from_dict({"posterior": _picked(draws, stats[TAKEN]), "sample_stats": stats})
    settings = json.loads(posterior.attrs["settings"]) | {"p_values": "draws resampled by their weights"}
    kept.attrs.update(provenance(analysis, settings) | what_is_left_out(posterior.attrs))
    return kept


def taken_from(quantities: xr.Dataset, weighted: xr.DataTree) -> xr.Dataset:
    """Quantities (chain, draw) of a posterior, for the draws of it that ``with_p_values`` took."""
    return _picked(quantities, weighted["sample_stats"].to_dataset()[TAKEN])


def _picked(dataset: xr.Dataset, taken: xr.DataArray) -> xr.Dataset:
    """Draws by their position, chains one after the other."""
    coords = {dim: dataset[dim].values for dim in ("chain", "draw")}
    shape = tuple(len(values) for values in coords.values())
    chain, draw = (xr.DataArray(index, dims=coords) for index in np.unravel_index(taken.values, shape))
    return dataset.isel(chain=chain, draw=draw).assign_coords(coords)


def with_natural_scales(posterior: xr.Dataset, parameters: Mapping[str, Parameter]) -> xr.Dataset:
    """Add each parameter by name on the clinic's scale."""
    named = {
        id: posterior[PARAMETERS_VARIABLE]
        .sel(parameter=id, drop=True)
        .copy(data=natural(posterior[PARAMETERS_VARIABLE].sel(parameter=id).values, parameter.scale))
        .assign_attrs(long_name=parameter.label, units=parameter.unit)
        for id, parameter in parameters.items()
    }
    return posterior.assign(named)


def provenance(analysis: Analysis | Pool | PatientAnalysis, settings: Mapping[str, Any]) -> dict[str, str]:
    """What made a posterior, as text that travels with it."""
    if isinstance(analysis, Pool):
        tables = {MEMBERS: texts_of_members(analysis), POOLING: analysis.pooling}
    elif isinstance(analysis, PatientAnalysis):
        tables = {PATIENTS: text_of_patients(analysis.patients)}
    else:
        tables = {"study_tables": analysis.study.text}
        tables |= {} if analysis.known is None else {KNOWN: text_of_patients(analysis.known.patients)}
    return tables | {
        "analysis": analysis.name,
        "analysis_path": analysis.path,
        "analysis_tables": analysis.text,
        "sources": json.dumps(dict(analysis.sources)),
        "settings": json.dumps(dict(settings)),
        "versions": json.dumps({"python": platform.python_version()} | {name: version(name) for name in PACKAGES}),
    }


def draws_of(posterior: xr.DataTree) -> np.ndarray:
    """Parameters on their unbounded scales, chains one after the other, shape (draw, parameter)."""
    values = posterior["posterior"][PARAMETERS_VARIABLE].transpose("chain", "draw", "parameter").values
    return values.reshape(-1, values.shape[-1])


def study_effects(posterior: xr.DataTree) -> np.ndarray | None:
    """What the study adds to each log hazard, shape (draw, transition); None where an analysis has no such effects."""
    dataset = posterior["posterior"]
    if "study_effect" not in dataset.data_vars:
        return None
    own = dataset["study_effect"].sel(study=analysis_of(posterior).study.id)
    return own.transpose("chain", "draw", "transition").values.reshape(-1, own.sizes["transition"])


def analysis_of(posterior: xr.DataTree) -> Analysis:
    """The analysis of one study that a posterior was made with, from the posterior itself.

    Raises
    ------
    InputError
        When the posterior is of a pooled analysis.
    """
    if is_pooled(posterior) or is_of_patients(posterior):
        found, instead = ("a pooled analysis", "; take one study of it") if is_pooled(posterior) else ("patients", "")
        path = posterior.attrs["analysis_path"]
        raise InputError(f"{path}: required the posterior of one study, found that of {found}{instead}")
    return analysis_from_text(
        name=posterior.attrs["analysis"],
        path=posterior.attrs["analysis_path"],
        text=posterior.attrs["analysis_tables"],
        study_text=posterior.attrs["study_tables"],
        known_text=posterior.attrs.get(KNOWN, ""),
        sources=tables_of_json(posterior.attrs["sources"], posterior.attrs["analysis_path"]),
    )


def is_pooled(posterior: xr.DataTree) -> bool:
    """Whether a posterior is of a pooled analysis."""
    return MEMBERS in posterior.attrs


def is_of_patients(posterior: xr.DataTree) -> bool:
    """Whether a posterior is of patients one by one."""
    return PATIENTS in posterior.attrs


def patients_of(posterior: xr.DataTree) -> PatientAnalysis:
    """The analysis of patients that a posterior was made with, from the posterior itself.

    Raises
    ------
    InputError
        When the posterior is of a paper.
    """
    path = posterior.attrs["analysis_path"]
    if not is_of_patients(posterior):
        raise InputError(f"{path}: required the posterior of a table of patients, found that of a paper")
    return patients_from_text(
        name=posterior.attrs["analysis"],
        path=path,
        text=posterior.attrs["analysis_tables"],
        table=posterior.attrs[PATIENTS],
        sources=tables_of_json(posterior.attrs["sources"], path),
    )


def pool_of(posterior: xr.DataTree) -> Pool:
    """The pooled analysis that a posterior was made with, from the posterior itself.

    Raises
    ------
    InputError
        When the posterior is of one study.
    """
    path = posterior.attrs["analysis_path"]
    if not is_pooled(posterior):
        raise InputError(f"{path}: required the posterior of a pooled analysis, found that of one study")
    pool = pool_from_text(
        name=posterior.attrs["analysis"],
        path=path,
        text=posterior.attrs["analysis_tables"],
        members=posterior.attrs[MEMBERS],
        sources=tables_of_json(posterior.attrs["sources"], path),
    )
    return replace(pool, pooling=posterior.attrs.get(POOLING, pool.pooling))


def save_posterior(posterior: xr.DataTree, path: str | Path) -> None:
    """Write the tree as one file: to a temporary name first, so that an interrupted run leaves the old file."""
    final = Path(path)
    temporary = final.with_name(f".{final.name}.part")
    written = sealed(posterior).to_netcdf(engine="h5netcdf")  # in memory: HDF5 itself crashes when a disk is full
    content = bytes(written)
    written.release()
    try:
        temporary.write_bytes(content)
        temporary.replace(final)
    finally:
        temporary.unlink(missing_ok=True)


def load_posterior(path: str | Path) -> xr.DataTree:
    """Read what ``save_posterior`` wrote.

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
    _check_kept(tree, required)
    for name in SEAL:
        del tree.attrs[name]
    return tree


def _check_kept(tree: xr.DataTree, required: str) -> None:
    """Refuse a tree without draws, or whose provenance cannot be read."""
    data = next((name for name in (MEMBERS, PATIENTS) if name in tree.attrs), "study_tables")
    needed = [data if name == "study_tables" else name for name in PROVENANCE]
    missing = [name for name in needed if not isinstance(tree.attrs.get(name), str)]
    if missing:
        raise InputError(f"{required}; it does not say its {missing[0]}")
    check_sealed(tree, required)
    parameters = tree["posterior"].data_vars.get(PARAMETERS_VARIABLE) if "posterior" in tree.children else None
    if parameters is None or set(parameters.dims) != {"chain", "draw", "parameter"}:
        raise InputError(f"{required}; it holds no draws of the parameters")
    try:
        made = patients_of(tree) if is_of_patients(tree) else pool_of(tree) if is_pooled(tree) else analysis_of(tree)
        for name in ("settings", "versions"):
            tables_of_json(tree.attrs[name], name)
    except InputError as error:
        first, *others = error.args
        raise InputError(f"{required}; what it keeps is broken: {first}", *others) from None
    check_draws(tree, required)
    ids = list(made.parameters)
    if list(parameters.coords.get("parameter", ())) != ids:
        names = ", ".join(ids)
        raise InputError(f"{required}; its parameters are not those of this version: {names}")
