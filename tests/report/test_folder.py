"""The folder of results: one writer, no moment without whole results, and nothing that a killed run leaves for good."""

import fcntl
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Callable
from pathlib import Path

import pytest

from hscb_bayes.errors import InputError
from hscb_bayes.report import folder as folders
from hscb_bayes.report.folder import destination, replaced
from tests.robustness.ordinary_user import LIMITED, as_ordinary_user

FILLING = """
import os, sys, signal
from pathlib import Path
from hscb_bayes.report.folder import replaced
with replaced(Path(sys.argv[1])) as folder:
    (folder / "half.csv").write_text("half")
    print(folder.name, flush=True)
    sys.stdin.read()
"""


@pytest.fixture
def out(tmp_path: Path) -> Path:
    made = tmp_path / "main"
    made.mkdir()
    (made / "report.html").write_text("old")
    return made


@pytest.fixture
def another_run(out: Path, root: Path):
    """A run of another process, which is filling its folder."""
    process = subprocess.Popen(
        [sys.executable, "-c", FILLING, str(out)],
        env={**os.environ, "PYTHONPATH": str(root)},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert process.stdout is not None
    assert process.stdout.readline().startswith(".main-")
    yield process
    process.kill()
    process.communicate()


def beside(out: Path) -> list[str]:
    return sorted(path.name for path in out.parent.iterdir() if path != out)


def filled(out: Path, text: str = "new") -> None:
    with replaced(out) as folder:
        (folder / "report.html").write_text(text)


def test_a_second_run_into_the_same_place_is_refused_before_it_works(out: Path, another_run: subprocess.Popen) -> None:
    with (
        pytest.raises(
            InputError, match=r"main: another run is writing to it; wait for its end or choose another --out$"
        ),
        replaced(out),
    ):
        pytest.fail("the work had begun")
    assert (out / "report.html").read_text() == "old"


def test_runs_into_neighbouring_places_do_not_meet(out: Path, another_run: subprocess.Popen) -> None:
    for name in ("main-2", "mai", "main.2"):
        filled(out.with_name(name))
    assert len(beside(out)) == 4


def test_a_script_that_has_locked_the_folder_above_is_not_waited_for(
    out: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(folders, "PATIENCE", 0.1)
    held = os.open(out.parent, os.O_RDONLY)
    try:
        fcntl.flock(held, fcntl.LOCK_EX)
        filled(out)
    finally:
        os.close(held)
    assert (out / "report.html").read_text() == "new"


def test_what_a_killed_run_left_is_removed_by_the_next(out: Path, another_run: subprocess.Popen) -> None:
    another_run.send_signal(signal.SIGKILL)
    another_run.wait()
    assert (out / "report.html").read_text() == "old"
    assert len(beside(out)) == 1
    filled(out)
    assert (out / "report.html").read_text() == "new"
    assert beside(out) == []


@pytest.mark.parametrize("name", [".main-notes", ".main-12345678", "main-abcdefgh.unfinished", ".main.unfinished"])
def test_a_neighbour_of_a_similar_name_is_left_alone(name: str, out: Path) -> None:
    neighbour = out.with_name(name)
    neighbour.mkdir()
    (neighbour / "thesis.txt").touch()
    filled(out)
    assert (neighbour / "thesis.txt").is_file()


def test_a_link_of_the_name_of_an_unfinished_run_is_not_followed(out: Path, tmp_path: Path) -> None:
    thesis = tmp_path / "thesis"
    thesis.mkdir()
    (thesis / "years.txt").touch()
    (tmp_path / ".main-abcdefgh.unfinished").symlink_to(thesis)
    filled(out)
    assert (thesis / "years.txt").is_file()


@pytest.mark.skipif(not sys.platform.startswith(("linux", "darwin")), reason="names are exchanged on Linux and macOS")
def test_there_is_no_moment_without_whole_results(out: Path) -> None:
    missed, done = [], threading.Event()

    def look() -> None:
        while not done.is_set():
            try:
                (out / "report.html").read_text()
            except FileNotFoundError:
                missed.append(1)

    reader = threading.Thread(target=look)
    reader.start()
    for number in range(200):
        filled(out, str(number))
    done.set()
    reader.join()
    assert missed == []
    assert (out / "report.html").read_text() == "199"


def test_where_names_cannot_be_exchanged_the_next_run_puts_back_what_a_kill_between_two_renames_left(
    out: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    out.rename(out.with_name(".main-abcdefgh.replaced"))
    with pytest.raises(ZeroDivisionError), replaced(out):
        _ = 1 / 0
    assert (out / "report.html").read_text() == "old"
    monkeypatch.setattr(folders, "exchange", lambda *_: False)
    filled(out)
    assert (out / "report.html").read_text() == "new"
    assert beside(out) == []


def test_results_that_were_made_read_only_are_replaced(out: Path) -> None:
    out.chmod(0o555)
    filled(out)
    assert (out / "report.html").read_text() == "new"
    assert beside(out) == []


WRITE = """
import sys
from pathlib import Path
from hscb_bayes.errors import InputError
from hscb_bayes.report.folder import replaced
try:
    with replaced(Path(sys.argv[1])) as folder:
        (folder / "report.html").write_text("new")
except InputError as error:
    print(error)
"""


@LIMITED
def test_a_place_that_an_ordinary_user_may_not_write_to_gets_a_sentence(out: Path) -> None:
    out.parent.chmod(0o555)
    try:
        outcome = as_ordinary_user([sys.executable, "-c", WRITE, str(out)])
    finally:
        out.parent.chmod(0o755)
    assert outcome.stdout == f"{out}: required a place that can be written to, found: permission denied\n"
    assert (out / "report.html").read_text() == "old"


def test_a_mount_point_is_refused_before_the_work(out: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Path, "is_mount", lambda path: path == out)
    with pytest.raises(InputError, match=r"found a mount point; name one inside it$"), replaced(out):
        pytest.fail("the work had begun")


@pytest.mark.parametrize("name", ["x" * 250, "x" * 300, "/".join(["x" * 200] * 30)])
def test_a_very_long_name_gets_a_sentence(name: str, tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"required a place that can be written to, found: file name too long$"):
        filled(destination(tmp_path / name))
    assert len(list(tmp_path.rglob("*.html"))) == 0


@pytest.mark.parametrize(
    "make",
    [
        lambda path: path.symlink_to(path),
        lambda path: (path.symlink_to(path.with_name("b")), path.with_name("b").symlink_to(path)),
    ],
)
def test_links_in_a_circle_get_a_sentence(make: Callable[[Path], object], tmp_path: Path) -> None:
    make(tmp_path / "loop")
    for out in (tmp_path / "loop", tmp_path / "loop" / "main"):
        with pytest.raises(InputError, match="required a "):
            filled(destination(out))


def test_a_link_to_results_stays_a_link(out: Path, tmp_path: Path) -> None:
    link = tmp_path / "latest"
    link.symlink_to(out)
    filled(destination(link))
    assert link.is_symlink()
    assert (out / "report.html").read_text() == "new"
