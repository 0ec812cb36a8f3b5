"""The decision log (`tip_scores`): what was served to whom, out of what, why and how likely."""

from collections.abc import AsyncIterator, Collection, Sequence
from dataclasses import fields
from datetime import datetime, timedelta
from operator import attrgetter
from typing import Any

from sqlalchemy import and_, bindparam, delete, func, insert, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from oo.domain.context import HEARD_DAYS, MAX_HEARD, Heard
from oo.domain.decisions import Decision, Logged, LoggedDecision, Seen, Shown
from oo.domain.policies import PolicyRef
from oo.store import hour_notes, outbox
from oo.store.database import PURGE_ROWS, Hot
from oo.store.forget import BLANK
from oo.store.schema import UtcDateTime
from oo.store.sealing import opened_rows, sealed_rows
from oo.store.tables import feedback, tip_scores, users

READ_HEARD = 300  # a tip an hour for two weeks
LATE = timedelta(seconds=5)  # a request for a tip ends within two

# built once: every tip and every reaction runs them
_APPEND = insert(tip_scores)
_SHOWN = select(
    tip_scores.c.id,
    tip_scores.c.user_id,
    tip_scores.c.created_at,
    tip_scores.c.kind,
    tip_scores.c.task_id,
    tip_scores.c.candidate_ids,
    tip_scores.c.chosen,
    tip_scores.c.features,
).where(
    tip_scores.c.user_id.in_(bindparam("people", expanding=True)),
    tip_scores.c.id.in_(bindparam("tips", expanding=True)),
)


async def append(connection: Hot, decisions: Sequence[Decision]) -> None:
    """Log decisions."""
    # always in the same order: each row locks its person against deletion
    ordered = sorted(decisions, key=attrgetter("user_id"))
    rows = await sealed_rows(connection, tip_scores, [_row(decision) for decision in ordered])
    await connection.execute(_APPEND, rows)


async def point_out_late(connection: Hot, decisions: Sequence[Decision], now: datetime) -> None:
    """Have the relay of events look at decisions that are committed long after they were made.

    It finds the others by their time and looks no further back than it must; see `LATE`. Call it
    in the transaction that logs them, `now` being a time within it.
    """
    if min(decision.created_at for decision in decisions) > now - LATE:
        return
    late = [decision for decision in decisions if decision.created_at <= now - LATE]
    await outbox.put(
        connection,
        [
            {
                "user_id": decision.user_id,
                "subject": outbox.TIP_SERVED,
                "payload": {"tip_id": decision.id},
                "created_at": now,
            }
            for decision in late
        ],
    )


def _row(decision: Decision) -> dict[str, Any]:
    return {
        "id": decision.id,
        "user_id": decision.user_id,
        "created_at": decision.created_at,
        "kind": decision.candidate.kind.value,
        "content": decision.candidate.content,
        "source": decision.candidate.source,
        "model": decision.candidate.model,
        "prompt_version": decision.candidate.prompt_version,
        "confidence": decision.candidate.confidence,
        "task_id": decision.candidate.task_id,
        "activity": decision.candidate.activity,
        "language": decision.candidate.language,
        "candidate_ids": decision.candidate_ids,
        "chosen": decision.chosen,
        "policy": decision.policy,
        "policy_version": decision.policy_version,
        "seed": decision.seed,
        "state_seq": decision.state_seq,
        "propensity": decision.propensities[decision.chosen],
        "propensities": decision.propensities,
        "scores": decision.scores,
        "features": decision.features,
        "degraded": decision.degraded,
        "latency_ms": decision.latency_ms,
    }


async def shown(
    connection: Hot, user_ids: Collection[str], tip_ids: Collection[str]
) -> dict[str, Shown]:
    """The named tips of these people, by tip id; callers still match person and tip."""
    return {
        row.id: Shown(
            row.user_id,
            row.created_at,
            row.kind,
            row.task_id,
            row.candidate_ids[row.chosen],
            {name: values[row.chosen] for name, values in row.features.items()},
        )
        for row in await connection.execute(
            _SHOWN, {"people": list(user_ids), "tips": list(tip_ids)}
        )
    }


