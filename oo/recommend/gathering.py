"""What is stored of a person, put together for those who speak of it."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import NamedTuple
from zoneinfo import ZoneInfo

from sqlalchemy.ext.asyncio import AsyncConnection

from oo.domain.lately import busy_of
from oo.domain.signals import Signal
from oo.domain.standing import Standing
from oo.recommend.assembly import assemble
from oo.recommend.ports import Assembled
from oo.store import beside, decisions, signals, tasks, users


class Known(NamedTuple):
    """A person's list with all that is known beside it, and the version of the list."""

    standing: Standing
    signals: Mapping[str, Sequence[Signal]]
    pool_version: int


async def known(connection: AsyncConnection, user_id: str, now: datetime) -> Known | None:
    """All that a claim can be checked against; None when the person is gone."""
    head = (await users.heads(connection, [user_id])).get(user_id)
    if head is None:
        return None
    zone = ZoneInfo(head.timezone)
    listed = (await tasks.lists(connection, [user_id]))[user_id]
    current = (await signals.current(connection, [user_id], now))[user_id]
    more = (await beside.load(connection, [user_id], now))[user_id]
    standing = Standing(listed, zone, more._replace(busy=busy_of(current, zone)))
    return Known(standing, current, head.pool_version)


async def gather(connection: AsyncConnection, user_id: str, now: datetime) -> Assembled | None:
    """The person's context at that instant, from the store alone; None when the person is gone."""
    found = await known(connection, user_id, now)
    if found is None:
        return None
    available = await tasks.list_available(connection, user_id, now)
    heard = await decisions.heard(connection, user_id, now)
    context = assemble(found.standing.at(now), available, found.signals, heard)
    return Assembled(context, found.pool_version)
