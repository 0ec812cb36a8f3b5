"""By what name somebody is known to those who look at what was done."""

from collections.abc import Collection

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncConnection

from oo.domain.console import AdminRead
from oo.store.tables import users


async def addresses(
    connection: AsyncConnection, by: AdminRead, user_ids: Collection[str]
) -> dict[str, str]:
    """The e-mail addresses of those of these people who are there and have one."""
    query = select(users.c.id, users.c.email).where(
        users.c.id.in_(user_ids), users.c.deleted_at.is_(None), users.c.email != ""
    )
    return {row.id: row.email for row in await connection.execute(query)} if user_ids else {}
