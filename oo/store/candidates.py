"""The pool of candidates that were made ahead of need."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import and_, bindparam, delete, func, insert, not_, or_, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from oo.domain.claims import decode, encode
from oo.domain.tasks import Task
from oo.domain.tips import TipCandidate, TipKind
from oo.store import tasks as task_store
from oo.store import users as user_store
from oo.store.activity import has_something_to_do, is_active
from oo.store.database import PURGE_ROWS, Hot
from oo.store.schema import UtcDateTime
from oo.store.sealing import opened_rows, sealed_rows, words_of
from oo.store.tables import candidates, fill_batch_people, tasks, users


@dataclass(frozen=True, slots=True)
class PoolEntry:
    """A live candidate with the task that it speaks of."""

    candidate: TipCandidate
    pool_key: str
    not_before: datetime | None
    task: Task | None


_c, _t = candidates.c, tasks.c
# built once: every load of a person's stock runs it
_LIVE = (
    select(candidates, *(column.label(f"t_{column.name}") for column in tasks.c))
    .select_from(
        candidates.outerjoin(
            tasks,
            and_(_t.user_id == _c.user_id, _t.id == _c.task_id, _t.completed_at.is_(None)),
        )
    )
    .where(
        _c.user_id.in_(bindparam("people", expanding=True)),
        _c.retired_at.is_(None),
        _c.expires_at > bindparam("now"),
        or_(_c.task_id.is_(None), _t.id.is_not(None)),
        or_(_t.not_before.is_(None), _t.not_before <= bindparam("now")),
    )
    .order_by(_c.user_id, _c.created_at, _c.id)
)


async def live(
    connection: Hot, user_ids: Collection[str], now: datetime
) -> dict[str, list[PoolEntry]]:
    """Each person's candidates that are neither retired nor expired, oldest first.

    Those whose task is no longer open are left out; snoozed ones, and those made ahead, are in,
    with their `not_before`.
    """
    found: dict[str, list[PoolEntry]] = {user_id: [] for user_id in user_ids}
    asked = {"people": list(user_ids), "now": now}
    words = await words_of(connection, user_ids)
    for stored in (await connection.execute(_LIVE, asked)).mappings():
        row = words.opened(tasks, words.opened(candidates, stored), "t_")
        try:
            claims = decode(row["claims"])
        except ValueError:
            continue  # another release wrote it: what cannot be checked is not served
        task = None if row["t_id"] is None else task_store.from_row(row, "t_")
        candidate = TipCandidate(
            id=row["id"],
            kind=TipKind(row["kind"]),
            content=row["content"],
            source=row["source"],
            model=row["model"],
            prompt_version=row["prompt_version"],
            confidence=row["confidence"],
            task_id=row["task_id"],
            created_at=row["created_at"],
            expires_at=row["expires_at"],
            claims=claims,
            activity=row["activity"],
            language=row["language"],
        )
        rests = max((at for at in (row["starts_at"], row["not_before"]) if at), default=None)
        found[row["user_id"]].append(PoolEntry(candidate, row["pool_key"], rests, task))
    return found


_now = bindparam("now", type_=UtcDateTime)
_is_ahead = and_(_c.starts_at.is_not(None), _c.starts_at > _now)
_RETIRE = (
    update(candidates)
    .where(
        _c.user_id == bindparam("person"),
        _c.retired_at.is_(None),
        or_(_c.pool_key != bindparam("key"), _c.source != "llm"),
    )
    .values(retired_at=_now)
)
_RETIRE_NOW, _RETIRE_AHEAD = _RETIRE.where(not_(_is_ahead)), _RETIRE.where(_is_ahead)
_SAID = select(_c.content, _c.sealed).where(
    _c.user_id == bindparam("person"), _c.pool_key == bindparam("key"), _c.source == "llm"
)
_INSERT = insert(candidates)


async def replace(
    connection: Hot,
    user_id: str,
    pool_key: str,
    fresh: Sequence[TipCandidate],
    now: datetime,
    starts_at: datetime | None = None,
) -> None:
    """Put `fresh` into the person's pool; retire templates and what another `pool_key` made.

    With `starts_at` they are made ahead, for a later part of the day: they take the place of others
    made ahead, and what is for now stays. Without it, what is made ahead stays.
    """
    await connection.execute(
        _RETIRE_NOW if starts_at is None else _RETIRE_AHEAD,
        {"person": user_id, "key": pool_key, "now": now},
    )
    await _insert(connection, user_id, pool_key, fresh, starts_at)
    await user_store.bump_pool(connection, user_id)


async def add(connection: Hot, user_id: str, pool_key: str, fresh: Sequence[TipCandidate]) -> None:
    """Put `fresh` into the person's pool beside what is there."""
    await _insert(connection, user_id, pool_key, fresh, None)
    await user_store.bump_pool(connection, user_id)


