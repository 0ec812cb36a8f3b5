"""A person's signals of every kind alike, wherever their rows are kept.

Tasks have a table of their own, because they are finished and held back; all other kinds share one.
"""

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import NamedTuple

from sqlalchemy.ext.asyncio import AsyncConnection

from oo.domain.signals import Signal, kind_of
from oo.domain.signals.kinds.task import KIND as TASK
from oo.domain.tasks import Task
from oo.store import consents, signals, tasks
from oo.store.database import Hot


class Key(NamedTuple):
    """What a signal is known by within its person."""

    kind: str
    id: str


class Stored(NamedTuple):
    """A signal as it is stored; `finished_at` is None for kinds that are never finished.

    `by_source` tells of a finished task that its source told it so, rather than the person here.
    """

    signal: Signal
    finished_at: datetime | None
    by_source: bool = False


async def list_of_source(
    connection: AsyncConnection, user_id: str, source: str
) -> dict[Key, Stored]:
    """All of the person's signals from `source`, finished ones too."""
    found = {
        Key(TASK.name, task_id): Stored(row.task, row.completed_at, _is_by_source(row))
        for task_id, row in (await tasks.list_of_source(connection, user_id, source)).items()
    }
    rest = await signals.list_of_source(connection, user_id, source)
    return found | {Key(*key): Stored(row.signal, None) for key, row in rest.items()}


def _is_by_source(row: tasks.StoredTask) -> bool:
    return row.completed_at is not None and row.recorded_at is None


async def put(connection: Hot, user_id: str, found: Sequence[Signal], now: datetime) -> None:
    """Store the signals, tasks as open, in place of earlier versions of them.

    Those of a kind that the person does not allow are left out.
    """
    refused = await consents.refused_kinds(connection, user_id) if found else frozenset()
    allowed = [signal for signal in found if kind_of(signal).name not in refused]
    own = [signal for signal in allowed if isinstance(signal, Task)]
    rest = [signal for signal in allowed if not isinstance(signal, Task)]
    await tasks.put(connection, user_id, own, now)
    await signals.put(connection, user_id, rest, now)


async def remove(connection: AsyncConnection, user_id: str, keys: Collection[Key]) -> None:
    """Erase those of the person's signals."""
    await tasks.remove(connection, user_id, [key.id for key in keys if key.kind == TASK.name])
    rest = [key for key in keys if key.kind != TASK.name]
    await signals.remove(connection, user_id, rest)


async def remove_source(connection: AsyncConnection, user_id: str, source: str) -> None:
    """Erase everything that `source` told of the person."""
    await tasks.remove_source(connection, user_id, source)
    await signals.remove_source(connection, user_id, source)


async def counts(connection: AsyncConnection, user_id: str) -> dict[tuple[str, str], int]:
    """How many signals are stored of the person, by source and kind; of tasks the open ones."""
    found = await signals.counts(connection, user_id)
    for source, number in (await tasks.count_open(connection, user_id)).items():
        found[source, TASK.name] = number
    return found
