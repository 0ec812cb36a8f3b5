"""What people allow: an append-only history, of which the newest word counts.

Nothing else keeps a copy: whoever uses something that needs a consent asks here, in the same
transaction.
"""

from collections.abc import Collection, Iterable
from datetime import datetime
from typing import NamedTuple

from sqlalchemy import Select, bindparam, func, insert, select
from sqlalchemy.ext.asyncio import AsyncConnection

from oo.domain.consents import kind_of_purpose, purposes
from oo.store.database import Hot
from oo.store.tables import consents


class Said(NamedTuple):
    """What a person said to one version of a purpose, when, and where."""

    purpose: str
    version: int
    given: bool
    at: datetime
    how: str


_c = consents.c
_SAID = (_c.purpose, _c.version, _c.given, _c.at, _c.how)
# built once: every slice of a list runs it
_NEWEST = select(*_SAID).where(
    _c.user_id == bindparam("person"),
    _c.id.in_(
        select(func.max(_c.id)).where(_c.user_id == bindparam("person")).group_by(_c.purpose)
    ),
)


_ALLOWING = select(_c.user_id).where(
    _c.id.in_(
        select(func.max(_c.id))
        .where(
            _c.user_id.in_(bindparam("people", expanding=True)),
            _c.purpose == bindparam("purpose"),
        )
        .group_by(_c.user_id)
    ),
    _c.given,
    _c.version >= bindparam("version"),
)


_RECORD = insert(consents)


async def record(connection: Hot, user_id: str, said: Iterable[Said]) -> None:
    """Add what the person said. Effects elsewhere are `oo.store.consenting`'s."""
    rows = [{"user_id": user_id, **one._asdict()} for one in said]
    if rows:
        await connection.execute(_RECORD, rows)


async def history(connection: AsyncConnection, user_id: str) -> list[Said]:
    """All that the person said, the newest first."""
    query = select(*_SAID).where(_c.user_id == user_id).order_by(_c.id.desc())
    return [Said(*row) for row in await connection.execute(query)]


async def newest(connection: Hot, user_id: str) -> dict[str, Said]:
    """The person's last word on each purpose that they said anything of."""
    rows = await connection.execute(_NEWEST, {"person": user_id})
    return {row.purpose: Said(*row) for row in rows}


_LAST_WORD = (
    select(_c.given, _c.version)
    .where(_c.user_id == bindparam("person"), _c.purpose == bindparam("purpose"))
    .order_by(_c.id.desc())
    .limit(1)
)


async def is_given(connection: Hot, user_id: str, purpose: str) -> bool:
    """Whether the person allows it as it is asked for today."""
    asked = {"person": user_id, "purpose": purpose}
    row = (await connection.execute(_LAST_WORD, asked)).first()
    return row is not None and row.given and row.version >= purposes()[purpose].version


def agreed(purpose: str) -> Select[tuple[str]]:
    """The ids of all who allow it as it is asked for today, for the `where` of another query."""
    last = select(func.max(_c.id)).where(_c.purpose == purpose).group_by(_c.user_id)
    version = purposes()[purpose].version
    return select(_c.user_id).where(_c.id.in_(last), _c.given, _c.version >= version)


async def allowing(connection: Hot, user_ids: Collection[str], purpose: str) -> frozenset[str]:
    """Those of these people who allow it as it is asked for today."""
    rows = await connection.execute(
        _ALLOWING,
        {"people": list(user_ids), "purpose": purpose, "version": purposes()[purpose].version},
    )
    return frozenset(row.user_id for row in rows)


async def taken_back(
    connection: AsyncConnection, purpose: str, since: datetime
) -> dict[str, datetime]:
    """People whose last word on it, since then, was no; with when they said so."""
    last = select(func.max(_c.id)).where(_c.purpose == purpose).group_by(_c.user_id)
    query = select(_c.user_id, _c.at).where(
        _c.purpose == purpose, _c.at >= since, _c.given.is_(False), _c.id.in_(last)
    )
    return {row.user_id: row.at for row in await connection.execute(query)}


async def refused_kinds(connection: Hot, user_id: str) -> frozenset[str]:
    """The signal kinds of which the person has said that oO may not keep any."""
    said = await newest(connection, user_id)
    kinds = (kind_of_purpose(one.purpose) for one in said.values() if not one.given)
    return frozenset(kind for kind in kinds if kind is not None)


async def imply(
    connection: Hot, user_id: str, names: Iterable[str], now: datetime, how: str
) -> None:
    """Record what a step implies, unless it was said already; a refusal stays one."""
    said = await newest(connection, user_id)
    fresh = [
        Said(name, version, given=True, at=now, how=how)
        for name in names
        if (version := purposes()[name].version) > (said[name].version if name in said else 0)
        and (name not in said or said[name].given)
    ]
    await record(connection, user_id, fresh)
