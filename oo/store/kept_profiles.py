"""Kept profiles of people, and the history that they are made from."""

from collections.abc import Collection
from datetime import datetime
from functools import cache
from typing import NamedTuple

from sqlalchemy import and_, bindparam, select
from sqlalchemy.ext.asyncio import AsyncConnection

from oo.domain.rewards import Action
from oo.store import users as users_rows
from oo.store.database import Hot
from oo.store.tables import feedback, profiles, tip_scores, users
from oo.store.upsert import Insert, insert_of


class Profile(NamedTuple):
    """A profile with its age and what it knows: the person's first `user_seq` reactions."""

    user_id: str
    user_seq: int
    values: dict[str, float]
    computed_at: datetime


class HistoryRow(NamedTuple):
    """A served tip and the person's reaction to it, if there is one."""

    created_at: datetime
    action: str | None
    dwell_ms: int | None


_p = profiles.c
_LOAD = select(_p.user_id, _p.user_seq, _p["values"], _p.computed_at).where(
    _p.user_id.in_(bindparam("people", expanding=True))
)


async def load(connection: Hot, user_ids: Collection[str]) -> dict[str, Profile]:
    """The kept profiles of these people."""
    rows = await connection.execute(_LOAD, {"people": list(user_ids)})
    return {row[0]: Profile(*row) for row in rows}


async def save(connection: Hot, profile: Profile, past_version: int) -> None:
    """Keep a profile in place of an older one, unless what it was made of was erased meanwhile.

    `past_version` is the person's of when that was read.
    """
    head = (await users_rows.heads_kept(connection, [profile.user_id])).get(profile.user_id)
    if head is None or head.past_version != past_version:
        return
    await connection.execute(_saving(connection.dialect.name), profile._asdict())


@cache
def _saving(dialect: str) -> Insert:
    statement = insert_of(dialect, profiles)
    fresh = statement.excluded
    return statement.on_conflict_do_update(
        index_elements=["user_id"],
        set_={
            "user_seq": fresh.user_seq,
            "values": fresh["values"],
            "computed_at": fresh.computed_at,
        },
        where=profiles.c.computed_at < fresh.computed_at,
    )


_t, _f = tip_scores.c, feedback.c
_HISTORY = (
    select(_t.created_at, _f.action, _f.dwell_ms)
    .select_from(
        tip_scores.outerjoin(
            feedback,
            and_(
                _f.tip_id == _t.id,
                _f.user_id == _t.user_id,
                _f.action.in_(bindparam("own", expanding=True)),
            ),
        )
    )
    .where(_t.user_id == bindparam("person"), _t.created_at >= bindparam("since"))
    .order_by(_t.created_at, _t.id)
)


async def history(connection: Hot, user_id: str, since: datetime) -> list[HistoryRow]:
    """The person's tips since then, each with their own reaction (not what oO noticed itself)."""
    asked = {"person": user_id, "since": since, "own": list(Action)}
    rows = await connection.execute(_HISTORY, asked)
    return [HistoryRow(*row) for row in rows]


async def behind(connection: AsyncConnection, before: datetime, limit: int) -> list[str]:
    """People whose profile lacks reactions and was computed before then."""
    p = profiles.c
    query = (
        select(users.c.id)
        .select_from(users.join(profiles, p.user_id == users.c.id))
        .where(
            users.c.deleted_at.is_(None),
            p.user_seq < users.c.user_seq,
            p.computed_at < before,
        )
        .order_by(p.computed_at)
        .limit(limit)
    )
    return list((await connection.execute(query)).scalars())


async def newest(connection: Hot, user_id: str) -> users_rows.Head | None:
    """How the person stands; read before what a profile is made of."""
    return (await users_rows.heads(connection, [user_id])).get(user_id)
