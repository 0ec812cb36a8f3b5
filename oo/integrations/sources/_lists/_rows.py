"""Rows of CSV, as spreadsheets and apps write it."""

import csv
import io
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from oo.kit.errors import BadRequest

_SEP = re.compile(r"\ufeff?\"?sep=(?P<sign>.)\"?[ \t]*(?:\r\n|\r|\n)", re.IGNORECASE)
_SIGNS = (",", ";", "\t", "|")
_UNCLOSED = ("field larger", "unexpected end", "expected after")
MAX_PREAMBLE = 20
HEAD = 4000


@dataclass(frozen=True, slots=True)
class Row:
    """The cells of a row by the names of their columns, and the lines that it is on."""

    lines: range
    cells: dict[str, str]

    def __getitem__(self, column: str) -> str:
        return self.cells.get(column, "").strip()


class Table(NamedTuple):
    """The rows behind a header, and the lines that came before them."""

    header: tuple[str, ...]
    preamble: range
    rows: Iterator[Row]


def has_columns(text: str, columns: Sequence[str]) -> bool:
    """Whether the text is CSV with these columns, near its beginning."""
    try:
        return _find(text[:HEAD], columns, is_strict=False) is not None
    except BadRequest:
        return False


def table(text: str, columns: Sequence[str]) -> Table:
    """The rows behind the header with these columns; raises BadRequest without one."""
    found = _find(text, columns, is_strict=True)
    if found is None:
        raise BadRequest(f"The CSV needs the columns {' and '.join(columns)}.")
    return found


def _find(text: str, columns: Sequence[str], *, is_strict: bool) -> Table | None:
    sep = _SEP.match(text)
    skipped = 1 if sep else 0
    body = text[sep.end() :] if sep else text
    for sign in (sep["sign"],) if sep else _SIGNS:
        if sign in '"\r\n':
            continue
        rows = _rows(body, sign, skipped, is_strict=is_strict)
        try:
            for _, (lines, cells) in zip(range(MAX_PREAMBLE), rows, strict=False):
                header = tuple(cell.strip().upper() for cell in cells)
                if set(columns) <= set(header):
                    named = (Row(at, dict(zip(header, row, strict=False))) for at, row in rows)
                    return Table(header, range(1, lines.stop), named)
        except BadRequest:
            continue  # not with this sign; the header comes before what is wrong further down
    return None


def _rows(
    text: str, sign: str, skipped: int, *, is_strict: bool
) -> Iterator[tuple[range, list[str]]]:
    source = io.StringIO(text, newline="")
    reader = csv.reader(source, delimiter=sign, skipinitialspace=True, strict=is_strict)
    while True:
        first = reader.line_num + 1
        try:
            cells = next(reader)
        except StopIteration:
            return
        except csv.Error as error:
            raise BadRequest(_why(first + skipped, error)) from error
        yield range(first + skipped, reader.line_num + 1 + skipped), cells


def _why(line: int, error: csv.Error) -> str:
    if (
        "field larger" in str(error)
        or "unexpected end" in str(error)
        or "expected after" in str(error)
    ):
        return f'Line {line}: a quote (") opens here and is not closed.'
    return f"Line {line} is not CSV: {error}."
