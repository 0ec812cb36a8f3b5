"""Revokes at its provider what a person has disconnected: erased here first, whatever it says."""

import asyncio
import base64
import logging
from datetime import datetime, timedelta
from functools import partial
from typing import Any

from oo.domain.ports import RevokesGrants
from oo.domain.signals import Retry
from oo.jobs.contract import Job
from oo.kit.clock import Clock
from oo.kit.pauses import Pauses
from oo.store import outbox
from oo.store.database import Database
from oo.store.outbox import Message

log = logging.getLogger(__name__)

BATCH = 100
PAUSES = Pauses(timedelta(seconds=30), timedelta(hours=1))


async def run(db: Database, clock: Clock, grants: RevokesGrants) -> int:
    """Ask the providers for which it is time; how many errands have ended."""
    now = clock.now()
    async with db.read() as connection:
        waiting = await outbox.waiting(connection, outbox.REVOKE_GRANT, BATCH)
    due = [message for message in waiting if _at(message, "next_at") <= now]
    ended = await asyncio.gather(*map(partial(_revoke, db, clock, grants), due))
    return sum(ended)


async def _revoke(db: Database, clock: Clock, grants: RevokesGrants, message: Message) -> bool:
    """Whether the errand has ended: revoked, or given up. Its sealed grant is erased then."""
    payload = message.payload
    secret = base64.b64decode(payload["secret"])
    try:
        await grants.revoke(message.user_id, payload["source"], secret)
    except Retry as error:
        now = clock.now()
        if now < _at(message, "until"):
            async with db.write() as connection:
                await outbox.change(connection, message.id, _later(payload, now, error))
            return False
        log.warning("%s never took back a grant: %s", payload["source"], error.detail)
    except Exception:  # asking again would change nothing, and keep what is to be erased
        log.exception("a grant of %s cannot be revoked", payload["source"])
    async with db.write() as connection:
        await outbox.forget(connection, message.id)
    return True


def _later(payload: dict[str, Any], now: datetime, error: Retry) -> dict[str, Any]:
    tries = payload["tries"] + 1
    asked = timedelta(seconds=error.retry_after or 0)
    return {
        **payload,
        "tries": tries,
        "next_at": (now + max(PAUSES.after(tries), asked)).isoformat(),
    }


def _at(message: Message, name: str) -> datetime:
    return datetime.fromisoformat(message.payload[name])


JOB = Job("revoke-grants", 2.0, run)
