"""What is stored of a person, put together for those who speak of it."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import NamedTuple
from zoneinfo import ZoneInfo

from oo.domain.lately import busy_of
from oo.domain.signals import Signal
from oo.domain.standing import Standing
from oo.recommend.assembly import assemble, most_pressing
from oo.recommend.ports import Assembled
from oo.store import beside, decisions, signals, tasks, users
from oo.store.database import Hot


class Known(NamedTuple):
    """A person's list with all that is known beside it, and the version of the list.

    `told` are the ids of the tasks that a writer may be told of; of these the labels are known.
    """

    standing: Standing
    signals: Mapping[str, Sequence[Signal]]
    pool_version: int
    told: Sequence[str]


async def known(connection: Hot, user_id: str, now: datetime) -> Known | None:
    """All that a claim about what may be told of can be checked against; None for who is gone."""
    head = (await users.heads(connection, [user_id])).get(user_id)
    if head is None:
        return None
    zone = ZoneInfo(head.timezone)
    listed = (await tasks.lists(connection, [user_id]))[user_id]
    awake = await tasks.available(connection, user_id, now)
    may_be_told = (it for it in listed if it.id in awake)
    told = [it.id for it in most_pressing(may_be_told, now.astimezone(zone))]
    current = (await signals.current(connection, [user_id], now))[user_id]
    more = (await beside.load(connection, [user_id], now, told))[user_id]
    standing = Standing(listed, zone, more._replace(busy=busy_of(current, zone)))
    return Known(standing, current, head.pool_version, told)


async def tell(connection: Hot, user_id: str, found: Known, now: datetime) -> Assembled:
    """The person's context at that instant, of what is known."""
    told = await tasks.open_ones(connection, user_id, found.told)
    heard = await decisions.heard(connection, user_id, now)
    context = assemble(found.standing.at(now), told, found.signals, heard)
    return Assembled(context, found.pool_version)


async def gather(connection: Hot, user_id: str, now: datetime) -> Assembled | None:
    """The person's context at that instant, from the store alone; None when the person is gone."""
    found = await known(connection, user_id, now)
    return None if found is None else await tell(connection, user_id, found, now)
