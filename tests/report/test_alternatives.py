"""Which analyses a report compares."""

from typing import Any

import pytest

from hscb_bayes.analysis.spec import load_analysis
from hscb_bayes.report import run as module
from hscb_bayes.report.progress import shown
from hscb_bayes.report.run import Fitted, _alternatives


@pytest.mark.parametrize("name", ["main", "step", "p_value_cox"])
def test_an_analysis_is_compared_with_the_others_never_with_itself(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    analysis = load_analysis(name)
    posterior: Any = object()
    monkeypatch.setattr(module, "_alternative", lambda compiled, main, other, *, seed: posterior)
    compiled: Any = None
    main = Fitted(analysis=analysis, posterior=posterior)
    found = _alternatives(compiled, main, seed=1, say=shown(progress=False))
    assert set(found) == set(load_analysis("main").table.report.alternatives) - {name}
