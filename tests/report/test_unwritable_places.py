"""A home, a cache or a disk that cannot be written to: the work is done without a cache, or there is one sentence."""

import errno
import os
import resource
import shutil
import sys
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pymc as pm
import pytest

from hscb_bayes import caches, cli
from hscb_bayes.errors import InputError
from hscb_bayes.model.program import compile_program
from hscb_bayes.report import run
from hscb_bayes.report.results import Results
from tests.robustness.ordinary_user import LIMITED, as_ordinary_user

# What of a run needs a place to write to, on a model that compiles in seconds.
WORK = """
import hscb_bayes.report.run
import numpy as np
import pymc as pm
from hscb_bayes.model.program import compile_program
with pm.Model() as model:
    data = pm.Data("data", np.array([1.0, 2.0]))
    pm.Normal("x", data.sum(), 1.0, shape=2)
density, _ = compile_program(model).evaluated(np.zeros((1, 2)))
assert np.isfinite(density).all()
print("done")
"""
ELSEWHERE = dict.fromkeys(
    ("PYTENSOR_FLAGS", "NUMBA_CACHE_DIR", "MPLCONFIGDIR", "XDG_CACHE_HOME", "XDG_CONFIG_HOME"), ""
)


@pytest.fixture
def home(tmp_path: Path) -> Iterator[Path]:
    """A home directory that its owner may not write to."""
    folder = tmp_path / "home"
    folder.mkdir()
    folder.chmod(0o555)
    yield folder
    folder.chmod(0o755)


def environment(home: Path, temporary: Path) -> dict[str, str]:
    return ELSEWHERE | {"HOME": str(home), "TMPDIR": str(temporary)}


@LIMITED
@pytest.mark.slow
@pytest.mark.parametrize("where", ["read-only", "missing", "with a cache of another user"])
def test_without_a_home_that_can_be_written_to_a_run_compiles_without_a_cache(
    where: str, home: Path, tmp_path: Path
) -> None:
    temporary = tmp_path / "temporary"
    temporary.mkdir()
    if where == "with a cache of another user":
        home.chmod(0o755)
        (home / ".pytensor" / "numba").mkdir(parents=True)
        (home / ".pytensor" / "numba").chmod(0o555)
    place = home / "none" if where == "missing" else home
    outcome = as_ordinary_user([sys.executable, "-c", WORK], environment=environment(place, temporary))
    assert (outcome.returncode, outcome.stdout, outcome.stderr) == (0, "done\n", "")
    assert list(temporary.glob("hscb_bayes-*")) == []


@LIMITED
def test_without_any_place_to_write_to_there_is_a_sentence(home: Path) -> None:
    command = [sys.executable, "-m", "hscb_bayes.cli", "run", "main", "--out", str(home / "main")]
    outcome = as_ordinary_user(command, environment=environment(home, home))
    # Python itself falls back on /tmp and the current directory; where these can be written to, they are used.
    assert outcome.returncode == 2
    assert outcome.stderr.startswith("error: ")
    assert outcome.stderr.count("\n") == 1


def test_no_place_for_temporary_files_is_said_in_a_sentence(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    def none(*_: object, **__: object) -> str:
        raise FileNotFoundError(errno.ENOENT, "No usable temporary directory found")

    monkeypatch.setattr("tempfile.mkdtemp", none)
    monkeypatch.setenv("PYTENSOR_FLAGS", f"base_compiledir={tmp_path / 'file' / 'inside'}")
    (tmp_path / "file").touch()
    with pytest.raises(
        InputError, match=r"^there is no place for compiled code: neither the home directory nor .*TMPDIR"
    ):
        caches.ensure_writable()


def test_a_disk_that_is_full_while_code_is_compiled_costs_the_cache_alone(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    tried = []

    def full(*_: object, **__: object) -> None:
        tried.append(1)
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    monkeypatch.setattr(os, "replace", full)
    with pm.Model() as model:
        data = pm.Data("data", np.array([0.125, 2.0]))
        pm.Normal("x", data.sum() * data.prod(), 1.375, shape=2)
    density, _ = compile_program(model).evaluated(np.zeros((1, 2)))
    assert np.isfinite(density).all()
    assert tried
    assert list((tmp_path / "hscb_bayes").iterdir()) == []


@pytest.fixture
def earlier(results: Results, whole: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Results of a run; the next one has them ready to write as well."""
    monkeypatch.setattr(run, "computed_results", lambda *_, **__: results)
    return Path(shutil.copytree(whole, tmp_path / "main"))


@pytest.mark.parametrize("size", [1, 1000, 30_000, 100_000])
def test_a_disk_that_is_full_while_results_are_written_leaves_the_old_ones_and_a_sentence(
    size: int, earlier: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    before = {path.name: path.read_bytes() for path in earlier.iterdir()}
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, hard))
    try:
        status = cli.main(["run", "main", "--out", str(earlier), "--quiet"])
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    assert (status, capsys.readouterr().err) == (
        2,
        f"error: {earlier}: required a place that can be written to, found: file too large\n",
    )
    assert {path.name: path.read_bytes() for path in earlier.iterdir()} == before
    assert [path.name for path in earlier.parent.iterdir()] == ["main"]


def test_a_page_that_cannot_be_written_again_leaves_the_old_one_and_a_sentence(
    earlier: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    before = {path.name: path.read_bytes() for path in earlier.iterdir()}
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (1000, hard))
    try:
        status = cli.main(["report", str(earlier)])
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    sentence = f"error: {earlier}: required a place that can be written to, found: file too large\n"
    assert (status, capsys.readouterr().err) == (2, sentence)
    assert {path.name: path.read_bytes() for path in earlier.iterdir()} == before


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="there is no /dev/full")
@pytest.mark.parametrize("command", ["check", "predict"])
def test_what_cannot_be_printed_gets_a_sentence(command: str, earlier: Path, root: Path) -> None:
    program = f"{sys.executable} -m hscb_bayes.cli {command} {earlier} > /dev/full"
    outcome = as_ordinary_user(["sh", "-c", program])
    sentence = "error: standard output cannot be written to: No space left on device\n"
    assert (outcome.returncode, outcome.stderr) == (2, sentence)


def test_a_reader_that_has_seen_enough_ends_nothing_badly(earlier: Path) -> None:
    program = f"{{ {sys.executable} -m hscb_bayes.cli check {earlier}; echo $? >&2; }} | true"
    assert as_ordinary_user(["sh", "-c", program]).stderr == "0\n"
