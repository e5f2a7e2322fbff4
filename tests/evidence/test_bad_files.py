"""Files that are no study at all, each with the whole sentence that a user gets."""

import os
from pathlib import Path

import pytest

from hscb_bayes.errors import InputError
from hscb_bayes.evidence.study import load_study

GOOD = (Path(__file__).parent / "good.toml").read_text(encoding="utf-8")
STUDY = GOOD[: GOOD.index("[group")]
HEAD = GOOD[: GOOD.index("[[item]]")]
ITEMS = GOOD[GOOD.index("[[item]]") :]


def sentence_about(path: Path) -> str:
    with pytest.raises(InputError) as caught:
        load_study(path)
    return str(caught.value)


def test_the_good_file_loads(study_file: Path) -> None:
    study_file.write_text(GOOD, encoding="utf-8")
    ids = ["response", "os_1y", "response_median", "p_os", "all_died", "duration"]
    assert [item.id for item in load_study(study_file).items] == ids


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        (b"", "the file is empty"),
        (b" \n\t\n", "the file is empty"),
        (b"\xef\xbb\xbf", "the file is empty"),
        (b'schema = 1\nname = "caf\xe9"\n', "byte 23 is not UTF-8; save the file as UTF-8"),
        (GOOD.encode("utf-16"), "byte 1 is not UTF-8; save the file as UTF-8"),
        (b"schema = 1\n", "study is missing; required a [study] table\nitem is missing; required [[item]] tables"),
        (b"schema = 1\nstudy = 3\n", "study: required a table, found 3\nitem is missing; required [[item]] tables"),
        (
            b"schema = 1\nstudy = 3\nitem = []\n",
            "study: required a table, found 3\nitem: required [[item]] tables, found []",
        ),
        (
            HEAD.encode() + b"[item]\nid = 3\n",
            "item: required [[item]] tables, found {'id': 3}",
        ),
        (b"item = []\n" + HEAD.encode(), "item: required [[item]] tables, found []"),
        (b"item = [3]\n" + HEAD.encode(), "item 1: required a table, found 3"),
        (
            b"group = 3\n" + STUDY.encode() + ITEMS.encode(),
            "group: required [group.name] tables, found 3",
        ),
        (
            b"event = 3\n" + STUDY.encode() + ITEMS.encode(),
            "event: required [event.name] tables, found 3",
        ),
        (
            b"group = {a = 3}\n" + STUDY.encode() + ITEMS.encode(),
            "group 'a': required a table, found 3",
        ),
        (b"a = " + b"[" * 100_000, "tables or arrays are nested too deeply; required at most 20"),
    ],
)
def test_a_file_that_is_no_study_gets_its_sentence(content: bytes, sentence: str, study_file: Path) -> None:
    study_file.write_bytes(content)
    assert sentence_about(study_file) == "\n  ".join(f"{study_file}: {line}" for line in sentence.split("\n"))


def test_a_file_of_100_megabytes_is_not_read(study_file: Path) -> None:
    with study_file.open("wb") as sparse:
        sparse.truncate(100_000_000)
    assert sentence_about(study_file) == f"{study_file}: the file has 100.0 MB; required at most 1.0 MB"


def test_a_file_that_is_not_there(study_file: Path) -> None:
    assert sentence_about(study_file) == f"{study_file}: there is no such file"


def test_a_directory(tmp_path: Path) -> None:
    assert sentence_about(tmp_path) == f"{tmp_path}: required a file, found a directory"


def test_a_pipe_is_not_waited_for(study_file: Path) -> None:
    os.mkfifo(study_file)
    assert sentence_about(study_file) == f"{study_file}: required a file, found a device or a pipe"


def test_a_path_with_a_zero_byte() -> None:
    assert sentence_about(Path("x\0y")) == r"'x\x00y': a path cannot hold a zero character"


def test_a_name_that_is_too_long() -> None:
    name = "x" * 5000
    assert sentence_about(Path(name)) == f"'{name}': the file cannot be read: file name too long"


def test_a_file_from_windows_loads(study_file: Path) -> None:
    study_file.write_bytes(b"\xef\xbb\xbf" + GOOD.replace("\n", "\r\n").encode())
    assert load_study(study_file).id == "demo"


def test_html_stays_harmless_text(study_file: Path) -> None:
    study_file.write_text(GOOD, encoding="utf-8")
    assert load_study(study_file).title == "A <b>small</b> study & its numbers"


def test_a_percentage_that_disagrees_with_its_count_is_left_to_the_audit(study_file: Path) -> None:
    study_file.write_text(GOOD.replace('percent = "84%"', 'percent = "48%"'), encoding="utf-8")
    assert load_study(study_file).number("response.percent").value == 0.48
