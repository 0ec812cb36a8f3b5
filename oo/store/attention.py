"""What people set about being spoken to: quiet hours, a budget, "not now"."""

from collections.abc import Collection
from datetime import datetime

from sqlalchemy import bindparam, select
from sqlalchemy.ext.asyncio import AsyncConnection

from oo.domain.quiet import Attention, QuietHours
from oo.store import users
from oo.store.database import Hot
from oo.store.tables import attention
from oo.store.upsert import putting

_a = attention.c
_OF = select(_a.user_id, _a.quiet_from, _a.quiet_until, _a.budget, _a.not_before).where(
    _a.user_id.in_(bindparam("people", expanding=True))
)
_SET = ("quiet_from", "quiet_until", "budget", "not_before", "changed_at")


async def load(connection: Hot, user_ids: Collection[str]) -> dict[str, Attention]:
    """What these people set; nobody who has left everything as it was."""
    rows = await connection.execute(_OF, {"people": list(user_ids)})
    return {
        row[0]: Attention(QuietHours(row[1], row[2]), budget=row[3], not_before=row[4])
        for row in rows
    }


async def of(connection: Hot, user_id: str) -> Attention:
    """What holds for the person."""
    return (await load(connection, [user_id])).get(user_id, Attention())


async def save(connection: AsyncConnection, user_id: str, wanted: Attention, now: datetime) -> None:
    """Keep what the person set. Raises NotFound for one who is erased or being erased."""
    await users.lock_one(connection, user_id)
    await connection.execute(
        putting(connection, attention, _SET),
        {
            "user_id": user_id,
            "quiet_from": wanted.quiet.begins,
            "quiet_until": wanted.quiet.ends,
            "budget": wanted.budget,
            "not_before": wanted.not_before,
            "changed_at": now,
        },
    )
