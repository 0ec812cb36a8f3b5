"""Nightly batches in the store: who is in one, and how far it is. A batch outlives its process."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any, NamedTuple

from sqlalchemy import case, delete, func, insert, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from oo.domain.pools import Ended
from oo.store import users as users_rows
from oo.store.activity import has_something_to_do, is_active
from oo.store.tables import fill_batch_people, fill_batches, profiles, users

_ROWS = 500  # per statement


class Active(NamedTuple):
    """An active person: where they live, and the numbers of their profile, if there is one."""

    user_id: str
    timezone: str
    profile: dict[str, float]


class Turn(NamedTuple):
    """A person of a batch, and the instant that their candidates are made for."""

    user_id: str
    at: datetime


class Progress(NamedTuple):
    """How far a batch is; `outcomes` counts those done by how it ended."""

    id: str
    started_at: datetime
    finished_at: datetime | None
    people: int
    outcomes: dict[str, int]

    @property
    def done(self) -> int:
        """How many have had their turn."""
        return sum(self.outcomes.values())


async def active(connection: AsyncConnection, now: datetime, since: datetime) -> list[Active]:
    """All people who were active since then and have something to do."""
    query = (
        select(users.c.id, users.c.timezone, profiles.c["values"])
        .select_from(users.outerjoin(profiles, profiles.c.user_id == users.c.id))
        .where(users.c.deleted_at.is_(None), is_active(now, since), has_something_to_do(now))
        .order_by(users.c.id)
    )
    return [Active(row[0], row[1], row[2] or {}) for row in await connection.execute(query)]


async def begin(
    connection: AsyncConnection, batch_id: str, turns: Sequence[Turn], now: datetime
) -> None:
    """Begin a batch of these people; one that has not finished ends."""
    p, f = fill_batch_people.c, fill_batches.c
    await connection.execute(
        update(fill_batch_people)
        .where(p.done_at.is_(None))
        .values(done_at=now, outcome=Ended.FAILED.value)
    )
    await connection.execute(
        update(fill_batches).where(f.finished_at.is_(None)).values(finished_at=now)
    )
    await connection.execute(insert(fill_batches).values(id=batch_id, started_at=now))
    there = await users_rows.heads_kept(connection, {turn.user_id for turn in turns})
    rows = [
        {"batch_id": batch_id, "user_id": turn.user_id, "at": turn.at}
        for turn in turns
        if turn.user_id in there
    ]
    for start in range(0, len(rows), _ROWS):
        await connection.execute(insert(fill_batch_people), rows[start : start + _ROWS])


async def newest(connection: AsyncConnection) -> Progress | None:
    """The batch that was begun last."""
    query = select(fill_batches.c.id).order_by(fill_batches.c.started_at.desc()).limit(1)
    batch_id = (await connection.execute(query)).scalar_one_or_none()
    return None if batch_id is None else await progress(connection, batch_id)


async def progress(connection: AsyncConnection, batch_id: str) -> Progress:
    """How far that batch is."""
    f, p = fill_batches.c, fill_batch_people.c
    row = (
        await connection.execute(select(f.started_at, f.finished_at).where(f.id == batch_id))
    ).one()
    counts = await connection.execute(
        select(p.outcome, func.count()).where(p.batch_id == batch_id).group_by(p.outcome)
    )
    by_outcome: dict[str | None, int] = {row[0]: row[1] for row in counts}
    people = sum(by_outcome.values())
    outcomes = {name: count for name, count in by_outcome.items() if name is not None}
    return Progress(batch_id, row.started_at, row.finished_at, people, outcomes)


async def waiting(connection: AsyncConnection, batch_id: str, limit: int) -> list[Turn]:
    """Who has not had their turn: those who come soonest first, after those who never failed."""
    p = fill_batch_people.c
    query = (
        select(p.user_id, p.at)
        .where(p.batch_id == batch_id, p.done_at.is_(None))
        .order_by(p.attempts, p.at, p.user_id)
        .limit(limit)
    )
    return [Turn(*row) for row in await connection.execute(query)]


async def is_waiting(connection: AsyncConnection, batch_id: str, user_id: str) -> bool:
    """Whether the person has not had their turn."""
    p = fill_batch_people.c
    query = select(p.user_id).where(
        p.batch_id == batch_id, p.user_id == user_id, p.done_at.is_(None)
    )
    return (await connection.execute(query)).first() is not None


async def end_turn(
    connection: AsyncConnection, batch_id: str, user_id: str, ended: Ended, now: datetime
) -> bool:
    """Note that the person has had their turn; False if that was so before."""
    p = fill_batch_people.c
    changed = await connection.execute(
        update(fill_batch_people)
        .where(p.batch_id == batch_id, p.user_id == user_id, p.done_at.is_(None))
        .values(done_at=now, outcome=ended.value)
    )
    return changed.rowcount == 1


async def note_failure(
    connection: AsyncConnection, batch_id: str, user_id: str, most: int, now: datetime
) -> None:
    """Note that the person's turn failed; after `most` times it has ended."""
    p = fill_batch_people.c
    is_last = p.attempts + 1 >= most
    values: dict[str, Any] = {
        "attempts": p.attempts + 1,
        "done_at": case((is_last, now), else_=None),
        "outcome": case((is_last, Ended.FAILED.value), else_=None),
    }
    await connection.execute(
        update(fill_batch_people)
        .where(p.batch_id == batch_id, p.user_id == user_id, p.done_at.is_(None))
        .values(values)
    )


async def finish(connection: AsyncConnection, batch_id: str, now: datetime) -> None:
    """Note that everybody has had their turn."""
    await connection.execute(
        update(fill_batches).where(fill_batches.c.id == batch_id).values(finished_at=now)
    )


async def purge(connection: AsyncConnection, before: datetime) -> int:
    """Delete batches that were begun before then, with what they say of people; how many."""
    gone = await connection.execute(delete(fill_batches).where(fill_batches.c.started_at < before))
    return gone.rowcount
