"""What is stored of a person, put together for those who speak of it."""

from datetime import datetime
from zoneinfo import ZoneInfo

from sqlalchemy.ext.asyncio import AsyncConnection

from oo.domain.lately import busy_of
from oo.domain.standing import Standing
from oo.recommend.assembly import assemble
from oo.recommend.ports import Assembled
from oo.store import beside, decisions, signals, tasks, users


async def gather(connection: AsyncConnection, user_id: str, now: datetime) -> Assembled | None:
    """The person's context at that instant, from the store alone; None when the person is gone."""
    head = (await users.heads(connection, [user_id])).get(user_id)
    if head is None:
        return None
    zone = ZoneInfo(head.timezone)
    listed = (await tasks.lists(connection, [user_id]))[user_id]
    available = await tasks.list_available(connection, user_id, now)
    current = (await signals.current(connection, [user_id], now))[user_id]
    heard = await decisions.heard(connection, user_id, now)
    known = (await beside.load(connection, [user_id], now))[user_id]
    standing = Standing(listed, zone, known._replace(busy=busy_of(current, zone)))
    return Assembled(assemble(standing.at(now), available, current, heard), head.pool_version)
