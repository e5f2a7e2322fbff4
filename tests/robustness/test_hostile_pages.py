"""Hostile strings in every text of every file are text on the page: nothing runs, is fetched or added."""

import re
from collections.abc import Callable, Sequence
from functools import cache
from pathlib import Path

import pytest

from tests.browser import CHROMIUM
from tests.robustness.browsing import browsed, listening
from tests.robustness.hostile import FORMULAS, MARKUP, TEMPLATES
from tests.robustness.pages import PAGES

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(CHROMIUM is None, reason="chromium is not installed"),
    pytest.mark.xdist_group("hostile_pages"),
]

WORDS = (*MARKUP, *TEMPLATES, *(formula for formula in FORMULAS if formula.isprintable()))
ROUNDS = (0, 25)  # where the strings begin, so that each stands in several places
HOST = "127.0.0.1:9"  # in the strings, for the host and port that listens


def turned(words: Sequence[str], begin: int) -> list[str]:
    return [*words[begin:], *words[:begin]]


def harmless(number: int, word: str) -> str:
    """As long, nothing to a browser, and each another."""
    return f"{number:02d}{re.sub(r'[^A-Za-z0-9]', 'x', word)[2:]}"


@pytest.fixture(scope="module")
def elements(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], set[str]]:
    """The elements of a kind of page with harmless words."""

    @cache
    def found(kind: str) -> set[str]:
        plain = [harmless(*numbered) for numbered in enumerate(WORDS)]
        assert len(set(plain)) == len(plain)
        folder = tmp_path_factory.mktemp("plain")
        return set(browsed(PAGES[kind](folder, plain), folder).elements)

    return found


@pytest.mark.parametrize("begin", ROUNDS)
@pytest.mark.parametrize("kind", PAGES)
def test_hostile_strings_are_text_in_a_browser(
    kind: str, begin: int, elements: Callable[[str], set[str]], tmp_path: Path
) -> None:
    with listening() as (host, asked):
        words = [word.replace(HOST, host) for word in turned(WORDS, begin)]
        hostile = browsed(PAGES[kind](tmp_path, words), tmp_path)
    assert asked == []
    assert hostile.ran == [None, None]
    assert hostile.address.endswith("report.html")
    assert hostile.console == []
    assert any(word in hostile.title for word in words)
    assert not [
        element for element in hostile.elements if re.search(r" on[a-z]+|^(SCRIPT|IFRAME|BASE|LINK|FORM)\b", element)
    ]
    assert set(hostile.elements) - elements(kind) == set()


@pytest.mark.parametrize("word", ["<script>window.ran=1</script>", "<img src=x onerror='window.ran=5'>"])
def test_a_string_that_runs_is_seen(word: str, tmp_path: Path) -> None:
    page = tmp_path / "report.html"
    page.write_text(f"<!doctype html><title>x</title><body>{word}</body>", encoding="utf-8")
    assert browsed(page, tmp_path).ran[0] is not None


def test_a_page_that_asks_the_network_is_seen(tmp_path: Path) -> None:
    page = tmp_path / "report.html"
    with listening() as (host, asked):
        page.write_text(
            f'<!doctype html><title>x</title><body><img src="http://{host}/x.png"></body>', encoding="utf-8"
        )
        browsed(page, tmp_path)
    assert asked == ["/x.png"]
