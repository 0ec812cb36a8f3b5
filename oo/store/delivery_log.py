"""The log of decisions to speak (`delivery_decisions`): to whom, at which moment, how likely."""

from collections.abc import AsyncIterator, Collection, Sequence
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Select, and_, bindparam, case, delete, func, insert, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from oo.domain.delivery_log import DeliveryDecision, Pending, Sent
from oo.domain.interruptions import SPEAK, WEEK, MomentKind, Pushes, PushOutcome
from oo.store.database import PURGE_ROWS, Hot
from oo.store.sealing import opened_rows
from oo.store.tables import delivery_decisions, tip_scores, users

DAY = timedelta(days=1)
_d = delivery_decisions.c
_WAS_SENT = and_(_d.chosen == SPEAK, _d.unsent.is_(None))
_GOOD = (PushOutcome.ACTED, PushOutcome.OPENED)
_BAD = (PushOutcome.IGNORED, PushOutcome.DISMISSED, PushOutcome.SWITCHED_OFF)


def _count(condition: Any) -> Any:
    return func.sum(case((condition, 1), else_=0))


# built once: every pass runs them for each batch of people
_APPEND = insert(delivery_decisions)
_in_week = _d.created_at > bindparam("week")
_OF_LATE = (
    select(
        _d.user_id,
        _count(_d.created_at > bindparam("day")).label("day"),
        _count(_in_week).label("week"),
        _count(and_(_in_week, _d.outcome.in_(_BAD))).label("ignored"),
        func.max(_d.created_at).label("last"),
        func.min(_d.created_at).label("first"),
        func.max(case((_d.outcome.in_(_GOOD), _d.created_at))).label("good"),
    )
    .where(_d.user_id.in_(bindparam("people", expanding=True)), _WAS_SENT)
    .group_by(_d.user_id)
)
_last_good = (
    select(_d.user_id.label("person"), func.max(_d.created_at).label("at"))
    .where(_d.user_id.in_(bindparam("people", expanding=True)), _WAS_SENT, _d.outcome.in_(_GOOD))
    .group_by(_d.user_id)
    .subquery()
)
_STREAKS = (
    select(_d.user_id, func.count().label("streak"))
    .select_from(delivery_decisions.outerjoin(_last_good, _last_good.c.person == _d.user_id))
    .where(
        _d.user_id.in_(bindparam("people", expanding=True)),
        _WAS_SENT,
        _d.outcome.in_(_BAD),
        func.coalesce(_d.created_at > _last_good.c.at, True),
    )
    .group_by(_d.user_id)
)


async def append(connection: Hot, decisions: Sequence[DeliveryDecision]) -> None:
    """Log decisions."""
    rows = [{name: getattr(one, name) for name in _COLUMNS} for one in decisions]
    if rows:
        await connection.execute(_APPEND, sorted(rows, key=lambda row: row["user_id"]))


_COLUMNS = tuple(DeliveryDecision.__dataclass_fields__)


async def of_late(connection: Hot, user_ids: Collection[str], now: datetime) -> dict[str, Pushes]:
    """What these people got of late; nobody who got nothing as far back as the log goes."""
    asked = {"people": list(user_ids), "day": now - DAY, "week": now - WEEK}
    rows = list((await connection.execute(_OF_LATE, asked)).all())
    if not rows:
        return {}
    counted = await connection.execute(_STREAKS, {"people": [row.user_id for row in rows]})
    streaks = {row.user_id: int(row.streak) for row in counted}
    return {
        row.user_id: Pushes(
            int(row.day),
            int(row.week),
            int(row.ignored),
            streaks.get(row.user_id, 0),
            (now - row.last) / timedelta(hours=1),
            row.good is not None,
            (now - row.first) / timedelta(hours=1),
        )
        for row in rows
    }


_SENT_ON = select(_d.user_id, _d.created_at).where(
    _d.user_id.in_(bindparam("people", expanding=True)),
    _d.created_at >= bindparam("first"),
    _WAS_SENT,
)


async def sent_on(connection: Hot, since: dict[str, datetime]) -> dict[str, int]:
    """How many tips were sent to each of these people since their own instant."""
    found = dict.fromkeys(since, 0)
    asked = {"people": list(since), "first": min(since.values())}
    for row in await connection.execute(_SENT_ON, asked):
        found[row.user_id] += row.created_at >= since[row.user_id]
    return found


_NOTE_SENT = (
    update(delivery_decisions)
    .where(_d.user_id == bindparam("person"), _d.id == bindparam("decision"))
    .values(delivery_id=bindparam("number"), unsent=bindparam("why"))
)


