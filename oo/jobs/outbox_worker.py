"""What waits in the outbox: handled until it has worked, and nothing holds up anybody else's."""

import logging
from collections.abc import Awaitable, Callable

from oo.domain.signals import Retry
from oo.kit.clock import Clock
from oo.store import outbox
from oo.store.database import Database
from oo.store.outbox import Message

log = logging.getLogger(__name__)

BATCH = 100


async def handle_each(
    db: Database, clock: Clock, subject: str, handle: Callable[[Message], Awaitable[None]]
) -> int:
    """Hand every waiting message of `subject` to `handle`, the oldest first; how many worked.

    A message whose handling raises stays in the outbox. After a Retry the person's later ones
    wait for the next time too.
    """
    handled, last = 0, 0
    paused: set[str] = set()
    while waiting := await _waiting(db, subject, last):
        last = waiting[-1].id
        for message in waiting:
            if message.user_id in paused:
                continue
            try:
                await handle(message)
                async with db.write() as connection:
                    await outbox.mark_relayed(connection, [message.id], clock.now())
            except Retry as error:
                log.info("message %d is handled later: %s", message.id, error.detail)
                paused.add(message.user_id)
            except Exception:  # whatever is wrong with one message, the others go on
                log.exception("message %d cannot be handled; it stays in the outbox", message.id)
            else:
                handled += 1
    return handled


async def _waiting(db: Database, subject: str, after: int) -> list[Message]:
    async with db.read() as connection:
        return await outbox.waiting(connection, subject, BATCH, after)
