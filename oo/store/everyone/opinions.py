"""What shadows said of everybody's decisions, summed up."""

from typing import NamedTuple

from sqlalchemy import case, func, select
from sqlalchemy.ext.asyncio import AsyncConnection

from oo.domain.console import AdminRead, Period
from oo.store.tables import shadow_scores, tip_scores

_s, _t = shadow_scores.c, tip_scores.c


class Agreement(NamedTuple):
    """Of how many decisions a shadow spoke, and in how many it picked the same."""

    policy: str
    version: str
    decisions: int
    agreed: int


async def agreement(connection: AsyncConnection, by: AdminRead, period: Period) -> list[Agreement]:
    """Each shadow's agreement with what was served in that time."""
    query = (
        select(
            _s.policy,
            _s.policy_version,
            func.count(),
            func.sum(case((_s.chosen == _t.chosen, 1), else_=0)),
        )
        .select_from(shadow_scores.join(tip_scores, _t.id == _s.tip_id))
        .where(_t.created_at >= period.since, _t.created_at < period.until)
        .group_by(_s.policy, _s.policy_version)
    )
    return [Agreement(r[0], r[1], r[2], int(r[3] or 0)) for r in await connection.execute(query)]
