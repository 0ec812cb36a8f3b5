"""Sealing words that an earlier release wrote, a page of rows at a time, while all goes on."""

from collections.abc import Sequence
from functools import cache
from typing import Any, NamedTuple

from sqlalchemy import ColumnElement, Select, Table, Update, bindparam, select, tuple_, update

from oo.store.database import Database
from oo.store.sealing import SEALED, sealed_rows, sealing_of
from oo.store.tables import metadata

PAGE = 200  # rows in one transaction
STRIDE = 2000  # rows that are looked through at once

Key = tuple[Any, ...]


class Page(NamedTuple):
    """How many rows of a page were sealed, and the key of its last row; None: there is no more."""

    sealed: int
    last: Key | None


def sealed_tables() -> list[Table]:
    """Every table that has words of people."""
    return [table for table in metadata.sorted_tables if SEALED in table.c]


async def seal_page(db: Database, table: Table, after: Key | None = None) -> Page:
    """Seal what is in the clear of the rows behind `after`, in the order of their keys.

    May be cut off and begun again anywhere: a row is sealed whole or left as it was. Rows that are
    sealed already, or whose words were erased, stay as they are.
    """
    key = list(table.primary_key)
    asked: dict[str, Any] = {
        f"after_{it.name}": value for it, value in zip(key, after or (), strict=False)
    }
    asked |= {"stride": STRIDE - 1, "most": PAGE + 1}  # one more tells whether there is more
    async with db.read() as connection:
        end = (await connection.execute(_strides(table, is_first=not after), asked)).first()
        asked |= {f"end_{it.name}": value for it, value in zip(key, end or (), strict=False)}
        query = _clear_keys(table, is_first=not after, is_last=end is None)
        clear = [tuple(row) for row in await connection.execute(query, asked)]
    page = clear[:PAGE]
    last = page[-1] if len(clear) > PAGE else tuple(end) if end else None
    return Page(await _seal(db, table, page) if page else 0, last)


async def _seal(db: Database, table: Table, keys: Sequence[Key]) -> int:
    blanks = sealing_of(table).blanks
    async with db.write() as connection:
        if db.is_sqlite:  # what is overwritten is not to stay in what the row no longer uses
            await connection.exec_driver_sql("PRAGMA secure_delete = ON")
        found = (await connection.execute(_clear(table), {"keys": list(keys)})).mappings()
        rows = [row for row in found if any(row[name] != blanks[name] for name in blanks)]
        changed = [
            {f"b_{name}": value for name, value in row.items()}
            for row in await sealed_rows(connection, table, rows)
        ]
        if changed:
            await connection.execute(_put(table), changed)
        return len(changed)


def _behind(table: Table) -> ColumnElement[bool]:
    key = list(table.primary_key)
    return tuple_(*key) > tuple_(*(bindparam(f"after_{it.name}", type_=it.type) for it in key))


@cache
def _strides(table: Table, *, is_first: bool) -> Select[Any]:
    """The key of the row `stride` behind, none where fewer are left: the index alone tells."""
    key = list(table.primary_key)
    query = select(*key).order_by(*key).offset(bindparam("stride")).limit(1)
    return query if is_first else query.where(_behind(table))


@cache
def _clear_keys(table: Table, *, is_first: bool, is_last: bool) -> Select[Any]:
    """The keys of rows in the clear from one key to another, `most` of them."""
    key = list(table.primary_key)
    query = select(*key).where(table.c.sealed.is_(None)).order_by(*key).limit(bindparam("most"))
    if not is_first:
        query = query.where(_behind(table))
    if not is_last:
        end = tuple_(*(bindparam(f"end_{it.name}", type_=it.type) for it in key))
        query = query.where(tuple_(*key) <= end)
    return query


@cache
def _clear(table: Table) -> Select[Any]:
    """Those of the rows that are in the clear, locked; none that somebody else is at work on."""
    key = list(table.primary_key)
    columns = {it.name: it for it in (*key, table.c.user_id)}
    columns |= {name: table.c[name] for name in sealing_of(table).blanks}
    return (
        select(*columns.values())
        .where(
            tuple_(*key).in_(bindparam("keys", expanding=True)),
            table.c.sealed.is_(None),
        )
        .with_for_update(skip_locked=True)
    )


@cache
def _put(table: Table) -> Update:
    names = (*sealing_of(table).blanks, SEALED)
    mine = [column == bindparam(f"b_{column.name}") for column in table.primary_key]
    values = {name: bindparam(f"b_{name}", type_=table.c[name].type) for name in names}
    return update(table).where(*mine, table.c.sealed.is_(None)).values(values)


async def tidy(db: Database, *, whole: bool = False) -> None:
    """Leave nothing of what was in the clear in the files of SQLite: not in its log, and if `whole`
    in no page that is free.
    """
    if not db.is_sqlite:
        return
    async with db.read() as connection:
        if whole:
            await connection.exec_driver_sql("VACUUM")
        await connection.exec_driver_sql("PRAGMA wal_checkpoint(TRUNCATE)")
