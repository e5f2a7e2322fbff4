"""The text of a CSV file, as people and spreadsheets write it, as a data frame of text.

Nothing is converted: "01" and "TRUE" stay as they are. What a row means is read elsewhere, by what its columns are for.
"""

from __future__ import annotations

import codecs
import csv
from collections.abc import Iterator, Sequence
from io import StringIO

import pandas as pd

from hscb_bayes.errors import InputError
from hscb_bayes.sentences import quote

LINE = "line"  # name of the index: the line of the file on which a row starts
MAY_BE_COMMA = "decimals may have commas"  # attribute of the frame: cells are not separated by commas
SEPARATORS = ",;\t"
MARKS = (  # the longer ones first: that of UTF-32 begins as that of UTF-16 does
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)


def decoded(content: bytes, address: str) -> str:
    """The text of a file: UTF-8, or what its byte-order mark says.

    Raises
    ------
    InputError
        When the bytes are no such text, with the line of the first that is not.
    """
    encoding = next((name for mark, name in MARKS if content.startswith(mark)), "utf-8")
    try:
        return content.decode(encoding)
    except UnicodeDecodeError as error:
        line = content[: error.start].count(b"\n") + 1
        raise InputError(
            f"{address}: line {line}: required text in {encoding.removesuffix('-sig').upper()}, found the byte "
            f"0x{content[error.start]:02x} in byte {error.start + 1} of the file; save it as 'CSV UTF-8'"
        ) from None


def frame_of_csv(text: str, address: str) -> pd.DataFrame:
    """Rows below a header, every cell text without outer spaces, None where it is empty.

    Cells are separated by commas, semicolons or tabs, whichever the header has most of. Rows without any text are left
    out, and so are columns without a name. The index, "line", is the line on which a row starts.

    Raises
    ------
    InputError
        With the line, when a row has more or fewer cells than the header, is the header again, or cannot be read;
        when a column is there twice, or another than the first has text and no name.
    """
    text = text.removeprefix("\ufeff")
    if "\0" in text:
        line = text[: text.index("\0")].count("\n") + 1
        raise InputError(f"{address}: line {line}: required text, found a zero character; save it as 'CSV UTF-8'")
    separator, rows = _separator(text), list[tuple[int, list[str]]]()
    for line, cells in _records(text, separator, address):
        if any(cells) and not (line == 1 and cells[0].lower().startswith("sep=")):
            rows.append((line, cells))
    if not rows:
        raise InputError(f"{address}: required a table, found no text")
    (_, header), *rows = rows
    named = _named(header, rows, address)
    full = [_row(cells, header, line, address) for line, cells in rows]
    columns = {header[k]: [row[k] or None for row in full] for k in named}
    frame = pd.DataFrame(columns, index=pd.Index([line for line, _ in rows], name=LINE, dtype=int), dtype=object)
    frame.attrs[MAY_BE_COMMA] = separator != ","
    return frame


def _records(text: str, separator: str, address: str) -> Iterator[tuple[int, list[str]]]:
    """The line on which each row starts, and its cells."""
    reader, line = csv.reader(StringIO(text, newline=""), delimiter=separator, strict=True), 0
    while True:
        try:
            cells = next(reader)
        except StopIteration:
            return
        except csv.Error as error:
            raise InputError(f"{address}: line {line + 1}: required a row of a CSV file: {error}") from None
        yield line + 1, [cell.strip() for cell in cells]
        line = reader.line_num


def _separator(text: str) -> str:
    """The most frequent separator of the first line with text, outside quotes; a comma if there is none."""
    first = next((line for line in text.splitlines() if line.strip()), "")
    if first.lower().startswith("sep=") and first[4:5] in tuple(SEPARATORS):
        return first[4]
    outside = "".join(first.split('"')[::2])
    return max(SEPARATORS, key=outside.count)


def _named(header: Sequence[str], rows: Sequence[tuple[int, Sequence[str]]], address: str) -> list[int]:
    """Positions of the columns with a name; one without holds the numbers of rows, or nothing."""
    for name in header:
        if name and header.count(name) > 1:
            raise InputError(f"{address}: the column {quote(name)} is there {header.count(name)} times; required once")
    named = [k for k, name in enumerate(header) if name]
    unnamed = [k for k, name in enumerate(header) if not name and k > 0]
    for line, cells in rows:
        for k in unnamed:
            if cells[k : k + 1] not in ([], [""]):
                raise InputError(
                    f"{address}: line {line}: cell {k + 1} is below no name in the header, found {quote(cells[k])}"
                )
    return named


def _row(cells: Sequence[str], header: Sequence[str], line: int, address: str) -> Sequence[str]:
    """The cells of one row, as many as the header has."""
    size = len(header)
    if list(cells[:size]) == list(header):
        raise InputError(f"{address}: line {line}: the header is there again; required once")
    if len(cells) < size or any(cells[size:]):
        extra = f", the last {quote(cells[-1])}" if len(cells) > size else ""
        raise InputError(f"{address}: line {line}: required {size} cells, as the header has, found {len(cells)}{extra}")
    return cells[:size]
