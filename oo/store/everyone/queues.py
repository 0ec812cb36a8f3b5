"""What waits to be done, over everybody."""

from datetime import datetime
from typing import NamedTuple

from sqlalchemy import case, func, select
from sqlalchemy.ext.asyncio import AsyncConnection

from oo.domain.console import AdminRead
from oo.store.tables import outbox, profiles, user_models, users

_o, _u, _p, _m = outbox.c, users.c, profiles.c, user_models.c


class Waiting(NamedTuple):
    """Errands of one subject that have not ended."""

    subject: str
    errands: int
    oldest: datetime | None
    attempts: int
    error: str


async def waiting(connection: AsyncConnection, by: AdminRead) -> list[Waiting]:
    """Errands that wait, by subject; events that nobody has to deal with are none."""
    query = (
        select(
            _o.subject,
            func.count(),
            func.min(_o.created_at, type_=_o.created_at.type),
            func.max(_o.attempts),
            func.max(_o.error),
        )
        .where(_o.relayed_at.is_(None), _o.subject.not_like("signals.%"))
        .group_by(_o.subject)
        .order_by(func.count().desc())
    )
    return [Waiting(r[0], r[1], r[2], r[3], r[4] or "") for r in await connection.execute(query)]


class Behind(NamedTuple):
    """For how many people something lacks what has happened since."""

    profiles: int
    models: int
    pools: int


async def people_behind(connection: AsyncConnection, by: AdminRead) -> Behind:
    """Counts of people who are there."""
    live = _u.deleted_at.is_(None)
    stale = select(func.count()).select_from(users.join(profiles, _p.user_id == _u.id))
    profile = (await connection.execute(stale.where(live, _p.user_seq < _u.user_seq))).scalar_one()
    most = func.max(_m.applied_seq)
    folded = select(_m.user_id, most.label("seq")).group_by(_m.user_id).subquery()
    late = select(func.count()).select_from(users.outerjoin(folded, folded.c.user_id == _u.id))
    model = (
        await connection.execute(late.where(live, _u.user_seq > func.coalesce(folded.c.seq, 0)))
    ).scalar_one()
    changed = case((_u.changed_at.is_not(None), 1), else_=0)
    pool = (await connection.execute(select(func.sum(changed)).where(live))).scalar_one()
    return Behind(int(profile), int(model), int(pool or 0))
