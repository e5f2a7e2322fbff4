"""The clone: what make says to an old Python, what the lock and the wheel hold."""

import re
import shutil
import subprocess
import tomllib
import zipfile
from pathlib import Path

import pytest

import hscb_bayes

ROOT = Path(__file__).parent.parent


def make_with_python(version: str, folder: Path) -> subprocess.CompletedProcess[str]:
    """Run ``make setup`` in a bare copy where every python3 is a stand-in that says ``version``."""
    for name in ("Makefile", "requirements.lock", "pyproject.toml", ".python-version"):
        shutil.copy(ROOT / name, folder)
    programs = folder / "bin"
    programs.mkdir()
    for name in ("python3", "python3.12", "python3.13", "python3.14"):
        stand_in = programs / name
        stand_in.write_text(f'#!/bin/sh\ncase "$2" in *platform*) echo {version} ;; *) echo False ;; esac\n')
        stand_in.chmod(0o755)
    make = shutil.which("make")
    assert make is not None
    return subprocess.run(
        [make, "--no-print-directory", "setup"],
        cwd=folder,
        env={"PATH": str(programs)},
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.mark.skipif(shutil.which("make") is None, reason="make is not installed")
def test_an_old_python_gets_one_sentence(tmp_path: Path) -> None:
    outcome = make_with_python("3.11.7", tmp_path)
    assert outcome.returncode != 0
    assert outcome.stdout == ""
    assert re.fullmatch(
        r"Makefile:\d+: \*\*\* hscb_bayes needs Python 3\.12, 3\.13 or 3\.14, but python3 is 3\.11\.7: "
        r"install one of these \(with pyenv: pyenv install 3\.13\) and run make again\.  Stop\.\n",
        outcome.stderr,
    )
    assert not (tmp_path / ".venv").exists()


def test_the_lock_holds_no_address() -> None:
    lock = (ROOT / "requirements.lock").read_text()
    assert (
        re.findall(r"^.*(?:://|--(?:find-links|index-url|extra-index-url|trusted-host)| @ |file:).*$", lock, re.M) == []
    )


def test_every_locked_package_has_a_hash() -> None:
    blocks = re.split(r"^(?=[a-z0-9])", (ROOT / "requirements.lock").read_text(), flags=re.M)[1:]
    assert [block.split()[0] for block in blocks if not re.search(r"--hash=sha256:[0-9a-f]{64}", block)] == []


def test_every_dependency_is_locked() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    wanted = [
        *project["dependencies"],
        *(name for extra in project["optional-dependencies"].values() for name in extra),
    ]
    locked = set(re.findall(r"^([a-z0-9._-]+)==", (ROOT / "requirements.lock").read_text(), re.M))
    assert {re.split(r"[\[<>=]", name)[0] for name in wanted} <= locked


def test_the_wheel_ships_the_models_and_no_tests(tmp_path: Path) -> None:
    builder = pytest.importorskip("hatchling.builders.wheel", reason="hatchling comes with make setup").WheelBuilder
    (path,) = builder(str(ROOT)).build(directory=str(tmp_path), versions=["standard"])
    with zipfile.ZipFile(path) as wheel:
        names = {name for name in wheel.namelist() if ".dist-info/" not in name}
    models = {f"hscb_bayes/{path.relative_to(ROOT)}" for path in (ROOT / "models").rglob("*.toml")}
    code = {str(path.relative_to(ROOT)) for path in (ROOT / "hscb_bayes").rglob("*.py")}
    assert names >= models | code | {"hscb_bayes/py.typed"}
    assert {name.split("/")[0] for name in names} == {"hscb_bayes"}


def test_the_citation_has_the_package_version() -> None:
    assert f"\nversion: {hscb_bayes.__version__}\n" in (ROOT / "CITATION.cff").read_text()


def test_the_changelog_says_what_moves_numbers() -> None:
    assert "\n### Model changes\n" in (ROOT / "CHANGELOG.md").read_text()
