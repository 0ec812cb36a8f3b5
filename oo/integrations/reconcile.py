"""How what a source tells now changes what is stored of it, whatever kind of signal it is."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

import orjson
from sqlalchemy.ext.asyncio import AsyncConnection

from oo.domain.signals import Broken, Manifest, Reading, Signal, kind_of
from oo.domain.signals.retention import WHILE_OPEN
from oo.domain.tasks import Task
from oo.store import kinds, signals, users
from oo.store.kinds import Key, Stored

# what a provider tells may be older than a close that has arrived there
CLOSING = timedelta(minutes=15)
MAX_ID = 200
MAX_BYTES = 16 * 1024


@dataclass(frozen=True, slots=True)
class Changes:
    """What to write: signals that are new or differ, and those that are gone."""

    put: tuple[Signal, ...]
    gone: tuple[Key, ...]


def checked(manifest: Manifest, told: Sequence[Signal], now: datetime) -> list[Signal]:
    """What a source told, without what has expired already.

    Raises Broken for a signal of a kind that its manifest does not name, of another source, of
    more than MAX_BYTES or of a time that no calendar holds.
    """
    kept: list[Signal] = []
    for signal in told:
        kind = kind_of(signal)
        own_id = f"{manifest.name}:{signal.external_id}"[:MAX_ID].replace("\0", "")
        is_own = (signal.source, signal.id) == (manifest.name, own_id)
        if kind.name not in manifest.kinds or not is_own:
            raise Broken(f"{manifest.title} sent something that oO does not expect of it.")
        if isinstance(signal, Task) or _is_current(manifest, signal, now):
            kept.append(signal)
    return kept


def _is_current(manifest: Manifest, signal: Signal, now: datetime) -> bool:
    try:
        expires_at = signals.expires_at(signal, now)
    except OverflowError as error:
        raise Broken(f"{manifest.title} sent a time that oO cannot keep.") from error
    if len(orjson.dumps(kind_of(signal).encode(signal))) > MAX_BYTES:
        raise Broken(f"{manifest.title} sent more than oO keeps of one thing.")
    return expires_at > now


def whole(stored: Mapping[Key, Stored], reading: Reading) -> list[Signal]:
    """Everything that there is at the source now, whether it told all of it or a delta."""
    if reading.whole:
        return list(reading.signals)
    gone = set(reading.gone)
    known = {
        key: row.signal
        for key, row in stored.items()
        if row.finished_at is None and key.id not in gone
    }
    return list((known | {key_of(signal): signal for signal in reading.signals}).values())


def compare(
    stored: Mapping[Key, Stored],
    told: Sequence[Signal],
    now: datetime,
    closing: Collection[str] = (),
) -> Changes:
    """The changes that bring `stored` to what there is at the source now.

    A task finished here that the source still tells as open was reopened there, unless its close
    may not have arrived yet: `closing` are the ids of those that it has still to be told, or was
    told within CLOSING. A recurring one is open again once its due day has moved.
    """
    there = {key_of(signal): signal for signal in told}
    put = tuple(
        signal
        for key, signal in there.items()
        if _is_news(stored.get(key), signal, now, is_closing=key.id in closing)
    )
    gone = tuple(
        key
        for key, row in stored.items()
        if key not in there
        and (row.finished_at is None or row.finished_at <= now - WHILE_OPEN.keep)
    )
    return Changes(put, gone)


def key_of(signal: Signal) -> Key:
    """What the signal is known by."""
    return Key(kind_of(signal).name, signal.id)


def _is_news(row: Stored | None, signal: Signal, now: datetime, *, is_closing: bool) -> bool:
    if row is None:
        return True
    if row.finished_at is None:
        return row.signal != signal
    is_reopened = not is_closing and row.finished_at <= now - CLOSING
    return is_reopened or has_advanced(row.signal, signal)


def has_advanced(before: Signal, after: Signal) -> bool:
    """Whether a recurring task is told at another turn than before."""
    if not isinstance(before, Task) or not isinstance(after, Task):
        return False
    return after.recurring and (after.due, after.due_at) != (before.due, before.due_at)


def dropped(stored: Mapping[Key, Stored], changes: Changes) -> frozenset[str]:
    """The ids of tasks that are gone and were not finished here."""
    return frozenset(
        key.id
        for key in changes.gone
        if isinstance(stored[key].signal, Task) and stored[key].finished_at is None
    )


async def apply(connection: AsyncConnection, user_id: str, changes: Changes, now: datetime) -> bool:
    """Write the changes and, if there are any, move the person's pool version."""
    if not changes.put and not changes.gone:
        return False
    await kinds.put(connection, user_id, changes.put, now)
    await kinds.remove(connection, user_id, changes.gone)
    await users.note_change(connection, user_id, now)
    return True
