"""A run that is stopped or fails ends at once, leaves earlier results as they were, and nothing beside them."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from hscb_bayes import cli
from hscb_bayes.model import compiled

LINE = "stopped; earlier results are as they were\n"
AT_ONCE = 2.0  # seconds
EARLIER = {"posterior.nc": b"earlier draws", "report.html": b"<p>an earlier report</p>", "check.csv": b"id\n"}
SIGNALS = [(signal.SIGINT, 130), (signal.SIGTERM, 143)]
# The signals as a terminal gives them, whatever the tests were started with; then something that happens at a stage.
PROGRAM = """
import hashlib, signal, sys
signal.signal(signal.SIGINT, signal.default_int_handler)

def reached():
    print("here", flush=True)

def long_call(*_, **__):
    reached()
    hashlib.pbkdf2_hmac("sha256", b"", b"", 10**9)  # one call into C, in which Python runs no handler

{stage}
from hscb_bayes.cli import main
sys.exit(main())
"""
STAGES = {
    "before anything is imported": """
from hscb_bayes import cli
cli._parser = long_call
""",
    "while libraries are imported": """
import importlib.abc
class Finder(importlib.abc.MetaPathFinder):
    def find_spec(self, name, path, target=None):
        if name == "pymc":
            long_call()
sys.meta_path.insert(0, Finder())
""",
    "while a model is compiled": """
from hscb_bayes.model import compiled
compiled.compile_program = long_call
""",
    "where the interrupt is swallowed": """
import time
from hscb_bayes.model import compiled
def swallowing(*_, **__):
    reached()
    while True:
        try:
            time.sleep(60)
        except BaseException:
            pass
compiled.compile_program = swallowing
""",
    "while a page is written": """
from hscb_bayes.report import run
run.computed_results = lambda *_, **__: None
run.write_results = lambda _, folder: (folder / "posterior.nc").write_text("new")
run.write_report = long_call
""",
}


@pytest.fixture
def out(tmp_path: Path) -> Path:
    """A directory with the results of an earlier run."""
    folder = tmp_path / "results" / "main"
    folder.mkdir(parents=True)
    for name, content in EARLIER.items():
        (folder / name).write_bytes(content)
    return folder


def assert_as_it_was(out: Path) -> None:
    assert {path.name: path.read_bytes() for path in out.iterdir()} == EARLIER
    assert list(out.parent.iterdir()) == [out]


def run_that_ends_with(stop: BaseException, out: Path, monkeypatch: pytest.MonkeyPatch) -> int:
    """Run main; where its model would be compiled, ``stop`` is raised."""

    def stopped(*_: object, **__: object) -> None:
        raise stop

    monkeypatch.setattr(compiled, "compile_program", stopped)
    return cli.main(["run", "main", "--out", str(out), "--quiet"])


def test_control_c_is_answered_with_one_sentence(
    out: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run_that_ends_with(KeyboardInterrupt(), out, monkeypatch) == 130
    assert capsys.readouterr().err == "stopped; earlier results are as they were\n"
    assert_as_it_was(out)


def test_an_error_is_not_hidden(out: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(OSError, match="no space left"):
        run_that_ends_with(OSError("no space left"), out, monkeypatch)
    assert_as_it_was(out)


def test_a_run_without_earlier_results_leaves_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert run_that_ends_with(KeyboardInterrupt(), tmp_path / "main", monkeypatch) == 130
    assert list(tmp_path.iterdir()) == []


def test_a_directory_of_something_else_is_not_written_to(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "thesis.txt").write_text("years of work")
    assert cli.main(["run", "main", "--out", str(tmp_path), "--quiet"]) == 2
    assert capsys.readouterr().err == (
        f"error: {tmp_path}: required a new directory or one that hscb run made; it holds something else, "
        "'thesis.txt'\n"
    )
    assert [path.name for path in tmp_path.iterdir()] == ["thesis.txt"]


@contextmanager
def running(program: str, arguments: list[str], root: Path, **environment: str) -> Iterator[subprocess.Popen[str]]:
    """A program that runs until the test ends."""
    process = subprocess.Popen(
        [sys.executable, "-c", program, *arguments],
        env={**os.environ, "PYTHONPATH": str(root), **environment},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    try:
        yield process
    finally:
        process.kill()
        process.communicate()


def ended_by(process: subprocess.Popen[str], number: int, times: int = 1) -> tuple[int, str]:
    """Status and standard error of a process that gets a signal; it must end at once."""
    began = time.monotonic()
    for _ in range(times):
        process.send_signal(number)
    said = process.communicate(timeout=30)[1]
    assert time.monotonic() - began < AT_ONCE
    return process.returncode, said


def stages_and_signals() -> list[Any]:
    """Each stage meets a signal, and each signal stages of every kind; the rest is left to ``make grid``."""
    return [
        pytest.param(stage, *said, id=f"{stage}-{name}", marks=[] if (k + s) % 2 == 0 else [pytest.mark.grid])
        for k, stage in enumerate(STAGES)
        for s, (said, name) in enumerate(zip(SIGNALS, ("Ctrl-C", "SIGTERM"), strict=True))
    ]


@pytest.mark.parametrize(("stage", "number", "status"), stages_and_signals())
def test_a_run_ends_at_once_with_one_line(stage: str, number: int, status: int, out: Path, root: Path) -> None:
    arguments = ["run", "main", "--out", str(out), "--quiet"]
    with running(PROGRAM.format(stage=STAGES[stage]), arguments, root) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "here\n"
        assert ended_by(process, number) == (status, LINE)
    assert_as_it_was(out)


def test_a_second_control_c_changes_nothing(out: Path, root: Path) -> None:
    stage = STAGES["while a model is compiled"]
    with running(PROGRAM.format(stage=stage), ["run", "main", "--out", str(out), "--quiet"], root) as process:
        assert process.stdout is not None
        process.stdout.readline()
        assert ended_by(process, signal.SIGINT, times=5) == (130, LINE)
    assert_as_it_was(out)


def test_a_signal_that_a_process_was_started_to_ignore_stays_ignored(root: Path) -> None:
    program = PROGRAM.format(stage=STAGES["before anything is imported"]).replace("default_int_handler", "SIG_IGN")
    with running(program, ["--version"], root) as process:
        assert process.stdout is not None
        process.stdout.readline()
        process.send_signal(signal.SIGINT)
        with pytest.raises(subprocess.TimeoutExpired):
            process.wait(0.5)
        assert ended_by(process, signal.SIGTERM) == (143, LINE)


WORKERS = """
import os, signal, sys, time
from hscb_bayes.executors import executor_at
from hscb_bayes.stopping import end_on_signals
def work(_):
    print(os.getpid(), flush=True)
    time.sleep(600)
