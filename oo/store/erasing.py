"""A person erases one category of what is kept of them."""

from datetime import datetime

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncConnection

from oo.kit.errors import BadRequest
from oo.store import audit, users
from oo.store.audit import Entry
from oo.store.category import Category
from oo.store.tables import users as users_table


async def erase(
    connection: AsyncConnection, user_id: str, category: Category, now: datetime
) -> int:
    """Erase it and write that down; the person's newest number, which shards are to hear of.

    Raises BadRequest for a category that only ends with something else.
    """
    if category.erase is None:
        raise BadRequest("This cannot be erased alone.")
    await users.lock_alone(connection, user_id)
    await category.erase(connection, user_id, now)
    await users.note_erased(connection, user_id)
    query = select(users_table.c.user_seq).where(users_table.c.id == user_id)
    seq: int = (await connection.execute(query)).scalar_one()
    whom = f"person:{user_id}"
    entry = Entry(whom, "data.erase", whom, now, after={"category": category.name})
    await audit.append(connection, entry)
    return seq
