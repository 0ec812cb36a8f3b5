"""Taking over what a person hands in."""

import asyncio
from typing import NamedTuple
from zoneinfo import ZoneInfo

from oo.domain.signals import LineError
from oo.integrations import completions, reconcile
from oo.integrations.registry import ConfiguredSource
from oo.kit.clock import Clock
from oo.kit.errors import Conflict, NotFound
from oo.store import connections, kinds, tasks, users
from oo.store.connections import CONNECTED, ConnectionRow
from oo.store.database import Database

MAX_FILENAME = 200


class ImportResult(NamedTuple):
    """What an upload brought: new or changed, unchanged, tasks ticked off, and lines in error."""

    taken: int
    unchanged: int
    finished: int
    errors: tuple[LineError, ...]


async def take_upload(
    db: Database,
    clock: Clock,
    configured: ConfiguredSource,
    user_id: str,
    filename: str,
    data: bytes,
) -> ImportResult:
    """Store the signals of an upload; tasks that it says are ticked off are finished.

    Raises Conflict when the source takes no uploads.
    """
    source, name, now = configured.source.uploads, configured.manifest.name, clock.now()
    if source is None:
        raise Conflict("This source is not connected by a file.")
    async with db.read() as connection:
        user = await users.get(connection, user_id)
    if user is None:
        raise NotFound("There is no such person.")
    today = now.astimezone(ZoneInfo(user.timezone)).date()
    filename = filename[:MAX_FILENAME]
    upload = await asyncio.to_thread(source.parse, filename, data, today)
    told = reconcile.checked(configured.manifest, upload.signals, now)
    async with db.write() as connection:
        stored = await kinds.list_of_source(connection, user_id, name)
        news = reconcile.news_of_upload(stored, told)
        await kinds.put(connection, user_id, news, now)
        finished = await tasks.mark_completed(connection, user_id, upload.done, now)
        # a tick says that, not when: the list is the first that oO hears of it
        open_here = {key.id for key, row in stored.items() if row.finished_at is None}
        ticked = dict.fromkeys(open_here.intersection(upload.done), now)
        await completions.announce(connection, user_id, ticked, now)
        row = ConnectionRow(name, filename, CONNECTED, None, now, now, None)
        await connections.put(connection, user_id, row)
        if news or finished:
            await users.bump_pool(connection, user_id)
    return ImportResult(len(news), len(told) - len(news), finished, upload.errors)
