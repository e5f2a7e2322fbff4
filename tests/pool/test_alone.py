"""Studies without a hierarchy, fitted at once: each has the likelihood of its own analysis."""

from dataclasses import replace

import numpy as np
import pytest
import xarray as xr
from numpy.testing import assert_array_equal
from scipy.stats import norm

from hscb_bayes.analysis.known import EFFECT
from hscb_bayes.analysis.pool import Pool, load_pool
from hscb_bayes.errors import InputError
from hscb_bayes.model.build import build
from hscb_bayes.model.data_vector import PARAMETERS_VARIABLE
from hscb_bayes.model.known_patients import effect_deviations, known_terms
from hscb_bayes.model.levels import PATIENTS_OF
from hscb_bayes.model.likelihood import log_likelihood
from hscb_bayes.model.pathways import PARAMETER_IDS, prior_normals
from hscb_bayes.posterior.stored import provenance

QUADRATURE = 0.005  # log likelihood of seven studies; one that is alone has panels of its own


@pytest.mark.parametrize("name", ["pooled", "pooled_with_centre"])
def test_the_density_is_the_product_of_the_single_ones(name: str) -> None:
    pool, rng = load_pool(name), np.random.default_rng(7)
    model = build(replace(pool, pooling="none")).model
    mean, deviation = prior_normals(pool.members[0])
    standard = 0.3 * rng.normal(size=(len(pool.studies), mean.size))
    free = {PARAMETERS_VARIABLE: mean + deviation * standard}
    expected = norm.logpdf(standard).sum() - len(pool.studies) * np.log(deviation).sum()
    deviations = effect_deviations(pool)
    if deviations:
        free[EFFECT] = 0.1 * rng.normal(size=(len(deviations), 3))
        expected += norm.logpdf(free[EFFECT], scale=np.array(list(deviations.values()))[:, None]).sum()
    for k, member in enumerate(pool.members):
        own = free[PARAMETERS_VARIABLE][k][None]
        expected += (
            log_likelihood(own, member).sum() + known_terms(own, free.get(EFFECT, np.zeros((1, 3)))[0], member)[0]
        )
    found = float(model.compile_logp(mode="FAST_COMPILE")(free))
    assert found == pytest.approx(expected, abs=QUADRATURE)


def test_each_study_has_the_draws_of_its_own(pool: Pool) -> None:
    draws = np.random.default_rng(1).normal(size=(2, 5, len(pool.studies), len(PARAMETER_IDS)))
    coords = {"study": list(pool.studies), "parameter": list(PARAMETER_IDS)}
    posterior = xr.Dataset({PARAMETERS_VARIABLE: (("chain", "draw", "study", "parameter"), draws)}, coords)
    stats = xr.Dataset({"diverging": (("chain", "draw"), np.zeros((2, 5), bool))})
    tree = xr.DataTree.from_dict({"posterior": posterior, "sample_stats": stats})
    tree.attrs.update(provenance(pool, {"seed": 1}))
    own = tree.of(study="liu2024")
    assert_array_equal(own.dataset[PARAMETERS_VARIABLE], draws[:, :, pool.studies.index("liu2024")])
    assert own.analysis.study.id == "liu2024"
    assert PATIENTS_OF not in own.dataset.coords
    with pytest.raises(InputError, match="there is no study 'liu'"):
        tree.of(study="liu")
