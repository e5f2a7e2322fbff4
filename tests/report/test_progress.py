"""What is said while a run goes on."""

import io

import pytest

from hscb_bayes.report.progress import Progress, on_standard_error


class Terminal(io.StringIO):
    """A stream that somebody watches."""

    def isatty(self) -> bool:
        return True


def test_a_step_is_a_line_where_nobody_watches() -> None:
    stream = io.StringIO()
    progress = Progress(stream=stream)
    progress.step("sampling")
    progress.step("leaving out", 2, 5)
    progress.end()
    assert stream.getvalue() == "sampling\nleaving out 2 of 5\n"


def test_a_terminal_shows_the_last_step_alone_and_nothing_at_the_end() -> None:
    stream = Terminal()
    progress = Progress(stream=stream)
    progress.step("sampling")
    progress.step("leaving out", 2, 5)
    progress.end()
    assert stream.getvalue() == "\r\x1b[2Ksampling ...\r\x1b[2Kleaving out 2 of 5 ...\r\x1b[2K"


def test_quiet_says_nothing(capsys: pytest.CaptureFixture[str]) -> None:
    progress = on_standard_error(progress=False)
    progress.step("sampling")
    progress.make_room()
    progress.end()
    assert capsys.readouterr() == ("", "")


def test_progress_goes_to_standard_error(capsys: pytest.CaptureFixture[str]) -> None:
    on_standard_error(progress=True).step("sampling")
    assert capsys.readouterr() == ("", "sampling\n")
