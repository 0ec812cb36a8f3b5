"""A person moves in with what another oO kept of them."""

import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import IO, NamedTuple

import orjson
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncConnection

from oo.identity.takeout import FORMAT, MANIFEST, json_name
from oo.kit.clock import Clock
from oo.kit.errors import BadRequest, Conflict
from oo.store import arrivals, audit, hour_notes
from oo.store.audit import Entry
from oo.store.category import Held, held_in_order
from oo.store.database import Database
from oo.store.portable import PAGE, WITHHELD, Row, put
from oo.store.tables import connections

MAX_LINE = 16 * 1024 * 1024  # a row of a person is far shorter


class Arrived(NamedTuple):
    """Who moved in, with how many rows."""

    user_id: str
    rows: int


async def takein(db: Database, clock: Clock, file: Path, actor: str) -> Arrived:
    """Store the person of an export, as they were: all of it or nothing.

    Sources are to be connected again: no export has what they granted. Raises BadRequest for a
    file that is no export, Conflict when the person, or what is theirs alone, is here already.
    """
    try:
        with zipfile.ZipFile(file) as archive:
            user_id = _person(archive)
            async with db.write() as connection:
                if await arrivals.is_known(connection, user_id):
                    raise Conflict("This person is here already, or was and left.")
                count = await _put_all(connection, archive, user_id)
                await arrivals.settle(connection, user_id)
                whom = f"person:{user_id}"
                entry = Entry(actor, "person.import", whom, clock.now(), after={"rows": count})
                await audit.append(connection, entry)
    except IntegrityError as error:
        raise Conflict("Something of this person belongs to somebody here already.") from error
    except (zipfile.BadZipFile, OSError, KeyError, TypeError, ValueError) as error:
        raise BadRequest(f"{file.name} cannot be read as an export of oO: {error}") from error
    return Arrived(user_id, count)


def _person(archive: zipfile.ZipFile) -> str:
    manifest = orjson.loads(archive.read(MANIFEST))
    match manifest:
        case {"format": int(version), "person": str(user_id)} if version == FORMAT:
            return user_id
    raise ValueError("it is of another release")


async def _put_all(connection: AsyncConnection, archive: zipfile.ZipFile, user_id: str) -> int:
    count = 0
    there = set(archive.namelist())
    for held in held_in_order():
        if not held.returns or json_name(held) not in there:
            continue
        with archive.open(json_name(held)) as lines:
            for page in _pages(lines):
                if any(row.get(held.person.name) != user_id for row in page):
                    raise ValueError(f"{held.name} has rows of somebody else")
                await put(connection, held, _without_numbers(held, page))
                await _ask_to_connect(connection, held, user_id, page)
                count += len(page)
    await hour_notes.note_person(connection, user_id)
    return count


async def _ask_to_connect(
    connection: AsyncConnection, held: Held, user_id: str, page: list[Row]
) -> None:
    if held.table is not connections:
        return
    for row in page:
        if row["secret"] == WITHHELD:
            await arrivals.ask_to_connect(connection, user_id, row["source"])


def _without_numbers(held: Held, page: list[Row]) -> list[Row]:
    """Without the numbers that the store itself gives to rows; their order stays."""
    own = held.table.autoincrement_column
    if own is None or not own.autoincrement or own.autoincrement == "auto":
        return page
    return [{name: value for name, value in row.items() if name != own.name} for row in page]


def _pages(lines: IO[bytes]) -> Iterator[list[Row]]:
    """The rows of a JSON array that has one on each line."""
    page: list[Row] = []
    while line := lines.readline(MAX_LINE):
        text = line.strip().strip(b",")
        if text in (b"[", b"]", b"[]", b""):
            continue
        page.append(orjson.loads(text))
        if len(page) == PAGE:
            yield page
            page = []
    yield page
