"""How far back the log of decisions is read for a page of it, so that no page reads all of it.

Rows come out of an index in the order of time, so a page is soon full, unless few decisions pass
the filters or they are asked for in another order.
"""

from collections.abc import Mapping
from typing import NamedTuple

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncConnection

from oo.domain.console import AdminRead, Choice, Period, Slice
from oo.store.everyone import sums
from oo.store.hourly import hour_start
from oo.store.tables import tip_scores

MOST = 10_000  # decisions that are looked through where counts by hour do not help

_t = tip_scores.c


class Reach(NamedTuple):
    """The part of a period that is read; `total` of the whole where it is known.

    `is_cut` tells that decisions before it are left out, whether or not they pass the filters.
    """

    period: Period
    total: int | None = None
    is_cut: bool = False


async def reach(
    connection: AsyncConnection,
    by: AdminRead,
    period: Period,
    filters: Mapping[str, Choice],
    rows: Slice,
) -> Reach:
    """As far back as these rows are: by the counts by hour, or else the newest `MOST` decisions."""
    in_time = rows.sort == "created_at"
    if "user" in filters or (in_time and not filters):
        return Reach(period)
    if in_time and (hours := await sums.tips_by_hour(connection, by, period, filters)) is not None:
        wanted, total = rows.offset + rows.limit + 1, sum(hours.values())
        for hour in sorted(hours, reverse=rows.down):
            wanted -= hours[hour]
            if wanted <= 0:
                since, until = hour_start(hour), hour_start(hour + 1)
                if rows.down:
                    return Reach(Period(max(since, period.since), period.until), total)
                return Reach(Period(period.since, min(until, period.until)), total)
        return Reach(_of(hours, period), total)
    begin = (
        select(_t.created_at)
        .where(_t.created_at >= period.since, _t.created_at < period.until)
        .order_by(_t.created_at.desc())
        .offset(MOST)
        .limit(1)
    )
    cut = (await connection.execute(begin)).scalar()
    return Reach(Period(cut or period.since, period.until), None, cut is not None)


def _of(hours: Mapping[int, int], period: Period) -> Period:
    """The part of the period in which there is something."""
    if not hours:
        return Period(period.until, period.until)
    since, until = hour_start(min(hours)), hour_start(max(hours) + 1)
    return Period(max(since, period.since), min(until, period.until))
