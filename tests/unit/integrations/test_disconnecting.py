"""Disconnecting: everything is erased at once; the provider is told behind, or given up."""

from typing import Any

import httpx2
from sqlalchemy import select

from oo.integrations.service import Integrations
from oo.jobs.periodic import revoke_grants
from oo.kit.clock import ManualClock
from oo.store import connections, outbox
from oo.store.database import Database
from oo.store.tables import tasks as tasks_table
from tests.peers.todoist import TodoistPeer
from tests.unit.integrations.conftest import connect


async def errands(db: Database) -> list[dict[str, Any]]:
    async with db.read() as connection:
        return [it.payload for it in await outbox.waiting(connection, outbox.REVOKE_GRANT, 9)]


async def test_disconnecting_erases_whatever_the_provider_says_and_revokes_behind(
    integrations: Integrations,
    peer: TodoistPeer,
    db: Database,
    clock: ManualClock,
    http: httpx2.AsyncClient,
    ada: str,
) -> None:
    peer.add_task("mine")
    await connect(integrations, http, ada)
    peer.fail_next.extend([503] * 9)
    peer.requests.clear()
    await integrations.disconnect(ada, "todoist")
    assert peer.requests == []
    async with db.read() as connection:
        assert await connections.list_for(connection, ada) == []
        query = select(tasks_table).where(tasks_table.c.user_id == ada)
        assert (await connection.execute(query)).all() == []
    assert await revoke_grants.run(db, clock, integrations) == 0
    asked = len(peer.requests)
    assert asked > 0
    assert await revoke_grants.run(db, clock, integrations) == 0
    assert len(peer.requests) == asked  # too early to ask again
    kept = str(await errands(db))
    assert all(token not in kept for token in (*peer.access, *peer.refresh))
    peer.fail_next.clear()
    clock.advance(41)
    assert await revoke_grants.run(db, clock, integrations) == 1
    assert not peer.access
    assert not peer.refresh
    assert await errands(db) == []
    await integrations.disconnect(ada, "todoist")  # nothing is left to do
    assert await errands(db) == []


async def test_a_provider_that_never_answers_is_given_up_and_the_grant_erased(
    integrations: Integrations,
    peer: TodoistPeer,
    db: Database,
    clock: ManualClock,
    connected: str,
) -> None:
    await integrations.disconnect(connected, "todoist")
    peer.fail_next.extend([503] * 2000)
    peer.requests.clear()
    ended, minutes = 0, 0
    while not ended and minutes < 20_000:
        ended = await revoke_grants.run(db, clock, integrations)
        clock.advance(300)
        minutes += 5
    assert 7 * 24 * 60 <= minutes <= 7 * 24 * 60 + 61
    assert len(peer.requests) < 800  # about once an hour, and the client's own tries
    assert await errands(db) == []
