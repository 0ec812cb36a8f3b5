"""How many shards there are people for, as of a deployment."""

import asyncio
import logging
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

from sqlalchemy.exc import SQLAlchemyError

from deployments.args import Shards
from oo.kit.clock import Clock, SystemClock
from oo.kit.settings import Settings
from oo.store import activity
from oo.store.database import Database

log = logging.getLogger(__name__)

ACTIVE = timedelta(days=30)


def how_many_shards(shards: Shards, settings: Settings) -> int:
    """The number that `shards` says, for the people who were active in the last 30 days.

    A store that is away leaves it at the least: too few shards serve, a little later.
    """
    if shards.people is None:
        return shards.replicas
    # an application may be built where an event loop runs already
    with ThreadPoolExecutor(1) as thread:
        return shards.for_people(thread.submit(_count_active, settings, SystemClock()).result())


def _count_active(settings: Settings, clock: Clock) -> int:
    async def count() -> int:
        db = Database(settings.store_url)
        try:
            async with db.read() as connection:
                now = clock.now()
                return await activity.count(connection, now, now - ACTIVE)
        finally:
            await db.close()

    try:
        return asyncio.run(count())
    except (OSError, SQLAlchemyError) as error:
        log.warning("active people were not counted, the store is away: %r", error)
        return 0
