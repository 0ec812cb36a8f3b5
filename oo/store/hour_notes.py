"""Notes that an hour of decisions is to be counted anew, made by whatever changes old decisions.

`oo.store.hourly` counts, and forgets them.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta

from sqlalchemy import bindparam, delete, false, insert, select, true, union_all, update
from sqlalchemy.ext.asyncio import AsyncConnection

from oo.store.database import Hot
from oo.store.hourly_tables import (
    hourly_actions,
    hourly_returns,
    hourly_state,
    hourly_tips,
    hours_to_count,
)
from oo.store.tables import tip_scores, users

SETTLES = timedelta(minutes=10)  # after its end a decision of an hour is surely committed

_t = tip_scores.c
_PERSONS = select(_t.created_at, false()).where(_t.user_id == bindparam("person"))
_CAME = select(users.c.created_at, true()).where(users.c.id == bindparam("person"))
_NOTED = ["at", "is_arrival"]
_NOTE_ALL = insert(hours_to_count).from_select(_NOTED, union_all(_PERSONS, _CAME))
_NOTE_SEEN = insert(hours_to_count).from_select(
    _NOTED,
    _PERSONS.where(
        _t.id == bindparam("tip"), _t.created_at < bindparam("before", type_=_t.created_at.type)
    ),
)


async def note_person(connection: AsyncConnection, user_id: str) -> None:
    """Have the hours of the person's decisions, and the day on which they came, counted anew.

    Call it in the transaction that changes them or what came of them, before they are gone.
    """
    await connection.execute(_NOTE_ALL, {"person": user_id})


async def note_seen(connection: Hot, user_id: str, tip_id: str, now: datetime) -> None:
    """Have the hour of a tip counted anew that was seen now, unless it is not counted yet."""
    asked = {"person": user_id, "tip": tip_id, "before": now - SETTLES}
    await connection.execute(_NOTE_SEEN, asked)


async def forget_notes(connection: AsyncConnection, notes: Sequence[int]) -> None:
    """Forget what was dealt with."""
    n = hours_to_count.c
    for start in range(0, len(notes), 500):
        await connection.execute(delete(hours_to_count).where(n.id.in_(notes[start : start + 500])))


async def forget_before(connection: AsyncConnection, before: datetime) -> None:
    """Forget the hours whose decisions are purged, and have the one that is cut counted anew."""
    cut = int(before.timestamp()) // 3600
    for table in (hourly_tips, hourly_actions, hourly_returns):
        await connection.execute(delete(table).where(table.c.hour < cut))
    await connection.execute(
        update(hourly_state).where(hourly_state.c.whole_from <= cut).values(whole_from=cut + 1)
    )
    await connection.execute(insert(hours_to_count).values(at=before, is_arrival=False))