async def said(connection: Hot, user_id: str, pool_key: str) -> set[str]:
    """What was written for the person under this key already, reacted to or not."""
    rows = (await connection.execute(_SAID, {"person": user_id, "key": pool_key})).mappings()
    return {row["content"] for row in await opened_rows(connection, candidates, user_id, rows)}


async def contents(
    connection: AsyncConnection, user_id: str, candidate_ids: Collection[str]
) -> dict[str, str]:
    """What those of the person's candidates say that are still kept, by id."""
    query = select(_c.id, _c.content, _c.sealed).where(
        _c.user_id == user_id, _c.id.in_(candidate_ids)
    )
    rows = (await connection.execute(query)).mappings()
    return {
        row["id"]: row["content"]
        for row in await opened_rows(connection, candidates, user_id, rows)
    }


async def _insert(
    connection: Hot,
    user_id: str,
    pool_key: str,
    fresh: Sequence[TipCandidate],
    starts_at: datetime | None,
) -> None:
    rows = [
        {
            "id": candidate.id,
            "user_id": user_id,
            "pool_key": pool_key,
            "kind": candidate.kind.value,
            "content": candidate.content,
            "source": candidate.source,
            "model": candidate.model,
            "prompt_version": candidate.prompt_version,
            "confidence": candidate.confidence,
            "task_id": candidate.task_id,
            "claims": encode(candidate.claims),
            "activity": candidate.activity,
            "language": candidate.language,
            "created_at": candidate.created_at,
            "expires_at": candidate.expires_at,
            "starts_at": starts_at,
        }
        for candidate in fresh
    ]
    if rows:
        await connection.execute(_INSERT, await sealed_rows(connection, candidates, rows))


async def people_to_fill(
    connection: AsyncConnection,
    now: datetime,
    active_since: datetime,
    limit: int,
    settled: timedelta = timedelta(0),
) -> list[str]:
    """Some recently active people with tasks whose pools are due for a look.

    They are due when their list or pool has changed since a fill last left it as it should be
    (`users.set_filled`), and when the instant has come that the fill named. What has changed for
    less than `settled` is left to whoever was told of it, who waits in a batch to the batch.
    """
    is_due = or_(
        users.c.filled_version.is_(None),
        users.c.filled_version != users.c.pool_version,
        users.c.look_again_at <= now,
    )
    b = fill_batch_people.c
    waits = select(b.batch_id).where(b.user_id == users.c.id, b.done_at.is_(None))
    query = (
        select(users.c.id)
        .where(
            users.c.deleted_at.is_(None),
            is_due,
            or_(users.c.changed_at.is_(None), users.c.changed_at <= now - settled),
            is_active(now, active_since),
            has_something_to_do(now),
            ~waits.correlate(users).exists(),
        )
        .order_by(func.random())  # so that nobody who cannot be filled keeps others from it
        .limit(limit)
    )
    return list((await connection.execute(query)).scalars())


async def purge(connection: AsyncConnection, before: datetime) -> int:
    """Delete candidates that were retired or expired before `before`; returns how many."""
    c = candidates.c
    result = await connection.execute(
        delete(candidates).where(
            c.id.in_(
                select(c.id)
                .where(or_(c.retired_at < before, c.expires_at < before))
                .limit(PURGE_ROWS)
                .with_for_update(skip_locked=True)  # a purge never waits for a person
            )
        )
    )
    return result.rowcount
