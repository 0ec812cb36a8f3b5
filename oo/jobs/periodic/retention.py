"""Purges what has outlived its retention: see the constants, and the classes of signals."""

from collections.abc import Awaitable, Callable
from datetime import timedelta

from sqlalchemy.ext.asyncio import AsyncConnection

from oo.domain.signals.retention import WHILE_OPEN
from oo.jobs.contract import Job
from oo.kit.clock import Clock
from oo.store import (
    batches,
    candidates,
    decisions,
    last_imports,
    model_calls,
    outbox,
    sessions,
    signals,
    tasks,
    writings,
)
from oo.store.database import Database

DECISIONS = timedelta(days=30)
CANDIDATES = timedelta(days=1)
WRITINGS = timedelta(days=30)  # with titles in them; training wants recent ones anyway
EVENTS = timedelta(days=30)
BATCHES = timedelta(days=7)
MODEL_CALLS = timedelta(days=30)


async def run(db: Database, clock: Clock) -> int:
    """Delete what is past its time; decisions with a reaction stay, models are folds of them.

    A slice at a time, each in a transaction of its own, so that requests come in between.
    """
    now = clock.now()
    purges: list[Callable[[AsyncConnection], Awaitable[int]]] = [
        lambda connection: decisions.purge(connection, now - DECISIONS),
        lambda connection: candidates.purge(connection, now - CANDIDATES),
        lambda connection: writings.purge(connection, now - WRITINGS),
        lambda connection: sessions.purge_expired(connection, now),
        lambda connection: tasks.purge_finished(connection, now - WHILE_OPEN.keep),
        lambda connection: signals.purge(connection, now),
        lambda connection: last_imports.purge(connection, now),
        lambda connection: model_calls.purge(connection, now - MODEL_CALLS),
        lambda connection: outbox.purge(connection, now - EVENTS),
        lambda connection: batches.purge(connection, now - BATCHES),
    ]
    total = 0
    for purge in purges:
        while True:
            async with db.write() as connection:
                gone = await purge(connection)
            total += gone
            if gone == 0:
                break
    return total


JOB = Job("retention", 24 * 3600.0, run)
