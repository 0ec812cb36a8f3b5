"""The words in people's rows, sealed: only the vault opens them, and the store asks it to.

A table that holds words of people marks those columns with :func:`words` and has a column `sealed`.
What is written to it goes through :meth:`Words.sealed`, which puts all words of the row into one
sealed blob and leaves the columns blank; what is read goes through :meth:`Words.opened`. A row
that an earlier release wrote has no blob, and is read as it is until it is resealed.
"""

import zlib
from collections.abc import Collection, Iterable, Mapping, Sequence
from functools import cache
from typing import Any, NamedTuple, Protocol

import orjson
from sqlalchemy import RowMapping, Table
from sqlalchemy.ext.asyncio import AsyncConnection

from oo.store.sqlite.inline import Inline

Row = dict[str, Any]
Stored = Mapping[str, Any] | RowMapping
SEALED = "sealed"  # the column of the blob
OPTION = "oo_sealer"  # of an engine: the vault that its connections ask
_MARK = "blank"
_PACKED = b"\x78"  # how zlib's bytes begin (RFC 1950); those of JSON begin with a brace


class DataKey(Protocol):
    """A person's data key, for use and not for show."""

    def seal(self, purpose: str, plaintext: bytes) -> bytes:
        """Sealed bytes that only this key and purpose open."""

    def unseal(self, purpose: str, sealed: bytes) -> bytes:
        """What was sealed; raises an error of the vault's when anything does not fit."""

    def remembered(self, table: str, sealed: bytes) -> Mapping[str, Any] | None:
        """Words of that blob that were opened lately, if they still are in memory."""

    def remember(self, table: str, sealed: bytes, words: Mapping[str, Any]) -> None:
        """Keep opened words in memory for a while."""


class Sealer(Protocol):
    """The vault, as the store sees it."""

    async def data_keys(
        self, connection: "AsyncConnection | Inline", user_ids: Collection[str], *, make: bool
    ) -> Mapping[str, DataKey]:
        """These people's keys; nobody is left out if `make` says to make what lacks."""


class NoVault(RuntimeError):
    """A program opened the store without a vault, and now wants to read or write words."""


class Sealing(NamedTuple):
    """What is sealed of a table: each column with what it holds instead."""

    purpose: str
    blanks: Mapping[str, Any]


def words(blank: Any = "") -> dict[str, Any]:
    """The `info` of a column that holds words of people; `blank` is what it says once sealed."""
    return {_MARK: blank}


@cache
def sealing_of(table: Table) -> Sealing:
    """What is sealed of the table."""
    blanks = {str(it.name): it.info[_MARK] for it in table.columns if _MARK in it.info}
    return Sealing(f"words {table.name}", blanks)


def packed(words: Mapping[str, Any]) -> bytes:
    """All words of a row, made small where there is time; see :meth:`Words.sealed_written`."""
    return zlib.compress(orjson.dumps(words), 1)


def _read(told: bytes) -> dict[str, Any]:
    found: dict[str, Any] = orjson.loads(
        zlib.decompress(told) if told.startswith(_PACKED) else told
    )
    return found


class Words:
    """Seals and opens words of the people whose keys are at hand."""

    def __init__(self, keys: Mapping[str, DataKey]) -> None:
        self._keys = keys

    def sealed(self, table: Table, row: Mapping[str, Any]) -> Row:
        """The row as it is stored: its words in one blob, their columns blank.

        A row without a word has no blob.
        """
        blanks = sealing_of(table).blanks
        told = {name: row[name] for name in blanks}
        if told == blanks:
            return {**row, SEALED: None}
        return self.sealed_written(table, row, orjson.dumps(told))

    def sealed_written(self, table: Table, row: Mapping[str, Any], told: bytes) -> Row:
        """As :meth:`sealed`, of words as they are written: JSON, or what :func:`packed` made."""
        purpose, blanks = sealing_of(table)
        return {**row, **blanks, SEALED: self._keys[row["user_id"]].seal(purpose, told)}

    def opened(self, table: Table, row: Stored, prefix: str = "", user_id: str = "") -> Stored:
        """The row with its words, without the blob; its columns are named behind `prefix`.

        A row of some columns has those of its words that it names, and none if it names none.
        """
        blob = row[prefix + SEALED]
        if blob is None:
            return row
        found = self.of(table, user_id or row[f"{prefix}user_id"], blob)
        return {**row, **{prefix + name: value for name, value in found.items()}}

    def word(self, table: Table, row: Any, column: str) -> Any:
        """What one column says in a row that names `user_id`, the column and the blob."""
        if row.sealed is None:
            return getattr(row, column)
        return self.of(table, row.user_id, row.sealed)[column]

    def of(self, table: Table, user_id: str, blob: bytes) -> Mapping[str, Any]:
        """The words in a blob of the table, by column."""
        key = self._keys[user_id]
        found = key.remembered(table.name, blob)
        if found is None:
            found = _read(key.unseal(sealing_of(table).purpose, blob))
            key.remember(table.name, blob, found)
        return found


def sealer_of(connection: "AsyncConnection | Inline") -> Sealer:
    """The vault of a connection; raises NoVault where there is none."""
    if isinstance(connection, Inline):
        found = connection.sealer
    else:
        found = connection.sync_engine.get_execution_options().get(OPTION)
    if found is None:
        raise NoVault("this store was opened without a vault: give `Database` one")
    sealer: Sealer = found
    return sealer


async def words_of(
    connection: "AsyncConnection | Inline", user_ids: Collection[str], *, make: bool = False
) -> Words:
    """What opens these people's words; `make` where some may be written."""
    return Words(await sealer_of(connection).data_keys(connection, user_ids, make=make))


async def sealed_rows(
    connection: "AsyncConnection | Inline", table: Table, rows: Sequence[Mapping[str, Any]]
) -> list[Row]:
    """The rows as they are stored."""
    if not rows:
        return []
    found = await words_of(connection, {row["user_id"] for row in rows}, make=True)
    return [found.sealed(table, row) for row in rows]


async def opened_rows(
    connection: "AsyncConnection | Inline",
    table: Table,
    user_id: str,
    rows: Iterable[Stored],
) -> list[Stored]:
    """A person's rows with their words, whichever columns were asked for beside the blob."""
    there = list(rows)
    if all(row[SEALED] is None for row in there):
        return there
    found = await words_of(connection, [user_id])
    return [found.opened(table, row, user_id=user_id) for row in there]
