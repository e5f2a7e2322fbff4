"""Slips of the typesetter: two digits that changed places."""

from __future__ import annotations

from itertools import combinations


def swapped(texts: tuple[str, ...]) -> tuple[tuple[str, ...], ...]:
    """Every way to exchange two different digits within or between the texts, each once.

    Examples
    --------
    >>> swapped(("27%", "61%"))
    (('72%', '61%'), ('67%', '21%'), ('17%', '62%'), ('26%', '71%'), ('21%', '67%'), ('27%', '16%'))
    """
    places = [(row, column) for row, text in enumerate(texts) for column, sign in enumerate(text) if sign.isdigit()]
    ways: dict[tuple[str, ...], None] = {}
    for one, other in combinations(places, 2):
        signs = [list(text) for text in texts]
        first, second = signs[one[0]][one[1]], signs[other[0]][other[1]]
        signs[one[0]][one[1]], signs[other[0]][other[1]] = second, first
        ways["".join(signs[0]), *("".join(text) for text in signs[1:])] = None
    ways.pop(texts, None)
    return tuple(ways)
