"""Erasing a person: no access at once, then every row in small batches, their key last of all.

At the end the row of the person itself is gone, and with it the store refuses whatever somebody
would still add for them: every table of people's data refers to it. What stays is the receipt,
under a hash of the person's id.
"""

import secrets
from collections.abc import Collection, Iterable
from datetime import datetime
from hashlib import sha256
from typing import NamedTuple

from sqlalchemy import ColumnElement, Select, Table, delete, insert, select, tuple_, update
from sqlalchemy.engine import CursorResult
from sqlalchemy.ext.asyncio import AsyncConnection

from oo.store import audit, connections, hour_notes, outbox, users
from oo.store.audit import Entry
from oo.store.database import PURGE_ROWS
from oo.store.erasure_tables import erasures
from oo.store.outbox import REVOKE_GRANT
from oo.store.tables import data_keys, metadata, tip_scores
from oo.store.tables import outbox as outbox_table
from oo.store.tables import users as users_table

# every few seconds: an index has those alone who wait
WAITING = (
    select(users_table.c.id)
    .where(users_table.c.deleted_at.is_not(None))
    .order_by(users_table.c.deleted_at, users_table.c.id)
)
LETS_IN = ("sessions", "identities", "passkeys")  # tables of what opens an account


class Receipt(NamedTuple):
    """How far the erasure is: rows by table; all of it when `finished_at` is set."""

    id: str
    person: str
    asked_at: datetime
    finished_at: datetime | None
    counts: dict[str, int]


def personal_tables() -> list[Table]:
    """Every table with a person's data; what refers to another comes before it."""
    return [table for table in reversed(metadata.sorted_tables) if "user_id" in table.columns]


def hashed(user_id: str) -> str:
    """What stands for a person where nothing of them may be kept."""
    return sha256(user_id.encode()).hexdigest()


async def begin(
    connection: AsyncConnection,
    user_id: str,
    now: datetime,
    actor: str,
    why: str = "",
    *,
    receipt: str | None = None,
    revoke: bool = True,
) -> Receipt | None:
    """Take all access from the person, at once and for good; None if there is no such person.

    Grants become errands that revoke them at their providers, unless told otherwise. Whoever asks
    again gets the receipt of the first time.
    """
    await users.lock_alone(connection, user_id)
    there = select(users_table.c.id).where(users_table.c.id == user_id)
    if (await connection.execute(there)).first() is None:
        return None
    begun = await _of_person(connection, user_id)
    if begun is not None and begun.finished_at is None:
        return begun
    if revoke:
        await _ask_to_revoke(connection, user_id, now)
    counts = await _erase_all(
        connection, user_id, [it for it in personal_tables() if it.name in LETS_IN]
    )
    await hour_notes.note_person(connection, user_id)
    gone = {"deleted_at": now, "email": "", "name": ""}
    await connection.execute(update(users_table).where(users_table.c.id == user_id).values(**gone))
    if begun is not None:  # a restored backup has brought the person back
        await connection.execute(
            update(erasures).where(erasures.c.id == begun.id).values(finished_at=None)
        )
    else:
        first = Receipt(receipt or secrets.token_hex(16), hashed(user_id), now, None, {})
        await connection.execute(insert(erasures).values(**first._asdict()))
    await _count(connection, user_id, counts)
    entry = Entry(actor, "person.erase", f"person:{user_id}", now, why)
    await audit.append(connection, entry)
    return await _of_person(connection, user_id)


async def waiting(connection: AsyncConnection, limit: int) -> list[str]:
    """People who have no access any more and are not yet erased, the first who asked first."""
    return list((await connection.execute(WAITING.limit(limit))).scalars())


async def every_person(connection: AsyncConnection) -> list[str]:
    """The ids of all people, for finding those who were erased before a backup was restored."""
    return list((await connection.execute(select(users_table.c.id))).scalars())


async def erase_some(connection: AsyncConnection, user_id: str) -> int:
    """Erase some rows of the person; 0 when none is left but what revoking their grants needs."""
    for table in personal_tables():
        if table is data_keys:
            continue
        if table is tip_scores:
            await hour_notes.note_person(connection, user_id)
        chosen = _rows(table, user_id, but_errands=True).limit(PURGE_ROWS)
        key = tuple_(*table.primary_key.columns)
        gone: CursorResult[tuple[()]] = await connection.execute(
            delete(table).where(key.in_(chosen))
        )
        if gone.rowcount:
            await _count(connection, user_id, {str(table.name): gone.rowcount})
            return gone.rowcount
    return 0


