"""Revokes at its provider what a person has disconnected: erased here first, whatever it says."""

import base64
import logging
from datetime import timedelta
from functools import partial

from oo.domain.ports import RevokesGrants
from oo.domain.signals import Retry
from oo.jobs.contract import Job
from oo.jobs.outbox_worker import Errands, handle_each
from oo.kit.clock import Clock
from oo.store import outbox
from oo.store.database import Database
from oo.store.outbox import Message, Outcome

log = logging.getLogger(__name__)

WITHIN = timedelta(days=7)  # what a provider gave has mostly run out by then


async def run(db: Database, clock: Clock, grants: RevokesGrants) -> int:
    """Ask the providers for which it is time; how many errands have ended."""
    errands = Errands(
        outbox.REVOKE_GRANT,
        partial(_revoke, grants),
        lane=lambda message: str(message.id),
        within=WITHIN,
        is_erased=True,
    )
    return await handle_each(db, clock, errands)


async def _revoke(grants: RevokesGrants, message: Message) -> Outcome:
    payload = message.payload
    secret = base64.b64decode(payload["secret"])
    try:
        await grants.revoke(message.user_id, payload["source"], secret)
    except Retry:
        raise
    except Exception:  # asking again would change nothing, and keep what is to be erased
        log.exception("a grant of %s cannot be revoked", payload["source"])
        return Outcome.GIVEN_UP
    return Outcome.DONE


JOB = Job("revoke-grants", 2.0, run)
