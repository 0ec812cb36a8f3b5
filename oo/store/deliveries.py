"""Rows of deliveries: a tip for a person, and what became of it on each device."""

from collections.abc import Sequence
from datetime import datetime
from typing import NamedTuple

from sqlalchemy import and_, delete, func, select, tuple_
from sqlalchemy.ext.asyncio import AsyncConnection

from oo.domain.deliveries import Happened, Outcome
from oo.domain.rewards import Action
from oo.store import outbox
from oo.store.database import PURGE_ROWS
from oo.store.tables import deliveries, delivery_outcomes, feedback, sendings, tip_scores
from oo.store.upsert import insert_into


class DeliveryRow(NamedTuple):
    """A delivery as it is asked for; with `only_device` it is a test of that device."""

    id: str
    user_id: str
    tip_id: str
    starts_at: datetime
    expires_at: datetime
    created_at: datetime
    only_device: str | None = None


class Said(NamedTuple):
    """What is to be logged, and of whom."""

    user_id: str
    happened: Happened


TOLD = {
    Outcome.SENT: outbox.TIP_DELIVERED,
    Outcome.OPENED: outbox.TIP_OPENED,
    Outcome.EXPIRED: outbox.TIP_EXPIRED,
}
_v, _s, _o = deliveries.c, sendings.c, delivery_outcomes.c


async def add(connection: AsyncConnection, row: DeliveryRow) -> str:
    """Keep the delivery, or the one that there is of its tip; the id."""
    await connection.execute(
        insert_into(connection, deliveries)
        .values(**row._asdict())
        .on_conflict_do_nothing(index_elements=[_v.user_id, _v.tip_id])
    )
    query = select(_v.id).where(_v.user_id == row.user_id, _v.tip_id == row.tip_id)
    return str((await connection.execute(query)).scalar_one())


async def has_tip(connection: AsyncConnection, user_id: str, tip_id: str) -> bool:
    """Whether the tip is one of the person's."""
    t = tip_scores.c
    query = select(t.id).where(t.user_id == user_id, t.id == tip_id)
    return (await connection.execute(query)).first() is not None


async def log(connection: AsyncConnection, said: Sequence[Said]) -> None:
    """Log outcomes, and tell those that others hear of; what is logged already stays as it is."""
    if not said:
        return
    rows = [
        {
            "user_id": one.user_id,
            **one.happened._asdict(),
            "device_id": one.happened.device_id or "",
        }
        for one in said
    ]
    new = await connection.execute(
        insert_into(connection, delivery_outcomes)
        .values(rows)
        .on_conflict_do_nothing()
        .returning(_o.delivery_id, _o.device_id, _o.outcome)
    )
    logged = {tuple(row) for row in new}
    events = [
        {
            "user_id": row["user_id"],
            "subject": TOLD[row["outcome"]],
            "payload": {
                "tip_id": row["tip_id"],
                "delivery_id": row["delivery_id"],
                "device_id": row["device_id"] or None,
            },
            "created_at": row["at"],
        }
        for row in rows
        if row["outcome"] in TOLD
        and (row["delivery_id"], row["device_id"], row["outcome"]) in logged
        and row["tip_id"] != row["delivery_id"]  # the test of a device is of no tip
    ]
    await outbox.put(connection, events)


async def note(
    connection: AsyncConnection,
    user_id: str,
    delivery_id: str,
    device_id: str,
    outcome: Outcome,
    now: datetime,
) -> bool:
    """Log what a device says of a delivery to it; whether there is such a sending of theirs."""
    query = (
        select(_v.tip_id)
        .join(sendings, and_(_s.delivery_id == _v.id, _s.user_id == _v.user_id))
        .where(_v.user_id == user_id, _v.id == delivery_id, _s.device_id == device_id)
    )
    tip_id = (await connection.execute(query)).scalar_one_or_none()
    if tip_id is None:
        return False
    happened = Happened(delivery_id, tip_id, device_id, outcome, now, "")
    await log(connection, [Said(user_id, happened)])
    return True


async def outcomes_since(
    connection: AsyncConnection, user_id: str, since: datetime
) -> list[Happened]:
    """What became of the person's deliveries from then on, oldest first.

    That they acted is read from the log of their reactions, which is the truth about it.
    """
    columns = [_o[name] for name in Happened._fields]
    logged = await connection.execute(select(*columns).where(_o.user_id == user_id, _o.at >= since))
    found = [
        Happened(*row)._replace(outcome=Outcome(row.outcome), device_id=row.device_id or None)
        for row in logged
    ]
    acted = (
        select(_v.id, _v.tip_id, func.min(feedback.c.created_at))
        .join(feedback, and_(feedback.c.tip_id == _v.tip_id, feedback.c.user_id == _v.user_id))
        .where(
            _v.user_id == user_id,
            feedback.c.action.in_(list(Action)),
            feedback.c.created_at >= since,
            select(_o.outcome)
            .where(
                _o.delivery_id == _v.id,
                _o.outcome == Outcome.SENT,
                _o.at <= feedback.c.created_at,
                _o.user_id == user_id,
            )
            .exists(),
        )
        .group_by(_v.id, _v.tip_id)
    )
    for delivery_id, tip_id, at in await connection.execute(acted):
        found.append(Happened(delivery_id, tip_id, None, Outcome.ACTED, at, ""))
    return sorted(found, key=lambda it: (it.at, it.delivery_id, it.outcome))


async def forget(connection: AsyncConnection, user_id: str) -> None:
    """Erase the person's deliveries and what became of them."""
    for table in (delivery_outcomes, sendings, deliveries):
        await connection.execute(delete(table).where(table.c.user_id == user_id))


async def purge(connection: AsyncConnection, before: datetime) -> int:
    """Delete some of what is older than `before`; how many rows."""
    gone = 0
    for table, at in (
        (delivery_outcomes, _o.at),
        (sendings, _s.created_at),
        (deliveries, _v.created_at),
    ):
        key = tuple_(*table.primary_key.columns)
        old = select(*table.primary_key.columns).where(at < before).limit(PURGE_ROWS)
        gone += (await connection.execute(delete(table).where(key.in_(old)))).rowcount
    return gone
