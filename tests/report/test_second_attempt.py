"""A fit that misses its gate is done again, in smaller steps and for longer, and then it is said what to try."""

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from hscb_bayes import cli
from hscb_bayes.analysis.read_paper import load_analysis
from hscb_bayes.posterior import attempt
from hscb_bayes.posterior.gate import Verdict, has_no_divergence
from hscb_bayes.posterior.posterior import Posterior
from hscb_bayes.report import run, sampling
from hscb_bayes.report.reported import Reported
from tests.report.conftest import prior_posterior

MISSED = Verdict(
    is_converged=False, worst_r_hat=1.2, worst_ess_bulk=9.0, worst_ess_tail=9.0, divergences=1,
    failures=("required no divergent transition, found 1",),
)  # fmt: skip
BMT = Path(__file__).parents[1] / "data" / "bmt.toml"


class Sampler:
    """Stands in for the sampler, and remembers how it was called."""

    def __init__(self) -> None:
        self.calls: list[dict[str, Any]] = []

    def __call__(self, _model: Any, **how: Any) -> SimpleNamespace:
        self.calls.append(how)
        return SimpleNamespace()


@pytest.fixture
def sampler(monkeypatch: pytest.MonkeyPatch) -> Sampler:
    found = Sampler()
    monkeypatch.setattr(run, "build", lambda analysis: analysis)
    monkeypatch.setattr(run, "compile_model", lambda analysis: SimpleNamespace(analysis=analysis))
    monkeypatch.setattr(attempt, "sample", found)
    monkeypatch.setattr(sampling, "reported_of", lambda *_, **__: Reported(by_section={}, verdict=MISSED))
    return found


def test_patients_are_fitted_again_in_smaller_steps(
    sampler: Sampler, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert cli.main(["run", str(BMT), "--out", str(tmp_path / "out"), "--quiet"]) == 2
    assert [call["target_accept"] for call in sampler.calls] == [0.95, 0.99, 0.998]
    assert "the posterior has not converged: required no divergent transition, found 1" in capsys.readouterr().err
    assert not (tmp_path / "out").exists()


def test_a_pool_is_fitted_again_for_longer(
    sampler: Sampler, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert cli.main(["run", "pooled", "--out", str(tmp_path / "out"), "--quiet"]) == 2
    assert [(call["draws"], call["target_accept"]) for call in sampler.calls] == [
        (1000, 0.8),
        (3000, 0.95),
        (3000, 0.99),
    ]
    assert "the posterior has not converged: required no divergent transition, found 1" in capsys.readouterr().err
    assert not (tmp_path / "out").exists()


def test_a_paper_is_fitted_again_and_then_it_is_said_what_to_try(
    sampler: Sampler, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert cli.main(["run", "main", "--out", str(tmp_path / "out"), "--quiet"]) == 2
    called = [(call["draws"], call["tune"], call["target_accept"]) for call in sampler.calls]
    assert called == [(1000, 1000, 0.9), (1000, 1000, 0.98), (2000, 3000, 0.995)]
    told = capsys.readouterr().err
    assert "it was sampled 3 times, the last time with target_accept 0.995 and 3000 steps of tuning; try " in told


def test_what_is_asked_for_is_done(sampler: Sampler, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    words = ["--draws", "500", "--tune", "1500", "--target-accept", "0.97", "--quick"]
    assert cli.main(["run", "main", "--out", str(tmp_path / "out"), "--quiet", *words]) == 2
    called = [(call["chains"], call["draws"], call["tune"], call["target_accept"]) for call in sampler.calls]
    assert called == [(2, 500, 1500, 0.97), (4, 500, 1500, 0.97), (4, 500, 1500, 0.98), (4, 500, 3000, 0.995)]
    assert "it was sampled 4 times" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (["--draws", "1"], "draws: required 10 to 1000000, found 1"),
        (["--tune", "-3"], "tune: required 10 to 1000000, found -3"),
        (["--target-accept", "1"], "target_accept: required at least 0.5 and below 1, found 1"),
        (["--target-accept", "nan"], "target_accept: required at least 0.5 and below 1, found nan"),
    ],
)
def test_what_cannot_be_asked_for_is_refused(
    words: list[str], sentence: str, sampler: Sampler, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert cli.main(["run", "main", "--out", str(tmp_path / "out"), *words]) == 2
    assert sentence in capsys.readouterr().err
    assert sampler.calls == []


@pytest.mark.parametrize(
    ("diverging", "targets", "converged"),
    [((False,), [0.8], True), ((True, False), [0.8, 0.95], True), ((True, True), [0.8, 0.95], False)],
)
def test_a_smaller_fit_of_a_pool_is_done_again_where_one_diverged(
    diverging: tuple[bool, ...], targets: list[float], converged: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    left, found = list(diverging), list[float]()

    def sample(_compiled: Any, *, target_accept: float, **_how: Any) -> Posterior:
        found.append(target_accept)
        posterior = prior_posterior(load_analysis("main"))
        posterior.tree["sample_stats"]["diverging"][0, 0] = left.pop(0)
        return posterior

    monkeypatch.setattr(attempt, "sample", sample)
    posterior = attempt.sampled_until(
        SimpleNamespace(), sampling.attempts_beside(None), passes=has_no_divergence, seed=1
    )
    assert found == targets
    assert posterior.converged is converged
