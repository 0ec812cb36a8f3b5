"""Everything that is kept of a person, as one ZIP that is made while it is sent."""

import csv
import io
import zipfile
from collections.abc import AsyncIterator, Iterable
from datetime import datetime
from typing import Any

import orjson

from oo.store.category import Held, categories, held_in_order
from oo.store.database import Database
from oo.store.portable import Row, rows, schema

FORMAT = 1
MANIFEST, SCHEMA = "manifest.json", "schema.json"
_FORMULA = ("=", "+", "-", "@", "\t", "\r")


async def takeout(db: Database, user_id: str, now: datetime) -> AsyncIterator[bytes]:
    """The ZIP in pieces: `manifest.json`, `schema.json`, and each table as JSON and as CSV.

    Never more than a page of rows is held. Tables that refer to others come first, so that
    whatever a row refers to was there when it was read.
    """
    pipe = _Pipe()
    order = list(reversed(held_in_order()))
    with zipfile.ZipFile(pipe, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in ((MANIFEST, _manifest(order, user_id, now)), (SCHEMA, _schema(order))):
            archive.writestr(_entry(name, now), orjson.dumps(content, option=orjson.OPT_INDENT_2))
            yield pipe.taken()
        for held in order:
            with archive.open(_entry(json_name(held), now), "w", force_zip64=True) as file:
                file.write(b"[")
                before = b"\n"
                async for page in rows(db, held, user_id):
                    for row in page:
                        file.write(before + orjson.dumps(row))
                        before = b",\n"
                    yield pipe.taken()
                file.write(b"\n]\n")
            with archive.open(_entry(csv_name(held), now), "w", force_zip64=True) as file:
                file.write(_csv([[column.name for column in held.columns]]))
                async for page in rows(db, held, user_id):
                    file.write(_csv(_cells(row) for row in page))
                    yield pipe.taken()
    yield pipe.taken()


def json_name(held: Held) -> str:
    """Where the rows of a table are in the ZIP."""
    return f"json/{held.name}.json"


def csv_name(held: Held) -> str:
    """Where they are as a table."""
    return f"csv/{held.name}.csv"


def _manifest(order: Iterable[Held], user_id: str, now: datetime) -> dict[str, Any]:
    return {
        "format": FORMAT,
        "exported_at": now.isoformat(),
        "person": user_id,
        "tables": [held.name for held in order],
        "categories": {
            one.title: {"what": one.words, "tables": [held.name for held in one.holds]}
            for one in categories().values()
        },
    }


def _schema(order: Iterable[Held]) -> dict[str, Any]:
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "What oO keeps of a person: the files in json, by name",
        "type": "object",
        "properties": {held.name: {"type": "array", "items": schema(held)} for held in order},
    }


def _entry(name: str, now: datetime) -> zipfile.ZipInfo:
    entry = zipfile.ZipInfo(name, now.timetuple()[:6])
    entry.compress_type = zipfile.ZIP_DEFLATED
    return entry


def _cells(row: Row) -> list[Any]:
    return [_cell(value) for value in row.values()]


def _cell(value: Any) -> Any:
    if isinstance(value, dict | list):
        return orjson.dumps(value).decode()
    if isinstance(value, str) and value.startswith(_FORMULA):
        return f"'{value}"  # a title is no formula of whoever opens the table
    return value


def _csv(lines: Iterable[Iterable[Any]]) -> bytes:
    text = io.StringIO()
    csv.writer(text).writerows(lines)
    return text.getvalue().encode()


class _Pipe(io.RawIOBase):
    """What the archive writes, until somebody takes it."""

    def __init__(self) -> None:
        self._parts: list[bytes] = []

    def writable(self) -> bool:
        return True

    def write(self, data: Any, /) -> int:
        self._parts.append(bytes(data))
        return len(self._parts[-1])

    def taken(self) -> bytes:
        """What was written since."""
        taken = b"".join(self._parts)
        self._parts.clear()
        return taken