_SEEN = select(
    tip_scores.c.id,
    tip_scores.c.user_id,
    tip_scores.c.created_at,
    tip_scores.c.chosen,
    tip_scores.c.features,
).where(tip_scores.c.seen_at.is_not(None))


def _seen(row: Any) -> Seen:
    features = {name: values[row.chosen] for name, values in row.features.items()}
    return Seen(row.id, row.user_id, row.created_at, features)


# built once: a request may wait for it
_HEARD = (
    select(tip_scores.c.content, tip_scores.c.created_at, tip_scores.c.sealed)
    .where(
        tip_scores.c.user_id == bindparam("person"), tip_scores.c.created_at > bindparam("since")
    )
    .order_by(tip_scores.c.created_at.desc())
    .limit(bindparam("most"))
)


async def heard(connection: Hot, user_id: str, now: datetime) -> list[Heard]:
    """What the person was shown in the last HEARD_DAYS days, each text once, the newest first.

    Words that were erased are not among it. Of somebody who asks all day long only the newest
    READ_HEARD decisions are read, since a request may wait for this.
    """
    newest: dict[str, datetime] = {}
    asked = {
        "person": user_id,
        "since": now - timedelta(days=HEARD_DAYS),
        "most": READ_HEARD,
    }
    rows = (await connection.execute(_HEARD, asked)).mappings()
    for row in await opened_rows(connection, tip_scores, user_id, rows):
        if row["content"] != BLANK:
            newest.setdefault(row["content"], row["created_at"])
    found = [Heard(content, (now - at).days) for content, at in newest.items()]
    return found[:MAX_HEARD]


_MARK_SEEN = (
    update(tip_scores)
    .where(tip_scores.c.user_id == bindparam("person"), tip_scores.c.id == bindparam("tip"))
    .values(seen_at=func.coalesce(tip_scores.c.seen_at, bindparam("now", type_=UtcDateTime)))
)


async def mark_seen(connection: Hot, user_id: str, tip_id: str, now: datetime) -> bool:
    """Note when the person first saw the tip; whether there is such a tip of theirs."""
    asked = {"person": user_id, "tip": tip_id, "now": now}
    is_known = (await connection.execute(_MARK_SEEN, asked)).rowcount == 1
    if is_known:
        await hour_notes.note_seen(connection, user_id, tip_id, now)
    return is_known


async def missed(connection: AsyncConnection, before: datetime, limit: int) -> list[Seen]:
    """Tips served before then that were seen and have no reaction at all, the oldest first.

    None of deleted people: their tips get no reaction any more and would fill every batch.
    """
    t = tip_scores.c
    reacted = select(feedback.c.tip_id).where(feedback.c.tip_id == t.id).correlate(tip_scores)
    query = (
        _SEEN.join(users, users.c.id == t.user_id)
        .where(users.c.deleted_at.is_(None), t.created_at < before, ~reacted.exists())
        .order_by(t.created_at)
        .limit(limit)
    )
    return [_seen(row) for row in await connection.execute(query)]


async def seen_of_task(
    connection: AsyncConnection, user_id: str, task_id: str, since: datetime, until: datetime
) -> list[Seen]:
    """The person's tips served in that time that were seen and spoke of the task, oldest first."""
    t = tip_scores.c
    query = _SEEN.where(
        t.user_id == user_id, t.task_id == task_id, t.created_at.between(since, until)
    ).order_by(t.created_at)
    return [_seen(row) for row in await connection.execute(query)]


