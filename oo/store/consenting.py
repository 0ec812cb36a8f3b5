"""A person changes what they allow: what they said, and what follows from it, at once."""

from sqlalchemy.ext.asyncio import AsyncConnection

from oo.domain.consents import CLOUD_MODELS, NOTIFICATIONS, POOLING, kind_of_purpose
from oo.domain.signals.kinds.task import KIND as TASK
from oo.store import (
    connections,
    consents,
    devices,
    forget,
    last_imports,
    signals,
    tasks,
    users,
    writings,
)
from oo.store.consents import Said


async def change(connection: AsyncConnection, user_id: str, said: Said) -> None:
    """Record what the person said and erase what was kept only because of what they said before.

    Whoever keeps something locks the person and asks for the consent first, so after this
    transaction there is nothing left and nothing comes.
    """
    await users.lock_alone(connection, user_id)
    await consents.record(connection, user_id, [said])
    if said.purpose == POOLING and not said.given:
        await writings.forget(connection, user_id)
    elif said.purpose == NOTIFICATIONS and not said.given:
        await devices.end_all(connection, user_id)
    elif said.purpose == CLOUD_MODELS:
        await users.bump_pool(connection, user_id)  # another model may be the one to write
    elif (kind := kind_of_purpose(said.purpose)) is not None:
        if not said.given:
            await _forget_kind(connection, user_id, kind)
        await connections.read_whole(connection, user_id)  # what a delta left out meanwhile
        await users.note_change(connection, user_id, said.at)


async def _forget_kind(connection: AsyncConnection, user_id: str, kind: str) -> None:
    if kind == TASK.name:
        sources = await tasks.remove_all(connection, user_id)
    else:
        sources = await signals.remove_kind(connection, user_id, kind)
    for source in sources:
        await last_imports.remove(connection, user_id, source)
        await forget.what_was_said_of(connection, user_id, source)
