"""The shipped pool, and a small one in a folder of its own that tests may break."""

import shutil
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import xarray as xr

from hscb_bayes.analysis.fit import provenance, with_natural_scales
from hscb_bayes.analysis.hierarchy import EFFECTS, hierarchy_of, log_prior_apart
from hscb_bayes.analysis.known import EFFECT
from hscb_bayes.analysis.known_in_pool import PATIENTS_OF, effect_deviations
from hscb_bayes.analysis.pathways import PARAMETER_IDS, prior_normals
from hscb_bayes.analysis.pool import Pool, load_pool
from hscb_bayes.process.pathway import TRANSITIONS

MODELS = Path(__file__).parents[2] / "models"
SETTINGS = {"draws": 50, "chains": 2, "seed": 1}


@pytest.fixture(scope="session")
def pool() -> Pool:
    return load_pool(MODELS / "pooled.toml")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A copy of the shipped analyses and studies."""
    shutil.copytree(MODELS, tmp_path / "models")
    return tmp_path / "models"


def drawn_pool(pool: Pool) -> xr.DataTree:
    """A tree like a posterior's, drawn from the priors of a pool instead of by the sampler."""
    rng, shape = np.random.default_rng(5), (SETTINGS["chains"], SETTINGS["draws"])
    mean, deviation = prior_normals(pool.members[0])
    beliefs, dims = hierarchy_of(pool), ("chain", "draw")
    between = beliefs.between * np.abs(rng.normal(size=(*shape, len(EFFECTS))))
    shifts = beliefs.shift * rng.normal(size=(*shape, *beliefs.shift.shape))
    shared = beliefs.belongs @ shifts
    weights = np.exp(beliefs.log_weights[0])
    alike = rng.uniform(size=(*shape, len(weights), 1)) < weights[:, None]
    standard = rng.normal(size=shared.shape) * np.where(alike, 1.0, 1.0 / beliefs.drawn_apart)
    effects = shared + between[..., None, :] * standard
    coords = {"parameter": list(PARAMETER_IDS), "effect": list(EFFECTS), "study": list(pool.studies)}
    variables = {
        "parameters": ((*dims, "parameter"), mean + deviation * rng.normal(size=(*shape, mean.size))),
        "between_studies": ((*dims, "effect"), between),
        "study_effect": ((*dims, "study", "effect"), effects),
    }
    if min(pool.table.exchangeable.weight_of(study) for study in pool.studies) < 1.0:
        apart = shared + beliefs.apart * beliefs.drawn_apart * standard
        variables["study_effect_apart"] = ((*dims, "study", "effect"), apart)
        of_standard = log_prior_apart(standard, beliefs.drawn_apart, np)
        variables["log_prior_apart"] = ((*dims, "study"), of_standard)
    if deviations := effect_deviations(pool):
        own = np.array(list(deviations.values()))[:, None] * rng.normal(size=(*shape, len(deviations), 3))
        variables[EFFECT] = ((*dims, PATIENTS_OF, "transition"), own)
        coords |= {PATIENTS_OF: list(deviations), "transition": list(TRANSITIONS)}
    posterior = xr.Dataset(variables, coords | {"chain": [0, 1], "draw": np.arange(shape[1])})
    stats = xr.Dataset({"diverging": (dims, np.zeros(shape, bool)), "n_steps": (dims, np.ones(shape, int))})
    tree = xr.DataTree.from_dict(
        {"posterior": with_natural_scales(posterior, pool.members[0].parameters), "sample_stats": stats}
    )
    tree.attrs.update(provenance(pool, SETTINGS))
    return tree


@pytest.fixture(scope="session")
def prior_tree() -> Callable[[Pool], xr.DataTree]:
    return drawn_pool
