"""Whom an action is about, as the store has them."""

from typing import NamedTuple

from sqlalchemy.ext.asyncio import AsyncConnection

from oo.kit.errors import NotFound
from oo.store import users


class Subject(NamedTuple):
    """A person who is there, with their role."""

    id: str
    role: str


async def person_of(connection: AsyncConnection, user_id: str) -> Subject:
    """The person; raises NotFound for one who is not there, or is being erased."""
    row = await users.get(connection, user_id)
    if row is None:
        raise NotFound("There is no such person.")
    return Subject(row.id, await users.role_of(connection, user_id))