async def purge(connection: AsyncConnection, before: datetime) -> int:
    """Delete some decisions older than `before`; returns how many.

    What was learnt from one stays: a reaction has the numbers that models are folds of.
    """
    t = tip_scores.c
    await hour_notes.forget_before(connection, before)
    old = select(t.id).where(t.created_at < before)
    result = await connection.execute(
        delete(tip_scores).where(t.id.in_(old.limit(PURGE_ROWS).with_for_update(skip_locked=True)))
    )
    return result.rowcount


LOGGED = select(
    tip_scores.c.id,
    tip_scores.c.user_id,
    tip_scores.c.created_at,
    tip_scores.c.policy,
    tip_scores.c.policy_version,
    tip_scores.c.seed,
    tip_scores.c.state_seq,
    tip_scores.c.features,
    tip_scores.c.chosen,
    tip_scores.c.propensities,
    tip_scores.c.scores,
    tip_scores.c.degraded,
)


def logged(row: Any, content: str = BLANK) -> Logged:
    """A row of `LOGGED`, without words unless they are given: making it again needs none."""
    return Logged(
        row.id,
        row.user_id,
        row.created_at,
        content,
        PolicyRef(row.policy, row.policy_version),
        row.seed,
        row.state_seq,
        row.features,
        row.chosen,
        row.propensities,
        row.scores,
        row.degraded,
    )


async def every(connection: AsyncConnection) -> AsyncIterator[Logged]:
    """All decisions, person by person in the order of `state_seq`, for the operator's check."""
    t = tip_scores.c
    async for row in await connection.stream(LOGGED.order_by(t.user_id, t.state_seq, t.id)):
        yield logged(row)


async def latest(connection: AsyncConnection, user_id: str) -> str | None:
    """The id of the person's newest tip."""
    t = tip_scores.c
    query = select(t.id).where(t.user_id == user_id).order_by(t.created_at.desc(), t.id.desc())
    return (await connection.execute(query.limit(1))).scalar_one_or_none()


async def find(
    connection: AsyncConnection, tip_id: str, user_id: str | None = None
) -> Logged | None:
    """One decision with its words; with `user_id`, only if it is that person's."""
    query = LOGGED.add_columns(tip_scores.c.content, tip_scores.c.sealed)
    query = query.where(tip_scores.c.id == tip_id)
    if user_id is not None:
        query = query.where(tip_scores.c.user_id == user_id)
    row = (await connection.execute(query)).first()
    if row is None:
        return None
    opened = await opened_rows(connection, tip_scores, row.user_id, [row._mapping])
    return logged(row, opened[0]["content"])


_t, _f = tip_scores.c, feedback.c
WORDS = ("content", "sealed")  # evaluation needs none
_OUTCOME = tuple(field.name for field in fields(LoggedDecision))


async def with_outcomes(
    connection: AsyncConnection, since: datetime | None = None
) -> AsyncIterator[LoggedDecision]:
    """Everybody's decisions from `since` on, person by person in the order they were made.

    Deleted people are left out, also while their rows still wait to be purged.
    """
    newest = select(_f.tip_id, func.max(_f.revision).label("revision"))
    last = newest.where(_f.late.is_(False)).group_by(_f.tip_id).subquery()
    outcome = (
        tip_scores.join(users, users.c.id == _t.user_id)
        .outerjoin(last, last.c.tip_id == _t.id)
        .outerjoin(feedback, and_(_f.tip_id == last.c.tip_id, _f.revision == last.c.revision))
    )
    query = (
        select(
            *(column for column in tip_scores.c if column.name not in WORDS),
            users.c.timezone,
            users.c.created_at.label("joined_at"),
            _f.reward,
            _f.action,
            _f.created_at.label("reacted_at"),
        )
        .select_from(outcome)
        .where(users.c.deleted_at.is_(None))
        .order_by(_t.user_id, _t.created_at, _t.id)
    )
    if since is not None:
        query = query.where(_t.created_at >= since)
    async for row in await connection.stream(query):
        yield LoggedDecision(**{name: getattr(row, name) for name in _OUTCOME})
