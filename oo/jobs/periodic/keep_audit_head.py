"""Keeps the head of the audit log beside the store, so that a log cut at its end is noticed."""

import logging

from oo.jobs.contract import Job
from oo.store import audit
from oo.store.database import Database
from oo.vault.audit_head import AuditHead

log = logging.getLogger(__name__)


async def run(db: Database, kept: AuditHead) -> int:
    """Keep the newest head if the log goes on from the one kept before; 1 if there is a newer."""
    before = kept.read()
    async with db.read() as connection:
        if before is not None and not await audit.holds(connection, before):
            log.error("the audit log lacks what it had: see `oo audit verify`")
            return 0
        head = await audit.head(connection)
    if head == before or head.id == 0:
        return 0
    kept.write(head)
    return 1


JOB = Job("keep-audit-head", 30.0, run)
