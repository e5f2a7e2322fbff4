"""Studies without a hierarchy, fitted at once: each has the likelihood of its own analysis."""

from dataclasses import replace

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from scipy.stats import norm

from hscb_bayes.analysis.analysis import Analysis
from hscb_bayes.analysis.known import EFFECT
from hscb_bayes.analysis.read_pool import load_pool
from hscb_bayes.errors import InputError
from hscb_bayes.model.build import build
from hscb_bayes.model.known_patients import effect_deviations, known_terms
from hscb_bayes.model.levels import PATIENTS_OF
from hscb_bayes.model.likelihood import log_likelihood
from hscb_bayes.model.pathways import PARAMETER_IDS, prior_normals
from tests.posteriors import made, point_of

QUADRATURE = 0.005  # log likelihood of seven studies; one that is alone has panels of its own


@pytest.mark.parametrize("name", ["pooled", "pooled_with_centre"])
def test_the_density_is_the_product_of_the_single_ones(name: str) -> None:
    pool, rng = load_pool(name), np.random.default_rng(7)
    model = build(replace(pool, pooling="none")).model
    mean, deviation = prior_normals(pool)
    believed = deviation > 0.0
    standard = 0.3 * rng.normal(size=(len(pool.studies), mean.size))
    parameters = mean + deviation * standard
    free = point_of(pool, parameters)
    expected = norm.logpdf(standard[:, believed]).sum() - len(pool.studies) * np.log(deviation[believed]).sum()
    deviations = effect_deviations(pool)
    if deviations:
        free[EFFECT] = 0.1 * rng.normal(size=(len(deviations), 3))
        expected += norm.logpdf(free[EFFECT], scale=np.array(list(deviations.values()))[:, None]).sum()
    for k, member in enumerate(pool.members):
        own, effect = parameters[k][None], free.get(EFFECT, np.zeros((1, 3)))[0]
        expected += log_likelihood(own, member).sum() + known_terms(own, effect, member)[0]
    found = float(model.compile_logp(mode="FAST_COMPILE")(free))
    assert found == pytest.approx(expected, abs=QUADRATURE)


def test_each_study_has_the_draws_of_its_own(pool: Analysis) -> None:
    alone = replace(pool, pooling="none")
    draws = np.random.default_rng(1).normal(size=(2, 5, len(pool.studies), len(PARAMETER_IDS)))
    posterior = made(alone, draws)
    own = posterior.of(study="liu2024")
    at = draws[:, :, pool.studies.index("liu2024")].reshape(10, -1)
    believed = [PARAMETER_IDS.index(id) for id in own.analysis.believed]
    assert_allclose(own.parameters[:, believed], at[:, believed], rtol=1e-12)
    assert_array_equal(own.parameters[:, believed], posterior.parameters[:, pool.studies.index("liu2024"), believed])
    constants = np.delete(own.parameters, believed, axis=1)
    assert_array_equal(constants, np.broadcast_to(np.delete(prior_normals(own.analysis)[0], believed), constants.shape))
    assert own.analysis.study.id == "liu2024"
    assert own.effect is None
    assert PATIENTS_OF not in own.dataset.coords
    with pytest.raises(InputError, match="there is no study 'liu'"):
        posterior.of(study="liu")
