"""Rows of people."""

from collections.abc import Collection
from datetime import datetime
from typing import Any, NamedTuple

from sqlalchemy import ColumnElement, Select, bindparam, delete, func, insert, or_, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from oo.domain.roles import Role
from oo.kit.errors import NotFound
from oo.store.database import Hot
from oo.store.schema import UtcDateTime
from oo.store.tables import users


class UserRow(NamedTuple):
    """A person as stored; `deleted_at` is set on the tombstone that a deletion leaves."""

    id: str
    email: str
    name: str
    timezone: str
    created_at: datetime
    deleted_at: datetime | None


_COLUMNS = (
    users.c.id,
    users.c.email,
    users.c.name,
    users.c.timezone,
    users.c.created_at,
    users.c.deleted_at,
)


class Head(NamedTuple):
    """How a person stands now: what caches of their data compare themselves with."""

    user_seq: int
    pool_version: int
    timezone: str
    filled_version: int | None
    look_again_at: datetime | None
    changed_at: datetime | None
    past_version: int


def _heads(chosen: ColumnElement[bool]) -> Select[Any]:
    return select(
        users.c.id,
        users.c.user_seq,
        users.c.pool_version,
        users.c.timezone,
        users.c.filled_version,
        users.c.look_again_at,
        users.c.changed_at,
        users.c.past_version,
    ).where(chosen, users.c.deleted_at.is_(None))


_HEADS = _heads(users.c.id.in_(bindparam("people", expanding=True)))
_HEADS_KEPT = _HEADS.order_by(users.c.id).with_for_update(read=True, key_share=True)


# every write to a person's lists runs it
_LOCK = (
    select(users.c.id, users.c.user_seq, users.c.deleted_at, users.c.pool_version)
    .where(users.c.id.in_(bindparam("people", expanding=True)))
    .order_by(users.c.id)
    .with_for_update(key_share=True)  # rows that refer to a person may be written meanwhile
)
_LOCK_ALONE = select(users.c.id).where(users.c.id == bindparam("person")).with_for_update()


class Person(NamedTuple):
    """The row of a person, locked until the transaction ends."""

    user_seq: int
    deleted: bool
    pool_version: int


async def lock(connection: Hot, user_ids: Collection[str]) -> dict[str, Person]:
    """Lock the rows of these people until the transaction ends; the ones that there are.

    Whoever writes a person's tasks, signals, candidates or reactions does this first of all, and
    for several people at once: in one order nobody waits for somebody who waits for them.
    """
    return {
        row.id: Person(row.user_seq, row.deleted_at is not None, row.pool_version)
        for row in await connection.execute(_LOCK, {"people": list(user_ids)})
    }


async def lock_one(connection: Hot, user_id: str) -> Person:
    """As `lock`, for one person; raises NotFound for one who is erased or being erased."""
    person = (await lock(connection, [user_id])).get(user_id)
    if person is None or person.deleted:
        raise NotFound("There is no such person.")
    return person


async def lock_alone(connection: AsyncConnection, user_id: str) -> None:
    """As `lock`, and until the end nobody adds a row that refers to the person either.

    For erasing: whatever is there when it is done was there before, and is seen.
    """
    await connection.execute(_LOCK_ALONE, {"person": user_id})


async def add(connection: AsyncConnection, row: UserRow) -> None:
    """Store a new person."""
    await connection.execute(insert(users).values(**row._asdict()))


async def take_back(connection: AsyncConnection, user_id: str) -> None:
    """Undo `add` in the same transaction: nothing refers to the person yet."""
    await connection.execute(delete(users).where(users.c.id == user_id))


async def get(connection: AsyncConnection, user_id: str) -> UserRow | None:
    """The person, unless deleted."""
    row = (
        await connection.execute(
            select(*_COLUMNS).where(users.c.id == user_id, users.c.deleted_at.is_(None))
        )
    ).first()
    return UserRow(*row) if row else None


async def rename(connection: AsyncConnection, user_id: str, email: str, name: str) -> None:
    """Follow what the provider says now."""
    await connection.execute(
        update(users).where(users.c.id == user_id).values(email=email, name=name)
    )


async def admins(connection: AsyncConnection) -> list[str]:
    """The ids of all admins."""
    query = select(users.c.id).where(users.c.role == Role.ADMIN, users.c.deleted_at.is_(None))
    return list((await connection.execute(query.order_by(users.c.id))).scalars())


