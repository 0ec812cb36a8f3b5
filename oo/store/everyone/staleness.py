"""How old what was computed may be, and how old it is, over everybody."""

from datetime import datetime
from typing import NamedTuple

from sqlalchemy import case, func, select
from sqlalchemy.ext.asyncio import AsyncConnection

from oo.domain.console import AdminRead
from oo.store.tables import profiles, users

_u, _p = users.c, profiles.c


class Ages(NamedTuple):
    """Profiles of people who are there.

    `behind` lack reactions, `stale` of them are older than they may be, and `oldest` is when the
    oldest of those was computed.
    """

    people: int
    behind: int
    stale: int
    oldest: datetime | None


async def of_profiles(connection: AsyncConnection, by: AdminRead, before: datetime) -> Ages:
    """Those that lack reactions and were computed before that instant are stale."""
    lacks = _p.user_seq < _u.user_seq
    is_stale = lacks & (_p.computed_at < before)
    query = (
        select(
            func.count(),
            func.sum(case((lacks, 1), else_=0)),
            func.sum(case((is_stale, 1), else_=0)),
            func.min(case((is_stale, _p.computed_at)), type_=_p.computed_at.type),
        )
        .select_from(users.join(profiles, _p.user_id == _u.id))
        .where(_u.deleted_at.is_(None))
    )
    people, behind, stale, oldest = (await connection.execute(query)).one()
    return Ages(people, int(behind or 0), int(stale or 0), oldest)
