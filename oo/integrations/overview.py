"""A person's sources as the connect page shows them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy.ext.asyncio import AsyncConnection

from oo.domain.signals import Manifest
from oo.integrations.registry import ConfiguredSource
from oo.store import connections, kinds, last_imports, outbox, tasks
from oo.store.connections import ConnectionRow
from oo.store.outbox import Closing, Outcome

TELL_FOR = timedelta(days=7)  # that oO has given up to tick a task off


@dataclass(frozen=True, slots=True)
class Integration:
    """A source as a person sees it; `status` is None when it is not connected.

    `retention` is a sentence; `counts` say how many signals there are of each kind ("2 events").
    The last import can be undone until `undo_until`. `to_tick_off` finished tasks could not be
    ticked off there so far; of those in `given_up`, by their titles, oO has stopped to try.
    """

    manifest: Manifest
    retention: str
    status: str | None = None
    account: str = ""
    error: str | None = None
    connected_at: datetime | None = None
    synced_at: datetime | None = None
    counts: tuple[str, ...] = ()
    undo_until: datetime | None = None
    to_tick_off: int = 0
    given_up: tuple[str, ...] = ()


async def overview(
    connection: AsyncConnection,
    user_id: str,
    sources: Mapping[str, ConfiguredSource],
    now: datetime,
) -> list[Integration]:
    """Every source, connected or not."""
    rows = {row.source: row for row in await connections.list_for(connection, user_id)}
    counts = await kinds.counts(connection, user_id)
    undoable = await last_imports.undoable(connection, user_id, now)
    closings = await outbox.closings(connection, user_id, now - TELL_FOR)
    titles = await tasks.titles(connection, user_id, {one.task_id for one in closings})
    listed = []
    for name, configured in sources.items():
        row = rows.get(name)
        if row is None:
            listed.append(Integration(configured.manifest, configured.retention))
            continue
        told = [kind.count(counts.get((name, kind.name), 0)) for kind in configured.kinds]
        own = [one for one in closings if one.task_id.startswith(f"{name}:")]
        listed.append(
            Integration(
                configured.manifest,
                configured.retention,
                row.status,
                row.account,
                row.error,
                row.connected_at,
                row.synced_at,
                tuple(told),
                undoable.get(name),
                _waiting(row, own),
                _given_up(own, titles),
            )
        )
    return listed


def _waiting(row: ConnectionRow, closings: Sequence[Closing]) -> int:
    """How many wait; of those not tried yet nobody needs to hear, unless they will not be."""
    is_stuck = row.status == connections.RECONNECT
    return sum(one.outcome is None and (is_stuck or one.attempts > 0) for one in closings)


def _given_up(closings: Sequence[Closing], titles: Mapping[str, str]) -> tuple[str, ...]:
    """Titles of the tasks that are still there, and have not been ticked off again since."""
    newest = {one.task_id: one.outcome for one in closings}
    given_up = [task_id for task_id, outcome in newest.items() if outcome is Outcome.GIVEN_UP]
    return tuple(titles[task_id] for task_id in given_up if task_id in titles)
