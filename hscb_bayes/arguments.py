"""What commands accept in the place of a number."""

from __future__ import annotations

import argparse

LARGEST_SEED = (1 << 32) - 1  # what every generator of random numbers in use takes


def seed(text: str) -> int:
    """A seed from the command line.

    Raises
    ------
    argparse.ArgumentTypeError
        When it is no whole number from 0 to 2^32 - 1.
    """
    if not (text.isascii() and text.isdecimal()) or len(text) > len(str(LARGEST_SEED)) or int(text) > LARGEST_SEED:
        raise argparse.ArgumentTypeError(f"required a whole number from 0 to {LARGEST_SEED}, found {text[:60]!r}")
    return int(text)
