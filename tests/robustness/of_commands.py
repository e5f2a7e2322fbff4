"""The command line in process: any words give a result, or exit status 2 and one line."""

from __future__ import annotations

import io
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager, redirect_stderr, redirect_stdout
from functools import cache
from pathlib import Path

import numpy as np

from hscb_bayes import cli
from tests.robustness import hostile
from tests.robustness.documents import MODELS, ROOT, document, nearly, nearly_text, pick, text_of
from tests.robustness.judging import demand, sentence_fault
from tests.robustness.of_studies import scratch

COMMANDS = ("audit", "run", "check", "predict", "report")
OPTIONS = (
    "--out",
    "--seed",
    "--days",
    "--duration",
    "--quiet",
    "--strict",
    "--allow-unconverged",
    "--help",
    "--version",
    "-x",
    "--",
)
VALUES = (
    "1",
    "-1",
    "0",
    "1.5",
    "nan",
    "inf",
    "-inf",
    "1e400",
    "99999999999999999999",
    "",
    " ",
    "x",
    "x" * 5000,
    "a/" * 2000,
    ".",
    "/",
    "/dev/null",
)
ENDS = (0, 1, 2, 3)


@cache
def _folder() -> Path:
    """Where commands run: a study, a broken results folder, a loop of links."""
    folder = scratch() / "commands"
    (folder / "results").mkdir(parents=True)
    (folder / "results" / "check.csv").write_text("id,printed\nx,1\n")
    (folder / "results" / "posterior.nc").write_bytes(b"CDF\x01" + bytes(100))
    (folder / "empty").mkdir()
    (folder / "loop").symlink_to("loop")
    shutil.copyfile(ROOT / "tests/evidence/good.toml", folder / "study.toml")
    (folder / "broken.toml").write_text("schema = 1\n[study\n")
    return folder


@contextmanager
def _inside(folder: Path) -> Iterator[None]:
    before = Path.cwd()
    os.chdir(folder)
    try:
        yield
    finally:
        os.chdir(before)


def called(arguments: list[str]) -> tuple[int, str, str]:
    """Exit status, and what is written on standard output and standard error."""
    out, err = io.StringIO(), io.StringIO()
    with redirect_stdout(out), redirect_stderr(err), _inside(_folder()):
        try:
            status = cli.main(arguments)
        except SystemExit as end:
            status = 0 if end.code is None else end.code if isinstance(end.code, int) else 1
    return status, out.getvalue(), err.getvalue()


def judged(arguments: list[str]) -> tuple[int, str]:
    """Exit status and output of a call, whose error is a sentence, or several of a file."""
    status, out, err = called(arguments)
    demand(status in ENDS, "exit status", arguments, status, err)
    if status == 2 and err.startswith("usage:"):
        demand(": error: " in err, "argparse names the error", arguments, err)
    elif status == 2:
        said = err.removesuffix("\n").replace(max(arguments, key=len).rstrip("/"), "WORD")
        fault = "no error" if not said.startswith("error: ") else sentence_fault(said)
        demand(not fault, f"an error is one sentence, not {fault}", arguments, err)
    demand("Traceback" not in err + out, "no traceback", arguments, err)
    return status, out


def words(rng: np.random.Generator) -> None:
    """Any words."""
    names = (
        "study.toml",
        "broken.toml",
        "results",
        "empty",
        "loop",
        "nowhere",
        "loop/x.toml",
        "study.toml/x",
        "main",
        "mian",
    )
    given = [pick(rng, COMMANDS)] if rng.random() < 0.9 else []
    for _ in range(int(rng.integers(0, 5))):
        given.append(pick(rng, (pick(rng, names), pick(rng, OPTIONS), pick(rng, VALUES), pick(rng, hostile.STRINGS))))
    if given[:1] == ["run"]:
        given = [word for word in given if word not in ("main", "study.toml")]
    judged(given)


def audits(rng: np.random.Generator) -> None:
    """``hscb audit`` of a file that is nearly right: every finding in two lines, or a sentence for each mistake."""
    names = (
        ROOT / "tests/evidence/good.toml",
        MODELS / "evidence/stasia2014.toml",
        MODELS / "evidence/gagelmann2023.toml",
    )
    right = document(pick(rng, names))
    content = nearly_text(rng, right) if rng.random() < 0.3 else text_of(nearly(rng, right))
    (_folder() / "nearly.toml").write_bytes(content)
    status, out = judged(["audit", "nearly.toml"])
    demand(status == 2 or len(out.splitlines()) >= 2, "an audit says something", status, out)


def runs(rng: np.random.Generator) -> None:
    """``hscb run`` of an analysis that cannot be run ends before anything is compiled."""
    right = document(
        pick(rng, (ROOT / "tests/analysis/good.toml", MODELS / "pooled.toml", ROOT / "tests/data/bmt.toml"))
    )
    (_folder() / "wrong.toml").write_bytes(text_of(nearly(rng, right)))
    status, _ = judged(
        ["run", "wrong.toml", "--out", pick(rng, ("out", "study.toml", "loop", "", "x" * 300, "results"))]
    )
    demand(status == 2, "a run without its study is refused", status)