async def note_sent(
    connection: AsyncConnection, sent: Sequence[tuple[str, str, str | None]]
) -> None:
    """Of person and decision: under which number the tip is on its way; none: it is refused."""
    rows = [
        {"person": user_id, "decision": it, "number": number, "why": None if number else "refused"}
        for user_id, it, number in sent
    ]
    await connection.execute(_NOTE_SENT, rows)


async def settle(
    connection: AsyncConnection,
    user_id: str,
    decision_id: str,
    outcome: PushOutcome | None,
    reward: float | None,
    now: datetime,
    unsent: str | None = None,
) -> None:
    """Keep what came of a decision, or why there is nothing to come of it."""
    await connection.execute(
        update(delivery_decisions)
        .where(_d.user_id == user_id, _d.id == decision_id)
        .values(outcome=outcome, reward=reward, settled_at=now, unsent=unsent)
    )


_PENDING = select(_d.id, _d.user_id, _d.created_at, _d.tip_id, _d.features, _d.reward).where(
    _WAS_SENT, _d.tip_id.is_not(None)
)


def _pending(row: Any) -> Pending:
    features = {name: column[SPEAK] for name, column in row.features.items()}
    return Pending(row.id, row.user_id, row.created_at, row.tip_id, features, row.reward)


async def unsettled(
    connection: AsyncConnection, since: datetime, before: datetime, limit: int
) -> list[Pending]:
    """Tips on their way of which nothing is known to have come, the oldest first."""
    query = _PENDING.where(
        _d.settled_at.is_(None), _d.created_at >= since, _d.created_at < before
    ).order_by(_d.created_at)
    return [_pending(row) for row in await connection.execute(query.limit(limit))]


async def sent_between(
    connection: AsyncConnection, user_id: str, since: datetime, until: datetime
) -> list[Pending]:
    """What the person was sent in that time, oldest first."""
    query = _PENDING.where(
        _d.user_id == user_id, _d.created_at >= since, _d.created_at <= until
    ).order_by(_d.created_at)
    return [_pending(row) for row in await connection.execute(query)]


async def told(connection: AsyncConnection, user_id: str, limit: int) -> list[Sent]:
    """What the person was sent, the newest first, with the words that are still kept."""
    t = tip_scores.c
    query = (
        select(_d.created_at, _d.moment, t.content, t.sealed, _d.outcome, _d.unsent)
        .select_from(
            delivery_decisions.outerjoin(
                tip_scores, and_(t.id == _d.tip_id, t.user_id == _d.user_id)
            )
        )
        .where(_d.user_id == user_id, _d.chosen == SPEAK)
        .order_by(_d.created_at.desc())
        .limit(limit)
    )
    rows = (await connection.execute(query)).mappings()
    return [
        Sent(
            row["created_at"],
            MomentKind(row["moment"]),
            row["content"] or "",
            row["outcome"] and PushOutcome(row["outcome"]),
            row["unsent"],
        )
        for row in await opened_rows(connection, tip_scores, user_id, rows)
    ]


def _decision(row: Any) -> DeliveryDecision:
    values = {name: getattr(row, name) for name in _COLUMNS}
    values["moment"] = MomentKind(row.moment)
    values["outcome"] = row.outcome and PushOutcome(row.outcome)
    return DeliveryDecision(**values)


async def every(
    connection: AsyncConnection, since: datetime | None = None
) -> AsyncIterator[tuple[DeliveryDecision, str, datetime]]:
    """Everybody's decisions, person by person in the order they were made.

    With the person's zone and when they joined; people who are being erased are left out.
    """
    query: Select[Any] = (
        select(delivery_decisions, users.c.timezone, users.c.created_at.label("joined_at"))
        .select_from(delivery_decisions.join(users, users.c.id == _d.user_id))
        .where(users.c.deleted_at.is_(None))
        .order_by(_d.user_id, _d.state_seq, _d.created_at, _d.id)
    )
    if since is not None:
        query = query.where(_d.created_at >= since)
    async for row in await connection.stream(query):
        yield _decision(row), row.timezone, row.joined_at


async def purge(connection: AsyncConnection, before: datetime) -> int:
    """Delete some decisions older than that; how many. What they taught stays."""
    old = select(_d.id).where(_d.created_at < before).limit(PURGE_ROWS)
    gone = await connection.execute(
        delete(delivery_decisions).where(_d.id.in_(old.with_for_update(skip_locked=True)))
    )
    return gone.rowcount