if __name__ == "__main__":
    signal.signal(signal.SIGINT, signal.default_int_handler)  # a background job is started to ignore it
    end_on_signals()
    with executor_at(None, workers=2) as executor:
        list(executor.map(work, range(2)))
"""


def is_alive(process: int) -> bool:
    status = Path(f"/proc/{process}/stat")
    return status.exists() and status.read_text().rpartition(")")[2].split()[0] != "Z"


@pytest.mark.skipif(not Path("/proc/self/stat").exists(), reason="processes are looked up in /proc")
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGKILL])
def test_no_worker_outlives_who_started_it(number: int, tmp_path: Path, root: Path) -> None:
    (tmp_path / "program.py").write_text(WORKERS)
    process = subprocess.Popen(
        [sys.executable, str(tmp_path / "program.py")],
        env={**os.environ, "PYTHONPATH": str(root)},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    assert process.stdout is not None
    workers = [int(process.stdout.readline()) for _ in range(2)]
    assert all(is_alive(worker) for worker in workers)
    process.send_signal(number)
    assert process.communicate(timeout=AT_ONCE)[1] == ("" if number == signal.SIGKILL else LINE)
    deadline = time.monotonic() + AT_ONCE
    while any(is_alive(worker) for worker in workers) and time.monotonic() < deadline:
        time.sleep(0.02)
    assert [worker for worker in workers if is_alive(worker)] == []


@pytest.mark.slow
@pytest.mark.parametrize("wait", [0.0, 2.0])
def test_a_run_ends_at_once_while_it_compiles(wait: float, out: Path, root: Path, tmp_path: Path) -> None:
    caches = str(tmp_path / "caches")
    program, arguments = PROGRAM.format(stage=""), ["run", "main", "--out", str(out)]
    with running(program, arguments, root, XDG_CACHE_HOME=caches) as process:
        assert process.stderr is not None
        assert process.stderr.readline() == "compiling the model, once\n"
        time.sleep(wait)
        assert ended_by(process, signal.SIGINT) == (130, LINE)
    assert_as_it_was(out)


@pytest.mark.slow
@pytest.mark.parametrize(("number", "status"), SIGNALS, ids=["Ctrl-C", "SIGTERM"])
def test_a_run_ends_at_once_while_it_samples(number: int, status: int, out: Path, root: Path) -> None:
    with running(PROGRAM.format(stage=""), ["run", "main", "--out", str(out)], root) as process:
        assert process.stderr is not None
        while process.stderr.readline() != "sampling\n":
            pass
        time.sleep(1.0)
        assert ended_by(process, number) == (status, LINE)
    assert_as_it_was(out)


SAMPLED = """
import os, signal, threading
signal.signal(signal.SIGINT, signal.default_int_handler)
import hscb_bayes as hb
from hscb_bayes.model.compiled import compile_model
compiled = compile_model(hb.build(hb.load_analysis("main")))
threading.Timer(1.0, os.kill, (os.getpid(), signal.SIGINT)).start()
try:
    hb.sample(compiled, draws=1_000_000, seed=1)
except KeyboardInterrupt:
    print("interrupted")
"""


@pytest.mark.slow
def test_sampling_that_is_interrupted_gives_no_draws(root: Path) -> None:
    outcome = subprocess.run(
        [sys.executable, "-c", SAMPLED],
        env={**os.environ, "PYTHONPATH": str(root)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert (outcome.returncode, outcome.stdout, outcome.stderr) == (0, "interrupted\n", "")