async def ids_of(connection: AsyncConnection, named: str) -> list[str]:
    """The ids of people who are named by their id or their address."""
    query = select(users.c.id).where(
        or_(users.c.id == named, users.c.email == named), users.c.deleted_at.is_(None)
    )
    return list((await connection.execute(query.order_by(users.c.id))).scalars())


async def role_of(connection: AsyncConnection, user_id: str) -> str:
    """The person's role; raises when there is no such person."""
    found: str = (
        await connection.execute(select(users.c.role).where(users.c.id == user_id))
    ).scalar_one()
    return found


async def set_role(connection: AsyncConnection, user_id: str, role: Role) -> str:
    """Give the person this role; returns the one that they had."""
    before = select(users.c.role).where(users.c.id == user_id)
    had: str = (await connection.execute(before)).scalar_one()
    await connection.execute(update(users).where(users.c.id == user_id).values(role=role))
    return had


async def set_timezone(connection: AsyncConnection, user_id: str, timezone: str) -> bool:
    """Keep the person's IANA time zone, and say whether it is another one.

    Whether it exists is the caller's check.
    """
    changed = await connection.execute(
        update(users)
        .where(users.c.id == user_id, users.c.timezone != timezone)
        .values(timezone=timezone, pool_version=users.c.pool_version + 1)
    )
    return changed.rowcount == 1


# built once: every slice of a list runs them
_BUMP = (
    update(users)
    .where(users.c.id == bindparam("person"))
    .values(pool_version=users.c.pool_version + 1)
)
_CHANGED = _BUMP.values(
    changed_at=func.coalesce(users.c.changed_at, bindparam("now", type_=UtcDateTime))
)


async def bump_pool(connection: Hot, user_id: str) -> None:
    """Say that the person's candidates changed, so that caches of them are stale."""
    await connection.execute(_BUMP, {"person": user_id})


async def note_change(connection: Hot, user_id: str, now: datetime) -> None:
    """As `bump_pool`, for what candidates are made from: another pool is needed soon."""
    await connection.execute(_CHANGED, {"person": user_id, "now": now})


async def note_erased(connection: AsyncConnection, user_id: str) -> None:
    """Say that some of the person's past is erased, so that what was made of it is stale."""
    await connection.execute(
        update(users).where(users.c.id == user_id).values(past_version=users.c.past_version + 1)
    )


async def heads(connection: Hot, user_ids: Collection[str]) -> dict[str, Head]:
    """How these people stand, by id, without deleted ones; read before what it is to speak for."""
    rows = await connection.execute(_HEADS, {"people": list(user_ids)})
    return {row[0]: Head(*row[1:]) for row in rows}


async def heads_kept(connection: Hot, user_ids: Collection[str]) -> dict[str, Head]:
    """:func:`heads` for every decision: nobody erases what is theirs until its transaction ends.

    Reactions, fills and syncs go on meanwhile: only `lock_alone` waits for it. What is made of
    several people is written for those who are here: one who was erased holds up nobody else.
    """
    rows = await connection.execute(_HEADS_KEPT, {"people": list(user_ids)})
    return {row[0]: Head(*row[1:]) for row in rows}


_until = bindparam("until", type_=UtcDateTime)
_FILLED = (
    update(users)
    .where(users.c.id == bindparam("person"))
    .values(filled_version=bindparam("version"), look_again_at=_until)
)
_ONLY_FILLED = _FILLED.values(good_until=None)
_GOOD = _FILLED.values(good_until=_until, changed_at=None)


async def set_filled(
    connection: Hot,
    user_id: str,
    pool_version: int,
    look_again_at: datetime,
    *,
    is_good: bool = False,
) -> None:
    """Keep that at this version, and until then, the person's pool needs no look.

    `is_good` says that it is as it should be until then, and not only that nothing can be done.
    """
    asked = {"person": user_id, "version": pool_version, "until": look_again_at}
    await connection.execute(_GOOD if is_good else _ONLY_FILLED, asked)


async def keep_filled(connection: AsyncConnection, user_id: str, before: int, after: int) -> None:
    """Say that what moved the pool from one version to the other did not make it any worse."""
    await connection.execute(
        update(users)
        .where(users.c.id == user_id, users.c.filled_version == before)
        .values(filled_version=after)
    )


async def sequences(connection: AsyncConnection) -> dict[str, int]:
    """Every person's number of reactions, for the operator's check of all models."""
    rows = await connection.execute(select(users.c.id, users.c.user_seq))
    return {row.id: row.user_seq for row in rows}