async def is_revoking(connection: AsyncConnection, user_id: str) -> bool:
    """Whether grants of the person still wait for being revoked at their providers."""
    o = outbox_table.c
    query = select(o.id).where(
        o.user_id == user_id, o.subject == REVOKE_GRANT, o.relayed_at.is_(None)
    )
    return (await connection.execute(query.limit(1))).first() is not None


async def finish(connection: AsyncConnection, user_id: str, now: datetime, actor: str) -> Receipt:
    """Erase what is left, the data key and the person's own row: nobody can add anything again."""
    await users.lock_alone(connection, user_id)
    counts = await _erase_all(connection, user_id, personal_tables())
    await connection.execute(delete(users_table).where(users_table.c.id == user_id))
    await _count(connection, user_id, {**counts, "users": 1})
    mine = erasures.c.person == hashed(user_id)
    await connection.execute(update(erasures).where(mine).values(finished_at=now))
    found = await _of_person(connection, user_id)
    assert found is not None  # noqa: S101 - `begin` has made it
    after = {"rows": sum(found.counts.values())}
    await audit.append(
        connection, Entry(actor, "person.erased", f"person:{user_id}", now, after=after)
    )
    return found


async def _erase_all(
    connection: AsyncConnection, user_id: str, chosen: Iterable[Table]
) -> dict[str, int]:
    """Erase the person's rows of these tables; how many, by table."""
    counts: dict[str, int] = {}
    for table in chosen:
        if table is tip_scores:
            await hour_notes.note_person(connection, user_id)
        gone: CursorResult[tuple[()]] = await connection.execute(
            delete(table).where(table.c.user_id == user_id)
        )
        counts |= {str(table.name): gone.rowcount} if gone.rowcount else {}
    return counts


async def receipt(connection: AsyncConnection, receipt_id: str) -> Receipt | None:
    """The receipt of that id."""
    row = (await connection.execute(select(erasures).where(erasures.c.id == receipt_id))).first()
    return Receipt(*row) if row else None


async def receipts(connection: AsyncConnection) -> list[Receipt]:
    """All of them, the oldest first."""
    rows = await connection.execute(select(erasures).order_by(erasures.c.asked_at, erasures.c.id))
    return [Receipt(*row) for row in rows]


async def _of_person(connection: AsyncConnection, user_id: str) -> Receipt | None:
    query = select(erasures).where(erasures.c.person == hashed(user_id))
    row = (await connection.execute(query)).first()
    return Receipt(*row) if row else None


async def _ask_to_revoke(connection: AsyncConnection, user_id: str, now: datetime) -> None:
    errands = [
        {
            "user_id": user_id,
            "subject": REVOKE_GRANT,
            "payload": outbox.revoke_grant(row.source, row.secret),
            "created_at": now,
        }
        for row in await connections.granted(connection, user_id)
    ]
    await outbox.put(connection, errands)


def _rows(table: Table, user_id: str, *, but_errands: bool) -> Select[tuple[object, ...]]:
    mine: list[ColumnElement[bool]] = [table.c.user_id == user_id]
    if but_errands and table is outbox_table:
        o = outbox_table.c
        mine.append((o.subject != REVOKE_GRANT) | o.relayed_at.is_not(None))
    return select(*table.primary_key.columns).where(*mine)


async def _count(connection: AsyncConnection, user_id: str, gone: dict[str, int]) -> None:
    found = await _of_person(connection, user_id)
    if found is None:
        return
    counts = {**found.counts}
    for name, rows in gone.items():
        counts[name] = counts.get(name, 0) + rows
    await connection.execute(
        update(erasures).where(erasures.c.id == found.id).values(counts=counts)
    )


async def find(connection: AsyncConnection, people: Collection[str]) -> list[str]:
    """Which people are among these hashes."""
    return [it for it in await every_person(connection) if hashed(it) in people]


class Erased(NamedTuple):
    """The hash of who was erased, and since when nothing of them is left."""

    person: str
    finished_at: datetime


async def finished_since(connection: AsyncConnection, since: datetime) -> list[Erased]:
    """Who was erased after then, the first one first."""
    query = (
        select(erasures.c.person, erasures.c.finished_at)
        .where(erasures.c.finished_at > since)
        .order_by(erasures.c.finished_at)
    )
    return [Erased(*row) for row in await connection.execute(query)]
