"""Taking over a list that a person hands in."""

import asyncio
from typing import NamedTuple
from zoneinfo import ZoneInfo

from oo.domain.signals import LineError, UploadSource
from oo.integrations import completions, reconcile
from oo.kit.clock import Clock
from oo.kit.errors import NotFound
from oo.store import connections, tasks, users
from oo.store.connections import CONNECTED, ConnectionRow
from oo.store.database import Database

MAX_FILENAME = 200


class ImportResult(NamedTuple):
    """What an upload brought: tasks new or changed, unchanged, ticked off, and lines in error."""

    taken: int
    unchanged: int
    finished: int
    errors: tuple[LineError, ...]


async def take_upload(
    db: Database,
    clock: Clock,
    name: str,
    source: UploadSource,
    user_id: str,
    filename: str,
    data: bytes,
) -> ImportResult:
    """Store the tasks of an upload to the source `name`; what it says is ticked off is finished."""
    now = clock.now()
    async with db.read() as connection:
        user = await users.get(connection, user_id)
    if user is None:
        raise NotFound("There is no such person.")
    today = now.astimezone(ZoneInfo(user.timezone)).date()
    filename = filename[:MAX_FILENAME]
    upload = await asyncio.to_thread(source.parse, filename, data, today)
    async with db.write() as connection:
        stored = await tasks.list_of_source(connection, user_id, name)
        news = reconcile.news_of_upload(stored, upload.tasks)
        await tasks.put(connection, user_id, news)
        finished = await tasks.mark_completed(connection, user_id, upload.done, now)
        # a tick says that, not when: the list is the first that oO hears of it
        ticked = {i: now for i in upload.done if i in stored and stored[i].completed_at is None}
        await completions.announce(connection, user_id, ticked, now)
        row = ConnectionRow(name, filename, CONNECTED, None, now, now, None)
        await connections.put(connection, user_id, row)
        if news or finished:
            await users.bump_pool(connection, user_id)
    return ImportResult(len(news), len(upload.tasks) - len(news), finished, upload.errors)
